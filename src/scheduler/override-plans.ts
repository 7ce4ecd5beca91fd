import { startingWatermark } from "../jobs/starting-watermark.ts";
import { CronduitError } from "../core/errors.ts";
import type {
  DeclaredParams,
  DeclaredPause,
  JobDefinition,
  JobOverrides,
  OverrideMark,
  StoredJob,
  Timing,
} from "../jobs/definition.ts";
import {
  declaredDefinition,
  endedOverrides,
  OVERRIDE_PARTS,
  type OverridePart,
  overriddenDefinition,
  withTiming,
} from "../jobs/overrides.ts";
import { Schedule } from "../jobs/schedule.ts";
import {
  type ChangePlan,
  decidedUpTo,
  isGivenByHand,
  keptSkips,
  reschedule,
  undecided,
} from "./change-plan.ts";
import { type Pause, pausePlan, type ResumeInput, resumePlan } from "./pauses.ts";

/** What overrides a job. */
export interface OverrideValues {
  /** Absent: it is not paused by this. */
  readonly paused?: { readonly reason: string | undefined };
  readonly timing?: Timing;
  readonly params?: DeclaredParams;
}

/**
 * The change that overrides parts of a job. What a former override of the same part said is replaced; what is declared
 * stays below.
 * @throws {@link CronduitError} `NOT_OVERRIDABLE`; `INVALID_STATE` for the pause of a finished job.
 */
export function overridePlan(
  job: StoredJob,
  { paused, timing, params }: OverrideValues,
  mark: OverrideMark,
  now: number,
): ChangePlan {
  const old = job.definition;
  if (old.lockable === false) throw refused(old.id);
  const overrides: JobOverrides = {
    ...old.overrides,
    ...(paused && { paused: { ...mark, declared: declaredPause(job) } }),
    // What is declared is filled in below.
    ...(timing && { schedule: { ...mark, declared: timing } }),
    ...(params && { params: { ...mark, declared: params } }),
  };
  const values = { ...(timing ? withTiming(old, timing) : old), ...params };
  const definition = overriddenDefinition(declaredDefinition(old), values, overrides);
  const event = modified(job, now);
  // That of the pause below stays with it.
  const reason = paused && { pausedReason: paused.reason ?? "", pausedUntil: null };
  if (!timing) return { ...(paused && pausePlan(job, now, {})), ...reason, definition, event };
  const from = isGivenByHand(definition) ? startingWatermark(definition, now) : now;
  const before: StoredJob = paused ? { ...job, state: "paused" } : job;
  return {
    ...reschedule(before, definition, now, from),
    ...reason,
    event,
  };
}

/** How the job is paused below an override. */
function declaredPause(job: StoredJob): DeclaredPause | null {
  const { definition, state, pausedAt, pausedReason, pausedUntil } = job;
  const { paused } = definition.overrides ?? {};
  if (paused) return paused.declared;
  return state === "paused" ? pauseOf(pausedAt ?? 0, pausedReason, pausedUntil) : null;
}

function pauseOf(at: number, reason: string | null, until: number | null): DeclaredPause {
  return { at, reason, ...(until === null ? {} : { until }) };
}

/** The change that takes overrides back; `undefined` if there are none of these. */
export function clearPlan(
  job: StoredJob,
  parts: readonly OverridePart[],
  now: number,
): ChangePlan | undefined {
  const { overrides = {} } = job.definition;
  const found = parts.filter((part) => overrides[part]);
  if (found.length === 0) return undefined;
  const definition = without(job.definition, found);
  const event = modified(job, now);
  const pause = found.includes("paused") ? overrides.paused : undefined;
  if (!found.includes("schedule"))
    return { ...(pause && below({ ...job, definition }, pause, now)), definition, event };
  const plan = reschedule(job, definition, now);
  return { ...plan, ...(pause && unpaused(plan, pause, now)), event };
}

/** A job that is to be rescheduled, and whose pause ends. */
function unpaused(
  { definition, schedule }: ReturnType<typeof reschedule>,
  pause: NonNullable<JobOverrides["paused"]>,
  now: number,
): Pick<ChangePlan, "schedule" | "pausedReason" | "pausedUntil"> {
  if (!schedule || !definition) return {};
  const { declared } = pause;
  if (declared && !hasEnded(declared, now)) return { schedule, ...pauseFields(declared) };
  const isOver = new Schedule(definition).isOver(schedule.upcoming);
  return { schedule: { ...schedule, state: isOver ? "finished" : "active" } };
}

/**
 * The change by which overrides end that have come to their end, the earliest first; `undefined` if none can. It is as
 * of that end, however late it is made.
 */
export function endPlan(job: StoredJob, now: number): ChangePlan | undefined {
  const ended = endedOverrides(job.definition, now);
  if (!ended) return undefined;
  const { parts, until } = ended;
  const old = job.definition;
  const isRescheduled = parts.includes("schedule");
  if (isRescheduled && job.state === "active" && hasUndecided(job, until)) return undefined;
  const definition = without(old, parts);
  const pause = parts.includes("paused") ? old.overrides?.paused : undefined;
  const event = modified(job, now);
  const isResumed = pause !== undefined && (!pause.declared || hasEnded(pause.declared, until));
  if (pause && (isResumed || !isRescheduled))
    // The definition as it was has the overriding schedule up to that end, and the declared one from there.
    return { ...below(job, pause, until - 1), definition, asOf: until - 1, event };
  if (!isRescheduled) return { definition, event };
  const watermark = decidedUpTo(job, until - 1);
  const upcoming = new Schedule(definition).ahead(watermark);
  const isPaused = job.state === "paused";
  return {
    definition,
    asOf: until - 1,
    schedule: {
      state: isPaused ? "paused" : stateOf(definition, upcoming),
      watermark,
      upcoming,
      expectedWatermark: job.watermark,
    },
    ...(pause?.declared && pauseFields(pause.declared)),
    skipped: isPaused ? undecided(job, until - 1, "paused") : [],
    ...keptSkips(job, watermark, new Schedule(definition)),
    event,
  };
}

/** Whether occurrences before an instant are due and nobody has decided them: a worker will, by the schedule as it was. */
function hasUndecided(job: StoredJob, until: number): boolean {
  const next = new Schedule(job.definition).next(job.watermark);
  return next !== undefined && next.fireAt < until;
}

/** How a job goes on when the override of its pause ends. */
function below(
  job: StoredJob,
  { declared }: NonNullable<JobOverrides["paused"]>,
  asOf: number,
): Partial<ChangePlan> {
  if (job.state !== "paused") return {};
  if (!declared || hasEnded(declared, asOf + 1)) return resumePlan(job, asOf, SKIP) ?? {};
  return { ...pausePlan(job, asOf, {}), ...pauseFields(declared) };
}

/** Whether a pause below an override has ended by itself meanwhile. */
function hasEnded({ until = Infinity }: DeclaredPause, now: number): boolean {
  return until <= now;
}

function pauseFields({
  reason,
  until = null,
}: {
  readonly reason: string | null;
  readonly until?: number | null;
}) {
  return { pausedReason: reason ?? "", pausedUntil: until };
}

/** Nothing that fell into the pause runs. */
const SKIP: ResumeInput = { missed: "skip" };

/**
 * A change of what is declared, for a job with overrides: these stay in effect.
 * @param plan Made for the job as it is declared, but for its state.
 * @param isPausing Whether the change pauses the job.
 */
export function underOverrides(
  job: StoredJob,
  plan: ChangePlan,
  { isPausing, now }: { readonly isPausing: boolean; readonly now: number },
): ChangePlan {
  const { overrides } = job.definition;
  if (!overrides) return plan;
  const { event } = plan;
  const paused =
    overrides.paused && isPausing
      ? { ...overrides.paused, declared: { at: now, reason: null } }
      : overrides.paused;
  const declared = plan.definition ?? declaredDefinition(job.definition);
  const definition = overriddenDefinition(declared, job.definition, {
    ...overrides,
    ...(paused && { paused }),
  });
  if (!overrides.schedule) return { ...plan, definition };
  if (isPausing && job.state === "active") return { ...pausePlan(job, now, {}), definition, event };
  // What comes after the end of the override may be another.
  const isToCome = overrides.schedule.until !== undefined && plan.schedule !== undefined;
  return { ...(isToCome && aimed(job, definition)), definition, event };
}

/** The same schedule up to now, whose next occurrences may be others. */
function aimed(job: StoredJob, definition: JobDefinition): Pick<ChangePlan, "schedule" | "skips"> {
  const { watermark } = job;
  const schedule = new Schedule(definition);
  const upcoming = schedule.ahead(watermark);
  const state = job.state === "paused" ? "paused" : stateOf(definition, upcoming);
  return {
    schedule: { state, watermark, upcoming, expectedWatermark: watermark },
    ...keptSkips(job, watermark, schedule),
  };
}

/** The pause of a job; if its pause is overridden, what it will be after that. */
export function pauseUnderOverrides(job: StoredJob, now: number, pause: Pause): ChangePlan {
  const { paused } = job.definition.overrides ?? {};
  const plan = pausePlan(job, now, pause);
  if (!paused) return plan;
  const at = paused.declared?.at ?? now;
  const reason = pause.reason ?? paused.declared?.reason ?? null;
  const definition = withPause(job, pauseOf(at, reason, pause.until ?? null));
  return { definition, event: plan.event };
}

/** The end of a job's pause; one that is overridden goes on, but for that. `undefined`: there is nothing to change. */
export function resumeUnderOverrides(
  job: StoredJob,
  now: number,
  how: ResumeInput,
): ChangePlan | undefined {
  const { paused } = job.definition.overrides ?? {};
  if (!paused) return resumePlan(job, now, how);
  if (how.missed !== "skip") throw stillPaused(job.definition.id);
  return paused.declared
    ? { definition: withPause(job, null), event: modified(job, now) }
    : undefined;
}

function stillPaused(jobId: string): CronduitError {
  return new CronduitError(
    "INVALID_STATE",
    `resumeJob: an override pauses job "${jobId}", so nothing that it missed can run. Take the override back by clearOverride, and pause and resume the job then.`,
    { data: { jobId } },
  );
}

function withPause({ definition }: StoredJob, declared: DeclaredPause | null): JobDefinition {
  const { paused, ...others } = definition.overrides ?? {};
  return {
    ...definition,
    overrides: { ...others, ...(paused && { paused: { ...paused, declared } }) },
  };
}

/** The job as it is declared, in the state that it is in: changes of what is declared are planned for it. */
export function declaredJob(job: StoredJob): StoredJob {
  return { ...job, definition: declaredDefinition(job.definition) };
}

function stateOf(
  definition: JobDefinition,
  upcoming: ReturnType<Schedule["ahead"]>,
): "active" | "finished" {
  return new Schedule(definition).isOver(upcoming) ? "finished" : "active";
}

function without(definition: JobDefinition, parts: readonly OverridePart[]): JobDefinition {
  const { overrides = {} } = definition;
  const left = OVERRIDE_PARTS.filter((part) => overrides[part] && !parts.includes(part));
  const kept = Object.fromEntries(left.map((part) => [part, overrides[part]])) as JobOverrides;
  return overriddenDefinition(declaredDefinition(definition), definition, kept);
}

function modified(job: StoredJob, now: number): ChangePlan["event"] {
  return { name: "JOB_MODIFIED", at: now, jobId: job.definition.id };
}

function refused(jobId: string): CronduitError {
  return new CronduitError(
    "NOT_OVERRIDABLE",
    `overrideJob: job "${jobId}" is declared with lockable: false, so nobody may override it. Change it where it is declared.`,
    { data: { jobId } },
  );
}
