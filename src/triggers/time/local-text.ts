import type { EpochMs } from "../../core/clock.ts";
import { DAY_MS, packedDate } from "./civil.ts";
import { zoneOf, type LocalMs, type Zone } from "./zone.ts";

const two = (n: number): string => String(n).padStart(2, "0");

/** The date of a day number, as `2026-03-29`. */
export function formatDate(day: number): string {
  const date = packedDate(day);
  return `${String(date >> 9).padStart(4, "0")}-${two((date >> 5) & 15)}-${two(date & 31)}`;
}

/** A wall-clock time, as `2026-03-29 09:00`; seconds and milliseconds only if they are not 0. */
export function formatWallTime(local: LocalMs): string {
  const day = Math.floor(local / DAY_MS);
  const ms = local - day * DAY_MS;
  const second = Math.floor(ms / 1000) % 60;
  const fraction = ms % 1000 === 0 ? "" : `.${String(ms % 1000).padStart(3, "0")}`;
  const seconds = second === 0 && fraction === "" ? "" : `:${two(second)}${fraction}`;
  return `${formatDate(day)} ${two(Math.floor(ms / 3_600_000))}:${two(Math.floor(ms / 60_000) % 60)}${seconds}`;
}

/** An instant on the wall clock of a zone; see {@link formatWallTime}. */
export function formatLocal(instant: EpochMs, timezone: string): string {
  return formatWallTime(instant + zoneOf(timezone).offsetAt(instant));
}

/** An offset in ISO 8601: `+05:30`, `Z` for 0; seconds only for historical offsets that have them. */
export function formatOffset(offsetMs: number): string {
  if (offsetMs === 0) return "Z";
  const seconds = Math.abs(offsetMs) / 1000;
  const rest = seconds % 60 === 0 ? "" : `:${two(seconds % 60)}`;
  return `${offsetMs < 0 ? "-" : "+"}${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}${rest}`;
}

/** An instant in ISO 8601 on the wall clock of a zone: `2026-03-29T09:00:00+02:00`. */
export function formatIso(instant: EpochMs, timezone: string): string {
  const offset = zoneOf(timezone).offsetAt(instant);
  const local = instant + offset;
  const ms = local - Math.floor(local / DAY_MS) * DAY_MS;
  const fraction = ms % 1000 === 0 ? "" : `.${String(ms % 1000).padStart(3, "0")}`;
  const time = `${two(Math.floor(ms / 3_600_000))}:${two(Math.floor(ms / 60_000) % 60)}:${two(Math.floor(ms / 1000) % 60)}`;
  return `${formatDate(Math.floor(local / DAY_MS))}T${time}${fraction}${formatOffset(offset)}`;
}

/** What a wall-clock time means in a zone. */
export interface LocalMeaning {
  /** The instant: in an overlap the first of the two, in a gap the time by a clock that was not put forward. */
  readonly instant: EpochMs;
  /** Whether the clock skips this time. */
  readonly inGap: boolean;
  /** If it does: the first instant after the gap. */
  readonly gapEnd?: EpochMs;
}

/**
 * The instant at which the clock of `zone` shows `local`. In both gaps and overlaps the offset before the change
 * applies, as in RFC 5545 and with Python's `fold=0`.
 */
export function instantOf(local: LocalMs, zone: Zone): LocalMeaning {
  // The offset before any change near `local`: no offset is more than a day from UTC.
  let segment = zone.at(local - DAY_MS);
  for (let i = 0; i < 10; i++) {
    if (local < segment.localEnd) return { instant: local - segment.offset, inGap: false };
    const next = zone.at(segment.end);
    const isCut = next.start !== segment.end;
    if (!isCut && local < next.localStart)
      return { instant: local - segment.offset, inGap: true, gapEnd: segment.end };
    segment = next;
  }
  return { instant: local - segment.offset, inGap: false };
}
