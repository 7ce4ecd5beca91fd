import { z } from "zod";
import type { Clock, EpochMs } from "../../core/clock.ts";
import { CronduitError } from "../../core/errors.ts";
import type { Engine } from "../../engine/port/engine.ts";
import { durationOption } from "../../jobs/duration-option.ts";
import {
  type LedgerRecord,
  type RunStepRecord,
  STATE_VERSION,
  type StateCounts,
  type StateHeader,
  type StateRecord,
} from "../../jobs/state-record.ts";
import type { LedgerRow } from "../../jobs/ledger-row.ts";
import { stopFleet } from "./drain.ts";
import { ownerKey } from "./state-checker.ts";
import { MAX_LINE_CHARS } from "./state-lines.ts";

/** Jobs per round trip; each may have 256 KiB of params. */
const JOBS_A_PAGE = 100;
const ROWS_A_PAGE = 500;
const RUNS_A_PAGE = 500;
const START_OF_TIME = -8.64e15;
const END_OF_TIME = 8.64e15;

/** Schema of {@link ExportOptions}. */
export const exportOptionsSchema = z.strictObject({
  drain: durationOption("exportState.drain").default(60_000),
  resume: z.boolean().default(false),
  signal: z.instanceof(AbortSignal).meta({ allowed: "an AbortSignal" }).optional(),
});

/** Options of `exportState`. */
export interface ExportOptions {
  /** How long to wait for running pipelines before giving up: seconds, or `"60s"`. @default 60 s */
  drain?: number | string;
  /**
   * Resume the fleet after the export, unless it was paused before. For backups: the file lacks whatever happens
   * afterwards. @default false, so that nothing runs both here and at the destination
   */
  resume?: boolean;
  /** Aborts the export and restores the fleet. @default none */
  signal?: AbortSignal;
}

/** What an export needs. */
export interface ExportParts {
  readonly engine: Pick<
    Engine,
    "events" | "label" | "ledger" | "now" | "queue" | "serve" | "steps" | "transfer"
  >;
  readonly clock: Clock;
}

/**
 * Reads a fleet's state line by line on demand. The fleet stands still meanwhile; if the reader stops early or the
 * export fails, the fleet is restored.
 * @yields Lines of NDJSON with their line breaks.
 */
export async function* exportState(
  { engine, clock }: ExportParts,
  options: z.output<typeof exportOptionsSchema>,
): AsyncGenerator<string, void> {
  const { drain, resume, signal } = options;
  const fleet = await stopFleet({ engine, clock, drainMs: drain, signal });
  let isWhole = false;
  try {
    yield* lines(engine, signal);
    isWhole = true;
  } finally {
    if (resume || !isWhole) await fleet.goOn();
  }
}

async function* lines(
  engine: Pick<
    Engine,
    "events" | "label" | "ledger" | "now" | "queue" | "serve" | "steps" | "transfer"
  >,
  signal: AbortSignal | undefined,
): AsyncGenerator<string, void> {
  const counts = {
    job: 0,
    "removed-job": 0,
    request: 0,
    step: 0,
    ledger: 0,
  } satisfies StateCounts;
  // A cursor may return a job twice.
  const given = new Set<string>();
  let cursor: string | undefined;
  let stamp: string | undefined;
  do {
    signal?.throwIfAborted();
    const page = await engine.transfer.exportJobs(cursor, JOBS_A_PAGE);
    if (stamp === undefined) yield line(await header(engine, page.sequence));
    else if (stamp !== page.stamp) throw changed("a job was changed");
    ({ stamp, cursor } = page);
    const { queue } = page;
    // Whatever a job left on a former queue is exported separately.
    const ofQueue = queue === undefined ? engine : ((await engine.serve?.(queue)) ?? engine);
    for (const { owner, requests } of page.jobs) {
      const jobId = owner.kind === "job" ? owner.definition.id : owner.jobId;
      const key = ownerKey(jobId, queue);
      if (given.has(key) || isNothing(owner)) continue;
      given.add(key);
      for (const record of [owner, ...requests]) {
        counts[record.kind] += 1;
        yield line(record);
      }
      for await (const record of besideJob(ofQueue, jobId)) {
        signal?.throwIfAborted();
        counts[record.kind] += 1;
        yield line(record);
      }
    }
  } while (cursor !== undefined);
  await refuseIfMoving(engine, stamp);
  yield line({ kind: "end", counts });
}

/** @yields The steps of a job's runs, and the rows of its ledger. */
async function* besideJob(
  engine: Pick<
    Engine,
    "events" | "label" | "ledger" | "now" | "queue" | "serve" | "steps" | "transfer"
  >,
  jobId: string,
): AsyncGenerator<RunStepRecord | LedgerRecord, void> {
  for (let offset = 0; ; offset += RUNS_A_PAGE) {
    const runIds = await engine.transfer.listStepRuns(jobId, offset, RUNS_A_PAGE);
    for (const runId of runIds) {
      for (const {
        name,
        kind,
        startedAt,
        finishedAt,
        tries,
        attempt,
        ...end
      } of await engine.steps.read(jobId, runId)) {
        const { resultJson, error, shown } = end;
        const step = {
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
        yield { kind: "step", jobId, runId, step };
      }
    }
    if (runIds.length < RUNS_A_PAGE) break;
  }
  for await (const row of ledgerOf(engine, jobId)) yield { kind: "ledger", jobId, row };
}

/** Of a job removed long ago, only the name may be left. */
function isNothing(owner: StateRecord): boolean {
  return owner.kind === "removed-job" && owner.keepUntil === null && owner.runs.length === 0;
}

async function header(
  engine: Pick<
    Engine,
    "events" | "label" | "ledger" | "now" | "queue" | "serve" | "steps" | "transfer"
  >,
  sequence: number,
): Promise<StateHeader> {
  return {
    cronduit: "state",
    version: STATE_VERSION,
    exportedAt: new Date(await engine.now()).toISOString(),
    from: engine.label,
    sequence,
  };
}

function line(record: StateHeader | StateRecord): string {
  const text = JSON.stringify(record);
  if (text.length <= MAX_LINE_CHARS) return `${text}\n`;
  const job = "definition" in record ? ` of job "${record.definition.id}"` : "";
  throw new CronduitError(
    "PAYLOAD_TOO_LARGE",
    `exportState: a record${job} has ${text.length} characters; ${MAX_LINE_CHARS} are the limit.`,
    { data: { characters: text.length } },
  );
}

/** @yields The rows of a ledger, oldest first. */
async function* ledgerOf(
  engine: Pick<
    Engine,
    "events" | "label" | "ledger" | "now" | "queue" | "serve" | "steps" | "transfer"
  >,
  jobId: string,
): AsyncGenerator<LedgerRow, void> {
  let fromAt: EpochMs = START_OF_TIME;
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

/** The records form one consistent state only if nothing changed meanwhile. */
async function refuseIfMoving(
  engine: Pick<
    Engine,
    "events" | "label" | "ledger" | "now" | "queue" | "serve" | "steps" | "transfer"
  >,
  stamp: string | undefined,
): Promise<void> {
  if (!(await engine.queue.isPaused())) throw changed("the fleet was resumed");
  if ((await engine.transfer.listTaken(1)).length > 0) throw changed("a run began");
  const { stamp: last } = await engine.transfer.exportJobs(undefined, 1);
  if (last !== stamp) throw changed("a job was changed");
}

function changed(what: string): CronduitError {
  return new CronduitError(
    "INVALID_STATE",
    `exportState: ${what} while the state was being read. Leave the fleet alone until the end of the export, and try again.`,
  );
}
