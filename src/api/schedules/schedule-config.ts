import { inLargestUnit } from "../../core/durations.ts";
import { iso } from "../../core/iso.ts";
import { inCamelCase } from "../../core/name-case.ts";
import { parseField } from "../../triggers/cron/parse-field.ts";
import { kindOfSpec, type ScheduleKind } from "../../triggers/schedule-kind.ts";
import type { CalendarIntervalSpec, CronSpec, TriggerSpec } from "../../triggers/spec.ts";

/** A schedule as a type with what it takes: what can be written as `schedule_type` and `schedule_config`. */
export interface TypedSchedule {
  readonly type: ScheduleKind;
  /** In snake_case. `null`: the type says too little, the whole is in `trigger`. */
  readonly config: Readonly<Record<string, unknown>> | null;
}

/** Reads a schedule as a type with what it takes. */
export function typedSchedule(spec: TriggerSpec): TypedSchedule {
  const kind = kindOfSpec(spec);
  return { type: kind, config: configOf(spec, kind) };
}

function configOf(spec: TriggerSpec, kind: ScheduleKind): TypedSchedule["config"] {
  switch (spec.kind) {
    case "manual":
      return {};
    case "date":
      return { run_date: iso(spec.runAt) };
    case "interval":
      return { ...inLargestUnit(spec.everyMs), ...boundsOf({ endAt: spec.endAt }) };
    case "calendar-interval":
      return calendarLength(spec);
    case "cron":
      return ofCrons([spec], kind);
    case "or": {
      const members = spec.triggers;
      return members.every((one) => one.kind === "cron") ? ofCrons(members, kind) : null;
    }
    case "and":
    case "calendars":
    case "rrule":
      return null;
  }
}

function calendarLength({ years, months, days, timeOfDayMs, ...spec }: CalendarIntervalSpec) {
  return {
    ...(years > 0 && { years }),
    ...(months > 0 && { months }),
    ...(days > 0 && { days }),
    at: timeText(timeOfDayMs / 1_000),
    ...boundsOf({ endAt: spec.endAt }),
  };
}

/** Several crons are one schedule if they differ in the time of day alone. */
function ofCrons(crons: readonly CronSpec[], kind: ScheduleKind): TypedSchedule["config"] {
  const [first] = crons;
  if (!first) return null;
  const days = daysOf(first, kind);
  const isAlike = crons.every(
    (one) => JSON.stringify(restOf(one)) === JSON.stringify(restOf(first)),
  );
  if (!days || !isAlike) return crons.length === 1 ? expressionOf(first) : null;
  const times = crons.flatMap(timesOf).toSorted((a, b) => a - b);
  const [time = 0] = times;
  const single = {
    hour: Math.floor(time / 3_600),
    minute: Math.floor(time / 60) % 60,
    ...(time % 60 > 0 && { second: time % 60 }),
  };
  return {
    ...days,
    ...(times.length === 1 ? single : { at: times.map(timeText) }),
    ...boundsOf(first),
  };
}

/** All of a cron but its times of day. */
function restOf({ fields, ...spec }: CronSpec) {
  const { hour: _, minute: __, second: ___, ...days } = fields;
  return { ...spec, days };
}

/** Which days, as each type says it; `undefined`: it can't. */
function daysOf({ fields }: CronSpec, kind: ScheduleKind): Record<string, unknown> | undefined {
  if (kind === "daily") return {};
  if (kind === "weekly") return { day_of_week: listed(fields.dayOfWeek, /^(?:[0-7]|[a-z]{3})$/) };
  if (kind !== "monthly") return undefined;
  const day = listed(fields.day, /^(?:\d{1,2}|last)$/);
  const isDays = fields.dayOfWeek === "*" && typeof day !== "string";
  return isDays || day === "last" ? { day_of_month: day } : undefined;
}

/** A list as it was written: numbers as numbers, a single one alone; any other text as it is. */
function listed(text: string, item: RegExp): unknown {
  const items = text.split(",");
  if (!items.every((one) => item.test(one))) return text;
  const values = items.map((one) => (/^\d+$/.test(one) ? Number(one) : one));
  return values.length === 1 ? values[0] : values;
}

function timesOf({ fields }: CronSpec): number[] {
  const values = (name: "hour" | "minute" | "second") => parseField(name, fields[name]).values;
  return values("hour").flatMap((hour) =>
    values("minute").flatMap((minute) =>
      values("second").map((second) => (hour * 60 + minute) * 60 + second),
    ),
  );
}

/** A cron as an expression, if it can be one. */
function expressionOf({ fields, dayMatch, ...spec }: CronSpec): TypedSchedule["config"] {
  const { second, minute, hour, day, month, dayOfWeek, week, year } = fields;
  const isBoth = day !== "*" && dayOfWeek !== "*";
  const isAny = !(day.startsWith("*") || dayOfWeek.startsWith("*"));
  if (week !== "*" || year !== "*" || / /.test(day)) return null;
  if (isBoth && isAny !== (dayMatch === "any")) return null;
  const five = [minute, hour, day, month, dayOfWeek];
  const cron = (second === "0" ? five : [second, ...five]).join(" ");
  return { cron_expression: cron, ...boundsOf(spec) };
}

function boundsOf({
  startAt,
  endAt,
}: {
  readonly startAt?: number | undefined;
  readonly endAt?: number | undefined;
}) {
  return {
    ...(startAt !== undefined && { start_date: iso(startAt) }),
    ...(endAt !== undefined && { end_date: iso(endAt) }),
  };
}

function timeText(seconds: number): string {
  const two = (value: number) => String(value).padStart(2, "0");
  const rest = seconds % 60;
  const text = `${two(Math.floor(seconds / 3_600))}:${two(Math.floor(seconds / 60) % 60)}`;
  return rest === 0 ? text : `${text}:${two(rest)}`;
}

/** The same config in camelCase. */
export function configInCamelCase(config: TypedSchedule["config"]): TypedSchedule["config"] {
  if (!config) return null;
  return Object.fromEntries(
    Object.entries(config).map(([name, value]) => [inCamelCase(name), value]),
  );
}
