import { checkSpec } from "./check-input.ts";
import { parseField } from "./cron/parse-field.ts";
import type { CronSpec, TriggerSpec } from "./spec.ts";

/** The kind of schedule, for people and programs that group jobs by it. */
export type ScheduleKind =
  "daily" | "weekly" | "monthly" | "interval" | "once" | "manual" | "custom";

/**
 * The kind of schedule of a resolved trigger, however it was written: `0 9 * * 1` is `weekly`, like `trigger.weekly("mon", "09:00")`.
 * Anything that fits no other kind is `custom`: a rule, or several times an hour by cron.
 * @throws {@link TriggerError} `INVALID_TRIGGER` if it isn't a spec that `resolveTrigger` returned.
 */
export function scheduleKindOf(spec: TriggerSpec): ScheduleKind {
  return kindOfSpec(checkSpec("scheduleKindOf", spec));
}

/** Like {@link scheduleKindOf}, for a spec that is known to be one. */
export function kindOfSpec(spec: TriggerSpec): ScheduleKind {
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
      return alike(spec.triggers.map(kindOfSpec));
    case "calendars":
      return kindOfSpec(spec.trigger);
    case "and":
    case "rrule":
      return "custom";
  }
}

/** Several times of day become one trigger each. */
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
  // The second Friday counts as a day of the month.
  if (anyDay) return weekday.terms.length > 0 ? "monthly" : "weekly";
  return anyWeekday ? "monthly" : "custom";
}
