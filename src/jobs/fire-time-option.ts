import type { EpochMs } from "../core/clock.ts";
import { DAY_MS } from "../triggers/time/civil.ts";
import { zoneOf } from "../triggers/time/zone.ts";
import type { JobDefinition } from "./definition.ts";
import { type InstantPlace, parsedOption } from "./instant-option.ts";
import { NO_TIME, Schedule } from "./schedule.ts";

/** Occurrences among which a time of day is sought: more than any usual schedule has in a day. */
const LOOKED_AT = 100;

/** A fire time as somebody names it. */
export interface NamedFireTime {
  readonly at: EpochMs;
  /** Whether it is a wall-clock time that the clock skips, and nothing was moved from there. */
  readonly isInGap: boolean;
}

/**
 * Reads a nominal time of a job. A wall-clock time that the clock skips, as in spring, is where the job's occurrence of that
 * time was moved to: right behind the gap, or as far into the day as the clock that was not put forward would say.
 * @throws {@link CronduitError} `INVALID_OPTION`
 */
export function fireTimeOption(
  input: unknown,
  place: InstantPlace,
  definition: JobDefinition | undefined,
): NamedFireTime {
  const { instant, gapEnd } = parsedOption(input, place);
  if (gapEnd === undefined || !definition || definition.trigger.kind === "manual")
    return { at: instant, isInGap: false };
  const schedule = new Schedule(definition);
  const zone = zoneOf(place.timezone);
  // In a gap, the clock before it is meant.
  const wanted = timeOfDay(instant + zone.offsetAt(gapEnd - 1));
  const usual = new Set<number>();
  let before = schedule.prev(gapEnd);
  for (let n = 0; before > NO_TIME && n < LOOKED_AT; n += 1) {
    usual.add(timeOfDay(before + zone.offsetAt(before)));
    before = schedule.prev(before);
  }
  let next = schedule.next(gapEnd);
  for (let n = 0; next && n < LOOKED_AT; n += 1) {
    usual.add(timeOfDay(next.fireAt + zone.offsetAt(next.fireAt)));
    next = schedule.next(next.fireAt);
  }
  // One whose own time of day is a usual one stands for itself.
  const moved = [gapEnd, instant].find(
    (at) =>
      schedule.next(at - 1)?.fireAt === at &&
      usual.has(wanted) &&
      !usual.has(timeOfDay(at + zone.offsetAt(at))),
  );
  return { at: moved ?? instant, isInGap: moved === undefined };
}

function timeOfDay(local: number): number {
  return ((local % DAY_MS) + DAY_MS) % DAY_MS;
}
