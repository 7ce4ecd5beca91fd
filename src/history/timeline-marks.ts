import type { EpochMs } from "../core/clock.ts";
import type { StoredJob } from "../jobs/definition.ts";
import { Schedule } from "../jobs/schedule.ts";
import type { PreviewFlag } from "../triggers/preview.ts";
import type { ComputingTime } from "./computing-time.ts";
import { plannedOf, type PlannedState, plannedStateOf } from "./planned.ts";
import { promiseOf, type PromiseState } from "./promise.ts";
import type { Run } from "./run.ts";

/** One decision, or several of a job that lie close together and have all but their times in common. */
export interface DecidedMark {
  /** The run; of several, the latest. */
  readonly runId: string;
  readonly firstFireTime: Date;
  /** Of several, that of the latest. */
  readonly fireTime: Date;
  readonly verdict: Run["verdict"];
  readonly reason: Run["reason"];
  readonly trigger: Run["trigger"];
  readonly promise: PromiseState | undefined;
  /** Of several, when the first began. */
  readonly startedAt: Date | undefined;
  /** Of several, when the last ended. */
  readonly finishedAt: Date | undefined;
  /** How many occurrences it stands for. */
  readonly count: number;
  /** How many decisions it is made of; 1: it is one alone. */
  readonly merged: number;
}

/** One occurrence to come, or several of a job that lie close together and of which the same is to become. */
export interface PlannedMark {
  readonly firstFireTime: Date;
  /** Of several, that of the last. */
  readonly fireTime: Date;
  /** Of several, that of the last. */
  readonly dueTime: Date;
  readonly state: PlannedState;
  /** What a change of the clock or a calendar does to one that stands alone. */
  readonly flags: readonly PreviewFlag[];
  readonly count: number;
}

/** What became of a job, oldest first. @param most Marks, more than there are kinds of outcomes. */
export function decidedMarks(runs: readonly Run[], most: number): DecidedMark[] {
  const marks = runs.map(toMark).toSorted((a, b) => a.fireTime.getTime() - b.fireTime.getTime());
  if (marks.length <= most) return marks;
  const kinds = new Set(marks.map(kindOf));
  const begin = marks[0]?.fireTime.getTime() ?? 0;
  const end = marks.at(-1)?.fireTime.getTime() ?? 0;
  const slotMs = (end - begin + 1) / Math.max(1, Math.floor(most / kinds.size));
  const merged = new Map<string, DecidedMark>();
  for (const mark of marks) {
    const slot = Math.floor((mark.fireTime.getTime() - begin) / slotMs);
    const key = `${slot} ${kindOf(mark)}`;
    const known = merged.get(key);
    merged.set(key, known ? both(known, mark) : mark);
  }
  return [...merged.values()];
}

function toMark(run: Run): DecidedMark {
  const { id: runId, firstFireTime, fireTime, verdict, reason, trigger, count } = run;
  const { startedAt, finishedAt } = run;
  const promise = promiseOf(run);
  return {
    runId,
    firstFireTime,
    fireTime,
    verdict,
    reason,
    trigger,
    promise,
    startedAt,
    finishedAt,
    count,
    merged: 1,
  };
}

function kindOf({ verdict, reason, trigger, promise }: DecidedMark): string {
  return [verdict, reason, trigger, promise].join(" ");
}

function both(first: DecidedMark, later: DecidedMark): DecidedMark {
  return {
    ...later,
    firstFireTime: earlier(first.firstFireTime, later.firstFireTime),
    startedAt: first.startedAt && later.startedAt && earlier(first.startedAt, later.startedAt),
    finishedAt: first.finishedAt && later.finishedAt && latest(first.finishedAt, later.finishedAt),
    count: first.count + later.count,
    merged: first.merged + later.merged,
  };
}

function earlier(a: Date, b: Date): Date {
  return a < b ? a : b;
}

function latest(a: Date, b: Date): Date {
  return a > b ? a : b;
}

/** Which occurrences to come are marked. */
export interface PlannedWindow {
  readonly fromAt: EpochMs;
  readonly toAt: EpochMs;
  readonly now: EpochMs;
  /** At least 10. */
  readonly most: number;
  readonly time: ComputingTime;
}

/** Occurrences to come, in order. */
export interface PlannedMarks {
  readonly marks: readonly PlannedMark[];
  /** Up to here they are all there; absent: up to the end of the window. */
  readonly upTo?: EpochMs;
}

/**
 * What nobody has decided yet, in order. Of more than `most` each is not looked at: they are counted slot by slot, as long as
 * there is time.
 */
export async function plannedMarks(job: StoredJob, window: PlannedWindow): Promise<PlannedMarks> {
  const { now, fromAt: at, toAt, most: limit } = window;
  const single = plannedOf(job, now, { at, toAt, limit: limit + 1 });
  if (single.length > limit) return countedMarks(job, window);
  const marks = single.map(({ fireTime, dueTime, state, flags }) => ({
    firstFireTime: fireTime,
    fireTime,
    dueTime,
    state,
    flags,
    count: 1,
  }));
  return { marks };
}

async function countedMarks(
  job: StoredJob,
  { fromAt, toAt, now, most: limit, time }: PlannedWindow,
): Promise<PlannedMarks> {
  const skipped = job.skips.map(({ fireAt }) => fireAt);
  const schedule = new Schedule(job.definition, skipped);
  // Where the state changes: what is due, what falls into a pause, what comes then.
  const borders = [schedule.dueUpTo(now), (job.pausedUntil ?? 0) - 1].toSorted((a, b) => a - b);
  // The skips of a slot are a mark of their own.
  const slots = skipped.length > 0 ? Math.floor(limit / 2) - 2 : limit - 2;
  const after = Math.max(fromAt - 1, job.watermark);
  const slotMs = Math.ceil((toAt - after) / slots);
  const marks: PlannedMark[] = [];
  for (let from = after; from < toAt;) {
    if (marks.length > 0 && time.isSpent) return { marks, upTo: from };
    await time.rest();
    const next = schedule.next(from);
    if (!next || next.fireAt > toAt) break;
    // Slots that have none are passed over.
    const slot = Math.floor((next.fireAt - after - 1) / slotMs);
    const end = Math.min(after + (slot + 1) * slotMs, toAt);
    const upTo = borders.find((border) => border >= next.fireAt && border < end) ?? end;
    marks.push(
      ...spanMark(job, schedule, { from, upTo, now }),
      ...skipMark(job, schedule, { from, upTo }),
    );
    from = upTo;
  }
  return { marks };
}

function spanMark(
  job: StoredJob,
  schedule: Schedule,
  { from, upTo, now }: { readonly from: EpochMs; readonly upTo: EpochMs; readonly now: EpochMs },
): PlannedMark[] {
  const span = schedule.span(from, upTo);
  if (!span) return [];
  const { fromAt, toAt, count, dueAt = toAt } = span;
  return [
    {
      firstFireTime: new Date(fromAt),
      fireTime: new Date(toAt),
      dueTime: new Date(dueAt),
      state: plannedStateOf(job, { fireAt: fromAt, dueAt }, now),
      flags: [],
      count,
    },
  ];
}

function skipMark(
  job: StoredJob,
  schedule: Schedule,
  { from, upTo }: { readonly from: EpochMs; readonly upTo: EpochMs },
): PlannedMark[] {
  const inside = job.skips.filter(
    ({ fireAt }) => fireAt > from && fireAt <= upTo && schedule.has(fireAt),
  );
  const [first] = inside;
  const last = inside.at(-1);
  if (!first || !last) return [];
  return [
    {
      firstFireTime: new Date(first.fireAt),
      fireTime: new Date(last.fireAt),
      dueTime: new Date(last.dueAt),
      state: "will-skip",
      flags: [],
      count: inside.length,
    },
  ];
}
