import type { EpochMs } from "../core/clock.ts";
import type { JobDefinition } from "./definition.ts";
import { NO_TIME, Schedule } from "./schedule.ts";

/**
 * A job has no occurrences before it existed, except a single date in the past: that one is due immediately, and
 * `misfireGraceTime` decides whether it still runs.
 */
export function startingWatermark(definition: JobDefinition, now: EpochMs): EpochMs {
  const { firstRunAt, trigger } = definition;
  if (firstRunAt !== null) return Math.min(firstRunAt, now) - 1;
  const isSingleDate = trigger.kind === "date";
  const first = isSingleDate ? new Schedule(definition).next(NO_TIME) : undefined;
  return Math.min(first?.fireAt ?? now, now) - 1;
}
