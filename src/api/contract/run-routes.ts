import { z } from "zod";
import {
  errorShape,
  promiseStateShape,
  runShape,
  skipReasonShape,
  stateShape,
  triggerShape,
} from "./run-shapes.ts";
import { instantShape, pageQuery, pageShape, repeatable, timeQuery } from "./shapes.ts";
import { route } from "./route.ts";

const word = z.string().min(1).max(200);
const levelShape = z.enum(["debug", "info", "warn", "error", "output"]);

/** A line of a run's log. */
export const logLineShape = z
  .object({
    time: instantShape,
    level: levelShape.describe("`output`: written to the console."),
    message: z.string(),
    attempt: z.int(),
    fields: z.record(z.string(), z.unknown()),
  })
  .meta({ id: "LogLine", description: "A line of a run's log." });

/** A step of a run. */
const stepShape = z
  .object({
    name: z.string(),
    kind: z
      .string()
      .describe("`step`; `sleep`, a wait that freed the worker; `progress`, the run's report."),
    startedAt: instantShape,
    finishedAt: instantShape,
    durationMs: z.number(),
    tries: z.int(),
    attempt: z.int(),
    result: z.unknown(),
    error: errorShape.nullable(),
  })
  .meta({ id: "Step", description: "A step of a run that has ended." });

/** Routes about runs. */
export const runRoutes = {
  listRuns: route({
    method: "GET",
    path: "/runs",
    summary: "Runs of the whole fleet and occurrences that did not run, the latest decision first.",
    group: "runs",
    access: "viewer",
    query: z.strictObject({
      ...pageQuery,
      verdict: repeatable(stateShape)
        .optional()
        .describe(
          "States before the verdict are listed only if they are named, before all others.",
        ),
      reason: skipReasonShape.optional(),
      promise: promiseStateShape
        .optional()
        .describe("Only what became of promises so; instead of `verdict` and `reason`."),
      owner: word.optional(),
      tag: word.optional(),
      pipeline: word.optional(),
      jobId: z.string().min(1).max(255).optional(),
      trigger: triggerShape.optional(),
      worker: word.optional(),
      text: word.optional().describe("Part of an error's name, code or message."),
      from: timeQuery
        .optional()
        .describe("Of the decision; without an offset in the scheduler's zone."),
      to: timeQuery.optional().describe("A date without a time includes that day."),
    }),
    answer: pageShape(runShape).extend({
      searchedTo: instantShape
        .nullable()
        .describe("Up to which decision was looked; `null` at the end."),
      since: instantShape
        .nullable()
        .describe("Only decisions from then on are listed; `null`: all that are kept."),
    }),
  }),
  listJobRuns: route({
    method: "GET",
    path: "/jobs/{jobId}/runs",
    summary:
      "A job's runs and its occurrences that did not run, the latest fire time first; also of a removed job.",
    group: "runs",
    access: "viewer",
    query: z.strictObject({
      ...pageQuery,
      verdict: repeatable(stateShape).optional(),
      from: timeQuery.optional().describe("Of the fire time; without an offset in the job's zone."),
      to: timeQuery.optional().describe("A date without a time includes that day."),
    }),
    answer: pageShape(runShape),
    errors: ["JOB_NOT_FOUND"],
  }),
  getRun: route({
    method: "GET",
    path: "/runs/{runId}",
    summary: "A run.",
    group: "runs",
    access: "viewer",
    answer: runShape,
    errors: ["RUN_NOT_FOUND"],
  }),
  cancelRun: route({
    method: "POST",
    path: "/runs/{runId}/cancel",
    summary: "Cancels a run that has no verdict yet.",
    group: "runs",
    access: "editor",
    body: z.strictObject({ reason: z.string().min(1).max(500).optional() }),
    answer: z.object({
      outcome: z
        .enum(["cancelled", "asked"])
        .describe(
          "`cancelled`: it has its verdict. `asked`: its worker will abort it within a second.",
        ),
    }),
    errors: ["RUN_NOT_FOUND", "INVALID_STATE"],
  }),
  retryRun: route({
    method: "POST",
    path: "/runs/{runId}/retry",
    summary:
      "Runs again what an ended run was for, or makes up for an occurrence that did not run.",
    group: "runs",
    access: "editor",
    body: z.strictObject({
      ignoreCondition: z.boolean().optional().describe("Run even if the job's condition is false."),
    }),
    status: 202,
    answer: z.object({
      runId: z.string().describe("The new run."),
      trigger: z
        .enum(["manual", "backfill"])
        .describe(
          "`manual`: the job runs now, with its present params. `backfill`: with the occurrence's own fire time.",
        ),
    }),
    errors: ["RUN_NOT_FOUND", "JOB_NOT_FOUND", "INVALID_STATE"],
  }),
  getRunLogs: route({
    method: "GET",
    path: "/runs/{runId}/logs",
    summary:
      "Lines of a run's log, with a literal search; with `follow=true` as it is written, as server-sent events: `lines`, and `end` once the run has its verdict.",
    group: "runs",
    access: "viewer",
    query: z.strictObject({
      cursor: z
        .string()
        .min(1)
        .max(100)
        .optional()
        .describe("The `position` or `nextCursor` of the page before."),
      limit: z.coerce
        .number()
        .int()
        .min(1)
        .max(10_000)
        .optional()
        .describe("Most lines of a page."),
      text: word.optional().describe("Part of a message, literally; case does not matter."),
      level: repeatable(levelShape).optional(),
      follow: z.stringbool().optional().describe("Answer server-sent events."),
      lastEventId: z
        .string()
        .min(1)
        .max(100)
        .optional()
        .describe("Of `follow`: as the header `Last-Event-ID`, for who can't set it."),
    }),
    follows: true,
    answer: pageShape(logLineShape).extend({
      position: z
        .string()
        .nullable()
        .describe(
          "Pass it as `cursor` to get what is written after this page; `null` before the first line.",
        ),
      verdict: stateShape.describe("Of the run: without a verdict, more lines may follow."),
    }),
    errors: ["RUN_NOT_FOUND"],
  }),
  listSteps: route({
    method: "GET",
    path: "/runs/{runId}/steps",
    summary:
      "A run's ended steps with its waits and its progress, in the order in which they ended.",
    group: "runs",
    access: "viewer",
    answer: pageShape(stepShape),
    errors: ["RUN_NOT_FOUND"],
  }),
};
