import { CronduitError } from "../core/errors.ts";
import type { JobDefinition, StoredJob, Timing } from "../jobs/definition.ts";
import {
  type JobOptions,
  type JobOptionsInput,
  jobOptionsSchema,
  parseOptions,
} from "../jobs/options.ts";
import { timingOf, withTiming } from "../jobs/overrides.ts";
import { queueOf } from "../jobs/queue.ts";
import { startingWatermark } from "../jobs/starting-watermark.ts";
import { type PipelineDescriptor, sourceOf } from "../pipeline/pipeline-definition.ts";
import { givenParams } from "./given-params.ts";
import { secretPlacesOf } from "../pipeline/secrets/secret-places.ts";
import {
  compareSchedules,
  type Declaration,
  type DeclarationContext,
  firstRunOf,
  resolveTiming,
  rulesOf,
  seenBy,
  withinRights,
} from "./declaration.ts";
import { changedFields } from "./differences.ts";
import { pausePlan } from "./pauses.ts";
import { type SplitOptions, splitOptions } from "./split-options.ts";
import {
  type ChangePlan,
  isGivenByHand,
  keepSchedule,
  refuseMove,
  reschedule,
} from "./change-plan.ts";

/** The change that `addJob` with `replaceExisting` makes to a job; `undefined` if the declaration is the same. */
export function replacePlan(
  job: StoredJob,
  declaration: Declaration,
  now: number,
): ChangePlan | undefined {
  const { definition, watermark, replaceExisting } = declaration;
  const old = job.definition;
  const isAlways = replaceExisting === "always";
  if (old.declared.all === definition.declared.all && !(isAlways && isModified(old, declaration)))
    return undefined;
  refuseMove(old, queueOf(definition), "addJob");
  const event = { name: "JOB_MODIFIED", at: now, jobId: old.id } as const;
  const compared = compareSchedules(old, definition);
  const { isPausing } = compared;
  const isSame = compared.isSame && !(isAlways && isTimedOtherwise(old, declaration));
  if (!isSame) {
    const before: StoredJob = isPausing ? { ...job, state: "paused" } : job;
    return { ...reschedule(before, definition, now, watermark), event };
  }
  const kept = { definition: keepSchedule(old, definition), event };
  const isToPause = isPausing && job.state === "active";
  return isToPause ? { ...pausePlan(job, now, {}), ...kept } : kept;
}

/** Whether a job that was declared just so has been changed since. */
function isModified(old: JobDefinition, declaration: Declaration): boolean {
  const { definition } = declaration;
  return (
    isTimedOtherwise(old, declaration) ||
    changedFields(old, keepSchedule(old, definition)).length > 0
  );
}

/** Whether another schedule is in place than the one declared, wherever an interval begins. */
function isTimedOtherwise(old: JobDefinition, { timingAt }: Declaration): boolean {
  const declared = timingAt(old.createdAt);
  return (
    JSON.stringify(timingOf(old)) !== JSON.stringify(declared) &&
    withoutAnchors(timingOf(old)) !== withoutAnchors(declared)
  );
}

function withoutAnchors(timing: Timing): string {
  const { trigger, tzdata: _, ...rest } = timing;
  const anchors =
    trigger.kind === "interval"
      ? { anchorAt: 0 }
      : trigger.kind === "calendar-interval"
        ? { anchorDate: "", startAt: 0 }
        : {};
  return JSON.stringify([rest, { ...trigger, ...anchors }]);
}

/** The change that `modifyJob` and `rescheduleJob` make to a job. The schedule changes only if a part of it is given. */
export async function modifyPlan(
  job: StoredJob,
  changes: unknown,
  descriptor: PipelineDescriptor | undefined,
  context: DeclarationContext & { readonly where: string },
): Promise<ChangePlan> {
  context.rights?.requireCommands(descriptor, context.where);
  const split = splitOptions(changes, context.where);
  const fixed = ["id", "replaceExisting"].find((name) => name in split.job);
  if (fixed) {
    throw new CronduitError(
      "INVALID_OPTION",
      `${context.where}, option "${fixed}": can't be changed.`,
      {
        data: { path: fixed },
      },
    );
  }
  const old = job.definition;
  if (split.job["queue"] !== undefined) refuseMove(old, split.job["queue"], context.where);
  const { owner: _, lockable: __, ...kept } = old;
  const definition = {
    ...kept,
    ...modifiedRules(old, split.job, context),
    ...(split.params === undefined
      ? {}
      : {
          params: await modifiedParams(old, split.params, descriptor),
          secrets: secretPlacesOf(descriptor?.params).input,
        }),
  };
  if (descriptor && definition.policy.isolate === "process") sourceOf(descriptor);
  const isPausing = split.job["nextRunTime"] === null;
  const timing = modifiedTiming(old, split, context);
  const event = { name: "JOB_MODIFIED", at: context.now, jobId: old.id } as const;
  if (!timing)
    // One that is paused stays so, until the same time.
    return isPausing && job.state !== "paused"
      ? { ...pausePlan(job, context.now, {}), definition, event }
      : { definition, event };
  const fresh = withTiming(definition, timing);
  // An explicit first time, or a single date, is due immediately if it has passed, as in `addJob`.
  const from = isGivenByHand(fresh) ? startingWatermark(fresh, context.now) : context.now;
  const before: StoredJob = isPausing ? { ...job, state: "paused" } : job;
  return { ...reschedule(before, fresh, context.now, from), event };
}

function modifiedTiming(
  old: JobDefinition,
  split: SplitOptions,
  context: DeclarationContext,
): Timing | undefined {
  const first = split.job["nextRunTime"] ?? undefined;
  // A new trigger that names no zone is read in the job's zone.
  const inZone = { ...context, timezone: old.timezone };
  if (Object.keys(split.trigger).length > 0) {
    return resolveTiming(old.id, split.trigger, first as JobOptions["nextRunTime"], inZone);
  }
  if (first === undefined) return undefined;
  return { ...timingOf(old), firstRunAt: firstRunOf(first, old.trigger, old.timezone) };
}

function modifiedRules(
  old: JobDefinition,
  given: Record<string, unknown>,
  { where, rights }: Pick<DeclarationContext, "rights"> & { readonly where: string },
): Pick<
  JobDefinition,
  "policy" | "retention" | "logs" | "tags" | "description" | "lockable" | "owner"
> {
  const { policy, retention } = old;
  // The old rules as a user would write them, so that one schema checks old and new.
  const written = parseOptions(
    jobOptionsSchema,
    {
      maxInstances: policy.maxInstances,
      coalesce: policy.coalesce,
      misfireGraceTime: policy.misfireGraceMs === null ? null : inMs(policy.misfireGraceMs),
      maxCatchUp: policy.maxCatchUp,
      tags: old.tags,
      ...(old.description === undefined ? {} : { description: old.description }),
      lockable: old.lockable ?? true,
      ...(old.owner === undefined ? {} : { owner: old.owner }),
      retention: { count: retention.count, age: inMs(retention.ageMs) },
      ...writtenPolicy(old, given["condition"] !== null),
      ...given,
    },
    where,
  );
  const job = withinRights(written, rights, where);
  return {
    // A condition sees what whoever wrote it does.
    ...rulesOf(job, given["condition"] ? seenBy(rights) : policy.when?.sees),
    tags: job.tags,
    ...(job.description === undefined ? {} : { description: job.description }),
    ...(job.lockable ? {} : { lockable: false as const }),
    ...(job.owner ? { owner: job.owner } : {}),
  };
}

/** A duration as text, which has no upper limit. */
function inMs(ms: number): string {
  return `${ms}ms`;
}

function writtenPolicy({ policy, logs }: JobDefinition, hasCondition: boolean): JobOptionsInput {
  const { when, overlap, group, retry, pauseAfterFailures, timeoutMs, isolate } = policy;
  return {
    // The policy of waiting goes together with its condition.
    ...(hasCondition &&
      when && {
        condition: when.condition,
        conditionPolicy: when.waitMs === null ? "skip" : { wait: inMs(when.waitMs) },
      }),
    overlap,
    ...(group && { concurrencyGroup: group }),
    ...(retry && {
      retry: {
        attempts: retry.attempts,
        backoff: retry.backoff,
        delay: inMs(retry.delayMs),
        maxDelay: inMs(retry.maxDelayMs),
        jitter: retry.jitter,
      },
    }),
    ...(pauseAfterFailures !== null && { pauseAfterFailures }),
    ...(timeoutMs !== null && { timeout: inMs(timeoutMs) }),
    ...(isolate === "process" && { isolate }),
    logs: { maxBytes: logs.maxBytes, runs: logs.runs, age: inMs(logs.ageMs) },
  };
}

async function modifiedParams(
  old: JobDefinition,
  params: unknown,
  descriptor: PipelineDescriptor | undefined,
): Promise<unknown> {
  if (!descriptor) {
    throw new CronduitError(
      "UNKNOWN_PIPELINE",
      `The pipeline "${old.pipeline}" is not registered here, so its params can't be checked. Add it to pipelines.`,
      { data: { pipeline: old.pipeline } },
    );
  }
  return (await givenParams(descriptor, params)).input ?? null;
}
