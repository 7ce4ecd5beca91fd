import type { z } from "zod";
import { WEEKDAYS } from "../../triggers/cron/field-names.ts";
import { parseField } from "../../triggers/cron/parse-field.ts";
import type { SCHEDULE_TYPES, scheduleConfigShapes } from "../contract/schedule-shapes.ts";

/** A kind of schedule, as it is written. */
export type ScheduleType = (typeof SCHEDULE_TYPES)[number];

/** A trigger's fields, and from which field of the config each is. */
export interface AsTrigger {
  readonly trigger: Record<string, unknown>;
  readonly from: Readonly<Record<string, string>>;
}

type Config<T extends ScheduleType> = z.output<(typeof scheduleConfigShapes)[T]>;

/** A config as a trigger, by its type. */
export const asTrigger: { readonly [T in ScheduleType]: (config: Config<T>) => AsTrigger } = {
  daily: (config) => atTimes(config, {}, {}),
  weekly: ({ day_of_week: days, ...config }) =>
    atTimes(
      config,
      { dayOfWeek: [...new Set([days].flat().map(weekdayText))].join(",") },
      { dayOfWeek: "day_of_week" },
    ),
  monthly: ({ day_of_month: days, ...config }) =>
    atTimes(config, { day: [days].flat().join(",") }, { day: "day_of_month" }),
  interval: ({ interval_seconds: all, ...given }) => {
    const config = Object.fromEntries(
      Object.entries(given).filter(([name]) => name !== "start_date" && name !== "end_date"),
    );
    const isCalendar = ["months", "years", "at"].some((name) => name in config);
    const kind = isCalendar ? "calendarInterval" : "interval";
    const seconds = all === undefined ? {} : { seconds: all };
    return {
      trigger: { trigger: kind, ...config, ...seconds },
      from: {
        ...Object.fromEntries(Object.keys(config).map((name) => [name, name])),
        ...(all === undefined ? {} : { seconds: "interval_seconds" }),
      },
    };
  },
  once: ({ run_date: runDate, ...config }) => ({
    trigger: { trigger: "date", ...config, ...(runDate === undefined ? {} : { runDate }) },
    from: { runDate: "run_date", in: "in" },
  }),
  manual: () => ({ trigger: { trigger: "manual" }, from: {} }),
  custom: ({ cron_expression: expression }) => ({
    trigger: { trigger: "cron", expression },
    // Whichever of its fields is wrong.
    from: Object.fromEntries(
      ["expression", "minute", "hour", "day", "month", "dayOfWeek", "second", "year"].map(
        (field) => [field, "cron_expression"],
      ),
    ),
  }),
};

/** `Monday` as `mon`; everything else as it is, which is checked where fields of cron are. */
function weekdayText(day: string | number): string {
  return String(day)
    .trim()
    .toLowerCase()
    .replaceAll(/\b(sun|mon|tue|wed|thu|fri|sat)[a-z]*day\b/g, "$1");
}

/** Days as the trigger `weekly` takes them: it knows no ranges. Sunday is one day, whichever its number. */
function weekdays(text: string): string[] {
  const days = text.split(",").flatMap((day) => {
    if (!/^\w+-\w+$/.test(day)) return day === "7" ? ["0"] : [day];
    return parseField("dayOfWeek", day).values.map((value) => WEEKDAYS[value] ?? day);
  });
  return [...new Set(days)];
}

function atTimes(
  { hour, minute, second, at }: Omit<Config<"daily">, "start_date" | "end_date">,
  days: { readonly dayOfWeek?: string; readonly day?: string },
  from: Readonly<Record<string, string>>,
): AsTrigger {
  if (at === undefined) {
    const time = { hour, minute: minute ?? 0, ...(second === undefined ? {} : { second }) };
    return {
      trigger: { trigger: "cron", ...days, ...time },
      from: { ...from, hour: "hour", minute: "minute", second: "second" },
    };
  }
  const { dayOfWeek, day } = days;
  const kind =
    dayOfWeek !== undefined
      ? { trigger: "weekly", weekly: weekdays(dayOfWeek) }
      : day !== undefined
        ? { trigger: "monthly", monthly: day.split(",").map(dayNumber) }
        : { trigger: "daily" };
  return {
    trigger: { ...kind, at, ...(hour === undefined ? {} : { hour }) },
    from: { weekly: "day_of_week", monthly: "day_of_month", at: "at", hour: "hour" },
  };
}

function dayNumber(day: string): number | string {
  return day === "last" ? day : Number(day);
}
