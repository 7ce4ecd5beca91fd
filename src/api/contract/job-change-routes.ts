import { z } from "zod";
import { jobChangesBody, newJobBody, replacingJobBody } from "./job-body.ts";
import { jobFilterFields, jobShape } from "./job-routes.ts";
import { route } from "./route.ts";
import { runShape } from "./run-shapes.ts";
import { instantShape } from "./shapes.ts";
import { scheduleFields } from "./schedule-shapes.ts";

const reason = z.string().min(1).max(500).optional();
const until = z
  .union([z.string().max(64), z.number()])
  .optional()
  .describe(
    "An instant (without an offset in the job's zone), a duration such as `2h`, `Mon 09:00`, or seconds.",
  );
const note = z.string().min(1).max(500).optional().describe("Why, kept with the change.");
const wrongSchedule = ["INVALID_TRIGGER", "INVALID_TIMEZONE", "INVALID_CONDITION"] as const;
const wrongJob = [...wrongSchedule, "INVALID_PARAMS", "UNKNOWN_PIPELINE", "NOT_ALLOWED"] as const;

/** What became of a call that changes many jobs. */
const bulkResultShape = z
  .object({
    bulkId: z.string(),
    dryRun: z.boolean(),
    matched: z.int(),
    changed: z.int().describe("Of a dry run, how many would be."),
    skipped: z.int(),
    failed: z.int(),
    until: instantShape.nullable().describe("Of `pause`: when the last of the pauses ends."),
    occurrences: z
      .int()
      .nullable()
      .describe("Of `pause` with `until`: how many fall into that time."),
    ids: z
      .array(z.string())
      .describe("The first 100 that were changed; of a dry run, that would be."),
    problems: z
      .array(z.object({ jobId: z.string(), code: z.string(), message: z.string() }))
      .describe("The first 100 that were skipped or failed."),
    isComplete: z.boolean().describe("If not, repeat the call with its `bulkId`."),
  })
  .meta({ id: "BulkResult" });

/** Routes that change jobs. */
export const jobChangeRoutes = {
  createJob: route({
    method: "POST",
    path: "/jobs",
    summary: "Adds a job; one that is declared just so already is answered as it is.",
    group: "jobs",
    access: "editor",
    body: newJobBody,
    answer: jobShape,
    status: 201,
    errors: [...wrongJob, "CONFLICTING_ID"],
  }),
  updateJob: route({
    method: "PATCH",
    path: "/jobs/{jobId}",
    summary: "Changes what is given of a job: rules, params, or its schedule.",
    group: "jobs",
    access: "editor",
    body: jobChangesBody,
    answer: jobShape,
    errors: [...wrongJob, "JOB_NOT_FOUND", "REVISION_CHANGED"],
  }),
  replaceJob: route({
    method: "PUT",
    path: "/jobs/{jobId}",
    summary: "Puts a job in place of what there is, or adds it.",
    group: "jobs",
    access: "editor",
    body: replacingJobBody,
    answer: jobShape,
    errors: [...wrongJob, "REVISION_CHANGED", "CONFLICTING_ID"],
  }),
  deleteJob: route({
    method: "DELETE",
    path: "/jobs/{jobId}",
    summary: "Removes a job; its runs finish, and its history stays as long as its retention says.",
    group: "jobs",
    access: "editor",
    answer: null,
    errors: ["JOB_NOT_FOUND", "REVISION_CHANGED"],
  }),
  runJob: route({
    method: "POST",
    path: "/jobs/{jobId}/run",
    summary: "Runs a job now, even if it is paused; its schedule stays as it is.",
    group: "jobs",
    access: "editor",
    body: z
      .strictObject({
        params: z.unknown().optional().describe("Instead of its own, for this run."),
        ignoreCondition: z.boolean().optional(),
        wait: z
          .union([z.boolean(), z.number().min(1).max(300)])
          .optional()
          .describe("Answer once the run has ended: how many seconds at most, 300 if `true`."),
        note,
      })
      .optional(),
    answer: z.object({
      runId: z.string(),
      jobId: z.string(),
      run: runShape.nullable().describe("Once it has ended, with `wait`."),
    }),
    status: 202,
    errors: [
      "JOB_NOT_FOUND",
      "INVALID_PARAMS",
      "UNKNOWN_PIPELINE",
      "NOT_ALLOWED",
      "WAIT_TIMED_OUT",
    ],
  }),
  pauseJob: route({
    method: "POST",
    path: "/jobs/{jobId}/pause",
    summary: "Pauses a job, until it is resumed or until a time.",
    group: "jobs",
    access: "editor",
    body: z.strictObject({ reason, until, note }).optional(),
    answer: jobShape,
    errors: ["JOB_NOT_FOUND", "INVALID_STATE", "REVISION_CHANGED"],
  }),
  resumeJob: route({
    method: "POST",
    path: "/jobs/{jobId}/resume",
    summary: "Resumes a job; of what fell into the pause runs what `missed` names.",
    group: "jobs",
    access: "editor",
    body: z
      .strictObject({
        missed: z
          .union([
            z.enum(["skip", "latest", "all"]),
            z
              .array(z.union([z.string().max(64), z.number()]))
              .min(1)
              .max(1_000),
          ])
          .optional()
          .describe("`skip` if omitted; a list names fire times."),
        note,
      })
      .optional(),
    answer: jobShape,
    errors: ["JOB_NOT_FOUND", "INVALID_STATE", "REVISION_CHANGED"],
  }),
  overrideJob: route({
    method: "PUT",
    path: "/jobs/{jobId}/override",
    summary:
      "Overrides parts of a job, whatever declares it, until an end or until that is taken back.",
    group: "jobs",
    access: "editor",
    body: z.strictObject({
      paused: z.union([z.literal(true), z.strictObject({ reason })]).optional(),
      schedule: z
        .union([z.string().max(4_096), z.strictObject(scheduleFields)])
        .optional()
        .describe("In words, or as an object of the fields that say when."),
      params: z.unknown().optional(),
      until,
      note,
    }),
    answer: jobShape,
    errors: [...wrongJob, "JOB_NOT_FOUND", "NOT_OVERRIDABLE", "INVALID_STATE", "REVISION_CHANGED"],
  }),
  clearOverride: route({
    method: "DELETE",
    path: "/jobs/{jobId}/override",
    summary: "Takes overrides back: all, or the parts that are named.",
    group: "jobs",
    access: "editor",
    query: z.strictObject({
      which: z
        .union([
          z.enum(["paused", "schedule", "params"]).transform((one) => [one]),
          z
            .array(z.enum(["paused", "schedule", "params"]))
            .min(1)
            .max(3),
        ])
        .optional(),
    }),
    answer: jobShape,
    errors: ["JOB_NOT_FOUND", "NOT_ALLOWED", "REVISION_CHANGED"],
  }),
  bulkJobs: route({
    method: "POST",
    path: "/jobs/bulk",
    summary:
      "Pauses, resumes, runs or removes many jobs: those that are named, or that fit a filter.",
    group: "jobs",
    access: "editor",
    body: z.strictObject({
      action: z.enum(["pause", "resume", "run", "remove"]),
      ids: z.array(z.string().min(1).max(128)).min(1).max(10_000).optional(),
      filter: z.strictObject(jobFilterFields).optional(),
      all: z.literal(true).optional().describe("Every job: must be said, and alone."),
      dryRun: z.boolean().optional().describe("Only tell how many there are, and which."),
      bulkId: z.string().min(1).max(64).optional().describe("Names the call, to repeat it safely."),
      reason: reason.describe("Of `pause`."),
      until: until.describe("Of `pause`."),
      missed: z.enum(["skip", "latest", "all"]).optional().describe("Of `resume`."),
      ignoreCondition: z.boolean().optional().describe("Of `run`."),
      note,
    }),
    answer: bulkResultShape,
  }),
};
