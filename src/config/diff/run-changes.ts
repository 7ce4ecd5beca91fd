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

/**
 * How the next runs change, as far as both sides are known: a time that has another one on the same day in place of it has
 * moved.
 */
export function changesOfRuns(
  before: readonly EpochMs[],
  after: readonly EpochMs[],
  { count, timezone }: { readonly count: number; readonly timezone: string },
): RunChange[] {
  // A side with fewer times than asked for has no more.
  const endOf = (times: readonly EpochMs[]): number =>
    times.length < count ? Infinity : (times.at(-1) ?? Infinity);
  const end = Math.min(endOf(before), endOf(after));
  const [old, fresh] = [before, after].map((times) => times.filter((at) => at <= end)) as [
    EpochMs[],
    EpochMs[],
  ];
  const dayOf = dayIn(timezone);
  const added = new Set(fresh.filter((at) => !old.includes(at)));
  const changes: RunChange[] = [];
  for (const at of old) {
    if (fresh.includes(at)) {
      changes.push({ kind: "same", at });
      continue;
    }
    const to = [...added].find((other) => dayOf(other) === dayOf(at));
    if (to === undefined) changes.push({ kind: "removed", at });
    else {
      added.delete(to);
      changes.push({ kind: "moved", at, to });
    }
  }
  for (const at of added) changes.push({ kind: "added", at });
  return changes.toSorted((a, b) => a.at - b.at);
}

function dayIn(timezone: string): (at: EpochMs) => string {
  const format = new Intl.DateTimeFormat("en-CA", { timeZone: timezone, dateStyle: "short" });
  return (at) => format.format(at);
}
