import { END_OF_TIME, type EpochMs } from "../core/clock.ts";
import { parseDuration } from "../core/durations.ts";
import { CronduitError, isCronduitError } from "../core/errors.ts";
import { shown } from "../core/shown.ts";
import { type DurationOptionName, readSeconds, withinBounds } from "../core/duration-bounds.ts";
import { DAY_MS } from "../triggers/time/civil.ts";
import { instantOf } from "../triggers/time/local-text.ts";
import { zoneOf } from "../triggers/time/zone.ts";
import { instantOption, type InstantPlace } from "./instant-option.ts";

/** Where an end was given, and how long it may be until then. */
export interface UntilPlace extends InstantPlace {
  readonly now: EpochMs;
  /** The bounds of a duration. */
  readonly bounds: DurationOptionName;
}

/**
 * Reads an end to come: a number of seconds from now, a duration such as `"2h"`, a day of the week with a time (`"Mon 09:00"`), or an
 * instant.
 * @throws {@link CronduitError} `INVALID_OPTION`, also for an instant that has passed.
 */
export function untilOption(input: unknown, place: UntilPlace): EpochMs {
  const { where, path, now } = place;
  const at = typeof input === "object" ? instantOption(input, place) : endOf(input, place);
  if (at > now && at <= END_OF_TIME) return at;
  throw new CronduitError(
    "INVALID_OPTION",
    `${where}, option "${path}": ${shown(input)} ${at > now ? "is too far away" : "has passed"}; give a time to come, or a duration such as "2h".`,
    { data: { path } },
  );
}

function endOf(input: unknown, place: UntilPlace): EpochMs {
  if (typeof input === "number")
    return place.now + bounded(readSeconds(input, place.bounds), place);
  const ms = typeof input === "string" ? durationIn(input) : undefined;
  if (ms === undefined) return weekdayIn(input, place) ?? instantOption(input, place);
  return place.now + bounded(withinBounds(ms, place.bounds), place);
}

/** A duration begins with a number and a unit; a date does not. */
function durationIn(text: string): number | undefined {
  try {
    return parseDuration(text);
  } catch (error) {
    if (isCronduitError(error)) return undefined;
    throw error;
  }
}

const WEEKDAY =
  /^(?:next\s+)?(sun|mon|tue|wed|thu|fri|sat)[a-z]*\.?(?:,|\s+at)?\s+([01]?\d|2[0-3]):([0-5]\d)$/i;
const DAYS: readonly string[] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
/** 1970-01-01 was a Thursday. */
const FIRST_DAY = 4;

/** The next time that a clock in the zone shows this day and time. */
function weekdayIn(input: unknown, { now, timezone }: UntilPlace): EpochMs | undefined {
  const [, name, hour, minute] = WEEKDAY.exec(typeof input === "string" ? input.trim() : "") ?? [];
  if (name === undefined) return undefined;
  const zone = zoneOf(timezone);
  const today = Math.floor((now + zone.offsetAt(now)) / DAY_MS);
  const wanted = DAYS.indexOf(name.toLowerCase());
  const ahead = (wanted - ((((today + FIRST_DAY) % 7) + 7) % 7) + 7) % 7;
  const time = Number(hour) * 3_600_000 + Number(minute) * 60_000;
  const at = (day: number): EpochMs => instantOf(day * DAY_MS + time, zone).instant;
  const first = at(today + ahead);
  return first > now ? first : at(today + ahead + 7);
}

function bounded(read: ReturnType<typeof readSeconds>, { where, path }: UntilPlace): number {
  if (typeof read === "number") return read;
  const { message, suggestion } = read;
  throw new CronduitError("INVALID_OPTION", `${where}, option "${path}": ${message}`, {
    data: { path, ...(suggestion === undefined ? {} : { suggestion }) },
  });
}
