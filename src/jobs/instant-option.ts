import type { EpochMs } from "../core/clock.ts";
import { CronduitError, isCronduitError } from "../core/errors.ts";
import { shown } from "../core/shown.ts";
import { parseEnd, type ParsedInstant, parseInstant } from "../triggers/time/parse-instant.ts";

/** Where an instant was given. */
export interface InstantPlace {
  /** The call, such as `getRuns`. */
  readonly where: string;
  /** The option. */
  readonly path: string;
  /** The time zone for times without an offset. */
  readonly timezone: string;
}

/**
 * Reads an instant that was passed to a call; see `parseInstant`.
 * @throws {@link CronduitError} `INVALID_OPTION`
 */
export function instantOption(input: unknown, place: InstantPlace): EpochMs {
  return rejectedAs(place, () => parseInstant(input, place.timezone, place.path).instant);
}

/** Like {@link instantOption}, with what else the text says. */
export function parsedOption(input: unknown, place: InstantPlace): ParsedInstant {
  return rejectedAs(place, () => parseInstant(input, place.timezone, place.path));
}

/** Like {@link instantOption}, for the inclusive end of a range: a date without a time includes the whole day. */
export function endOption(input: unknown, place: InstantPlace): EpochMs {
  return rejectedAs(place, () => parseEnd(input, place.timezone, place.path));
}

/** One end of a range: the instant, and what was written. */
export interface RangeEnd {
  readonly at: EpochMs;
  readonly given: unknown;
}

/** Rejects a range that ends before it begins; `prefix` is the path of both ends. @throws {@link CronduitError} `INVALID_OPTION` */
export function checkRange(from: RangeEnd, to: RangeEnd, where: string, prefix = ""): void {
  if (from.at <= to.at) return;
  throw new CronduitError(
    "INVALID_OPTION",
    `${where}, option "${prefix}to": the range ends (${shown(to.given)}) before it begins (${shown(from.given)}). Swap "from" and "to".`,
    { data: { path: `${prefix}to` } },
  );
}

function rejectedAs<T>({ where, path }: InstantPlace, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!isCronduitError(error, "INVALID_TRIGGER")) throw error;
    const what = error.message.replace(`${path}: `, "");
    throw new CronduitError("INVALID_OPTION", `${where}, option "${path}": ${what}`, {
      data: { ...error.data, path },
    });
  }
}
