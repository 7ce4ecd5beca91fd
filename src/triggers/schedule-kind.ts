import { parseField } from "./cron/parse-field.ts";
import type { CronSpec, TriggerSpec } from "./spec.ts";

/** What sort of schedule a trigger is, for people and programs that sort jobs by it. */
export type ScheduleKind =
  "daily" | "weekly" | "monthly" | "interval" | "once" | "manual" | "custom";

/**
 * Tells a resolved trigger's sort, however it was written: `0 9 * * 1` is `weekly`, as `trigger.weekly("mon", "09:00")` is. Whatever
 * is none of the others is `custom`: several times in an hour by cron, or a rule.
 */
export function scheduleKindOf(spec: TriggerSpec): ScheduleKind {
  switch (spec.kind) {
    case "date":
      return "once";
    case "interval":
    case "calendar-interval":
      return "interval";
    case "manual":
      return "manual";
    case "cron":
      return cronKind(spec);
    case "or":
      return alike(spec.triggers.map(scheduleKindOf));
    case "calendars":
      return scheduleKindOf(spec.trigger);
    case "and":
    case "rrule":
      return "custom";
  }
}

/** Several times of day are one trigger each. */
function alike(kinds: readonly ScheduleKind[]): ScheduleKind {
  const [first, ...others] = kinds;
  const isTimeOfDay = first === "daily" || first === "weekly" || first === "monthly";
  return isTimeOfDay && others.every((kind) => kind === first) ? first : "custom";
}

function cronKind({ fields }: CronSpec): ScheduleKind {
  const isFixed = (["second", "minute"] as const).every(
    (name) => parseField(name, fields[name]).values.length === 1,
  );
  const hours = parseField("hour", fields.hour).values.length;
  const inYear = (["year", "month", "week"] as const).some((name) => fields[name] !== "*");
  if (!isFixed || hours === 24 || inYear) return "custom";
  const day = parseField("day", fields.day);
  const weekday = parseField("dayOfWeek", fields.dayOfWeek);
  const anyDay = day.values.length === 31;
  const anyWeekday = weekday.values.length === 7;
  if (anyDay && anyWeekday) return "daily";
  // The second Friday is a day of the month.
  if (anyDay) return weekday.terms.length > 0 ? "monthly" : "weekly";
  return anyWeekday ? "monthly" : "custom";
}
