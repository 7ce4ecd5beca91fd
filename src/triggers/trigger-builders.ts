// The functions of `trigger`: they make trigger objects, and validate them on the spot.
import { buildTrigger } from "./build-trigger.ts";
import { checkNoMore, isPlain, plain, refuse } from "./builder-input.ts";
import { parseExpression } from "./cron/parse-expression.ts";
import { readEvery } from "./natural/phrase.ts";
import type {
  BesideManual,
  CalendarIntervalFieldOptions,
  CommonTriggerOptions,
  CronFieldOptions,
  IntervalFieldOptions,
  ManualTriggerObject,
  ScheduleTriggerKind,
  TriggerLike,
  TriggerObject,
} from "./trigger-options.ts";
import { spanText } from "./resolve/fields.ts";
import { weekdayName } from "./resolve/times-of-day.ts";
import { readRuleText } from "./rrule/rule-text.ts";
import { type InstantInput, parseInstant } from "./time/parse-instant.ts";
import { parseTimeOfDay } from "./time/time-of-day.ts";

/** Builds from a builder's arguments, which belong to no option that an error could name. */
function build(kind: ScheduleTriggerKind, fields: object, common: unknown): TriggerObject {
  return buildTrigger({ trigger: kind, ...fields, ...plain(common) });
}

/**
 * A cron trigger from an expression (5 fields, 6 with seconds first, `@daily`, `TZ=Europe/Berlin 0 9 * * *`) or from fields.
 * @example trigger.cron("0 9 * * 1-5"); trigger.cron({ hour: 9, dayOfWeek: "mon-fri" })
 */
export function cron(
  schedule: string | CronFieldOptions,
  common?: CommonTriggerOptions,
): TriggerObject;
export function cron(
  ...given: [schedule: string | CronFieldOptions, common?: CommonTriggerOptions]
): TriggerObject {
  checkNoMore("cron", given, 2);
  const [schedule, common = {}] = given;
  if (typeof schedule === "string") {
    parseExpression(schedule, "");
    return build("cron", { expression: schedule }, common);
  }
  if (isPlain(schedule)) return build("cron", schedule, common);
  return refuse("cron", schedule);
}

/**
 * An interval of elapsed time; a length with months or years makes a calendar interval.
 * @example trigger.every("30 minutes"); trigger.every("PT90S"); trigger.every({ hours: 2 }); trigger.every("2 months")
 */
export function every(
  span: string | IntervalFieldOptions,
  common?: CommonTriggerOptions,
): TriggerObject;
export function every(
  ...given: [span: string | IntervalFieldOptions, common?: CommonTriggerOptions]
): TriggerObject {
  checkNoMore("every", given, 2);
  const [span, common = {}] = given;
  if (typeof span === "string") {
    const read = readEvery(span);
    // This call explains what is wrong with it.
    if (read === undefined) return build("interval", { every: spanText(span, "every") }, common);
    const { trigger, ...fields } = read;
    return build(trigger, fields, common);
  }
  if (isPlain(span)) return build("interval", span, common);
  const number: unknown = span;
  const forms =
    typeof number === "number" && number > 0 && Number.isFinite(number)
      ? `trigger.every("${number}s") or trigger.every({ seconds: ${number} })`
      : undefined;
  return refuse("every", span, forms);
}

/**
 * One run at an instant, in the job's time zone unless it has an offset.
 * @example trigger.at("2026-12-25 09:00"); trigger.at(new Date(0))
 */
export function at(runDate: InstantInput, common?: CommonTriggerOptions): TriggerObject;
export function at(...given: [runDate: InstantInput, common?: CommonTriggerOptions]) {
  checkNoMore("at", given, 2);
  const [runDate, common = {}] = given;
  parseInstant(runDate, "UTC", "at");
  return build("date", { runDate }, common);
}

/**
 * One run, this long after the trigger is added.
 * @example trigger.in("30 minutes")
 */
function inTime(delay: string, common?: CommonTriggerOptions): TriggerObject;
function inTime(...given: [delay: string, common?: CommonTriggerOptions]): TriggerObject {
  checkNoMore("in", given, 2);
  const [delay, common = {}] = given;
  if (typeof delay !== "string") return refuse("in", delay);
  return build("date", { in: spanText(delay, "in") }, common);
}

// `in` is a reserved word and can't be declared directly.
export { inTime as in };

/**
 * Days of the week at local times of day.
 * @example trigger.weekly(["mon", "wed"], ["09:00", "17:30"])
 */
export function weekly(
  days: string | string[],
  times?: string | string[],
  common?: CommonTriggerOptions,
): TriggerObject;
export function weekly(
  ...[days, ...given]: [string | string[], (string | string[])?, CommonTriggerOptions?]
): TriggerObject {
  checkNoMore("weekly", [days, ...given], 3);
  const trigger = build("weekly", { weekly: days, at: timesOf(given) }, given[1] ?? {});
  [days].flat().forEach(weekdayName);
  return trigger;
}

/**
 * Every day at local times of day.
 * @example trigger.daily("02:00")
 */
export function daily(times?: string | string[], common?: CommonTriggerOptions): TriggerObject;
export function daily(...given: [(string | string[])?, CommonTriggerOptions?]): TriggerObject {
  checkNoMore("daily", given, 2);
  return build("daily", { at: timesOf(given) }, given[1] ?? {});
}

/**
 * Days of each month at local times of day.
 * @example trigger.monthly(1, "09:00"); trigger.monthly([1, 15]); trigger.monthly("last", "18:00")
 */
export function monthly(
  days: number | "last" | (number | "last")[],
  times?: string | string[],
  common?: CommonTriggerOptions,
): TriggerObject;
export function monthly(
  ...[days, ...given]: [
    number | "last" | (number | "last")[],
    (string | string[])?,
    CommonTriggerOptions?,
  ]
): TriggerObject {
  checkNoMore("monthly", [days, ...given], 3);
  return build("monthly", { monthly: days, at: timesOf(given) }, given[1] ?? {});
}

/** Midnight only if the argument is omitted: `undefined` means a missing setting. */
function timesOf(given: readonly [times?: string | string[], ...unknown[]]): unknown {
  const times = given.length === 0 ? "00:00" : given[0];
  for (const time of [times].flat()) if (typeof time === "string") parseTimeOfDay(time, "at");
  return times;
}

/**
 * Calendar years, months, weeks and days at one local time of day.
 * @example trigger.calendarInterval({ months: 2, at: "09:00" })
 */
export function calendarInterval(
  span: CalendarIntervalFieldOptions,
  common?: CommonTriggerOptions,
): TriggerObject;
export function calendarInterval(
  ...given: [span: CalendarIntervalFieldOptions, common?: CommonTriggerOptions]
): TriggerObject {
  checkNoMore("calendarInterval", given, 2);
  const [span, common = {}] = given;
  if (isPlain(span)) return build("calendarInterval", span, common);
  return refuse("calendarInterval", span);
}

/**
 * A recurrence rule of RFC 5545.
 * @example trigger.rrule("RRULE:FREQ=MONTHLY;BYDAY=-1FR")
 */
export function rrule(rule: string, common?: CommonTriggerOptions): TriggerObject;
export function rrule(...given: [rule: string, common?: CommonTriggerOptions]): TriggerObject {
  checkNoMore("rrule", given, 2);
  const [rule, common = {}] = given;
  if (typeof rule !== "string") return refuse("rrule", rule);
  readRuleText(rule);
  return build("rrule", { rule }, common);
}

/**
 * No schedule: the job runs only on request, with `runJob`.
 * @example trigger.manual()
 */
export function manual(common?: BesideManual): ManualTriggerObject;
export function manual(...given: [common?: BesideManual]): ManualTriggerObject {
  checkNoMore("manual", given, 1);
  const [common = {}] = given;
  return buildTrigger({ trigger: "manual", ...plain(common) });
}

/**
 * Fires when any of the triggers fires.
 * @example trigger.or(trigger.cron("0 9 * * 1-5"), trigger.cron("0 11 * * 6"))
 */
export function or(...triggers: TriggerLike[]): TriggerObject {
  return build("or", { triggers }, {});
}

/**
 * Fires when all of the triggers fire at the same instant.
 * @example trigger.and(trigger.cron({ day: 13 }), trigger.cron({ dayOfWeek: "fri" }))
 */
export function and(...triggers: TriggerLike[]): TriggerObject {
  return build("and", { triggers }, {});
}
