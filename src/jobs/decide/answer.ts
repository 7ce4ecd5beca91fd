import type { Admission } from "../run-requests.ts";
import type { JobEntry, RunningRun } from "./state.ts";

/** An answer without the time. */
export type Answer = Admission extends infer A
  ? A extends unknown
    ? Omit<A, "now" | "told">
    : never
  : never;

/** What a worker is told of a run that it is to execute. */
export function answerRun(job: JobEntry | undefined, run: RunningRun): Answer {
  return {
    outcome: "run",
    revision: job?.revision ?? 0,
    run: {
      runId: run.id,
      kind: run.kind,
      fireAt: run.fireAt,
      dueAt: run.dueAt,
      startedAt: run.startedAt,
      start: run.start,
      attempt: run.attempt,
      failures: run.failures,
      count: run.count,
      fromAt: run.fromAt,
      ...(run.params === undefined ? {} : { params: run.params }),
      lastRun: job?.lastRun ?? null,
    },
  };
}
