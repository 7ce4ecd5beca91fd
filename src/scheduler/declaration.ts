import { shownUpTo } from "../core/shown.ts";
import type { EpochMs } from "../core/clock.ts";
import { CronduitError, TriggerError } from "../core/errors.ts";
import { shown } from "../core/shown.ts";
import type { ConditionPolicy, JobDefinition, Policy, Timing } from "../jobs/definition.ts";
import { digest } from "../jobs/digest.ts";
import { jobIdSchema, type JobOptions, jobOptionsSchema, parseOptions } from "../jobs/options.ts";
import { DEFAULT_QUEUE } from "../jobs/queue.ts";
import { type Occurrence, Schedule } from "../jobs/schedule.ts";
import { startingWatermark } from "../jobs/starting-watermark.ts";
import { type PipelineDescriptor, sourceOf } from "../pipeline/pipeline-definition.ts";
import { givenParams } from "./given-params.ts";
import { secretPlacesOf } from "../pipeline/secrets/secret-places.ts";
import { mask } from "../pipeline/secrets/secret-paths.ts";
import type { CalendarLookup } from "../triggers/create.ts";
import { parseJitter } from "../triggers/jitter.ts";
import type { TriggerOptions } from "../triggers/trigger-options.ts";
import { resolveTrigger } from "../triggers/resolve.ts";
import type { TriggerSpec } from "../triggers/spec.ts";
import { TZDATA } from "../triggers/time/tzdata.ts";
import { parseFireTime } from "../triggers/time/parse-instant.ts";
import { derivedId, randomId } from "./derived-id.ts";
import type { Rights } from "./rights.ts";
import { splitOptions } from "./split-options.ts";

/** A call of `addJob`, checked and resolved. */
export interface Declaration {
  readonly definition: JobDefinition;
  readonly state: "active" | "paused";
  readonly watermark: EpochMs;
  readonly upcoming: readonly Occurrence[];
  /** Whether the trigger is exhausted; see {@link refuseExhausted}. */
  readonly isOver: boolean;
  readonly replaceExisting: boolean | "always";
  /** The revision that the stored job must have; `none`: there must be none. */
  readonly ifRevision?: number | "none" | undefined;
  /** Its timing if it were declared at another instant. */
  readonly timingAt: (now: EpochMs) => Timing;
}

/** The surroundings that a declaration is read in. */
export interface DeclarationContext {
  /** The server's clock. */
  readonly now: EpochMs;
  /** The scheduler's time zone, for jobs that name none. */
  readonly timezone: string;
  /** The scheduler's named calendars. */
  readonly calendars: CalendarLookup;
  /** Who declares; absent: a program with all rights. */
  readonly rights?:
    | Pick<Rights, "isLimited" | "nameFor" | "ownerFor" | "requireCommands" | "sees" | "source">
    | undefined;
  /** The scheduler's `jobDefaults`, as written. */
  readonly rules?: object | undefined;
}

/**
 * Checks the arguments of `addJob` and resolves everything that depends on "now".
 * @throws {@link CronduitError} `INVALID_OPTION`, `INVALID_PARAMS`, `PAYLOAD_TOO_LARGE`;
 * {@link TriggerError} if the trigger can't be understood.
 */
export async function declare(
  descriptor: PipelineDescriptor,
  options: unknown,
  context: DeclarationContext,
): Promise<Declaration> {
  const { rights } = context;
  rights?.requireCommands(descriptor, "addJob");
  const source = rights?.source;
  const split = splitOptions(options, "addJob");
  const { owner, ...defaults } = splitOptions(context.rules ?? {}, "jobDefaults").job;
  // Whoever acts for owners of its own adds no job of the program's.
  const isForOthers = owner === undefined || rights?.isLimited === true;
  const rules = { ...defaults, ...(isForOthers ? {} : { owner }), ...split.job };
  const job = withinRights(parseOptions(jobOptionsSchema, rules, "addJob"), rights, "addJob");
  if (job.isolate === "process") sourceOf(descriptor);
  const params = await givenParams(descriptor, split.params);
  const secrets = secretPlacesOf(descriptor.params).input;
  const asked = { pipeline: descriptor.name, params: mask(params.input, secrets) };
  const derived = derivedId({ ...asked, trigger: split.trigger });
  const timingAt = (now: EpochMs): Timing =>
    resolveTiming(job.id ?? derived, split.trigger, job.nextRunTime, { ...context, now });
  const timing = timingAt(context.now);
  const isAskedAnew = job.id === undefined && isOnceFromNow(split.trigger, timing, context);
  const made = job.id ?? (isAskedAnew ? randomId(descriptor.name) : derived);
  const id = rights?.nameFor(job.owner ?? undefined, made) ?? made;
  const definition: JobDefinition = {
    id,
    pipeline: descriptor.name,
    ...(job.queue === DEFAULT_QUEUE ? {} : { queue: job.queue }),
    ...(job.description === undefined ? {} : { description: job.description }),
    ...(job.owner ? { owner: job.owner } : {}),
    ...(source === undefined ? {} : { source }),
    tags: job.tags,
    params: params.input ?? null,
    ...timing,
    ...rulesOf(job, seenBy(rights)),
    secrets,
    ...(job.lockable ? {} : { lockable: false }),
    createdAt: context.now,
    declared: {
      all: digest([
        descriptor.name,
        declaredRules(rules, job),
        split.trigger,
        params.input,
        context.timezone,
        timing.calendars,
        // A value stored before its field was marked secret must not stay readable.
        ...(secrets.length === 0 ? [] : [secrets]),
        ...(source === undefined ? [] : [{ source }]),
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
    ...(job.ifRevision === undefined ? {} : { ifRevision: job.ifRevision }),
    timingAt,
  };
}

/** The options with the owner that the job gets, and the names that it may have. */
export function withinRights(
  job: JobOptions,
  rights: DeclarationContext["rights"],
  where: string,
): JobOptions {
  if (!rights) return job;
  const owner = rights.ownerFor(job.owner, where);
  const group = job.concurrencyGroup;
  return {
    ...job,
    owner,
    ...(group && { concurrencyGroup: { ...group, key: rights.nameFor(owner, group.key) } }),
  };
}

/** Only the rules that were given, since a default may change; parsed, so that `60` and `"60s"` are equal. */
function declaredRules(given: object, job: JobOptions): object {
  const { replaceExisting: _, id: __, ifRevision: ___, ...read } = job;
  return Object.fromEntries(Object.entries(read).filter(([name]) => Object.hasOwn(given, name)));
}

/** Refuses a job that would never fire: a mistake, unless the job exists and has already run. */
export function refuseExhausted({ definition }: Declaration): never {
  const when = new Schedule(definition).trigger.describe();
  throw new TriggerError(`addJob: job "${definition.id}" would never fire: ${when}.`, {
    field: "trigger",
  });
}

/** Suffix of the digest of a schedule declared paused (`nextRunTime: null`). */
const PAUSED_MARK = "-paused";

function scheduleDigest(schedule: readonly unknown[], isPaused: boolean): string {
  return `${digest(schedule)}${isPaused ? PAUSED_MARK : ""}`;
}

/** Whether a job was declared with `nextRunTime: null`. */
export function isDeclaredPaused({ declared }: JobDefinition): boolean {
  return declared.schedule.endsWith(PAUSED_MARK);
}

/** Whether two declarations have the same schedule, and whether only the later one declares the job paused. */
export function compareSchedules(
  { declared: { schedule: old } }: JobDefinition,
  { declared: { schedule: fresh } }: JobDefinition,
): { readonly isSame: boolean; readonly isPausing: boolean } {
  const bare = (text: string): string => text.replace(PAUSED_MARK, "");
  const isSame = bare(old) === bare(fresh);
  return { isSame, isPausing: fresh !== bare(fresh) && (!isSame || old === bare(old)) };
}

/** The owners whose jobs the conditions of an author see; `undefined`: everybody's. */
export function seenBy(rights: DeclarationContext["rights"]): ConditionPolicy["sees"] {
  return rights && rights.sees !== "all" ? rights.sees : undefined;
}

/** The rules of a job, as stored. @param sees The owners whose jobs its condition sees. */
export function rulesOf(
  job: JobOptions,
  sees: ConditionPolicy["sees"],
): Pick<JobDefinition, "policy" | "retention" | "logs"> {
  return {
    policy: {
      maxInstances: job.maxInstances,
      coalesce: job.coalesce,
      misfireGraceMs: job.misfireGraceTime,
      maxCatchUp: job.maxCatchUp,
      when: whenOf(job, sees),
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

function whenOf(
  { condition, conditionPolicy }: JobOptions,
  sees: ConditionPolicy["sees"],
): Policy["when"] {
  if (!condition) {
    if (conditionPolicy === "skip") return null;
    throw new CronduitError(
      "INVALID_OPTION",
      "conditionPolicy: there is no condition to wait for. Give condition too.",
      { data: { path: "conditionPolicy" } },
    );
  }
  const waitMs = conditionPolicy === "skip" ? null : conditionPolicy.wait;
  return { condition, waitMs, ...(sees && { sees }) };
}

function retryOf({ attempts, backoff, delay, maxDelay, jitter }: Retry): Policy["retry"] {
  return { attempts, backoff, delayMs: delay, maxDelayMs: maxDelay, jitter };
}

/**
 * Whether a job runs once, at a time relative to the call. Each such call asks for a run of its own, so none may be
 * mistaken for an earlier one.
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

/** The calendars that a trigger names. They are stored with the job, so that every worker has them. */
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

/** Resolves the trigger's options and an explicit first time. */
export function resolveTiming(
  jobId: string,
  trigger: Record<string, unknown>,
  nextRunTime: JobOptions["nextRunTime"],
  { now, timezone, calendars }: DeclarationContext,
): Timing {
  // `resolveTrigger` checks every field itself; the cast only satisfies the compiler.
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
    ...(zone === "UTC" ? {} : { tzdata: TZDATA }),
    trigger: spec,
    jitter,
    firstRunAt,
    ...(used ? { calendars: used } : {}),
  };
}

/** @throws {@link CronduitError} `INVALID_OPTION` if a manual job is given a first time. */
export function firstRunOf(nextRunTime: unknown, { kind }: TriggerSpec, timezone: string): EpochMs {
  if (kind !== "manual") return parseFireTime(nextRunTime, timezone, "nextRunTime");
  throw new CronduitError(
    "INVALID_OPTION",
    `nextRunTime: ${shown(nextRunTime)} is not allowed with trigger: "manual", which never fires by itself. Run the job by runJob, or write trigger: "date" for one run at that time; nextRunTime: null pauses the job.`,
    { data: { path: "nextRunTime" } },
  );
}

/** Checks a job id that is given alone. @throws {@link CronduitError} `INVALID_OPTION` */
export function checkJobId(id: unknown, where: string): string {
  return parseOptions(jobIdSchema, id, where);
}
