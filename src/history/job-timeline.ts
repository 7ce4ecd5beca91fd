import type { EpochMs } from "../core/clock.ts";
import { CronduitError } from "../core/errors.ts";
import type { Engine, LedgerPart } from "../engine/port/engine.ts";
import type { JobState, StoredJob } from "../jobs/definition.ts";
import { checkRange, endOption, instantOption } from "../jobs/instant-option.ts";
import type { LedgerRow } from "../jobs/ledger-row.ts";
import { Schedule } from "../jobs/schedule.ts";
import type { InstantInput } from "../triggers/time/parse-instant.ts";
import { ComputingTime } from "./computing-time.ts";
import { type Run, toRun } from "./run.ts";
import {
  type DecidedMark,
  decidedMarks,
  type PlannedMark,
  plannedMarks,
} from "./timeline-marks.ts";

const DAY_MS = 86_400_000;
const LONGEST_MS = 31 * DAY_MS;
/** Times that can be written, and so be asked for again with the next page. */
const [FIRST_AT, LAST_AT] = [0, Date.UTC(9999, 11, 31, 23, 59, 59, 999)];
/** So long a call computes what is planned; what comes very often and by several rules together takes long to count. */
const LONGEST_COMPUTING_MS = 1_000;
/** Rows that one call reads of all its jobs, beside the first ones of each. */
const MOST_ROWS = 20_000;
/** Marks of one kind that one call makes of all its jobs. */
const MOST_MARKS = 15_000;
const MOST_ROWS_OF_A_JOB = 5_000;
/** Rows that are read of each job at once: of most, these are all. */
const FIRST_ROWS = 100;

/** Which time a timeline shows. */
export interface TimelineWindow {
  /** Fire times from this instant on; without an offset in the scheduler's zone. @default 24 hours before `to`; 12 hours ago */
  from?: InstantInput | undefined;
  /** Fire times up to this instant, at most 31 days later; a date without a time includes that day. @default 24 hours after `from`; in 12 hours */
  to?: InstantInput | undefined;
}

/** A window as it was read. */
export interface ReadWindow {
  readonly fromAt: EpochMs;
  readonly toAt: EpochMs;
  readonly now: EpochMs;
}

/** What was and what comes of one job. */
export interface JobTimeline {
  readonly jobId: string;
  readonly owner: string | undefined;
  readonly state: JobState;
  readonly pausedReason: string | undefined;
  /** When the pause ends by itself. */
  readonly pausedUntil: Date | undefined;
  /** The schedule in words. */
  readonly schedule: string;
  /** How long a run usually takes: the median of those of this window that succeeded, else what the last run took. */
  readonly usualDurationMs: number | undefined;
  /** What was decided, and what is in flight since before the window; oldest first. */
  readonly decided: readonly DecidedMark[];
  /** From here on every decision is in `decided`: earlier ones are too many. Absent: all are in it. */
  readonly decidedFrom: Date | undefined;
  /** What nobody has decided yet. */
  readonly planned: readonly PlannedMark[];
  /** Up to here all that is planned is in `planned`: to count the rest would take too long. Absent: all is in it. */
  readonly plannedTo: Date | undefined;
}

/** @throws {@link CronduitError} `INVALID_OPTION` */
export function readWindow(
  { from, to }: TimelineWindow,
  timezone: string,
  now: EpochMs,
): ReadWindow {
  const place = (path: string) => ({ where: "getTimeline", path, timezone });
  const begin = from === undefined ? undefined : instantOption(from, place("from"));
  const end = to === undefined ? undefined : endOption(to, place("to"));
  const fromAt = writable(begin ?? (end === undefined ? now - DAY_MS / 2 : end - DAY_MS));
  const toAt = writable(end ?? fromAt + DAY_MS);
  checkRange({ at: fromAt, given: from }, { at: toAt, given: to }, "getTimeline");
  if (toAt - fromAt > LONGEST_MS)
    throw new CronduitError(
      "INVALID_OPTION",
      'getTimeline, option "to": is more than 31 days after "from". Ask for a part at a time.',
      { data: { path: "to" } },
    );
  return { fromAt, toAt, now };
}

function writable(at: EpochMs): EpochMs {
  return Math.min(Math.max(at, FIRST_AT), LAST_AT);
}

/**
 * Timelines of jobs, in their order; in two round trips at most, however many jobs they are.
 * @param marks Most marks of each job, once for what was decided and once for what is planned; at least 60. A large page has fewer.
 * @param broken Receives what is wrong with a job whose timeline can't be made; it is left out.
 */
export async function timelinesOf(
  engine: Pick<Engine, "ledger">,
  jobs: readonly StoredJob[],
  {
    window,
    marks,
    broken,
  }: {
    readonly window: ReadWindow;
    readonly marks: number;
    readonly broken: (jobId: string, error: unknown) => void;
  },
): Promise<JobTimeline[]> {
  const parts = await readParts(engine, jobs, window);
  const time = new ComputingTime(LONGEST_COMPUTING_MS);
  const most = Math.min(marks, Math.floor(MOST_MARKS / Math.max(1, jobs.length)));
  const timelines: JobTimeline[] = [];
  for (const [i, job] of jobs.entries()) {
    await time.rest();
    time.share(jobs.length - i);
    try {
      timelines.push(await timelineOf(job, parts[i] ?? NOTHING, { window, most, time }));
    } catch (error) {
      broken(job.definition.id, error);
    }
  }
  return timelines;
}

const NOTHING: LedgerPart = { rows: [], isAll: true, open: [] };

/** Reads the first rows of all jobs and then, as far as the budget goes, more of those that have more. */
async function readParts(
  { ledger }: Pick<Engine, "ledger">,
  jobs: readonly StoredJob[],
  { fromAt, toAt }: ReadWindow,
): Promise<LedgerPart[]> {
  const ids = jobs.map(({ definition }) => definition.id);
  if (ids.length === 0) return [];
  const first = await ledger.readMany({ jobIds: ids, fromAt, toAt, limit: FIRST_ROWS });
  const long = ids.filter((_, i) => first[i]?.isAll === false);
  if (long.length === 0) return first;
  const limit = Math.min(MOST_ROWS_OF_A_JOB, Math.floor(MOST_ROWS / long.length));
  const again = await ledger.readMany({ jobIds: long, fromAt, toAt, limit });
  const more = new Map(long.map((id, i) => [id, again[i]]));
  return first.map((part, i) => more.get(ids[i] ?? "") ?? part);
}

async function timelineOf(
  job: StoredJob,
  { rows, isAll, open }: LedgerPart,
  {
    window,
    most,
    time,
  }: {
    readonly window: ReadWindow;
    readonly most: number;
    readonly time: ComputingTime;
  },
): Promise<JobTimeline> {
  const { fromAt, toAt, now } = window;
  const { definition, state, pausedReason, pausedUntil } = job;
  const decided = new Set(rows.map(({ id }) => id));
  // What goes on is shown from where the window begins, if now is in it.
  const isSeen = (row: LedgerRow) =>
    row.fireAt <= toAt && (row.fireAt >= fromAt || now >= fromAt) && !decided.has(row.id);
  const runs = [...rows, ...open.filter(isSeen)].map(toRun);
  const oldest = rows.at(-1)?.fireAt;
  const planned = await plannedMarks(job, { ...window, most, time });
  return {
    jobId: definition.id,
    owner: definition.owner,
    state,
    pausedReason: pausedReason ?? undefined,
    pausedUntil: pausedUntil === null ? undefined : new Date(pausedUntil),
    schedule: new Schedule(definition).trigger.describe(),
    usualDurationMs: usualOf(runs) ?? lastOf(job),
    decided: decidedMarks(runs, most),
    // Others of the same instant may be missing.
    decidedFrom: isAll || oldest === undefined ? undefined : new Date(oldest + 1),
    planned: planned.marks.filter(isUndecided(runs)),
    plannedTo: planned.upTo === undefined ? undefined : new Date(planned.upTo),
  };
}

/** What was decided after the job was read is in both. */
function isUndecided(runs: readonly Run[]): (mark: PlannedMark) => boolean {
  const scheduled = runs.filter(({ trigger }) => trigger === "scheduled");
  const decided = new Set(scheduled.map(({ fireTime }) => fireTime.getTime()));
  return ({ fireTime, count }) => count > 1 || !decided.has(fireTime.getTime());
}

function usualOf(runs: readonly Run[]): number | undefined {
  const took = runs
    .flatMap(({ verdict, durationMs }) =>
      verdict === "succeeded" && durationMs !== undefined ? [durationMs] : [],
    )
    .toSorted((a, b) => a - b);
  return took[Math.floor(took.length / 2)];
}

function lastOf({ lastRun }: StoredJob): number | undefined {
  return lastRun ? lastRun.finishedAt - lastRun.startedAt : undefined;
}
