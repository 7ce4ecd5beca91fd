import type { EpochMs } from "../../core/clock.ts";
import type { JobDefinition } from "../../jobs/definition.ts";
import { Schedule } from "../../jobs/schedule.ts";

/** How one of the next runs changes. Of one that is `moved` within its day, `to` is the new time. */
export interface RunChange {
  readonly kind: "same" | "added" | "removed" | "moved";
  readonly at: EpochMs;
  readonly to?: EpochMs;
}

/** The next times of a schedule. */
export function nextTimes(definition: JobDefinition, now: EpochMs, count: number): EpochMs[] {
  const schedule = new Schedule(definition);
  const times: EpochMs[] = [];
  for (let at = schedule.next(now); at && times.length < count; at = schedule.next(at.fireAt))
    times.push(at.fireAt);
  return times;
}

/** The next times of a schedule, and whether it has others. */
export interface TimesAhead {
  readonly times: readonly EpochMs[];
  readonly has: (at: EpochMs) => boolean;
}

/** The next times of a job's schedule. */
export function timesAhead(definition: JobDefinition, now: EpochMs, count: number): TimesAhead {
  const schedule = new Schedule(definition);
  return { times: nextTimes(definition, now, count), has: (at) => schedule.has(at) };
}

/**
 * How the next runs change, as far as both sides are known: a time that has another one on the same day in place of it has
 * moved.
 */
export function changesOfRuns(
  before: TimesAhead,
  after: TimesAhead,
  { count, timezone }: { readonly count: number; readonly timezone: string },
): RunChange[] {
  // A side with fewer times than asked for has no more.
  const endOf = ({ times }: TimesAhead): number =>
    times.length < count ? Infinity : (times.at(-1) ?? Infinity);
  const end = Math.min(endOf(before), endOf(after));
  const dayOf = dayIn(timezone);
  // Beyond the end of the other side, only what may stand in for something before it.
  const gone = before.times.filter((at) => !after.has(at));
  const fresh = after.times.filter((at) => !before.has(at));
  const changes: RunChange[] = before.times
    .filter((at) => at <= end && after.has(at))
    .map((at) => ({ kind: "same", at }));
  for (const at of gone) {
    const i = fresh.findIndex((to) => dayOf(to) === dayOf(at) && Math.min(at, to) <= end);
    const [to] = i < 0 ? [] : fresh.splice(i, 1);
    if (to !== undefined) changes.push({ kind: "moved", at, to });
    else if (at <= end) changes.push({ kind: "removed", at });
  }
  for (const at of fresh) if (at <= end) changes.push({ kind: "added", at });
  return changes.toSorted((a, b) => a.at - b.at);
}

function dayIn(timezone: string): (at: EpochMs) => string {
  const format = new Intl.DateTimeFormat("en-CA", { timeZone: timezone, dateStyle: "short" });
  return (at) => format.format(at);
}
