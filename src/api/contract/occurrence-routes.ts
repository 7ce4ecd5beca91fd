import { z } from "zod";
import { accountShape, changeShape } from "./fleet-shapes.ts";
import { route } from "./route.ts";
import { runShape, skipReasonShape, stateShape } from "./run-shapes.ts";
import { instantShape, pageQuery, pageShape, repeatable, timeQuery } from "./shapes.ts";

const cleanupQuery = z.strictObject({
  before: timeQuery
    .optional()
    .describe("Only those of before; without an offset in the job's zone."),
  all: z.literal("true").optional().describe("Or all."),
  dryRun: z.stringbool().optional().describe("Only tell how many there are."),
});
const countAnswer = z.object({
  count: z.int().describe("How many were deleted; of a dry run, how many would be."),
  isAll: z.boolean().describe("Whether that is all; a dry run counts to 10,000."),
});
const note = z.string().min(1).max(500).optional();

/** An occurrence of a job. */
const occurrenceShape = z
  .object({
    fireTime: instantShape,
    dueTime: instantShape,
    state: z
      .union([stateShape, z.enum(["due", "future", "will-skip", "paused"])])
      .describe("Its verdict or the state of its run, or what is to become of it."),
    run: runShape.nullable().describe("What is on record of it."),
    flags: z.array(z.string()).describe("What a change of the clock or a calendar does to it."),
  })
  .meta({ id: "Occurrence" });

/** Why an occurrence became what it is. */
const explanationShape = z
  .object({
    jobId: z.string(),
    at: instantShape.describe("The time that was asked for, or that was chosen."),
    due: z.boolean().describe("Whether the job was or is due at that time, as far as is known."),
    reason: z
      .union([stateShape, skipReasonShape, z.enum(["overdue", "not-yet", "not-due", "unknown"])])
      .describe("Stable: branch on this. Of what was skipped, why."),
    text: z.string(),
    state: z.union([stateShape, z.enum(["due", "future", "none", "unknown"])]),
    run: runShape.nullable(),
    terms: z.array(z.unknown()).nullable().describe("Of a condition that decided."),
    evidence: z
      .array(
        z.object({
          what: z.string().describe("A term of the condition, or a job that nobody takes."),
          holds: z.boolean().nullable().describe("Whether the term is true; `null`: no term."),
          decided: z.boolean().describe("Whether the outcome comes of it."),
          text: z.string(),
        }),
      )
      .describe("What it comes of."),
    next: z.object({ fireTime: instantShape, dueTime: instantShape }).nullable(),
  })
  .meta({ id: "Explanation" });

/** Why an occurrence became what it is, as JSON. */
export type ExplanationAnswer = z.output<typeof explanationShape>;

/** How far a backfill has come. */
const backfillShape = z
  .object({
    state: z.string(),
    total: z.int(),
    waiting: z.int(),
    running: z.int(),
    counts: z.record(z.string(), z.int()),
    progress: z.number(),
    concurrency: z.int(),
    order: z.enum(["oldest", "latest"]),
    createdAt: instantShape,
  })
  .meta({ id: "Backfill" });

/** Routes about the occurrences of one job. */
export const occurrenceRoutes = {
  listOccurrences: route({
    method: "GET",
    path: "/jobs/{jobId}/occurrences",
    summary: "What became of a job's occurrences and what is planned, by fire time.",
    group: "jobs",
    access: "viewer",
    query: z.strictObject({
      ...pageQuery,
      from: timeQuery.optional().describe("Seven days ago if omitted."),
      to: timeQuery.optional(),
    }),
    answer: pageShape(occurrenceShape),
    errors: ["JOB_NOT_FOUND"],
  }),
  listPausedOccurrences: route({
    method: "GET",
    path: "/jobs/{jobId}/paused-occurrences",
    summary: "What fell into a job's pause so far: what `resume` may run after all.",
    group: "jobs",
    access: "viewer",
    query: z.strictObject({ limit: pageQuery.limit }),
    answer: z.object({ count: z.int(), fireTimes: z.array(instantShape) }),
    errors: ["JOB_NOT_FOUND"],
  }),
  explainOccurrence: route({
    method: "GET",
    path: "/jobs/{jobId}/explain",
    summary: "What happened to an occurrence, and why; or why there is none.",
    group: "jobs",
    access: "viewer",
    query: z.strictObject({
      at: timeQuery
        .optional()
        .describe(
          "Its nominal time. Of who leaves it out: what nobody takes, else the last that was decided, else the next.",
        ),
    }),
    answer: explanationShape,
    errors: ["JOB_NOT_FOUND"],
  }),
  skipOccurrence: route({
    method: "POST",
    path: "/jobs/{jobId}/occurrences/{time}/skip",
    summary: "Skips one occurrence to come.",
    group: "jobs",
    access: "editor",
    body: z.strictObject({ reason: note, note }).optional(),
    answer: null,
    errors: ["JOB_NOT_FOUND", "OCCURRENCE_DECIDED", "INVALID_STATE", "REVISION_CHANGED"],
  }),
  unskipOccurrence: route({
    method: "DELETE",
    path: "/jobs/{jobId}/occurrences/{time}/skip",
    summary: "Takes a skip back.",
    group: "jobs",
    access: "editor",
    answer: null,
    errors: ["JOB_NOT_FOUND", "OCCURRENCE_DECIDED", "INVALID_STATE", "REVISION_CHANGED"],
  }),
  listJobChanges: route({
    method: "GET",
    path: "/jobs/{jobId}/changes",
    summary: "What was changed of a job, by whom, newest first.",
    group: "jobs",
    access: "viewer",
    query: z.strictObject({
      ...pageQuery,
      cursor: z.string().min(1).max(20_000).optional(),
      what: repeatable(z.string().min(1).max(40)).optional(),
      actor: z.string().min(1).max(128).optional(),
      from: timeQuery.optional(),
      to: timeQuery.optional(),
    }),
    answer: pageShape(changeShape).extend({ isCut: z.boolean() }),
    errors: ["JOB_NOT_FOUND"],
  }),
  getJobAccount: route({
    method: "GET",
    path: "/jobs/{jobId}/account",
    summary: "What of a job was due in a range, recomputed, beside what is on record.",
    group: "jobs",
    access: "viewer",
    query: z.strictObject({
      from: timeQuery,
      to: timeQuery.optional(),
      cursor: z.string().min(1).max(2_000).optional(),
    }),
    answer: accountShape,
    errors: ["JOB_NOT_FOUND"],
  }),
  deleteJobLogs: route({
    method: "DELETE",
    path: "/jobs/{jobId}/logs",
    summary: "Deletes the logs of a job's runs.",
    group: "jobs",
    access: "editor",
    query: cleanupQuery,
    answer: countAnswer,
    errors: ["JOB_NOT_FOUND"],
  }),
  deleteJobRuns: route({
    method: "DELETE",
    path: "/jobs/{jobId}/runs",
    summary: "Deletes what is on record of a job's runs, with their logs.",
    group: "jobs",
    access: "editor",
    query: cleanupQuery,
    answer: countAnswer,
    errors: ["JOB_NOT_FOUND"],
  }),
  startBackfill: route({
    method: "POST",
    path: "/jobs/{jobId}/backfill",
    summary: "Runs the fire times of a range of the past that have no run.",
    group: "jobs",
    access: "editor",
    body: z.strictObject({
      from: z.union([z.string().max(64), z.number()]),
      to: z.union([z.string().max(64), z.number()]).optional(),
      concurrency: z.number().optional(),
      order: z.enum(["oldest", "latest"]).optional(),
      dryRun: z.boolean().optional(),
      note,
    }),
    answer: z.object({
      runs: z.int(),
      alreadyRun: z.int(),
      fireTimes: z.array(instantShape).describe("The first 1,000."),
    }),
    status: 202,
    errors: ["JOB_NOT_FOUND", "INVALID_STATE", "NOT_ALLOWED"],
  }),
  getBackfill: route({
    method: "GET",
    path: "/jobs/{jobId}/backfill",
    summary: "How far a job's last backfill has come.",
    group: "jobs",
    access: "viewer",
    answer: z.object({ backfill: backfillShape.nullable() }),
    errors: ["JOB_NOT_FOUND"],
  }),
  ...changeOfBackfill("pause", "Starts no more of a backfill's runs, until it is resumed."),
  ...changeOfBackfill("resume", "Resumes a backfill."),
  ...changeOfBackfill("cancel", "Cancels the runs that a backfill has not started."),
};

function changeOfBackfill<const A extends "pause" | "resume" | "cancel">(
  action: A,
  summary: string,
) {
  const changing = route({
    method: "POST",
    path: `/jobs/{jobId}/backfill/${action}` as const,
    summary,
    group: "jobs",
    access: "editor",
    body: z.strictObject({ note }).optional(),
    answer: null,
    errors: ["JOB_NOT_FOUND", "INVALID_STATE"],
  });
  return { [`${action}Backfill`]: changing } as Record<`${A}Backfill`, typeof changing>;
}
