import { z } from "zod";
import { jobFilterFields } from "./job-routes.ts";
import { promiseStateShape, skipReasonShape, stateShape } from "./run-shapes.ts";
import { instantShape, pageQuery, pageShape, timeQuery } from "./shapes.ts";
import { route } from "./route.ts";

const decidedMarkShape = z.object({
  runId: z.string().describe("Of several, the latest."),
  firstFireTime: instantShape,
  fireTime: instantShape.describe("Of several, that of the latest."),
  verdict: stateShape,
  reason: skipReasonShape.nullable(),
  trigger: z.enum(["scheduled", "manual", "backfill"]),
  promise: promiseStateShape.nullable(),
  startedAt: instantShape.nullable().describe("Of several, when the first began."),
  finishedAt: instantShape.nullable().describe("Of several, when the last ended."),
  count: z.int().describe("How many occurrences it stands for."),
  merged: z.int().describe("How many decisions it is made of; 1: it is one alone."),
});

const plannedMarkShape = z.object({
  firstFireTime: instantShape,
  fireTime: instantShape.describe("Of several, that of the last."),
  dueTime: instantShape.describe("Of several, that of the last."),
  state: z.enum(["due", "future", "will-skip", "paused"]),
  flags: z
    .array(z.string())
    .describe("What a change of the clock or a calendar does to one that stands alone."),
  count: z.int(),
});

const timelineShape = z
  .object({
    jobId: z.string(),
    owner: z.string().nullable(),
    state: z.enum(["active", "paused", "finished"]),
    pausedReason: z.string().nullable(),
    pausedUntil: instantShape.nullable(),
    schedule: z.string().describe("In words."),
    usualDurationMs: z
      .number()
      .nullable()
      .describe("The median of this window's runs that succeeded, else what the last run took."),
    decided: z
      .array(decidedMarkShape)
      .describe("What was decided, and what goes on since before the window; oldest first."),
    decidedFrom: instantShape
      .nullable()
      .describe(
        "From here on every decision is in `decided`; earlier ones are too many. `null`: all are in it.",
      ),
    planned: z.array(plannedMarkShape).describe("What nobody has decided yet."),
    plannedTo: instantShape
      .nullable()
      .describe(
        "Up to here all is in `planned`: to count the rest would take too long. `null`: all is in it.",
      ),
  })
  .meta({ id: "Timeline", description: "What was and what comes of a job." });

/** Routes about what was and what comes of many jobs. */
export const timelineRoutes = {
  getTimeline: route({
    method: "GET",
    path: "/timeline",
    summary: "What was and what comes of jobs in a time around now; close marks are merged.",
    group: "fleet",
    access: "viewer",
    query: z.strictObject({
      ...jobFilterFields,
      cursor: pageQuery.cursor,
      limit: z.coerce
        .number()
        .int()
        .min(1)
        .max(100)
        .optional()
        .describe("Most jobs of a page; 50."),
      order: z.enum(["next-run", "id"]).optional(),
      from: timeQuery.optional().describe("Twelve hours ago if omitted, or a day before `to`."),
      to: timeQuery.optional().describe("At most 31 days after `from`; a day after it if omitted."),
      marks: z.coerce
        .number()
        .int()
        .min(60)
        .max(500)
        .optional()
        .describe(
          "Most marks of a job, decided and planned each; 120. A page has 15,000 of each at most.",
        ),
    }),
    answer: pageShape(timelineShape).extend({
      now: instantShape.describe("By the server's clock."),
      from: instantShape.describe("Ask for the next page with this and `to`."),
      to: instantShape,
      isPaused: z.boolean().describe("Whether the whole fleet is: then nothing planned begins."),
      lookedAt: z.int().describe("How many jobs were looked at for this page."),
    }),
  }),
};
