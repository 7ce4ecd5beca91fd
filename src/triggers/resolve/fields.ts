import type { EpochMs } from "../../core/clock.ts";
import { isCronduitError, TriggerError } from "../../core/errors.ts";
import { parseDuration } from "../../core/durations.ts";
import { shown } from "../../core/shown.ts";
import { translationOf } from "../cron/foreign-cron.ts";
import { readSpan, type Span } from "../natural/span.ts";
import type { CommonOutput, ResolveContext } from "./context.ts";
import type { ScheduleSpec } from "../spec.ts";
import { parseEnd, parseInstant } from "../time/parse-instant.ts";
import { zoneOf } from "../time/zone.ts";

/** Fields of a trigger whose types its zod shape has checked. */
export type Fields = Record<string, unknown> & CommonOutput;

/** A spec, and whether a lack of future fire times may be due to "now" rather than to the schedule. */
export interface Resolved {
  readonly spec: ScheduleSpec;
  readonly mayBeOver: boolean;
}

/** Resolves a member of another trigger. `place` is its index, for errors. */
export type ResolveMember = (
  member: unknown,
  context: ResolveContext,
  place: number,
) => ScheduleSpec;

/** The time zone of a trigger's local times. */
export function zoneName(fields: CommonOutput, context: ResolveContext): string {
  return zoneOf(fields.timezone ?? context.timezone).name;
}

/** The bounds of a trigger as instants; those not given are absent. */
export function bounds(
  fields: CommonOutput,
  context: ResolveContext,
  timezone = zoneName(fields, context),
): { startAt?: EpochMs; endAt?: EpochMs } {
  const { startDate, endDate } = fields;
  return {
    ...(startDate === undefined
      ? {}
      : { startAt: parseInstant(startDate, timezone, "startDate").instant }),
    ...(endDate === undefined ? {} : { endAt: parseEnd(endDate, timezone, "endDate") }),
  };
}

/** The value of a field that holds text. */
export function text(fields: Fields, name: string): string | undefined {
  const value = fields[name];
  return typeof value === "string" ? value : undefined;
}

/**
 * Reads a length of time: elapsed, as `parseDuration` reads it, or in calendar units.
 * @throws {@link TriggerError} with the name of the field, which `parseDuration` doesn't know.
 */
export function spanOf(value: string, field: string): Span {
  const span = readSpan(value);
  if (span !== undefined) return span;
  const foreign = translationOf(value);
  if (foreign !== undefined)
    throw new TriggerError(`${field}: ${shown(value)} can't be read. ${foreign.hint}`, {
      field,
      column: foreign.column,
      value,
    });
  try {
    parseDuration(value);
  } catch (error) {
    if (!isCronduitError(error)) throw error;
    throw new TriggerError(`${field}: ${error.message}`, { field, column: 1, value });
  }
  throw new TriggerError(`${field}: ${shown(value)} can't be read.`, { field, value });
}

/** The text of a length of time, once validated. @throws {@link TriggerError} as {@link spanOf} */
export function spanText(value: string, field: string): string {
  spanOf(value, field);
  return value;
}

/** Rejects two options that say the same thing. */
export function rejectBeside(field: string, other: string): never {
  throw new TriggerError(`${field}: can't be combined with "${other}". Leave one of them out.`, {
    field,
  });
}
