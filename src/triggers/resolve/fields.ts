import type { EpochMs } from "../../core/clock.ts";
import { isCronduitError, TriggerError } from "../../core/errors.ts";
import { parseDuration } from "../../core/durations.ts";
import type { CommonOutput, ResolveContext } from "./context.ts";
import type { TriggerSpec } from "../spec.ts";
import { parseInstant } from "../time/parse-instant.ts";
import { zoneOf } from "../time/zone.ts";

/** Fields of a trigger of whose types its zod shape has made sure. */
export type Fields = Record<string, unknown> & CommonOutput;

/** A spec, and whether having no fire time left may be due to "now" rather than to the schedule. */
export interface Resolved {
  readonly spec: TriggerSpec;
  readonly mayBeOver: boolean;
}

/** Resolves a member of another trigger in the circumstances given. */
export type ResolveMember = (member: unknown, context: ResolveContext) => TriggerSpec;

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
    ...(endDate === undefined ? {} : { endAt: parseInstant(endDate, timezone, "endDate").instant }),
  };
}

/** A field that holds a text. */
export function text(fields: Fields, name: string): string | undefined {
  const value = fields[name];
  return typeof value === "string" ? value : undefined;
}

/** Refuses a trigger that lacks something. */
export function missing(kind: string, what: string, field = what): never {
  throw new TriggerError(`A ${kind} trigger needs ${what}.`, { field });
}

/**
 * A duration in milliseconds.
 * @throws {@link TriggerError} with the name of the field, where the reader of durations knows none.
 */
export function durationMs(value: string, field: string): number {
  try {
    return parseDuration(value);
  } catch (error) {
    if (isCronduitError(error)) {
      const hint = /mo|year/i.test(value) ? " For months and years use a calendarInterval." : "";
      throw new TriggerError(`${field}: ${error.message}${hint}`, { field, column: 1, value });
    }
    throw error;
  }
}
