import { z } from "zod";
import {
  DURATION_BOUNDS,
  type DurationBounds,
  type DurationOptionName,
  readSeconds,
  withinBounds,
} from "../core/duration-bounds.ts";
import { formatDuration, parseDuration } from "../core/durations.ts";
import { CronduitError } from "../core/errors.ts";

/** A duration as users write it: seconds, or a string such as `"30s"`. */
const writtenSchema = z.custom<number | string>(
  (value) => typeof value === "number" || typeof value === "string",
);

/**
 * An option that is a duration: a number of seconds, or a string such as `"30s"`. Milliseconds inside.
 * @param name Selects the bounds; see `DURATION_BOUNDS`.
 */
export function durationOption(name: DurationOptionName) {
  return writtenSchema
    .transform((written, context) => {
      const read = readDuration(written, name);
      if (typeof read === "number") return read;
      const { message, suggestion } = read;
      context.addIssue({ code: "custom", message, params: { suggestion } });
      return z.NEVER;
    })
    .meta({ allowed: allowedSeconds(name) });
}

function readDuration(written: number | string, name: DurationOptionName) {
  if (typeof written === "number") return readSeconds(written, name);
  try {
    return withinBounds(parseDuration(written), name);
  } catch (error) {
    return { message: error instanceof CronduitError ? error.message : "is not a duration" };
  }
}

function allowedSeconds(name: DurationOptionName): string {
  const { min, max }: DurationBounds = DURATION_BOUNDS[name];
  const from = min === undefined ? "" : `, from ${formatDuration(min * 1_000)}`;
  const to = max === undefined ? "" : ` to ${formatDuration(max * 1_000)}`;
  return `seconds as a number or a string such as "30s"${from}${to}`;
}
