import type { EpochMs } from "../core/clock.ts";
import type { StoredJob } from "../jobs/definition.ts";
import { previewTimes } from "../jobs/preview-times.ts";
import { type Occurrence, Schedule } from "../jobs/schedule.ts";
import type { PreviewFlag } from "../triggers/preview.ts";

/** What is to become of an occurrence that nobody has decided yet; see `JobOccurrence`. */
export type PlannedState = "due" | "future" | "will-skip" | "paused";

/** An occurrence that nobody has decided yet. */
export interface Planned {
  readonly fireTime: Date;
  readonly dueTime: Date;
  readonly state: PlannedState;
  readonly flags: readonly PreviewFlag[];
}

/** Which of them: from a fire time to another, both included. */
export interface PlannedRange {
  readonly at: EpochMs;
  readonly toAt: EpochMs;
  readonly limit: number;
}

/** The first occurrences of a range that nobody has decided yet. */
export function plannedOf(
  job: StoredJob,
  now: EpochMs,
  { at, toAt, limit }: PlannedRange,
): Planned[] {
  if (job.state === "finished") return [];
  const schedule = new Schedule(job.definition);
  const found: Omit<Planned, "flags">[] = [];
  const begin = Math.max(at - 1, job.watermark);
  for (let next = schedule.next(begin); next && next.fireAt <= toAt;) {
    const { fireAt, dueAt } = next;
    found.push({
      fireTime: new Date(fireAt),
      dueTime: new Date(dueAt),
      state: plannedStateOf(job, next, now),
    });
    if (found.length >= limit) break;
    next = schedule.next(fireAt);
  }
  const flags = flagsOf(job, begin, found.length);
  return found.map((one) => Object.assign(one, { flags: flags.get(one.fireTime.getTime()) ?? [] }));
}

/** What is to become of an occurrence of a job. */
export function plannedStateOf(
  { state, skips, pausedUntil }: StoredJob,
  { fireAt, dueAt }: Occurrence,
  now: EpochMs,
): PlannedState {
  if (skips.some((skip) => skip.fireAt === fireAt)) return "will-skip";
  if (state === "paused" && fireAt < (pausedUntil ?? Number.POSITIVE_INFINITY)) return "paused";
  return dueAt <= now ? "due" : "future";
}

/** Most times that a preview gives. */
const MAX_PREVIEWED = 1_000;

function flagsOf(
  { definition }: StoredJob,
  from: EpochMs,
  count: number,
): ReadonlyMap<EpochMs, readonly PreviewFlag[]> {
  if (count === 0) return new Map();
  const rows = previewTimes(definition, {
    from: new Date(Math.max(0, from)),
    count: Math.min(count, MAX_PREVIEWED),
  });
  return new Map(rows.filter(({ fires }) => fires).map((row) => [row.instant, row.flags]));
}
