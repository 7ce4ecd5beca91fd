import { z } from "zod";
import { END_OF_TIME, type EpochMs } from "../core/clock.ts";
import { CronduitError } from "../core/errors.ts";
import { fromOpaqueText, toOpaqueText } from "../core/opaque-text.ts";
import type { Engine } from "../engine/port/engine.ts";
import { checkRange, endOption, instantOption } from "../jobs/instant-option.ts";
import { parseOptions } from "../jobs/options.ts";
import type { PreviewFlag } from "../triggers/preview.ts";
import type { InstantInput } from "../triggers/time/parse-instant.ts";
import { requireKnownJob } from "./known-job.ts";
import { plannedOf, type PlannedRange, type PlannedState } from "./planned.ts";
import { type Run, toRun } from "./run.ts";

const WEEK_MS = 7 * 86_400_000;

const querySchema = z.strictObject({
  from: z.unknown().optional(),
  to: z.unknown().optional(),
  cursor: z.string().min(1).max(200).optional(),
  limit: z.int().min(1).max(1_000).default(100),
});

/** Which occurrences to return. */
export interface OccurrenceQuery {
  /** Fire times from this instant on; without an offset in the job's zone. @default seven days ago */
  from?: InstantInput | undefined;
  /** Fire times up to this instant; a date without a time includes that day. @default no bound but the limit */
  to?: InstantInput | undefined;
  /** Where to continue: the `cursor` of the previous page. @default the beginning */
  cursor?: string | undefined;
  /** Occurrences per page, 1 to 1,000. @default 100 */
  limit?: number | undefined;
}

/** An occurrence of a job, past or to come. */
export interface JobOccurrence {
  /** Its nominal time. */
  readonly fireTime: Date;
  /** Fire time plus jitter. */
  readonly dueTime: Date;
  /**
   * The verdict or state of its run. Without one, `due`: its time has come, and nobody has taken it yet; `future`; `will-skip`:
   * somebody asked for that; `paused`: it falls into a pause, and runs only if the job is resumed before or with it.
   */
  readonly state: Run["verdict"] | PlannedState;
  /** What is on record of it. Runs by `runJob` and of backfills are in the list, too. */
  readonly run?: Run | undefined;
  /** What a change of the clock or a calendar did to a time to come. */
  readonly flags: readonly PreviewFlag[];
}

/** Occurrences in the order of their fire times. */
export interface OccurrencePage {
  readonly occurrences: readonly JobOccurrence[];
  /** Pass it to the next call; `undefined` at the end. */
  readonly cursor: string | undefined;
}

/** After the first `skip` occurrences with the fire time `at`. */
const placeSchema = z.tuple([z.int().min(0).max(END_OF_TIME), z.int().min(0).max(10_000)]);

/** What was and what comes of a job, as one list. @throws `JOB_NOT_FOUND`, `INVALID_OPTION` */
export async function pageOfOccurrences(
  engine: Pick<Engine, "changes" | "jobs" | "ledger" | "now">,
  jobId: string,
  { input, timezone }: { readonly input: OccurrenceQuery; readonly timezone: string },
): Promise<OccurrencePage> {
  const query = parseOptions(querySchema, input, "getOccurrences");
  const [[job], now] = await Promise.all([engine.jobs.get([jobId]), engine.now()]);
  const zone = job?.definition.timezone ?? timezone;
  const { fromAt, toAt } = rangeOf(query, zone, now);
  const [at, skip] = query.cursor === undefined ? [fromAt, 0] : readCursor(query.cursor);
  const range = { at: Math.max(at, fromAt), toAt, limit: query.limit + skip + 1 };
  const recorded = await recordedOf(engine, jobId, range);
  if (!job && recorded.length === 0) await requireKnownJob(engine, jobId);
  const planned = job ? plannedOf(job, now, range) : [];
  const all = [...recorded, ...planned]
    .toSorted((a, b) => a.fireTime.getTime() - b.fireTime.getTime())
    .slice(skip);
  const occurrences = all.slice(0, query.limit);
  const last = occurrences.at(-1)?.fireTime.getTime() ?? 0;
  const given = occurrences.filter(({ fireTime }) => fireTime.getTime() === last).length;
  const next = [last, last === at ? skip + given : given];
  return { occurrences, cursor: all.length > query.limit ? toOpaqueText(next) : undefined };
}

async function recordedOf(
  { ledger }: Pick<Engine, "ledger">,
  jobId: string,
  { at, toAt, limit }: PlannedRange,
): Promise<JobOccurrence[]> {
  const [open, rows] = await Promise.all([
    ledger.readOpenRuns(jobId),
    ledger.read({ jobId, fromAt: at, toAt, offset: 0, limit, order: "oldest" }),
  ]);
  // A run that got its verdict between the two reads is there once.
  const decided = new Set(rows.map(({ id }) => id));
  const running = open.filter(
    ({ id, fireAt }) => fireAt >= at && fireAt <= toAt && !decided.has(id),
  );
  return [...rows, ...running].map((row) => {
    const run = toRun(row);
    const { fireTime, dueTime, verdict: state } = run;
    return { fireTime, dueTime, state, run, flags: [] };
  });
}

function rangeOf(
  { from, to }: z.output<typeof querySchema>,
  timezone: string,
  now: EpochMs,
): { readonly fromAt: EpochMs; readonly toAt: EpochMs } {
  const place = (path: string) => ({ where: "getOccurrences", path, timezone });
  const fromAt =
    from === undefined ? Math.max(0, now - WEEK_MS) : instantOption(from, place("from"));
  const toAt = to === undefined ? END_OF_TIME : endOption(to, place("to"));
  if (from !== undefined || to !== undefined)
    checkRange({ at: fromAt, given: from }, { at: toAt, given: to }, "getOccurrences");
  return { fromAt, toAt };
}

/** @throws `INVALID_OPTION` for anything that is no cursor of ours */
function readCursor(cursor: string): z.output<typeof placeSchema> {
  const read = placeSchema.safeParse(fromOpaqueText(cursor));
  if (read.success) return read.data;
  throw new CronduitError(
    "INVALID_OPTION",
    'getOccurrences, option "cursor": is not a cursor that getOccurrences returned.',
    { data: { path: "cursor" } },
  );
}
