import { counted } from "../../core/counted.ts";
import { parseQueueJobId } from "../../jobs/occurrence-id.ts";
import type { LogLine, LogWrite, RunHold, StepRecord } from "../port/engine.ts";
import { readEach, type Tell } from "./readable.ts";
import { MAX_STEPS } from "../port/steps.ts";

/** The fire time in a run's id. */
export function fireAtOf(runId: string): number {
  return parseQueueJobId(runId)?.fireAt ?? 0;
}

/** A step as `save_step` takes it. */
export function encodeStep(hold: RunHold, step: StepRecord): object {
  return {
    ...hold,
    fireAt: fireAtOf(hold.runId),
    name: step.name,
    record: JSON.stringify(step),
    maxSteps: MAX_STEPS,
  };
}

/** Steps, in the order in which they ended. */
export function decodeSteps(records: readonly string[], tell: Tell): StepRecord[] {
  return readEach(records, "step", (text) => JSON.parse(text) as StepRecord, tell).toSorted(
    (a, b) => a.finishedAt - b.finishedAt || a.startedAt - b.startedAt,
  );
}

/** The lines of one run, and how much is kept. */
export interface WrittenLog extends Pick<LogWrite, "jobId" | "runId" | "maxBytes"> {
  /** JSON text of each line. */
  readonly lines: readonly string[];
  /** That of the line that ends a full log. */
  readonly cut: string;
  readonly keepRuns: number;
  readonly keepAgeMs: number;
}

/** Lines of one run as `append_logs` takes them. */
export function encodeLog({ jobId, runId, lines, maxBytes, retention }: LogWrite): WrittenLog {
  const last = lines.at(-1);
  const cut: LogLine = {
    at: last?.at ?? 0,
    level: "warn",
    message: `the log was cut here: it may have ${counted(maxBytes, "byte")}`,
    attempt: last?.attempt ?? 1,
  };
  return {
    jobId,
    runId,
    lines: lines.map((line) => JSON.stringify(line)),
    cut: JSON.stringify(cut),
    maxBytes,
    keepRuns: retention.runs,
    keepAgeMs: retention.ageMs,
  };
}

/** Lines as `append_logs` takes them. */
export function encodeLogs(writes: readonly LogWrite[]): WrittenLog[] {
  return writes.map(encodeLog);
}
