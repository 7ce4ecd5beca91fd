import { shownUpTo } from "../core/shown.ts";
import type { EpochMs } from "../core/clock.ts";
import { CronduitError, TriggerError } from "../core/errors.ts";
import { shown } from "../core/shown.ts";
import type { JobDefinition, Policy } from "../jobs/definition.ts";
import { digest } from "../jobs/digest.ts";
import { jobIdSchema, type JobOptions, jobOptionsSchema, parseOptions } from "../jobs/options.ts";
import { DEFAULT_QUEUE } from "../jobs/queue.ts";
import { NO_TIME, type Occurrence, Schedule } from "../jobs/schedule.ts";
import { type PipelineDescriptor, sourceOf } from "../pipeline/definition.ts";
import { validateParams } from "../pipeline/params.ts";
import { secretPlacesOf } from "../pipeline/secret-places.ts";
import { mask } from "../pipeline/secrets.ts";
import type { CalendarLookup } from "../triggers/create.ts";
import { parseJitter } from "../triggers/jitter.ts";
import type { TriggerOptions } from "../triggers/options.ts";
import { resolveTrigger } from "../triggers/resolve.ts";
import type { TriggerSpec } from "../triggers/spec.ts";
import { parseFireTime } from "../triggers/time/parse-instant.ts";
import { derivedId, randomId } from "./derived-id.ts";
import { splitOptions } from "./split-options.ts";

/** What a caller of `addJob` declared, checked and resolved. */
export interface Declaration {
  readonly definition: JobDefinition;
  readonly state: "active" | "paused";
  readonly watermark: EpochMs;
  readonly upcoming: readonly Occurrence[];
  /** Whether the trigger has nothing left; see {@link refuseSpent}. */
  readonly isOver: boolean;
  readonly replaceExisting: boolean;
  /** When it runs, had it been declared at another instant. */
  readonly timingAt: (now: EpochMs) => Timing;
}

/** What a declaration is read with. */
export interface DeclarationContext {
  /** The server's clock. */
  readonly now: EpochMs;
  /** The scheduler's zone, for jobs that name none. */
  readonly timezone: string;
  /** The scheduler's named calendars. */
  readonly calendars: CalendarLookup;
  /** The scheduler's rules for jobs that do not say otherwise, as they were written. */
  readonly rules?: object | undefined;
}

/**
 * Checks what a caller of `addJob` gave, and fixes what depends on "now".
 * @throws {@link CronduitError} `INVALID_OPTION`, `INVALID_PARAMS`, `PAYLOAD_TOO_LARGE`;
 * {@link TriggerError} if the trigger can't be understood.
 */
export async function declare(
  descriptor: PipelineDescriptor,
  options: unknown,
  context: DeclarationContext,
): Promise<Declaration> {
  const split = splitOptions(options, "addJob");
  const rules = { ...splitOptions(context.rules ?? {}, "jobDefaults").job, ...split.job };
  const job = parseOptions(jobOptionsSchema, rules, "addJob");
  if (job.isolate === "process") sourceOf(descriptor);
  const params = await validateParams(descriptor, split.params);
  const secrets = secretPlacesOf(descriptor.params).input;
  const asked = { pipeline: descriptor.name, params: mask(params.input, secrets) };
  const derived = derivedId({ ...asked, trigger: split.trigger });
  const timingAt = (now: EpochMs): Timing =>
    resolveTiming(job.id ?? derived, split.trigger, job.nextRunTime, { ...context, now });
  const timing = timingAt(context.now);
  const isAskedAnew = job.id === undefined && isOnceFromNow(split.trigger, timing, context);
  const id = job.id ?? (isAskedAnew ? randomId(descriptor.name) : derived);
  const definition: JobDefinition = {
    id,
    pipeline: descriptor.name,
    ...(job.queue === DEFAULT_QUEUE ? {} : { queue: job.queue }),
    ...(job.description === undefined ? {} : { description: job.description }),
    tags: job.tags,
    params: params.input ?? null,
    ...timing,
    ...rulesOf(job),
    secrets,
    createdAt: context.now,
    declared: {
      all: digest([
        descriptor.name,
        declaredRules(rules, job),
        split.trigger,
        params.input,
        context.timezone,
        timing.calendars,
        // What was stored before a mark was set must not stay readable.
        ...(secrets.length === 0 ? [] : [secrets]),
      ]),
      schedule: scheduleDigest(
        [split.trigger, split.job["nextRunTime"], context.timezone, timing.calendars],
        job.nextRunTime === null,
      ),
    },
  };
  const schedule = new Schedule(definition);
  const watermark = startingWatermark(definition, context.now);
  const upcoming = schedule.ahead(watermark);
  return {
    definition,
    state: job.nextRunTime === null ? "paused" : "active",
    watermark,
    upcoming,
    isOver: schedule.isOver(upcoming),
    replaceExisting: job.replaceExisting,
    timingAt,
  };
}

/** The rules that were given, and no others: a default may change. As they were read, so that `60` and `"60s"` are one. */
function declaredRules(given: object, job: JobOptions): object {
  const { replaceExisting: _, id: __, ...read } = job;
  return Object.fromEntries(Object.entries(read).filter(([name]) => Object.hasOwn(given, name)));
}

/** A job that has nothing to do was declared by mistake, unless it is there and has done it. */
export function refuseSpent({ definition }: Declaration): never {
  const when = new Schedule(definition).trigger.describe();
  throw new TriggerError(`addJob: job "${definition.id}" would never fire: ${when}.`, {
    field: "trigger",
  });
}

/** Ends the digest of a schedule that was declared paused (`nextRunTime: null`). */
const PAUSED_MARK = "-paused";

function scheduleDigest(schedule: readonly unknown[], isPaused: boolean): string {
  return `${digest(schedule)}${isPaused ? PAUSED_MARK : ""}`;
}

/** Whether a job was declared with `nextRunTime: null`. */
export function isDeclaredPaused({ declared }: JobDefinition): boolean {
  return declared.schedule.endsWith(PAUSED_MARK);
}

/** Whether two declarations say the same of when a job runs, and whether only the later one says that it is paused. */
export function compareSchedules(
  { declared: { schedule: old } }: JobDefinition,
  { declared: { schedule: fresh } }: JobDefinition,
): { readonly isSame: boolean; readonly isPausing: boolean } {
  const bare = (text: string): string => text.replace(PAUSED_MARK, "");
  const isSame = bare(old) === bare(fresh);
  return { isSame, isPausing: fresh !== bare(fresh) && (!isSame || old === bare(old)) };
}

/** The rules of a job, as stored. */
export function rulesOf(job: JobOptions): Pick<JobDefinition, "policy" | "retention" | "logs"> {
  return {
    policy: {
      maxInstances: job.maxInstances,
      coalesce: job.coalesce,
      misfireGraceMs: job.misfireGraceTime,
      maxCatchUp: job.maxCatchUp,
      when: whenOf(job),
      overlap: job.overlap,
      group: job.concurrencyGroup ?? null,
      retry: job.retry ? retryOf(job.retry) : null,
      pauseAfterFailures: job.pauseAfterFailures ?? null,
      timeoutMs: job.timeout ?? null,
      isolate: job.isolate ?? "none",
    },
    retention: { count: job.retention.count, ageMs: job.retention.age },
    logs: { maxBytes: job.logs.maxBytes, runs: job.logs.runs, ageMs: job.logs.age },
  };
}

type Retry = NonNullable<JobOptions["retry"]>;

function whenOf({ condition, conditionPolicy }: JobOptions): Policy["when"] {
  if (!condition) {
    if (conditionPolicy === "skip") return null;
    throw new CronduitError(
      "INVALID_OPTION",
      "conditionPolicy: there is no condition to wait for. Give condition too.",
      { data: { path: "conditionPolicy" } },
    );
  }
  return { condition, waitMs: conditionPolicy === "skip" ? null : conditionPolicy.wait };
}

function retryOf({ attempts, backoff, delay, maxDelay, jitter }: Retry): Policy["retry"] {
  return { attempts, backoff, delayMs: delay, maxDelayMs: maxDelay, jitter };
}

/** The part of a definition that says when. */
export type Timing = Pick<
  JobDefinition,
  "timezone" | "trigger" | "calendars" | "jitter" | "firstRunAt"
>;

/**
 * Whether a job runs once, at a time that is so long after the call: then each call asks for another run, and none may
 * be taken for one that was asked for before.
 */
function isOnceFromNow(
  trigger: Record<string, unknown>,
  { trigger: spec }: Timing,
  context: DeclarationContext,
): boolean {
  const instant = runAtOf(spec);
  if (instant === undefined) return false;
  const later = resolveTiming("", trigger, undefined, { ...context, now: context.now + 1 });
  return runAtOf(later.trigger) !== instant;
}

function runAtOf(spec: TriggerSpec): EpochMs | undefined {
  if (spec.kind === "calendars") return runAtOf(spec.trigger);
  return spec.kind === "date" ? spec.runAt : undefined;
}

/** The calendars that a trigger refers to, by name: they are stored with the job, so every worker has them. */
function calendarsOf(spec: TriggerSpec, known: CalendarLookup): JobDefinition["calendars"] {
  const names = calendarNames(spec);
  if (names.length === 0) return undefined;
  return Object.fromEntries(
    names.map((name) => {
      const calendar = known.get(name);
      if (calendar) return [name, calendar];
      throw new TriggerError(
        `calendars: there is no calendar ${shownUpTo(80, name)}. Name it in the scheduler's option calendars.`,
        { field: "calendars", value: name },
      );
    }),
  );
}

function calendarNames(spec: TriggerSpec): string[] {
  if (spec.kind === "calendars") return [...spec.calendars, ...calendarNames(spec.trigger)];
  return "triggers" in spec ? spec.triggers.flatMap(calendarNames) : [];
}

/** Resolves the trigger's options and a first time given by hand. */
export function resolveTiming(
  jobId: string,
  trigger: Record<string, unknown>,
  nextRunTime: JobOptions["nextRunTime"],
  { now, timezone, calendars }: DeclarationContext,
): Timing {
  // `resolveTrigger` checks every field itself; the type only says what it hopes for.
  const options = trigger as unknown as TriggerOptions;
  const spec = resolveTrigger(options, { now, timezone, jobId });
  // An expression may name its own zone (`TZ=…`).
  const zone = "timezone" in spec ? spec.timezone : timezone;
  const jitter = trigger["jitter"] === undefined ? null : parseJitter(options.jitter);
  const firstRunAt =
    nextRunTime === undefined || nextRunTime === null ? null : firstRunOf(nextRunTime, spec, zone);
  const used = calendarsOf(spec, calendars);
  return {
    timezone: zone,
    trigger: spec,
    jitter,
    firstRunAt,
    ...(used ? { calendars: used } : {}),
  };
}

/** @throws {@link CronduitError} `INVALID_OPTION` for a first time of a job that runs only when asked. */
export function firstRunOf(nextRunTime: unknown, { kind }: TriggerSpec, timezone: string): EpochMs {
  if (kind !== "manual") return parseFireTime(nextRunTime, timezone, "nextRunTime");
  throw new CronduitError(
    "INVALID_OPTION",
    `nextRunTime: ${shown(nextRunTime)} is not allowed with trigger: "manual", which never fires by itself. Run the job by runJob, or write trigger: "date" for one run at that time; nextRunTime: null pauses the job.`,
    { data: { path: "nextRunTime" } },
  );
}

/**
 * What happened before a job existed is none of its occurrences, except a single date that was given in the past: that
 * one is due at once, and `misfireGraceTime` says whether it still runs.
 */
export function startingWatermark(definition: JobDefinition, now: EpochMs): EpochMs {
  const { firstRunAt, trigger } = definition;
  if (firstRunAt !== null) return Math.min(firstRunAt, now) - 1;
  const isSingleDate = trigger.kind === "date";
  const first = isSingleDate ? new Schedule(definition).next(NO_TIME) : undefined;
  return Math.min(first?.fireAt ?? now, now) - 1;
}

/** Checks a job id where only an id is given. @throws {@link CronduitError} `INVALID_OPTION` */
export function checkJobId(id: unknown, where: string): string {
  return parseOptions(jobIdSchema, id, where);
}
