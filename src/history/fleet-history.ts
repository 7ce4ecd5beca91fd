import { z } from "zod";
import type { Engine } from "../engine/port/engine.ts";
import type { JobDefinition } from "../jobs/definition.ts";
import type { LedgerRow, RunKind } from "../jobs/ledger-row.ts";
import { parseOptions } from "../jobs/options.ts";
import { isListed, placeOf, type RunListQuery } from "../jobs/run-list.ts";
import { isVisible, type Scope } from "../jobs/scope.ts";
import { OPEN_STATES, SKIP_REASONS, type SkipReason, VERDICTS } from "../jobs/verdict.ts";
import type { InstantInput } from "../triggers/time/parse-instant.ts";
import { latestFirst } from "./latest-first.ts";
import { isVerdict, type Run, toRun } from "./run.ts";
import { rangeOf, type RunPage } from "./run-history.ts";

/** Jobs with unfinished runs that are read at once, and how often in one call. */
const OPEN_JOBS = 100;
const MAX_OPEN_READS = 20;
/** `d:` and a place among decided runs; `o:`, how many runs of a job were given, and the job. */
const CURSOR = /^(?:d:(?:\d{1,16}:\P{Cc}{0,1200})?|o:\d{1,9}:\P{Cc}{1,1000})$/u;

const stateSchema = z.enum([...VERDICTS, ...OPEN_STATES]);
const textSchema = z.string().min(1).max(200);
const querySchema = z.strictObject({
  verdict: z.union([stateSchema, z.array(stateSchema).min(1)]).optional(),
  reason: z.enum(SKIP_REASONS).optional(),
  owner: textSchema.optional(),
  tag: textSchema.optional(),
  pipeline: textSchema.optional(),
  jobId: z.string().min(1).max(255).optional(),
  trigger: z.enum(["scheduled", "manual", "backfill"]).optional(),
  worker: textSchema.optional(),
  text: textSchema.optional(),
  from: z.unknown().optional(),
  to: z.unknown().optional(),
  cursor: z.string().regex(CURSOR, "is not a cursor that getRuns returned").optional(),
  limit: z.int().min(1).max(1_000).default(100),
});
type Query = z.output<typeof querySchema>;

/** Which runs of the whole fleet to return. */
export interface FleetRunQuery {
  /**
   * Only runs with this verdict or state, or with one of these. Runs without a verdict (`running`, `queued`, `retrying`,
   * `sleeping`) are only listed if named here, before all others, job by job. @default all verdicts
   */
  verdict?: Run["verdict"] | Run["verdict"][] | undefined;
  /** Only what was skipped for this reason. @default all */
  reason?: SkipReason | undefined;
  /** Only runs of jobs that had this owner then. @default all */
  owner?: string | undefined;
  /** Only runs of jobs that have this tag now. @default all */
  tag?: string | undefined;
  /** Only runs of jobs that have this pipeline now. @default all */
  pipeline?: string | undefined;
  /** Only runs of this job. @default all */
  jobId?: string | undefined;
  /** Only runs that were requested by this. @default all */
  trigger?: RunKind | undefined;
  /** Only runs whose last attempt this worker executed. @default all */
  worker?: string | undefined;
  /** Only runs with an error whose name, code or message contains this; case does not matter. @default all */
  text?: string | undefined;
  /**
   * Only what was decided from this instant on, as in `runDate`; read in the scheduler's time zone unless it has an offset.
   * @default no bound
   */
  from?: InstantInput | undefined;
  /** Only what was decided up to this instant; a date without a time includes that day. @default no bound */
  to?: InstantInput | undefined;
  /** Where to continue: the `cursor` of the previous page. @default the beginning */
  cursor?: string | undefined;
  /** Runs per page, 1 to 1,000. @default 100 */
  limit?: number | undefined;
}

/** Runs of the whole fleet, the latest decision first: when a run ended, or when it was decided that it does not run. */
export interface FleetRunPage extends RunPage {
  /** Up to which decision this page has looked; `undefined` at the end. */
  readonly searchedTo: Date | undefined;
  /**
   * On Redis, a queue lists its newest 50,000 decisions or more: only what was decided from this instant on, though jobs may have
   * older runs on record. `undefined`: all that are on record.
   */
  readonly since: Date | undefined;
}

/** What reading a fleet's runs needs. */
export type FleetHistoryEngine = Pick<Engine, "jobs" | "ledger">;

/** Reads one page of the runs of all jobs. @throws {@link CronduitError} `INVALID_OPTION` */
export async function pageOfFleet(
  engine: FleetHistoryEngine,
  { timezone, scope }: { readonly timezone: string; readonly scope: Scope },
  input: FleetRunQuery,
): Promise<FleetRunPage> {
  const query = parseOptions(querySchema, input, "getRuns");
  const range = rangeOf(query, timezone);
  const states = query.verdict === undefined ? [...VERDICTS] : [query.verdict].flat();
  const verdicts = states.filter(isVerdict);
  const { cursor } = query;
  if (states.length > verdicts.length && !cursor?.startsWith("d:")) {
    const page = await openPage(engine, query, scope);
    if (page.cursor !== undefined) return page;
    if (page.runs.length > 0) return verdicts.length > 0 ? { ...page, cursor: "d:" } : page;
  }
  if (verdicts.length === 0) return { runs: [], cursor: undefined, ...EVERYTHING };
  const { runs, next, since } = await engine.ledger.list(
    {
      ...filtersOf(query),
      ...range,
      verdicts: query.verdict === undefined ? undefined : verdicts,
      before: cursor?.startsWith("d:") === true ? cursor.slice(2) || undefined : undefined,
      limit: query.limit,
    },
    scope,
  );
  return {
    runs: runs.map(({ row }) => toRun(row)),
    cursor: next === undefined ? undefined : `d:${next}`,
    searchedTo: next === undefined ? undefined : new Date(placeOf(next).at),
    since: since === undefined ? undefined : new Date(since),
  };
}

const EVERYTHING = { searchedTo: undefined, since: undefined } as const;

function filtersOf(query: Query): Omit<RunListQuery, "fromAt" | "toAt" | "limit"> {
  const { reason, owner, tag, pipeline, jobId, trigger: kind, worker, text } = query;
  return { reason, owner, tag, pipeline, jobId, kind, worker, text };
}

/** Runs without a verdict, job by job, of each the latest fire time first. They have no time of decision. */
async function openPage(
  engine: FleetHistoryEngine,
  query: Query,
  scope: Scope,
): Promise<FleetRunPage> {
  const [, skipped = "0", given] = /^o:(\d+):(.*)$/su.exec(query.cursor ?? "") ?? [];
  const isWanted = await openFilter(engine, query, scope);
  const found: Run[] = [];
  /** @returns the cursor, once the page is full */
  const take = async (jobId: string, rows: readonly LedgerRow[], from = 0) => {
    for (const [i, row] of rows.entries()) {
      if (i < from || !(await isWanted(jobId, row))) continue;
      found.push(toRun(row));
      if (found.length === query.limit) return `o:${i + 1}:${jobId}`;
    }
    return undefined;
  };
  if (given !== undefined) {
    const rows = latestFirst(await engine.ledger.readOpenRuns(given));
    const cursor = await take(given, rows, Number(skipped));
    if (cursor !== undefined) return { runs: found, cursor, ...EVERYTHING };
  }
  let after = given;
  for (let reads = 0; reads < MAX_OPEN_READS; reads += 1) {
    const { runs, next } = await engine.ledger.listOpen(after, OPEN_JOBS);
    for (const [jobId, rows] of byJob(runs)) {
      const cursor = await take(jobId, latestFirst(rows));
      if (cursor !== undefined) return { runs: found, cursor, ...EVERYTHING };
    }
    if (next === undefined) return { runs: found, cursor: undefined, ...EVERYTHING };
    after = next;
  }
  return { runs: found, cursor: `o:999999999:${after}`, ...EVERYTHING };
}

function byJob(
  runs: readonly { readonly jobId: string; readonly row: LedgerRow }[],
): Map<string, LedgerRow[]> {
  const jobs = new Map<string, LedgerRow[]>();
  for (const { jobId, row } of runs) jobs.set(jobId, [...(jobs.get(jobId) ?? []), row]);
  return jobs;
}

/** Whether a run without a verdict is one of those asked for. */
async function openFilter(
  engine: FleetHistoryEngine,
  query: Query,
  scope: Scope,
): Promise<(jobId: string, row: LedgerRow) => Promise<boolean>> {
  const states = new Set<string>([query.verdict ?? []].flat());
  const wanted = { ...filtersOf(query), fromAt: -Infinity, toAt: Infinity, limit: 1 };
  const asksJob =
    scope !== "all" || [query.owner, query.pipeline, query.tag].some((one) => one !== undefined);
  const jobs = new Map<string, JobDefinition | undefined>();
  return async (jobId, row) => {
    if (!states.has(row.state)) return false;
    if (asksJob && !jobs.has(jobId)) {
      const [stored] = await engine.jobs.get([jobId]);
      jobs.set(jobId, stored?.definition);
    }
    const job = jobs.get(jobId);
    // Not every run without a verdict has its job's owner written beside it.
    const owner = row.owner ?? job?.owner;
    const owned = owner === undefined ? row : { ...row, owner };
    return isVisible(scope, owner) && isListed(wanted, jobId, owned, () => job);
  };
}
