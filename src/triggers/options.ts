import { z } from "zod";
import { dstSchema, MAX_MEMBERS, type DstRule } from "./spec.ts";
import type { InstantInput } from "./time/parse-instant.ts";

const instant = z.union([z.date(), z.string().max(64), z.number()]);
const cronField = z.union([z.string().max(256), z.int()]);
const amount = z.number().min(0).max(1e12);
const wholeAmount = z.int().min(0).max(100_000);
const text = z.string().max(1024);
const name = z.string().min(1).max(200);
const timesOfDay = z.union([z.string().max(16), z.array(z.string().max(16)).min(1).max(200)]);

const weekdays = z.union([name, z.array(name).min(1).max(7)]);

/**
 * The options of each kind of trigger, as fields of a zod object; they stand beside `trigger: "<kind>"`.
 * All are optional here: which of them are needed, and how they fit together, `resolveTrigger` checks.
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
      .describe("A duration such as '90s', '2 hours' or 'PT15M'; instead of the numbers"),
    weeks: amount.optional().describe("Weeks of 7 × 24 hours"),
    days: amount.optional().describe("Days of 24 hours"),
    hours: amount.optional().describe("Hours"),
    minutes: amount.optional().describe("Minutes"),
    seconds: amount.optional().describe("Seconds"),
    milliseconds: amount.optional().describe("Milliseconds"),
  },
  date: {
    runDate: instant.optional().describe("When to run; without an offset in the job's zone"),
    in: text.optional().describe("How long after now, such as '30 minutes'; instead of runDate"),
  },
  calendarInterval: {
    years: wholeAmount.optional().describe("Calendar years"),
    months: wholeAmount
      .optional()
      .describe("Calendar months; a month without the start's day is left out"),
    weeks: wholeAmount.optional().describe("Weeks"),
    days: wholeAmount.optional().describe("Calendar days"),
    hour: z.int().min(0).max(23).optional().describe("Hour of the local time of day; 0"),
    minute: z.int().min(0).max(59).optional().describe("Minute of the local time of day; 0"),
    second: z.int().min(0).max(59).optional().describe("Second of the local time of day; 0"),
    at: z
      .string()
      .max(16)
      .optional()
      .describe("Local time of day such as '09:30'; instead of hour, minute, second"),
  },
  rrule: {
    rule: z
      .string()
      .max(4096)
      .optional()
      .describe("RFC 5545 text: 'RRULE:FREQ=…', with DTSTART, RDATE, EXDATE if wanted"),
  },
  weekly: {
    weekly: weekdays.optional().describe("Days of the week, such as ['mon', 'wed']"),
    at: timesOfDay.optional().describe("Local times of day, such as ['09:00', '17:30']; midnight"),
  },
  daily: {
    daily: z.literal(true).optional().describe("Marks the shorthand { daily: true, at: '09:00' }"),
    at: timesOfDay.optional().describe("Local times of day, such as '09:00'; midnight"),
  },
  or: {
    triggers: z
      .array(z.unknown())
      .min(1)
      .max(MAX_MEMBERS)
      .optional()
      .describe("Fires when any of these fires"),
  },
  and: {
    triggers: z
      .array(z.unknown())
      .min(1)
      .max(MAX_MEMBERS)
      .optional()
      .describe("Fires when all of these fire"),
  },
  common: {
    timezone: z.string().max(64).optional().describe("IANA name; the scheduler's, else UTC"),
    startDate: instant.optional().describe("No run before this; inclusive"),
    endDate: instant.optional().describe("No run after this; inclusive"),
    dst: dstSchema
      .optional()
      .describe("'once': fixed times run once a day; 'wall-clock': whenever the clock reads them"),
    jitter: z
      .union([z.string().max(64), z.number().min(0)])
      .optional()
      .describe("'30s', seconds, or '10%' of the gap; 0"),
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
      .describe(
        "Names of calendars that must allow a run, and what becomes of one that they do not",
      ),
  },
} as const;

/** Names of the kinds of trigger, as written in `trigger`. */
export type TriggerKind = Exclude<keyof typeof triggerOptionShapes, "common">;

/** Options that every kind of trigger takes. */
export interface CommonTriggerOptions {
  /** IANA name of the zone in which times without an offset are read. @default the scheduler's, else "UTC" */
  timezone?: string | undefined;
  /** No run before this; inclusive. For an interval also its first run. Without an offset in `timezone`. @default none */
  startDate?: InstantInput | undefined;
  /** No run after this; inclusive. Without an offset in `timezone`. @default none */
  endDate?: InstantInput | undefined;
  /**
   * Around daylight saving. `"once"`: a fixed time of day runs exactly once a day: skipped times at the first instant after
   * the gap, repeated ones in the first pass (the rule of cron(8)). `"wall-clock"`: whenever the clock reads the time: never in a
   * gap, twice in an overlap. @default "once"; for calendar intervals "wall-clock"
   */
  dst?: DstRule | undefined;
  /** Delays each run by 0 to this much, fixed by job id and fire time: seconds, `"30s"`, or `"10%"` of the gap to the next run. @default 0 */
  jitter?: string | number | undefined;
  /**
   * Names of calendars that must all allow a run. `shift` says what becomes of one that they do not allow: `"skip"` drops it,
   * `"next-allowed"` moves it to the first instant that is allowed. @default none; shift "skip"
   */
  calendars?:
    | string
    | string[]
    | { names: string[]; shift?: "skip" | "next-allowed" | undefined }
    | undefined;
}

/** Fields of a cron trigger. A field not given: less significant than the least given = minimum, more significant = every. */
export interface CronFieldOptions {
  /** 1970 to 9999: a number, or an expression such as `"2026-2028"` or `"*\/2"`. */
  year?: number | string | undefined;
  /** 1 to 12 or `jan` to `dec`. */
  month?: number | string | undefined;
  /** 1 to 31, `"last"`, `"L-3"` (3 days before the last), `"15W"` (nearest weekday), `"2nd fri"`, `"last mon"`. */
  day?: number | string | undefined;
  /** ISO week, 1 to 53. */
  week?: number | string | undefined;
  /** 0 to 7 (0 and 7 are Sunday) or `sun` to `sat`; `"5L"` = last Friday, `"5#2"` = second Friday of the month. */
  dayOfWeek?: number | string | undefined;
  /** 0 to 23. */
  hour?: number | string | undefined;
  /** 0 to 59. */
  minute?: number | string | undefined;
  /** 0 to 59. */
  second?: number | string | undefined;
  /** 5 fields, 6 with seconds first, or a macro (`@daily`); may begin with `TZ=Zone`. Instead of the fields. */
  expression?: string | undefined;
}

/** Length of an interval: elapsed time, summed. */
export interface IntervalFieldOptions {
  /** A duration such as `"90s"`, `"2 hours"`, `"PT15M"`; instead of the numbers. */
  every?: string | undefined;
  /** Weeks of 7 × 24 hours. @default 0 */
  weeks?: number | undefined;
  /** Days of 24 hours. @default 0 */
  days?: number | undefined;
  /** Hours. @default 0 */
  hours?: number | undefined;
  /** Minutes. @default 0 */
  minutes?: number | undefined;
  /** Seconds. @default 0 */
  seconds?: number | undefined;
  /** Milliseconds. @default 0 */
  milliseconds?: number | undefined;
}

/** When a date trigger runs: one of the two. */
export interface DateFieldOptions {
  /** A `Date`, ISO 8601 with or without offset, `"2025-05-28 15:00"`, `"05/28/2025 15:30"`, or epoch seconds or milliseconds. */
  runDate?: InstantInput | undefined;
  /** How long after now, such as `"30 minutes"`. */
  in?: string | undefined;
}

/** Calendar steps at one local time of day. `startDate` gives the first date (default: today). */
export interface CalendarIntervalFieldOptions {
  /** Calendar years. @default 0 */
  years?: number | undefined;
  /** Calendar months. A month that lacks the start's day (31 January + 1 month) is left out. @default 0 */
  months?: number | undefined;
  /** Weeks. @default 0 */
  weeks?: number | undefined;
  /** Calendar days. @default 0 */
  days?: number | undefined;
  /** Hour of the local time of day, 0 to 23. @default 0 */
  hour?: number | undefined;
  /** Minute, 0 to 59. @default 0 */
  minute?: number | undefined;
  /** Second, 0 to 59. @default 0 */
  second?: number | undefined;
  /** Local time of day such as `"09:30"`; instead of hour, minute and second. */
  at?: string | undefined;
}

/** A recurrence rule of RFC 5545. */
export interface RruleFieldOptions {
  /** `"RRULE:FREQ=WEEKLY;BYDAY=MO"`, or several lines with DTSTART, RDATE, EXDATE. Without DTSTART it starts now. */
  rule?: string | undefined;
}

/** Days of the week and times of day. */
export interface WeeklyFieldOptions {
  /** Days of the week: `"mon"`, `"Monday"`. */
  weekly?: string | string[] | undefined;
  /** Local times of day, such as `"09:00"`. @default midnight */
  at?: string | string[] | undefined;
}

/** Times of day, every day. */
export interface DailyFieldOptions {
  /** Marks the shorthand `{ daily: true, at: "09:00" }`. */
  daily?: true | undefined;
  /** Local times of day, such as `"09:00"`. @default midnight */
  at?: string | string[] | undefined;
}

/** Members of an `or` or `and`. */
export interface MemberOptions {
  /** The triggers that are combined. */
  triggers?: readonly TriggerLike[] | undefined;
}

/** What stands beside `trigger: "<kind>"`. */
export interface TriggerFieldOptions {
  cron: CronFieldOptions;
  interval: IntervalFieldOptions;
  date: DateFieldOptions;
  calendarInterval: CalendarIntervalFieldOptions;
  rrule: RruleFieldOptions;
  weekly: WeeklyFieldOptions;
  daily: DailyFieldOptions;
  or: MemberOptions;
  and: MemberOptions;
}

/** Options of one kind, by its name. */
export type NamedTriggerOptions = {
  [K in TriggerKind]: { /** The kind of trigger. */ trigger: K } & TriggerFieldOptions[K] &
    CommonTriggerOptions;
}[TriggerKind];

declare const built: unique symbol;

/**
 * A trigger made by a builder such as `cron("0 9 * * 1-5")`: frozen plain JSON, not resolved yet. What it means may still
 * depend on when and for which job it is used.
 */
export type TriggerObject = Readonly<NamedTriggerOptions> & { readonly [built]?: true };

/** The short forms `{ weekly: ["mon"], at: "09:00" }` and `{ daily: true, at: "09:00" }`. */
export type TriggerShorthand = ({ weekly: string | string[] } | { daily: true }) & {
  at?: string | string[] | undefined;
};

/** What stands for a trigger: built, or in short. */
export type TriggerLike = TriggerObject | TriggerShorthand;

/**
 * A trigger as users write it: `trigger` names the kind and its fields stand beside it, or `trigger` is a trigger object and only the
 * common options stand beside it.
 */
export type TriggerOptions =
  | NamedTriggerOptions
  | ({
      /** A trigger made by a builder (`cron(…)`, `every(…)`, `or(…)`), or a short form. */ trigger: TriggerLike;
    } & CommonTriggerOptions);
