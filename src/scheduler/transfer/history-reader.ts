import { END_OF_TIME, type EpochMs, START_OF_TIME } from "../../core/clock.ts";
import type { Engine } from "../../engine/port/engine.ts";
import type { LedgerRow } from "../../jobs/ledger-row.ts";
import { parseQueueJobId } from "../../jobs/occurrence-id.ts";
import type { LogRecord, RunStepRecord } from "../../jobs/state-record.ts";

const ROWS_A_PAGE = 500;
const RUNS_A_PAGE = 500;

/** Lines and characters of a log per record. */
const LINES = 500;
const MAX_CHARS = 1024 * 1024;

/** What holds the history of jobs. */
export type HistoryEngine = Pick<Engine, "changes" | "ledger" | "logs" | "steps" | "transfer">;

/** Which steps are wanted. */
export interface StepsWanted {
  /** Of runs that began to be due before this, only the steps of unfinished ones. */
  readonly since: EpochMs | undefined;
  readonly unfinished: ReadonlySet<string>;
}

/** @yields The steps of a job's runs, run by run. */
export async function* stepsOf(
  engine: Pick<Engine, "steps" | "transfer">,
  jobId: string,
  { since, unfinished }: StepsWanted,
): AsyncGenerator<RunStepRecord[], void> {
  for (let offset = 0; ; offset += RUNS_A_PAGE) {
    const runIds = await engine.transfer.listStepRuns(jobId, offset, RUNS_A_PAGE);
    for (const runId of runIds) {
      const fireAt = parseQueueJobId(runId)?.fireAt ?? END_OF_TIME;
      if (since !== undefined && fireAt < since && !unfinished.has(runId)) continue;
      const steps = await engine.steps.read(jobId, runId);
      yield steps.map((step) => ({ kind: "step", jobId, runId, step: moved(step) }));
    }
    if (runIds.length < RUNS_A_PAGE) return;
  }
}

/** A step without the fields that it does not have. */
function moved({
  name,
  kind,
  startedAt,
  finishedAt,
  tries,
  attempt,
  ...end
}: Awaited<ReturnType<Engine["steps"]["read"]>>[number]): RunStepRecord["step"] {
  const { resultJson, error, shown } = end;
  return {
    name,
    kind,
    startedAt,
    finishedAt,
    tries,
    attempt,
    ...(resultJson === undefined ? {} : { resultJson }),
    ...(error === undefined ? {} : { error }),
    ...(shown === undefined ? {} : { shown }),
  };
}

/** @yields The rows of a ledger from an instant on, oldest first. */
export async function* ledgerOf(
  engine: Pick<Engine, "ledger">,
  jobId: string,
  since: EpochMs | undefined,
): AsyncGenerator<LedgerRow, void> {
  let fromAt: EpochMs = since ?? START_OF_TIME;
  let offset = 0;
  for (;;) {
    const rows = await engine.ledger.read({
      jobId,
      fromAt,
      toAt: END_OF_TIME,
      offset,
      limit: ROWS_A_PAGE,
      order: "oldest",
    });
    yield* rows;
    if (rows.length < ROWS_A_PAGE) return;
    for (const { fireAt } of rows) {
      offset = fireAt === fromAt ? offset + 1 : 1;
      fromAt = fireAt;
    }
  }
}

/** @yields The log of a run of a job, in parts. */
export async function* logOf(
  engine: Pick<Engine, "logs">,
  runId: string,
): AsyncGenerator<LogRecord, void> {
  const jobId = parseQueueJobId(runId)?.jobId ?? "";
  let after: string | undefined;
  for (;;) {
    const page = await engine.logs.read({ jobId, runId, after, limit: LINES });
    let lines: LogRecord["lines"] = [];
    let chars = 0;
    for (const { fields, ...line } of page.lines) {
      const written = { ...line, ...(fields === undefined ? {} : { fields }) };
      const size = JSON.stringify(written).length;
      if (lines.length > 0 && chars + size > MAX_CHARS) {
        yield { kind: "log", jobId, runId, lines };
        lines = [];
        chars = 0;
      }
      lines.push(written);
      chars += size;
    }
    if (lines.length > 0) yield { kind: "log", jobId, runId, lines };
    if (page.lines.length < LINES) return;
    after = page.cursor;
  }
}
