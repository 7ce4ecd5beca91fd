import type { EpochMs } from "../core/clock.ts";
import { CronduitError, isCronduitError } from "../core/errors.ts";
import { shown } from "../core/shown.ts";
import { parseEnd, parseInstant } from "../triggers/time/parse-instant.ts";

/** Where an instant was given. */
export interface InstantPlace {
  /** The call, e.g. `getRuns`. */
  readonly where: string;
  /** The option. */
  readonly path: string;
  /** The zone in which times without an offset are read. */
  readonly timezone: string;
}

/**
 * Reads an instant that a call was given; see `parseInstant`.
 * @throws {@link CronduitError} `INVALID_OPTION`
 */
export function instantOption(input: unknown, place: InstantPlace): EpochMs {
  return refusedAs(place, () => parseInstant(input, place.timezone, place.path).instant);
}

/** As {@link instantOption}, for the end of a range, which is inclusive: a date without a time is the whole day. */
export function endOption(input: unknown, place: InstantPlace): EpochMs {
  return refusedAs(place, () => parseEnd(input, place.timezone, place.path));
}

/** One end of a range: the instant, and what was written. */
export interface RangeEnd {
  readonly at: EpochMs;
  readonly given: unknown;
}

/** Refuses a range that ends before it begins. @throws {@link CronduitError} `INVALID_OPTION` */
export function checkRange(from: RangeEnd, to: RangeEnd, where: string): void {
  if (from.at <= to.at) return;
  throw new CronduitError(
    "INVALID_OPTION",
    `${where}, option "to": the range ends (${shown(to.given)}) before it begins (${shown(from.given)}). Exchange from and to.`,
    { data: { path: "to" } },
  );
}

function refusedAs({ where, path }: InstantPlace, read: () => EpochMs): EpochMs {
  try {
    return read();
  } catch (error) {
    if (!isCronduitError(error, "INVALID_TRIGGER")) throw error;
    throw new CronduitError("INVALID_OPTION", `${where}, option ${error.message}`, {
      data: { ...error.data, path },
    });
  }
}
