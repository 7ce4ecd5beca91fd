import { z } from "zod";
import { dstSchema, MAX_MEMBERS } from "./spec.ts";
import { instantSchema } from "./time/parse-instant.ts";

const cronField = z.union([z.string().max(256), z.int()]);
const amount = z.number().min(0).max(1e12);
const wholeAmount = z.int().min(0).max(100_000);
const text = z.string().max(1024);
const name = z.string().min(1).max(200);
const timesOfDay = z.union([z.string().max(16), z.array(z.string().max(16)).min(1).max(200)]);

const monthDay = z.union([z.int().min(1).max(31), z.literal("last")]);
const weekdays = z.union([name, z.array(name).min(1).max(7)]);

const localHour = z
  .int()
  .min(0)
  .max(23)
  .optional()
  .describe("Hour of the local time of day; 0 if omitted");
const localMinute = z
  .int()
  .min(0)
  .max(59)
  .optional()
  .describe("Minute of the local time of day; 0 if omitted");

/**
 * The options of each kind of trigger, as fields of a zod object; they are written beside `trigger: "<kind>"`. All are
 * optional here; `resolveTrigger` checks which are required and how they fit together.
 */
export const triggerOptionShapes = {
  cron: {
    expression: text
      .optional()
      .describe("5 fields, 6 with seconds first, or a macro such as @daily; instead of fields"),
    year: cronField.optional().describe("1970-9999"),
    month: cronField.optional().describe("1-12 or jan-dec"),
    day: cronField.optional().describe("1-31, last, L-3, 15W, '2nd fri', 'last mon'"),
    week: cronField.optional().describe("ISO week, 1-53"),
    dayOfWeek: cronField.optional().describe("0-7 (0 and 7 are Sunday) or sun-sat, 5L, 5#2"),
    hour: cronField.optional().describe("0-23"),
    minute: cronField.optional().describe("0-59"),
    second: cronField.optional().describe("0-59"),
  },
  interval: {
    every: text
      .optional()
      .describe("A duration such as '90s', '2 hours' or 'PT15M'; replaces the numbers"),
    weeks: amount
      .optional()
      .describe("A number of weeks of 7 × 24 hours, 0 or more; the sum must be above 0"),
    days: amount
      .optional()
      .describe("A number of days of 24 hours, 0 or more; the sum must be above 0"),
    hours: amount.optional().describe("A number of hours, 0 or more; the sum must be above 0"),
    minutes: amount.optional().describe("A number of minutes, 0 or more; the sum must be above 0"),
    seconds: amount.optional().describe("A number of seconds, 0 or more; the sum must be above 0"),
    milliseconds: amount
      .optional()
      .describe("A number of milliseconds, 0 or more; the sum must be above 0"),
  },
  date: {
    runDate: instantSchema
      .optional()
      .describe("When to run; in the job's time zone unless it has an offset"),
    in: text.optional().describe("How long after now, such as '30 minutes'; replaces runDate"),
  },
  calendarInterval: {
    years: wholeAmount.optional().describe("A whole number of calendar years, 0 or more"),
    months: wholeAmount
      .optional()
      .describe(
        "A whole number of calendar months, 0 or more; a month without the start's day is skipped",
      ),
    weeks: wholeAmount.optional().describe("A whole number of weeks, 0 or more"),
    days: wholeAmount.optional().describe("A whole number of calendar days, 0 or more"),
    hour: localHour,
    minute: localMinute,
    second: z
      .int()
      .min(0)
      .max(59)
      .optional()
      .describe("Second of the local time of day; 0 if omitted"),
    at: z
      .string()
      .max(16)
      .optional()
      .describe("Local time of day such as '09:30'; replaces hour, minute and second"),
  },
  rrule: {
    rule: z
      .string()
      .max(4096)
      .optional()
      .describe("RFC 5545 text: 'RRULE:FREQ=…', optionally with DTSTART, RDATE, EXDATE"),
  },
  weekly: {
    weekly: weekdays.optional().describe("Days of the week, such as ['mon', 'wed']"),
    at: timesOfDay
      .optional()
      .describe("Local times of day, such as ['09:00', '17:30']; midnight if omitted"),
  },
  daily: {
    daily: z.literal(true).optional().describe("Marks the shorthand { daily: true, at: '09:00' }"),
    at: timesOfDay.optional().describe("Local times of day, such as '09:00'; midnight if omitted"),
  },
  monthly: {
    monthly: z
      .union([monthDay, z.array(monthDay).min(1).max(32)])
      .optional()
      .describe("Days of the month: 1 to 31, 'last', or a list; the 1st if omitted"),
    at: timesOfDay.optional().describe("Local times of day, such as '09:00'; midnight if omitted"),
    hour: localHour,
    minute: localMinute,
  },
  or: {
    triggers: z
      .array(z.unknown())
      .max(MAX_MEMBERS)
      .optional()
      .describe("A list of up to 100 triggers; fires when any of them fires"),
  },
  and: {
    triggers: z
      .array(z.unknown())
      .max(MAX_MEMBERS)
      .optional()
      .describe("A list of up to 100 triggers; fires when all of them fire at the same instant"),
  },
  manual: {},
  common: {
    timezone: z
      .string()
      .max(64)
      .optional()
      .describe("IANA name; by default the scheduler's, else UTC"),
    startDate: instantSchema.optional().describe("No runs before this instant"),
    endDate: instantSchema.optional().describe("No runs after this instant"),
    dst: dstSchema
      .optional()
      .describe("'once': fixed times run once a day; 'wall-clock': whenever the clock shows them"),
    jitter: z
      .union([z.string().max(64), z.number().min(0)])
      .optional()
      .describe("'30s', seconds, or '10%' of the gap; 0 if omitted"),
    calendars: z
      .union([
        name,
        z.array(name).min(1).max(MAX_MEMBERS),
        z.strictObject({
          names: z.array(name).min(1).max(MAX_MEMBERS),
          shift: z.enum(["skip", "next-allowed"]).optional(),
        }),
      ])
      .optional()
      .describe("Names of calendars that must allow a run, and what happens to forbidden runs"),
  },
} as const;

/** Names of the kinds of trigger, as written in `trigger`. */
export type TriggerKind = Exclude<keyof typeof triggerOptionShapes, "common">;
