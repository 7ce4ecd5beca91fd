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

/** Fields of a trigger of whose types its zod shape has made sure. */
export type Fields = Record<string, unknown> & CommonOutput;

/** A spec, and whether having no fire time left may be due to "now" rather than to the schedule. */
export interface Resolved {
  readonly spec: ScheduleSpec;
  readonly mayBeOver: boolean;
}

/** Resolves a member of another trigger, the place of which is given for errors, in the circumstances given. */
export type ResolveMember = (
  member: unknown,
  context: ResolveContext,
  place: number,
) => ScheduleSpec;

/** The zone in which a trigger's times are read. */
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

/** A field that holds a text. */
export function text(fields: Fields, name: string): string | undefined {
  const value = fields[name];
  return typeof value === "string" ? value : undefined;
}

/**
 * A length of elapsed time as `parseDuration` reads it, or of the calendar.
 * @throws {@link TriggerError} with the name of the field, where the reader of durations knows none.
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

/** The text of a length of time, once it is known to be one. @throws {@link TriggerError} as {@link spanOf} */
export function spanText(value: string, field: string): string {
  spanOf(value, field);
  return value;
}

/** Refuses two ways to say the same. */
export function refuseBeside(field: string, other: string): never {
  throw new TriggerError(`${field}: may not stand beside "${other}". Leave one of them out.`, {
    field,
  });
}
