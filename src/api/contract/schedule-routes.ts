import { z } from "zod";
import { ruleFields } from "./job-body.ts";
import { route } from "./route.ts";
import { scheduleFields, scheduleTypeShape } from "./schedule-shapes.ts";
import { instantShape } from "./shapes.ts";

const time = z.union([z.string().max(64), z.number()]);
const count = z.int().min(1).max(100).optional().describe("10 if omitted.");
const { misfireGraceTime, coalesce, maxCatchUp, maxInstances, overlap } = ruleFields;

/** A time at which a schedule fires, or would but for a change of the clock or a calendar. */
const previewRowShape = z
  .object({
    time: instantShape,
    local: z.string().describe("What a clock shows in the zone of the schedule."),
    offset: z.string(),
    fires: z.boolean(),
    flags: z.array(z.string()),
  })
  .meta({ id: "PreviewRow" });

const previewShape = z
  .object({
    schedule: z.string().describe("In words."),
    scheduleInShort: z.string().describe("In a few words, without the zone: `Daily at 02:30`."),
    scheduleType: scheduleTypeShape,
    scheduleConfig: z.record(z.string(), z.unknown()).nullable(),
    schedule_type: scheduleTypeShape,
    schedule_config: z.record(z.string(), z.unknown()).nullable(),
    timezone: z.string(),
    trigger: z.unknown(),
    next: z.array(previewRowShape),
    warnings: z.array(z.string()).describe("What may surprise."),
    downtime: z
      .object({
        from: instantShape,
        to: instantShape,
        due: z.int(),
        ran: z.int().describe("Runs that were caught up on."),
        missed: z.int(),
        coalesced: z.int(),
        skipped: z.int(),
        longestDelayMs: z.number().describe("Of those that ran."),
        caughtUpAt: instantShape.nullable(),
      })
      .nullable()
      .describe("What becomes of what is due while nothing runs."),
  })
  .meta({ id: "SchedulePreview" });

/** Routes about schedules that are not saved. */
export const scheduleRoutes = {
  previewSchedule: route({
    method: "POST",
    path: "/schedules/preview",
    summary: "A schedule in words, when it fires next, and what a downtime would do.",
    group: "schedules",
    access: "viewer",
    body: z.strictObject({
      ...scheduleFields,
      count,
      from: time.optional().describe("Now if omitted."),
      jobId: z.string().max(128).optional().describe("Fixes the values of `H`, and jitter."),
      downtime: z
        .union([
          z.strictObject({ from: time, to: time }),
          z.strictObject({ lasting: z.string().min(1).max(64) }),
        ])
        .optional()
        .describe(
          "Up to 92 days in which no worker is there; `lasting`, such as `8h`: from the next time on.",
        ),
      misfireGraceTime,
      coalesce,
      maxCatchUp,
      maxInstances,
      overlap,
    }),
    answer: previewShape,
    errors: ["INVALID_TRIGGER", "INVALID_TIMEZONE"],
  }),
  diffSchedules: route({
    method: "POST",
    path: "/schedules/diff",
    summary: "The next times of a job or a schedule beside those of another schedule.",
    group: "schedules",
    access: "viewer",
    body: z.strictObject({
      jobId: z.string().min(1).max(128).optional().describe("The old one; or `before`."),
      before: z.strictObject(scheduleFields).optional(),
      after: z.strictObject(scheduleFields),
      count,
      from: time.optional().describe("Now if omitted."),
    }),
    answer: z.object({
      before: previewShape.pick({
        schedule: true,
        scheduleInShort: true,
        scheduleType: true,
        timezone: true,
        next: true,
      }),
      after: previewShape.pick({
        schedule: true,
        scheduleInShort: true,
        scheduleType: true,
        timezone: true,
        next: true,
      }),
      removed: z.array(instantShape).describe("Times of the old one that the new one has not."),
      added: z.array(instantShape),
      kept: z.array(instantShape),
    }),
    errors: ["INVALID_TRIGGER", "INVALID_TIMEZONE", "JOB_NOT_FOUND"],
  }),
};
