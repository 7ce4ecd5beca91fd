import { types } from "node:util";
import { z } from "zod";
import type { EpochMs } from "../../core/clock.ts";
import { TriggerError } from "../../core/errors.ts";
import { shown } from "../../core/shown.ts";
import { DAY_MS, LAST_YEAR, daysInMonth, epochDay } from "./civil.ts";
import { instantOf, type LocalMeaning } from "./local-text.ts";
import { zoneOf, type LocalMs } from "./zone.ts";

/**
 * An instant: a `Date`; text such as `"2025-05-28 15:00"`, `"2025-05-28T15:00:00+02:00"`, `"2025-05-28"` or
 * `"05/28/2025 15:30"`; or an epoch number, in seconds below 1e11 and in milliseconds above.
 */
export type InstantInput = Date | string | number;

/**
 * Schema of what `parseInstant` accepts. A `Date` may come from another realm (a `vm` context, Jest), with a class that
 * is not ours. Only `parseInstant` decides what a string or a number means, and whether it is valid.
 */
export const instantSchema = z
  .custom<InstantInput>(
    (value) => typeof value === "string" || typeof value === "number" || types.isDate(value),
    "is not a date",
  )
  .meta({
    allowed: 'a Date, a string such as "2026-12-25 09:00", or epoch seconds or milliseconds',
  });

/** An instant, and how precisely it was given. */
export interface ParsedInstant {
  readonly instant: EpochMs;
  /** Set if only a date was given: the last instant of that day. `instant` is then its midnight. */
  readonly dayEnd: EpochMs | undefined;
  /** Set if it is a wall-clock time that the clock skips: the first instant after the gap. */
  readonly gapEnd?: EpochMs;
}

/** Smaller numbers count as seconds: as milliseconds they would lie before March 1973. */
const SMALLEST_MS = 1e11;
const MAX_TEXT = 64;
const ISO =
  /^(\d{4})-(\d{1,2})-(\d{1,2})(?:(?:[T ]| at )(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?)? ?(Z|[+-]\d{2}(?::?\d{2})?)?$/i;
const AMERICAN =
  /^(\d{1,2})\/(\d{1,2})\/(\d{4})(?:(?:[ ,T]| at ) ?(\d{1,2})(?::(\d{2}))?(?::(\d{2}))? ?(am|pm)?)?$/i;
const EPOCH = /^(?:@ ?)?(-?\d{9,14})$/;

/** Whether a text has the form of a date that `parseInstant` reads, even if its numbers are wrong. */
export function looksLikeInstant(text: string): boolean {
  return ISO.test(text) || AMERICAN.test(text) || EPOCH.test(text);
}

/**
 * Reads an instant: a `Date`; ISO 8601 with or without offset (`2025-05-28 15:00`, `2025-05-28T15:00:00+02:00`); a date
 * alone (its midnight); `05/28/2025 15:30` (month first), also with `am`/`pm`; a date of a TOML file; an epoch number,
 * in seconds below 1e11 and in milliseconds above. Without an offset it is a wall-clock time in `timezone`: a skipped
 * time is read with the offset before the gap, a repeated one means the first pass.
 * @param field Name of the option, for the error.
 * @throws {@link TriggerError} `INVALID_TRIGGER` with field, column and value.
 */
export function parseInstant(input: unknown, timezone: string, field: string): ParsedInstant {
  if (types.isDate(input)) {
    const toml = tomlText(input);
    return toml === undefined
      ? { instant: checked(input.getTime(), input, field), dayEnd: undefined }
      : parseInstant(toml, timezone, field);
  }
  if (typeof input === "number") {
    return {
      instant: checked(Math.abs(input) < SMALLEST_MS ? input * 1000 : input, input, field),
      dayEnd: undefined,
    };
  }
  if (typeof input !== "string") return fail(input, "is not a date", field);
  const text = input.trim();
  if (text.length > MAX_TEXT) return fail(`${text.slice(0, 20)}…`, "is too long for a date", field);
  const epoch = EPOCH.exec(text);
  if (epoch) return parseInstant(Number(epoch[1]), timezone, field);
  const iso = ISO.exec(text);
  if (iso) {
    const offset = iso[8];
    const local =
      wallTime(text, field, iso, [1, 2, 3, 4, 5, 6]) +
      Math.floor(Number(`0.${iso[7] ?? 0}`) * 1000);
    const offsetIs = offset === undefined ? undefined : offsetMs(offset, text, field);
    const meaningOf = (wall: LocalMs): LocalMeaning =>
      offsetIs === undefined
        ? instantOf(wall, zoneOf(timezone))
        : { instant: wall - offsetIs, inGap: false };
    return inFull(local, meaningOf, iso[4] === undefined);
  }
  const american = AMERICAN.exec(text);
  if (american) {
    const local = wallTime(text, field, american, [3, 1, 2, 4, 5, 6], american[7]);
    const meaningOf = (wall: LocalMs): LocalMeaning => instantOf(wall, zoneOf(timezone));
    return inFull(local, meaningOf, american[4] === undefined);
  }
  return fail(text, "can't be read as a date", field);
}

/**
 * Like {@link parseInstant}, for an inclusive end: a date without a time means the whole day, to its last millisecond.
 * @throws {@link TriggerError} as `parseInstant`.
 */
export function parseEnd(input: unknown, timezone: string, field: string): EpochMs {
  const { instant, dayEnd } = parseInstant(input, timezone, field);
  return dayEnd ?? instant;
}

/**
 * Like {@link parseInstant}, for a fire time, which can't lie before 1970-01-01T00:00:00Z.
 * @throws {@link TriggerError} as `parseInstant`.
 */
export function parseFireTime(input: unknown, timezone: string, field: string): EpochMs {
  const { instant } = parseInstant(input, timezone, field);
  return instant >= 0 ? instant : fail(input, "is before 1970-01-01T00:00:00Z", field);
}

function inFull(
  local: LocalMs,
  meaningOf: (wall: LocalMs) => LocalMeaning,
  isDateOnly: boolean,
): ParsedInstant {
  const dayEnd = isDateOnly ? meaningOf(local + DAY_MS).instant - 1 : undefined;
  const { instant, gapEnd } = meaningOf(local);
  return { instant, dayEnd, ...(gapEnd === undefined ? {} : { gapEnd }) };
}

/** smol-toml reads local dates as `Date`s that only pretend to be in UTC; their text is what was meant. */
function tomlText(date: Date): string | undefined {
  const isLocal: unknown = "isLocal" in date ? date.isLocal : undefined;
  return typeof isLocal === "function" && isLocal.call(date) === true
    ? date.toISOString()
    : undefined;
}

const PARTS = ["year", "month", "day", "hour", "minute", "second"] as const;

function wallTime(
  text: string,
  field: string,
  match: RegExpExecArray,
  order: readonly number[],
  half?: string,
): LocalMs {
  const read = (part: (typeof PARTS)[number], min: number, max: number): number => {
    const group = match[order[PARTS.indexOf(part)] ?? 0];
    const value = Number(group ?? 0);
    if (group !== undefined && (value < min || value > max)) {
      // The first place with these digits is close enough to point at.
      const column = Math.max(0, text.indexOf(group, part === "year" ? 0 : 2)) + 1;
      fail(text, `has the ${part} ${group}, which must be from ${min} to ${max}`, field, column);
    }
    return value;
  };
  const year = read("year", 1970, LAST_YEAR);
  const month = read("month", 1, 12);
  const day = read("day", 1, daysInMonth(year, month));
  let hour = half === undefined ? read("hour", 0, 23) : read("hour", 1, 12) % 12;
  if (half?.toLowerCase() === "pm") hour += 12;
  return (
    epochDay(year, month, day) * DAY_MS +
    ((hour * 60 + read("minute", 0, 59)) * 60 + read("second", 0, 59)) * 1000
  );
}

function offsetMs(offset: string, text: string, field: string): number {
  if (/^z$/i.test(offset)) return 0;
  const hours = Number(offset.slice(1, 3));
  const minutes = Number(offset.slice(3).replace(":", "") || 0);
  if (hours > 23 || minutes > 59) {
    fail(
      text,
      "has an offset out of range, which must be from -23:59 to +23:59",
      field,
      text.lastIndexOf(offset) + 1,
    );
  }
  return (offset.startsWith("-") ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}

function checked(instant: number, input: unknown, field: string): EpochMs {
  if (Number.isNaN(instant)) fail(input, "is not a valid instant", field);
  if (instant < -DAY_MS || instant > 253_402_300_800_000) {
    fail(input, "is outside the years 1970 to 9999", field);
  }
  return Math.round(instant);
}

function fail(value: unknown, why: string, field: string, column?: number): never {
  const place = column === undefined ? "" : ` (column ${column})`;
  throw new TriggerError(
    `${field}: ${shown(value)} ${why}${place}. Write it like "2026-12-25 09:00", "2026-12-25T09:00:00+01:00" or "12/25/2026 09:00".`,
    { field, column: column ?? 1, value },
  );
}
