import { z } from "zod";
import { jobsCountedShape } from "./fleet-shapes.ts";
import { promiseStateShape, runShape, skipReasonShape, stateShape } from "./run-shapes.ts";
import { instantShape, pageShape, repeatable } from "./shapes.ts";
import { route } from "./route.ts";

const promisesShape = z.object({
  kept: z.int(),
  late: z.int(),
  excused: z.int(),
  broken: z.int(),
});

/** The fleet at a glance. */
export const overviewShape = z
  .object({
    now: instantShape.describe("By the server's clock."),
    isPaused: z.boolean(),
    from: instantShape.describe(
      "What was decided from here on is counted: whole hours, of who sees a part whole days (UTC).",
    ),
    promise: promisesShape.extend({
      due: z.int().describe("The sum of the other five."),
      inFlight: z.int(),
      isAll: z
        .boolean()
        .describe("Whether all that is in flight was counted: of the first 1,000 jobs with any."),
      jobs: jobsCountedShape,
    }),
    hours: z
      .array(promisesShape.extend({ from: instantShape }))
      .describe("Empty for who sees a part."),
    attention: z.array(
      z.object({
        kind: z.enum(["overdue", "failing", "no-worker", "paused"]),
        jobId: z.string().nullable(),
        queue: z.string(),
        since: instantShape.nullable(),
        until: instantShape.nullable(),
        runId: z.string().nullable(),
        reason: z.string().nullable(),
      }),
    ),
    next: z.array(
      z.object({
        jobId: z.string(),
        fireTime: instantShape,
        dueTime: instantShape,
        schedule: z.string(),
        scheduleInShort: z.string(),
      }),
    ),
    workers: z.object({ count: z.int(), capacity: z.int(), running: z.int() }),
  })
  .meta({ id: "Overview", description: "The fleet at a glance." });

/** The fleet at a glance, as JSON. */
export type OverviewAnswer = z.output<typeof overviewShape>;

/** A job's last decisions. */
const stripShape = z.object({
  jobId: z.string(),
  cells: z
    .array(
      z.object({
        runId: z.string(),
        fireTime: instantShape,
        verdict: stateShape,
        reason: skipReasonShape.nullable(),
        promise: promiseStateShape.nullable(),
        count: z.int().describe("How many occurrences it stands for."),
        durationMs: z.number().nullable().describe("Of the last attempt."),
        error: z
          .string()
          .nullable()
          .describe("How it failed, in one line of at most 200 characters."),
      }),
    )
    .describe("The latest first."),
  latest: runShape
    .nullable()
    .describe("The latest of them that is decided, whole; without one, the latest."),
});

/** How a job kept its promises. */
const jobPromisesShape = z
  .object({
    from: instantShape.nullable().describe("The first fire time that is counted."),
    to: instantShape.nullable(),
    ...promisesShape.shape,
    due: z.int().describe("The sum of the other five."),
    inFlight: z.int(),
    plannedEveryMs: z.number().nullable().describe("How often it was due, on average."),
    effectiveEveryMs: z.number().nullable().describe("How often it ran, on average."),
    text: z.string().describe("The same in a sentence or two, with the cause if it runs seldom."),
  })
  .meta({ id: "JobPromises", description: "How a job kept its promises lately." });

/** How a job kept its promises, as JSON. */
export type JobPromisesAnswer = z.output<typeof jobPromisesShape>;

/** Routes that show much at once. */
export const overviewRoutes = {
  getOverview: route({
    method: "GET",
    path: "/overview",
    summary:
      "Whether promises were kept in the last 24 hours, what needs somebody, and what comes next.",
    group: "fleet",
    access: "viewer",
    answer: overviewShape,
  }),
  getJobPromises: route({
    method: "GET",
    path: "/jobs/{jobId}/promises",
    summary: "How a job kept its promises in its last 60 decisions, counted and in a sentence.",
    group: "jobs",
    access: "viewer",
    answer: jobPromisesShape,
    errors: ["JOB_NOT_FOUND"],
  }),
  listStrips: route({
    method: "GET",
    path: "/strips",
    summary:
      "The last 60 runs and decisions of each of up to 100 jobs; a job that is not there has none.",
    group: "fleet",
    access: "viewer",
    query: z.strictObject({ jobId: repeatable(z.string().min(1).max(255)) }),
    answer: pageShape(stripShape),
  }),
};
