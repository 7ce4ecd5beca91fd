import { isDeepStrictEqual } from "node:util";
import { inLargestUnit } from "../../core/durations.ts";
import { iso } from "../../core/iso.ts";
import { resolveTrigger } from "../../triggers/resolve.ts";
import type { CronSpec, TriggerSpec } from "../../triggers/spec.ts";
import type { TriggerOptions } from "../../triggers/trigger-options.ts";
import { ANY_TIME } from "../jobs/check-schedule.ts";

type Options = Record<string, unknown>;

/**
 * The options of `addJob` that make a schedule.
 * @returns `undefined` if no options make exactly this one
 */
export function triggerFields(spec: TriggerSpec): Options | undefined {
  const options = optionsOf(spec);
  if (!options) return undefined;
  const timezone = zoneIn(spec);
  const whole = { ...options, ...(timezone === undefined ? {} : { timezone }) };
  const { dst: _, ...usual } = whole as Options;
  return [usual, whole].find((each) => isReadAs(each, spec));
}

/** Whether options are read as a schedule: otherwise they would make another one. */
function isReadAs(options: Options, spec: TriggerSpec): boolean {
  try {
    const context = { now: ANY_TIME, timezone: "UTC", jobId: "" };
    const read = resolveTrigger(options as unknown as TriggerOptions, context);
    return isDeepStrictEqual(read, JSON.parse(JSON.stringify(spec)));
  } catch {
    return false;
  }
}

/** The zone of a schedule, or of the members that have one. */
function zoneIn(spec: TriggerSpec): string | undefined {
  if ("timezone" in spec) return spec.timezone;
  if (spec.kind === "calendars") return zoneIn(spec.trigger);
  return "triggers" in spec && spec.triggers[0] ? zoneIn(spec.triggers[0]) : undefined;
}

function optionsOf(spec: TriggerSpec): Options | undefined {
  switch (spec.kind) {
    case "manual":
      return { trigger: "manual" };
    case "date":
      return { trigger: "date", runDate: iso(spec.runAt) };
    case "interval":
      return {
        trigger: "interval",
        ...inLargestUnit(spec.everyMs),
        startDate: iso(spec.anchorAt),
        ...boundsOf({ endAt: spec.endAt }),
      };
    case "calendar-interval": {
      const { years, months, days, timeOfDayMs, dst, startAt, endAt } = spec;
      return {
        trigger: "calendarInterval",
        ...(years > 0 && { years }),
        ...(months > 0 && { months }),
        ...(days > 0 && { days }),
        at: timeText(timeOfDayMs),
        dst,
        ...boundsOf({ startAt, endAt }),
      };
    }
    case "rrule":
      return { trigger: "rrule", rule: spec.rule, ...boundsOf(spec) };
    case "cron":
      return { ...cronOptions(spec), dst: spec.dst, ...boundsOf(spec) };
    case "or":
    case "and": {
      const triggers = spec.triggers.map((member) => optionsOf(member));
      if (triggers.some((member) => member === undefined)) return undefined;
      return { trigger: spec.kind, triggers, ...boundsOf(spec) };
    }
    case "calendars": {
      const inner = optionsOf(spec.trigger);
      return inner && { ...inner, calendars: [...spec.calendars] };
    }
  }
}

/** As an expression where day and weekday are alternatives, which fields can't say. */
function cronOptions({ fields, dayMatch }: CronSpec): Options {
  const { second, minute, hour, day, month, dayOfWeek, week, year } = fields;
  const isSimple = week === "*" && year === "*" && !/\s/.test([day, dayOfWeek].join(""));
  const five = [minute, hour, day, month, dayOfWeek];
  const expression = (second === "0" ? five : [second, ...five]).join(" ");
  if (dayMatch === "any" || (isSimple && (day === "*" || dayOfWeek === "*")))
    return { trigger: "cron", expression };
  return { trigger: "cron", ...fields };
}

function boundsOf(of: {
  readonly startAt?: number | undefined;
  readonly endAt?: number | undefined;
}) {
  return {
    ...(of.startAt === undefined ? {} : { startDate: iso(of.startAt) }),
    ...(of.endAt === undefined ? {} : { endDate: iso(of.endAt) }),
  };
}

function timeText(ms: number): string {
  const two = (value: number) => String(value).padStart(2, "0");
  const [hours, minutes, seconds] = [
    Math.floor(ms / 3_600_000),
    Math.floor(ms / 60_000) % 60,
    Math.floor(ms / 1_000) % 60,
  ];
  return `${two(hours)}:${two(minutes)}${seconds === 0 ? "" : `:${two(seconds)}`}`;
}
