import { z } from "zod";
import { actorShape, instantShape } from "./shapes.ts";
import { skipReasonShape, verdictShape } from "./run-shapes.ts";

const distributionShape = z.object({
  p50: z.number().describe("Estimated."),
  p95: z.number().describe("Estimated."),
  max: z.number(),
});

/** What became of occurrences in a time. */
export const figuresShape = z
  .object({
    due: z.int().describe("The sum of the six verdicts."),
    succeeded: z.int(),
    failed: z.int(),
    cancelled: z.int(),
    missed: z.int(),
    coalesced: z.int(),
    skipped: z.int(),
    late: z
      .int()
      .describe("Of those that succeeded: how many began more than 10 s after they were due."),
    skippedBy: z.partialRecord(skipReasonShape, z.int()),
    manual: z.partialRecord(verdictShape, z.int()).describe("Runs by hand; not part of `due`."),
    backfill: z.partialRecord(verdictShape, z.int()).describe("Not part of `due`."),
    retries: z.int(),
    latenessMs: distributionShape.nullable(),
    durationMs: distributionShape.nullable(),
  })
  .meta({ id: "Figures", description: "What became of occurrences in a time, counted." });

/** How many jobs figures are of. */
export const jobsCountedShape = z
  .object({ count: z.int(), isAll: z.boolean() })
  .nullable()
  .describe("Of how many jobs these are; `null`: the whole fleet's.");

const accountFigureShape = z.object({
  count: z.int(),
  rows: z
    .array(z.object({ jobId: z.string(), fireTime: instantShape, runId: z.string().nullable() }))
    .describe("The first 100."),
});

/** What was due, and what became of it. */
export const accountShape = z
  .object({
    from: instantShape,
    to: instantShape,
    jobs: z.int(),
    due: z.int(),
    decided: z.partialRecord(verdictShape, z.int()),
    open: accountFigureShape,
    paused: accountFigureShape,
    unaccounted: accountFigureShape.describe("Always 0."),
    surplus: accountFigureShape.describe("Always 0."),
    unknown: accountFigureShape.extend({
      retention: z.int(),
      cleaned: z.int(),
      changes: z.int(),
    }),
    moved: accountFigureShape,
    nextCursor: z
      .string()
      .nullable()
      .describe("Pass it as `cursor` and add the figures of the parts."),
  })
  .meta({
    id: "Account",
    description: "What was due in a range, recomputed, beside what is on record.",
  });

/** A live worker. */
export const workerShape = z
  .object({
    id: z.string(),
    host: z.string(),
    pid: z.int(),
    pipelines: z.array(z.string()),
    queues: z.array(z.string()),
    concurrency: z.int().describe("Runs at once, on each queue."),
    rateLimit: z.object({ max: z.int(), perMs: z.number() }).optional(),
    running: z.array(z.string()).describe("Runs, as far as the caller sees them."),
    startedAt: instantShape,
    seenAt: instantShape,
    clockSkewMs: z.number(),
  })
  .meta({ id: "Worker", description: "A live worker, as of its last heartbeat." });

/** A queue. */
export const queueShape = z
  .object({
    name: z.string(),
    jobs: z.int(),
    running: z.int(),
    waiting: z
      .int()
      .describe("Runs that wait: for a worker, a condition, their next attempt, or asleep."),
    workers: z.int(),
    capacity: z.int().describe("How many runs its workers execute at once."),
  })
  .meta({ id: "Queue", description: "A queue of the fleet." });

/** What somebody changed. */
export const changeShape = z
  .object({
    id: z.string(),
    at: instantShape,
    by: actorShape,
    what: z.string(),
    jobId: z
      .string()
      .nullable()
      .describe("`null` if it was about several jobs, or about the fleet."),
    jobIds: z.array(z.string()).describe("The first 20 of several jobs."),
    owner: z.string().nullable(),
    runId: z.string().nullable(),
    fireTime: instantShape.nullable(),
    reason: z.string().nullable(),
    differences: z.array(z.object({ field: z.string(), from: z.string(), to: z.string() })),
    count: z.int(),
    bulk: z.string().nullable().describe("Names the call that changed many jobs at once."),
  })
  .meta({ id: "Change", description: "What somebody changed." });
