import type { TriggerKind } from "./option-shapes.ts";
import type { DstRule } from "./spec.ts";
import type { InstantInput } from "./time/parse-instant.ts";

export { triggerOptionShapes, type TriggerKind } from "./option-shapes.ts";

/** Options of every kind of trigger. */
export interface CommonTriggerOptions {
  /** IANA name of the time zone for times without an offset. @default the scheduler's, else "UTC" */
  timezone?: string | undefined;
  /**
   * No runs before this instant; for an interval also its first run. Read in `timezone` unless it has an offset.
   * @default none
   */
  startDate?: InstantInput | undefined;
  /**
   * No runs after this instant; a date without a time includes that day. Read in `timezone` unless it has an offset.
   * @default none
   */
  endDate?: InstantInput | undefined;
  /**
   * What happens around daylight saving changes. `"once"`: a fixed time of day runs exactly once a day: a skipped time
   * at the first instant after the gap, a repeated one in the first pass (the rule of cron(8)). `"wall-clock"`: the job
   * runs whenever the clock shows the time: never in a gap, twice in an overlap. @default "once"; for calendar
   * intervals "wall-clock"
   */
  dst?: DstRule | undefined;
  /**
   * Delays each run by 0 to this much, determined by job id and fire time: seconds, `"30s"`, or `"10%"` of the gap to
   * the next run. @default 0
   */
  jitter?: string | number | undefined;
  /**
   * Names of calendars that must all allow a run. `shift` says what happens to a forbidden one: `"skip"` drops it,
   * `"next-allowed"` moves it to the first allowed instant. @default none; shift "skip"
   */
  calendars?:
    | string
    | string[]
    | { names: string[]; shift?: "skip" | "next-allowed" | undefined }
    | undefined;
}

/**
 * Fields of a cron trigger; at least one. Omitted fields are set to their minimum if less significant than the least
 * significant given field, else to every value.
 */
export interface CronFieldOptions {
  /** 1970 to 9999: a number, or an expression such as `"2026-2028"` or `"*\/2"`. */
  year?: number | string;
  /** 1 to 12 or `jan` to `dec`. */
  month?: number | string;
  /** 1 to 31, `"last"`, `"L-3"` (3 days before the last), `"15W"` (nearest weekday), `"2nd fri"`, `"last mon"`. */
  day?: number | string;
  /** ISO week, 1 to 53. */
  week?: number | string;
  /** 0 to 7 (0 and 7 are Sunday) or `sun` to `sat`; `"5L"` = last Friday, `"5#2"` = second Friday of the month. */
  dayOfWeek?: number | string;
  /** 0 to 23. */
  hour?: number | string;
  /** 0 to 59. */
  minute?: number | string;
  /** 0 to 59. */
  second?: number | string;
  /** 5 fields, 6 with seconds first, or a macro (`@daily`); may begin with `TZ=Zone`. Replaces the fields. */
  expression?: string;
}

/** Length of an interval in elapsed time: the sum of the fields, above 0. */
export interface IntervalFieldOptions {
  /**
   * A duration such as `"90s"`, `"2 hours"`, `"PT15M"`, `"week"`, instead of the numbers; or anything else that can
   * follow "every": `"2 months"`, `"monday at 9am"`.
   */
  every?: string;
  /** Weeks of 7 × 24 hours. @default 0 */
  weeks?: number;
  /** Days of 24 hours. @default 0 */
  days?: number;
  /** Hours. @default 0 */
  hours?: number;
  /** Minutes. @default 0 */
  minutes?: number;
  /** Seconds. @default 0 */
  seconds?: number;
  /** Milliseconds. @default 0 */
  milliseconds?: number;
}

/** When a date trigger runs: one of the two fields. */
export interface DateFieldOptions {
  /** A `Date`, ISO 8601 with or without offset, `"2025-05-28 15:00"`, `"05/28/2025 15:30"`, or epoch seconds or milliseconds. */
  runDate?: InstantInput;
  /**
   * How long after now, such as `"30 minutes"`, `"an hour"`, `"1 month"`. In a month that lacks the day, its last day.
   */
  in?: string;
}

/**
 * Calendar steps at one local time of day. `startDate` gives the first date (default: today), and also the time of day
 * if it has one and no other is given.
 */
export interface CalendarIntervalFieldOptions {
  /** Calendar years. @default 0 */
  years?: number;
  /** Calendar months. A month that lacks the start's day (31 January + 1 month) is skipped. @default 0 */
  months?: number;
  /** Weeks. @default 0 */
  weeks?: number;
  /** Calendar days. @default 0 */
  days?: number;
  /** Hour of the local time of day, 0 to 23. @default 0, or that of `startDate` */
  hour?: number;
  /** Minute, 0 to 59. @default 0 */
  minute?: number;
  /** Second, 0 to 59. @default 0 */
  second?: number;
  /** Local time of day such as `"09:30"`; replaces hour, minute and second. */
  at?: string;
}

/** A recurrence rule of RFC 5545. */
export interface RruleFieldOptions {
  /** `"RRULE:FREQ=WEEKLY;BYDAY=MO"`, or several lines with DTSTART, RDATE, EXDATE. Without DTSTART it starts now. */
  rule?: string;
}

/** Days of the week and times of day. */
export interface WeeklyFieldOptions {
  /** Days of the week: `"mon"`, `"Monday"`. */
  weekly?: string | string[];
  /** Local times of day, such as `"09:00"`. @default midnight */
  at?: string | string[];
}

/** Times of day, every day. */
export interface DailyFieldOptions {
  /** Marks the shorthand `{ daily: true, at: "09:00" }`. */
  daily?: true;
  /** Local times of day, such as `"09:00"`. @default midnight */
  at?: string | string[];
}

/** Days of the month and times of day. */
export interface MonthlyFieldOptions {
  /**
   * Days of the month, 1 to 31, or `"last"`. A month that lacks the day (31 in April) is skipped; every month has a
   * `"last"`.
   * @default 1
   */
  monthly?: number | "last" | (number | "last")[];
  /** Local times of day, such as `"09:00"`; replaces hour and minute. @default midnight */
  at?: string | string[];
  /** Hour of the local time of day, 0 to 23. @default 0 */
  hour?: number;
  /** Minute, 0 to 59. @default 0 */
  minute?: number;
}

/** Members of an `or` or `and`. */
export interface MemberOptions {
  /** The triggers to combine. */
  triggers?: readonly TriggerLike[];
}

/** The options beside `trigger: "<kind>"`, by kind. */
export interface TriggerFieldOptions {
  cron: CronFieldOptions;
  interval: IntervalFieldOptions;
  date: DateFieldOptions;
  calendarInterval: CalendarIntervalFieldOptions;
  rrule: RruleFieldOptions;
  weekly: WeeklyFieldOptions;
  daily: DailyFieldOptions;
  monthly: MonthlyFieldOptions;
  or: MemberOptions;
  and: MemberOptions;
  /** None. */
  manual: object;
}

/** The kinds that have fire times. */
export type ScheduleTriggerKind = Exclude<TriggerKind, "manual">;

/** Options allowed beside `manual`: the time zone for times that concern the job. */
export type BesideManual = Pick<CommonTriggerOptions, "timezone"> & {
  [K in Exclude<keyof CommonTriggerOptions, "timezone">]?: undefined;
};

/** No schedule: the job runs only on request. */
export type ManualTriggerOptions = {
  /** No schedule: the job runs only when `runJob` is called. */ trigger: "manual";
} & BesideManual;

/** Options of one kind, selected by its name. */
export type NamedTriggerOptions = {
  [K in ScheduleTriggerKind]: { /** The kind of trigger. */ trigger: K } & TriggerFieldOptions[K] &
    CommonTriggerOptions;
}[ScheduleTriggerKind];

/**
 * A trigger made by a builder such as `trigger.cron("0 9 * * 1-5")`: frozen plain JSON, not yet resolved. Its meaning may still
 * depend on when and for which job it is used.
 */
export type TriggerObject = Readonly<NamedTriggerOptions> & { readonly "~built"?: true };

/** What `trigger.manual()` returns: frozen plain JSON. It has no fire times, so it can't be a member of other triggers. */
export type ManualTriggerObject = Readonly<ManualTriggerOptions> & { readonly "~built"?: true };

/** The short forms `{ weekly: ["mon"], at: "09:00" }` and `{ daily: true, at: "09:00" }`. */
export type TriggerShorthand = ({ weekly: string | string[] } | { daily: true }) & {
  at?: string | string[];
};

/** A trigger in one value: a built one, or a short form. */
export type TriggerLike = TriggerObject | TriggerShorthand;

/** A trigger with fire times, as users write it; see {@link TriggerOptions}. */
export type TimedTriggerOptions =
  | NamedTriggerOptions
  | ({
      /** A trigger made by a builder (`trigger.cron(…)`, `trigger.every(…)`), or a short form. */ trigger: TriggerLike;
    } & CommonTriggerOptions);

/** No schedule, as users write it. */
export type UntimedTriggerOptions =
  | ManualTriggerOptions
  | ({ /** Made by `trigger.manual()`. */ trigger: ManualTriggerObject } & BesideManual);

/**
 * A trigger as users write it: either `trigger` names the kind and its fields are beside it, or `trigger` is a trigger
 * object with only common options beside it.
 */
export type TriggerOptions = TimedTriggerOptions | UntimedTriggerOptions;
