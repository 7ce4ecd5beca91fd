import { END_OF_TIME, START_OF_TIME } from "../core/clock.ts";
import { z } from "zod";
import { conditionSchema } from "../conditions/schema.ts";
import { calendarSpecSchema } from "../triggers/calendars/calendar-spec.ts";
import { jitterSchema } from "../triggers/jitter.ts";
import { triggerSpecSchema } from "../triggers/spec.ts";
import { actorSchema } from "./actor.ts";
import type { JobDefinition, JobOverrides, OverrideMark, Policy, Timing } from "./definition.ts";
import type { OverridePart } from "./overrides.ts";
import { jobIdSchema } from "./options.ts";
import { ownerSchema } from "./owner.ts";
import { queueNameSchema } from "./queue.ts";

/** The range of a JavaScript date. */
export const timeSchema = z.int().min(START_OF_TIME).max(END_OF_TIME);
/** The name of a pipeline, as stored. */
export const pipelineSchema = z.string().min(1).max(200);
/** The key of a concurrency group, as stored. */
export const groupKeySchema = z.string().min(1).max(128);

const durationSchema = z.int().min(0);
const countSchema = z.int().min(1).max(10_000);
const digestSchema = z.string().min(1).max(64);

const policySchema: z.ZodType<Policy> = z.strictObject({
  maxInstances: countSchema,
  coalesce: z.boolean(),
  misfireGraceMs: durationSchema.nullable(),
  maxCatchUp: countSchema,
  when: z
    .strictObject({
      condition: conditionSchema,
      waitMs: durationSchema.nullable(),
      sees: z.array(ownerSchema).readonly().optional(),
    })
    .nullable(),
  overlap: z.enum(["skip", "queue-one", "queue-all", "cancel-running"]),
  group: z.strictObject({ key: groupKeySchema, limit: countSchema }).nullable(),
  retry: z
    .strictObject({
      attempts: z.int().min(2).max(1_000),
      backoff: z.enum(["fixed", "exponential"]),
      delayMs: durationSchema,
      maxDelayMs: durationSchema,
      jitter: z.number().min(0).max(1),
    })
    .nullable(),
  pauseAfterFailures: countSchema.nullable(),
  timeoutMs: durationSchema.nullable(),
  isolate: z.enum(["none", "process"]),
} satisfies Record<keyof Policy, z.ZodType>);

const timingShape = {
  timezone: z.string().min(1).max(64),
  tzdata: z.string().min(1).max(64).exactOptional(),
  trigger: triggerSpecSchema,
  calendars: z.record(z.string().min(1).max(200), calendarSpecSchema).exactOptional(),
  jitter: jitterSchema.nullable(),
  firstRunAt: timeSchema.nullable(),
} satisfies Record<keyof Timing, z.ZodType>;

const paramsShape = {
  params: z.unknown().refine((params) => params !== undefined, "is missing"),
  secrets: z.array(z.array(z.string().max(1_000)).max(1_000)).max(10_000),
};

const markShape = {
  by: actorSchema,
  at: timeSchema,
  until: timeSchema.exactOptional(),
} satisfies Record<keyof OverrideMark, z.ZodType>;

const overridesSchema: z.ZodType<JobOverrides> = z.strictObject({
  paused: z
    .strictObject({
      ...markShape,
      declared: z
        .strictObject({
          at: timeSchema,
          reason: z.string().max(1_000).nullable(),
          until: timeSchema.exactOptional(),
        })
        .nullable(),
    })
    .exactOptional(),
  schedule: z.strictObject({ ...markShape, declared: z.strictObject(timingShape) }).exactOptional(),
  params: z.strictObject({ ...markShape, declared: z.strictObject(paramsShape) }).exactOptional(),
} satisfies Record<OverridePart, z.ZodType>);

/** Validates a stored {@link JobDefinition} of any origin. */
export const definitionSchema: z.ZodType<JobDefinition> = z
  .strictObject({
    id: jobIdSchema,
    pipeline: pipelineSchema,
    queue: queueNameSchema.exactOptional(),
    description: z.string().max(1_000).exactOptional(),
    owner: ownerSchema.exactOptional(),
    source: z.string().min(1).max(256).exactOptional(),
    tags: z.array(z.string().min(1).max(64)).max(32),
    ...timingShape,
    ...paramsShape,
    policy: policySchema,
    retention: z.strictObject({ count: z.int().min(1).max(1_000_000), ageMs: durationSchema }),
    logs: z.strictObject({
      maxBytes: z.int().min(0).max(16_777_216),
      runs: z.int().min(1).max(100_000),
      ageMs: durationSchema,
    }),
    lockable: z.literal(false).exactOptional(),
    overrides: overridesSchema.exactOptional(),
    createdAt: timeSchema,
    addedBy: actorSchema.exactOptional(),
    declared: z.strictObject({ all: digestSchema, schedule: digestSchema }),
    // Typed so that no field can be forgotten here, which would make exported jobs unreadable.
  } satisfies Record<keyof JobDefinition, z.ZodType>)
  .refine(({ trigger, firstRunAt }) => trigger.kind !== "manual" || firstRunAt === null, {
    path: ["firstRunAt"],
    message: "must be null, because the trigger is manual",
  });
