import { z } from "zod";
import { skipReasonShape, verdictShape } from "./run-shapes.ts";
import { actorShape, instantShape, pageQuery, pageShape, repeatable, timeQuery } from "./shapes.ts";
import { route } from "./route.ts";
import { scheduleTypeShape } from "./schedule-shapes.ts";

/** A run in a few words. */
export const runInShortShape = z.object({
  id: z.string(),
  verdict: z.string(),
  fireTime: instantShape,
  finishedAt: instantShape,
});

/** What the kind of a schedule takes. */
const configShape = z
  .record(z.string(), z.unknown())
  .nullable()
  .describe("What the type takes, as it may be written; `null`: only `trigger` says it.");

/** Who overrides a part of a job. */
const overrideShape = z.object({
  by: actorShape,
  at: instantShape,
  until: instantShape.nullable(),
});

/** A job as the API answers it. */
export const jobShape = z
  .object({
    id: z.string(),
    pipeline: z.string(),
    queue: z.string(),
    description: z.string().nullable(),
    owner: z.string().nullable(),
    source: z.string().describe("`code`, `api`, or `file:` with the file's name."),
    tags: z.array(z.string()),
    params: z.unknown().describe("As they were given; secret ones are masked."),
    state: z.enum(["active", "paused", "finished"]),
    status: z
      .enum(["idle", "running", "completed", "failed", "paused", "finished"])
      .describe("For people: what it does now or, if nothing, how its last run ended."),
    isScheduled: z
      .boolean()
      .describe("Whether it has a schedule that is not over; `state` says whether it is paused."),
    schedule: z.string().describe("In words."),
    scheduleInShort: z.string().describe("In a few words, without the zone: `Daily at 02:30`."),
    scheduleType: scheduleTypeShape.describe("The kind of its schedule, however it was written."),
    scheduleConfig: configShape,
    is_scheduled: z.boolean().describe("As `isScheduled`."),
    schedule_type: scheduleTypeShape.describe("As `scheduleType`."),
    schedule_config: configShape.describe("As `scheduleConfig`, in snake_case."),
    next_run: instantShape.nullable().describe("As `nextRun`."),
    last_scheduled_run: instantShape
      .nullable()
      .describe("The fire time of the last run that ended of those the schedule started."),
    timezone: z.string(),
    trigger: z.unknown().describe("The complete schedule as JSON."),
    nextRun: instantShape.nullable(),
    nextDue: instantShape.nullable().describe("`nextRun` plus jitter."),
    lastScheduledRun: runInShortShape
      .nullable()
      .describe("The last that ended of those the schedule started."),
    lastRun: runInShortShape.nullable().describe("The last that ended, whoever started it."),
    running: z.int(),
    counts: z
      .record(z.string(), z.int())
      .describe("Occurrences by verdict since the job was added."),
    condition: z.string().nullable().describe("As text; the rules have it, too."),
    policy: z.unknown().describe("The rules in effect, in ms."),
    retention: z.object({ count: z.int(), ageMs: z.number() }),
    pausedAt: instantShape.nullable(),
    pausedReason: z.string().nullable(),
    pausedUntil: instantShape.nullable(),
    skips: z.array(
      z.object({
        fireTime: instantShape,
        reason: z.string().nullable(),
        by: actorShape,
        requestedAt: instantShape,
      }),
    ),
    isLockable: z.boolean(),
    overrides: z
      .object({
        paused: overrideShape.optional(),
        schedule: overrideShape.optional(),
        params: overrideShape.optional(),
      })
      .nullable(),
    declared: z.unknown().describe("What is declared below the overrides; `null` without any."),
    createdAt: instantShape,
    revision: z.int().describe("Increases with every change; send it as `If-Match`."),
  })
  .meta({ id: "Job", description: "A job: what runs when, and how it stands." });

/** A job, as JSON. */
export type JobAnswer = z.output<typeof jobShape>;

/** What jobs must be like, in a query or a body. */
export const jobFilterFields = {
  owner: repeatable(z.string().min(1).max(256)).optional(),
  source: repeatable(z.string().min(1).max(256)).optional(),
  state: repeatable(z.enum(["active", "paused", "finished"])).optional(),
  lastVerdict: repeatable(z.enum(["succeeded", "failed", "cancelled", "none"])).optional(),
  pipeline: z.string().max(200).optional(),
  queue: z.string().max(64).optional(),
  tag: z.string().max(64).optional(),
  text: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .describe("In the id, the pipeline or the description."),
} as const;

/** Routes about jobs. */
export const jobRoutes = {
  listJobs: route({
    method: "GET",
    path: "/jobs",
    summary: "Jobs, by their next run or their id.",
    group: "jobs",
    access: "viewer",
    query: z.strictObject({
      ...jobFilterFields,
      ...pageQuery,
      order: z.enum(["next-run", "id"]).optional(),
      verdict: repeatable(verdictShape)
        .optional()
        .describe(
          "Only jobs of which some occurrence became this, the latest decision first, whatever `order` says; a later page may repeat a job.",
        ),
      reason: skipReasonShape.optional().describe("Or was skipped for this reason."),
      since: timeQuery
        .optional()
        .describe("Of `verdict` and `reason`: decided since then; an instant, or `24h` ago."),
    }),
    answer: pageShape(jobShape).extend({
      lookedAt: z.int().describe("How many jobs were looked at for this page."),
    }),
  }),
  countJobs: route({
    method: "GET",
    path: "/jobs/count",
    summary: "How many jobs there are, or how many fit.",
    group: "jobs",
    access: "viewer",
    query: z.strictObject({
      ...jobFilterFields,
      by: z.enum(["state", "lastVerdict", "owner"]).optional().describe("Also counted by this."),
    }),
    answer: z.object({
      total: z.int(),
      groups: z.array(z.object({ key: z.string().nullable(), count: z.int() })).nullable(),
    }),
  }),
  getJob: route({
    method: "GET",
    path: "/jobs/{jobId}",
    summary: "A job.",
    group: "jobs",
    access: "viewer",
    answer: jobShape,
    errors: ["JOB_NOT_FOUND"],
  }),
};
