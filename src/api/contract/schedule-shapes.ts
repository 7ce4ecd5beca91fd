import { z } from "zod";

/** The kinds of schedule that people choose from. */
export const SCHEDULE_TYPES = [
  "daily",
  "weekly",
  "monthly",
  "interval",
  "once",
  "manual",
  "custom",
] as const;

/** A kind of schedule. */
export const scheduleTypeShape = z.enum(SCHEDULE_TYPES).meta({ id: "ScheduleType" });

const timeText = z.string().max(16);
const timeOfDay = {
  hour: z.int().min(0).max(23).optional().describe("In the job's time zone."),
  minute: z.int().min(0).max(59).optional().describe("0 if omitted."),
  second: z.int().min(0).max(59).optional().describe("0 if omitted."),
  at: z
    .union([timeText, z.array(timeText).min(1).max(200)])
    .optional()
    .describe("Instead of `hour`: one time of day or several, such as `09:00`."),
};
const bounds = {
  start_date: z.string().max(64).optional().describe("No run before."),
  end_date: z.string().max(64).optional().describe("No run after."),
};
const dayOfWeek = z.union([z.int().min(0).max(7), z.string().min(1).max(64)]);
const monthDay = z.union([z.int().min(1).max(31), z.literal("last")]);
const expression = z.string().min(1).max(1_024);
const amount = z.number().min(0).max(1e12).optional();
const lengths = {
  weeks: amount,
  days: amount,
  hours: amount,
  minutes: amount,
  seconds: amount,
  milliseconds: amount,
};
const wholeAmount = z.int().min(0).max(100_000).optional();

/** What each kind of schedule takes, in the words of `schedule_config`; `scheduleConfig` has the same in camelCase. */
export const scheduleConfigShapes = {
  daily: z.strictObject({ ...timeOfDay, ...bounds }),
  weekly: z.strictObject({
    day_of_week: z
      .union([dayOfWeek, z.array(dayOfWeek).min(1).max(7)])
      .describe("0 to 7 (0 and 7 are Sunday), a name, or a list of these."),
    ...timeOfDay,
    ...bounds,
  }),
  monthly: z.strictObject({
    day_of_month: z
      .union([monthDay, z.array(monthDay).min(1).max(32)])
      .describe("1 to 31, `last`, or a list. A month that lacks the day is left out."),
    ...timeOfDay,
    ...bounds,
  }),
  interval: z.strictObject({
    every: expression.optional().describe("`15m`, `2 hours`, `PT15M`."),
    interval_seconds: amount,
    ...lengths,
    months: wholeAmount.describe(
      "On the calendar, as `years`; then `days` are calendar days, too.",
    ),
    years: wholeAmount,
    at: timeText.optional().describe("The local time of day of an interval on the calendar."),
    ...bounds,
  }),
  once: z.strictObject({
    run_date: z
      .union([z.string().max(64), z.number()])
      .optional()
      .describe("Without an offset in the job's time zone."),
    in: expression.optional().describe("Instead of `run_date`: how long from now."),
  }),
  manual: z.strictObject({}),
  custom: z.strictObject({
    cron_expression: expression.describe("Five fields, six with seconds first, or a macro."),
    ...bounds,
  }),
} as const;

/** What to say when, as an object of the kind's own fields. */
const configShape = z
  .record(z.string().max(64), z.unknown())
  .nullable()
  .optional()
  .meta({
    description: `What the type takes. ${Object.entries(scheduleConfigShapes)
      .map(([type, { shape }]) => `${type}: ${Object.keys(shape).join(", ") || "nothing"}`)
      .join("; ")}.`,
  });

/** The ways to say when besides a trigger's fields: a text, or a type with what it takes. */
export const scheduleWords = {
  schedule: z
    .string()
    .min(1)
    .max(4_096)
    .optional()
    .describe("In words, as cron or ISO 8601: `every day at 9am`, `0 9 * * 1-5`, `PT15M`."),
  is_scheduled: z
    .boolean()
    .optional()
    .describe("`false`: it runs on request only, whatever else is said."),
  isScheduled: z.boolean().optional().describe("As `is_scheduled`."),
  schedule_type: scheduleTypeShape.nullable().optional(),
  scheduleType: scheduleTypeShape.nullable().optional().describe("As `schedule_type`."),
  schedule_config: configShape,
  scheduleConfig: configShape,
} as const;

const cronField = z.union([z.string().max(256), z.number()]).optional();
const instant = z.union([z.string().max(64), z.number()]).optional();

/** A trigger's own fields, as `addJob` takes them; which belong to which kind is checked there. */
export const triggerFields = {
  trigger: z
    .union([z.string().max(64), z.record(z.string(), z.unknown())])
    .optional()
    .describe("The name of a kind with its fields beside it, or a trigger as an object."),
  expression: z.string().max(1_024).optional().describe("Of `cron`."),
  year: cronField,
  month: cronField,
  day: cronField,
  week: cronField,
  dayOfWeek: cronField,
  hour: cronField,
  minute: cronField,
  second: cronField,
  every: z.string().max(1_024).optional().describe("Of `interval`."),
  years: amount,
  months: amount,
  ...lengths,
  runDate: instant.describe("Of `date`."),
  in: z.string().max(1_024).optional().describe("Of `date`."),
  at: z.union([timeText, z.array(timeText).max(200)]).optional(),
  rule: z.string().max(4_096).optional().describe("Of `rrule`."),
  weekly: z.union([z.string(), z.array(z.string()).max(7)]).optional(),
  daily: z.literal(true).optional(),
  monthly: z.union([monthDay, z.array(monthDay).max(32)]).optional(),
  triggers: z.array(z.unknown()).max(100).optional().describe("Of `or` and `and`."),
  timezone: z.string().max(64).optional().describe("An IANA name."),
  startDate: instant,
  endDate: instant,
  dst: z.enum(["once", "wall-clock"]).optional(),
  jitter: z.union([z.string().max(64), z.number()]).optional(),
  calendars: z
    .union([z.string(), z.array(z.string()).max(100), z.record(z.string(), z.unknown())])
    .optional(),
} as const;

/** All ways to say when. */
export const scheduleFields = { ...scheduleWords, ...triggerFields } as const;
