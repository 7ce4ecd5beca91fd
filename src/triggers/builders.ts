import type {
  CalendarIntervalFieldOptions,
  CommonTriggerOptions,
  CronFieldOptions,
  IntervalFieldOptions,
  NamedTriggerOptions,
  TriggerLike,
  TriggerObject,
} from "./options.ts";
import { parseCalendarSpan } from "./natural/calendar-span.ts";
import type { InstantInput } from "./time/parse-instant.ts";

/** Freezes a copy; dates become text, so that the object is JSON and stays the same when it has been through JSON. */
function build(options: NamedTriggerOptions): TriggerObject {
  return deepFreeze(structuredCloneJson(options)) as TriggerObject;
}

function structuredCloneJson(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value)) as unknown;
}

function deepFreeze(value: unknown): unknown {
  if (typeof value === "object" && value !== null)
    Object.values(Object.freeze(value)).forEach(deepFreeze);
  return value;
}

/**
 * A cron trigger from an expression (5 fields, 6 with seconds first, `@daily`, `TZ=Europe/Berlin 0 9 * * *`) or from fields.
 * @example cron("0 9 * * 1-5"); cron({ hour: 9, dayOfWeek: "mon-fri" })
 */
export function cron(
  schedule: string | CronFieldOptions,
  common: CommonTriggerOptions = {},
): TriggerObject {
  const fields = typeof schedule === "string" ? { expression: schedule } : schedule;
  return build({ trigger: "cron", ...fields, ...common });
}

/**
 * An interval of elapsed time; with months or years in it a calendar interval.
 * @example every("30 minutes"); every("PT90S"); every({ hours: 2 }); every("2 months")
 */
export function every(
  span: string | IntervalFieldOptions,
  common: CommonTriggerOptions = {},
): TriggerObject {
  if (typeof span !== "string") return build({ trigger: "interval", ...span, ...common });
  const calendar = parseCalendarSpan(span);
  if (calendar !== undefined) return build({ trigger: "calendarInterval", ...calendar, ...common });
  return build({ trigger: "interval", every: span, ...common });
}

/**
 * One run at an instant; without an offset in the job's zone.
 * @example at("2026-12-25 09:00"); at(new Date(0))
 */
export function at(runDate: InstantInput, common: CommonTriggerOptions = {}): TriggerObject {
  return build({ trigger: "date", runDate, ...common });
}

/**
 * One run so long after the trigger is added.
 * @example inTime("30 minutes")
 */
export function inTime(delay: string, common: CommonTriggerOptions = {}): TriggerObject {
  return build({ trigger: "date", in: delay, ...common });
}

/**
 * Days of the week at local times of day.
 * @example weekly(["mon", "wed"], ["09:00", "17:30"])
 */
export function weekly(
  days: string | string[],
  times: string | string[] = "00:00",
  common: CommonTriggerOptions = {},
): TriggerObject {
  return build({ trigger: "weekly", weekly: days, at: times, ...common });
}

/**
 * Every day at local times of day.
 * @example daily("02:00")
 */
export function daily(
  times: string | string[] = "00:00",
  common: CommonTriggerOptions = {},
): TriggerObject {
  return build({ trigger: "daily", at: times, ...common });
}

/**
 * Calendar years, months, weeks and days at one local time of day.
 * @example calendarInterval({ months: 2, at: "09:00" })
 */
export function calendarInterval(
  span: CalendarIntervalFieldOptions,
  common: CommonTriggerOptions = {},
): TriggerObject {
  return build({ trigger: "calendarInterval", ...span, ...common });
}

/**
 * A recurrence rule of RFC 5545.
 * @example rrule("RRULE:FREQ=MONTHLY;BYDAY=-1FR")
 */
export function rrule(rule: string, common: CommonTriggerOptions = {}): TriggerObject {
  return build({ trigger: "rrule", rule, ...common });
}

/**
 * Fires when any of the triggers fires.
 * @example or(cron("0 9 * * 1-5"), cron("0 11 * * 6"))
 */
export function or(...triggers: TriggerLike[]): TriggerObject {
  return build({ trigger: "or", triggers });
}

/**
 * Fires when all of the triggers fire at the same instant.
 * @example and(cron({ day: 13 }), cron({ dayOfWeek: "fri" }))
 */
export function and(...triggers: TriggerLike[]): TriggerObject {
  return build({ trigger: "and", triggers });
}
