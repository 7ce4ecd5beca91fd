import type { Actor } from "../jobs/actor.ts";
import type {
  DeclaredParams,
  JobState,
  OverrideMark,
  StoredJob,
  Timing,
} from "../jobs/definition.ts";
import { declaredDefinition, timingOf } from "../jobs/overrides.ts";
import { Schedule } from "../jobs/schedule.ts";
import { mask, type SecretPath } from "../pipeline/secrets/secret-paths.ts";
import { joinPaths } from "../pipeline/secrets/secret-places.ts";
import type { CalendarSpec } from "../triggers/calendars/calendar-spec.ts";
import type { Jitter } from "../triggers/jitter.ts";
import type { TriggerSpec } from "../triggers/spec.ts";

/** Who overrides a part of a job. Its value is the job's own. */
export interface JobOverride {
  /** With the note, if there is one. */
  readonly by: Actor;
  /** Since when. */
  readonly at: Date;
  /** When it ends by itself; `null`: when somebody takes it back. */
  readonly until: Date | null;
}

/** What `overrideJob` overrides of a job; a part that is absent is as declared. */
export interface JobOverrideParts {
  readonly paused?: JobOverride;
  readonly schedule?: JobOverride;
  readonly params?: JobOverride;
}

/** A schedule, as it is declared. */
export interface DeclaredSchedule {
  /** In words. */
  readonly schedule: string;
  readonly trigger: TriggerSpec;
  readonly timezone: string;
  readonly jitter: Jitter | null;
  readonly calendars?: Readonly<Record<string, CalendarSpec>>;
  /** A first run before the trigger's own times (`nextRunTime`); `null`: none. */
  readonly firstRunTime: Date | null;
}

/** A job as it is declared, where somebody overrides it. */
export interface DeclaredJob {
  /** `paused`: it will still be when the override of its pause ends. */
  readonly state: JobState;
  /** Why it is paused then; `null` without a reason. */
  readonly pausedReason: string | null;
  readonly schedule: DeclaredSchedule;
  /** Fields marked `.meta({ secret: true })` are masked. */
  readonly params: unknown;
}

/** Params as people may see them. */
export function shownParams({ params, secrets }: DeclaredParams, more: readonly SecretPath[]) {
  return mask(params, joinPaths(secrets, more));
}

/**
 * The parts of a job that are overridden, and what is declared below; nothing if none is.
 * @param secrets What the pipeline's schema marks by now.
 */
export function overridesOf(
  stored: StoredJob,
  secrets: readonly SecretPath[],
): { readonly overrides?: JobOverrideParts; readonly declared?: DeclaredJob } {
  const { overrides } = stored.definition;
  if (!overrides) return {};
  const { paused, schedule, params } = overrides;
  const declared = declaredDefinition(stored.definition);
  return {
    overrides: {
      ...(paused && { paused: told(paused) }),
      ...(schedule && { schedule: told(schedule) }),
      ...(params && { params: told(params) }),
    },
    declared: {
      ...stateBelow(stored),
      schedule: toldSchedule(timingOf(declared), new Schedule(declared)),
      params: shownParams(declared, secrets),
    },
  };
}

function stateBelow({ definition, state, pausedReason }: StoredJob) {
  const { paused } = definition.overrides ?? {};
  if (!paused) return { state, pausedReason: pausedReason || null };
  const below: JobState = paused.declared ? "paused" : "active";
  return { state: below, pausedReason: paused.declared?.reason ?? null };
}

function toldSchedule(timing: Timing, schedule: Schedule): DeclaredSchedule {
  const { trigger, timezone, jitter, calendars, firstRunAt } = timing;
  return {
    schedule: schedule.trigger.describe(),
    trigger,
    timezone,
    jitter,
    ...(calendars === undefined ? {} : { calendars }),
    firstRunTime: firstRunAt === null ? null : new Date(firstRunAt),
  };
}

function told({ by, at, until }: OverrideMark): JobOverride {
  return { by, at: new Date(at), until: until === undefined ? null : new Date(until) };
}
