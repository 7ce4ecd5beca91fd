import { z } from "zod";
import { scheduleFields } from "./schedule-shapes.ts";

const duration = z.union([z.string().max(64), z.number()]);

/** The rules of a job, as `addJob` takes them. Ranges and defaults are checked there. */
export const ruleFields = {
  description: z.string().max(1_000).optional(),
  owner: z.string().max(64).nullable().optional().describe("A user or a team."),
  tags: z.array(z.string().max(64)).max(32).optional(),
  maxInstances: z.number().optional(),
  coalesce: z.boolean().optional(),
  misfireGraceTime: duration.nullable().optional(),
  maxCatchUp: z.number().optional(),
  condition: z
    .union([z.string().max(4_096), z.record(z.string(), z.unknown())])
    .nullable()
    .optional(),
  conditionPolicy: z.union([z.literal("skip"), z.strictObject({ wait: duration })]).optional(),
  overlap: z.enum(["skip", "queue-one", "queue-all", "cancel-running"]).optional(),
  concurrencyGroup: z.strictObject({ key: z.string(), limit: z.number() }).nullable().optional(),
  retry: z
    .union([
      z.number(),
      z.strictObject({
        attempts: z.number().optional(),
        backoff: z.enum(["fixed", "exponential"]).optional(),
        delay: duration.optional(),
        maxDelay: duration.optional(),
        jitter: z.number().optional(),
      }),
    ])
    .nullable()
    .optional(),
  pauseAfterFailures: z.number().nullable().optional(),
  timeout: duration.nullable().optional(),
  isolate: z.literal("process").nullable().optional(),
  logs: z
    .strictObject({
      maxBytes: z.number().optional(),
      runs: z.number().optional(),
      age: duration.optional(),
    })
    .optional(),
  nextRunTime: z
    .union([z.string().max(64), z.number()])
    .nullable()
    .optional()
    .describe("A first run before the schedule's own; `null`: paused."),
  lockable: z.boolean().optional(),
  retention: z.strictObject({ count: z.number().optional(), age: duration.optional() }).optional(),
} as const;

const pipeline = z.string().min(1).max(200).describe("The name of a registered pipeline.");
const params = z
  .unknown()
  .optional()
  .describe("For the pipeline; `GET /pipelines` has their schema.");
const queue = z.string().max(64).optional();

/** A new job. */
export const newJobBody = z
  .strictObject({
    pipeline,
    id: z.string().min(1).max(128).optional().describe("Derived if omitted."),
    params,
    queue,
    ...ruleFields,
    ...scheduleFields,
  })
  .meta({ id: "NewJob" });

/** A job in place of what there is. */
export const replacingJobBody = newJobBody
  .extend({ id: newJobBody.shape.id.describe("That of the path, if it is given.") })
  .meta({ id: "ReplacingJob" });

/** Changes of a job. */
export const jobChangesBody = z
  .strictObject({ params, ...ruleFields, ...scheduleFields })
  .meta({ id: "JobChanges", description: "Only what is given changes." });
