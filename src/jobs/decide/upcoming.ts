import { queueJobIdOf } from "../occurrence-id.ts";
import type { Occurrence } from "../schedule.ts";
import type { JobEntry } from "./state.ts";
import type { Step } from "./step.ts";
import { runIdOf } from "./verdicts.ts";

/** Lets the next occurrence wait in the queue, if there is one. */
export function addNext(step: Step, job: JobEntry, next: Occurrence | undefined): void {
  if (next) step.queue.add(runIdOf(job, next.fireAt), job.rules.pipeline, next.dueAt);
}

/** Drops the queue job of a schedule's next occurrence, unless a run goes on under it. */
export function dropNext(step: Step, job: JobEntry): void {
  if (!job.next) return;
  const id = runIdOf(job, job.next.fireAt);
  if (!step.state.running.get(job.id)?.has(id)) step.queue.drop(id);
}

/** The id of a backfill's run: it runs once, whichever queue job starts it. */
export function backfillRunId(jobId: string, fireAt: number): string {
  return queueJobIdOf({ jobId, kind: "backfill", sequence: 0, fireAt });
}
