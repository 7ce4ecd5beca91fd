import type { EpochMs } from "../core/clock.ts";
import type { DeclaredParams, JobDefinition, JobOverrides, Timing } from "./definition.ts";

/** What of a job can be overridden. */
export const OVERRIDE_PARTS = ["paused", "schedule", "params"] as const;
/** A part of a job that can be overridden. */
export type OverridePart = (typeof OVERRIDE_PARTS)[number];

/** The part of a definition that says when the job runs. */
export function timingOf(definition: Timing): Timing {
  const { timezone, tzdata, trigger, calendars, jitter, firstRunAt } = definition;
  return {
    timezone,
    ...(tzdata === undefined ? {} : { tzdata }),
    trigger,
    ...(calendars ? { calendars } : {}),
    jitter,
    firstRunAt,
  };
}

/** A definition with another timing. */
export function withTiming(definition: JobDefinition, timing: Timing): JobDefinition {
  const { calendars: _, tzdata: __, ...rest } = definition;
  return { ...rest, ...timing };
}

/** A definition as it is declared, without its overrides. */
export function declaredDefinition(definition: JobDefinition): JobDefinition {
  const { overrides, ...rest } = definition;
  if (!overrides) return definition;
  const { schedule, params } = overrides;
  return { ...(schedule ? withTiming(rest, schedule.declared) : rest), ...params?.declared };
}

/**
 * What is in effect of a declared definition under overrides.
 * @param values Has the values that override.
 */
export function overriddenDefinition(
  declared: JobDefinition,
  values: Timing & DeclaredParams,
  { paused, schedule, params }: JobOverrides,
): JobDefinition {
  const { params: ownParams, secrets } = declared;
  const overrides: JobOverrides = {
    ...(paused && { paused }),
    ...(schedule && { schedule: { ...schedule, declared: timingOf(declared) } }),
    ...(params && { params: { ...params, declared: { params: ownParams, secrets } } }),
  };
  const timed = schedule ? withTiming(declared, timingOf(values)) : declared;
  return {
    ...timed,
    ...(params && { params: values.params, secrets: values.secrets }),
    ...(Object.keys(overrides).length > 0 && { overrides }),
  };
}

/** A definition with the params that are in effect at an instant: those of an override only until it ends. */
export function definitionAt(definition: JobDefinition, now: EpochMs): JobDefinition {
  const { params } = definition.overrides ?? {};
  const isOver = params?.until !== undefined && params.until <= now;
  return isOver ? { ...definition, ...params.declared } : definition;
}

/** The overrides that have ended, of those that ended first. */
export function endedOverrides(
  { overrides = {} }: Pick<JobDefinition, "overrides">,
  now: EpochMs,
): { readonly parts: readonly OverridePart[]; readonly until: EpochMs } | undefined {
  const until = earliest(overrides);
  if (until === null || until > now) return undefined;
  return { parts: OVERRIDE_PARTS.filter((part) => overrides[part]?.until === until), until };
}

/** When the first of a job's overrides ends; `null` if none does by itself. */
export function overridesEndAt({
  overrides = {},
}: Pick<JobDefinition, "overrides">): EpochMs | null {
  return earliest(overrides);
}

/** When something of a job changes by itself: its pause or an override ends. `null`: nothing does. */
export function changesAtOf(
  definition: Pick<JobDefinition, "overrides">,
  pausedUntil: EpochMs | null,
): EpochMs | null {
  const ends = [overridesEndAt(definition), pausedUntil].filter((at) => at !== null);
  return ends.length === 0 ? null : Math.min(...ends);
}

function earliest(overrides: JobOverrides): EpochMs | null {
  const ends = OVERRIDE_PARTS.flatMap((part) => overrides[part]?.until ?? []);
  return ends.length === 0 ? null : Math.min(...ends);
}
