import { TriggerError } from "../../core/errors.ts";
import type { ResolveContext } from "./context.ts";
import type { CalendarIntervalSpec } from "../spec.ts";
import { DAY_MS } from "../time/civil.ts";
import { formatDate, instantOf } from "../time/local-text.ts";
import { parseInstant } from "../time/parse-instant.ts";
import { parseTimeOfDay } from "../time/time-of-day.ts";
import { zoneOf } from "../time/zone.ts";
import { bounds, missing, text, zoneName, type Fields } from "./fields.ts";

/** Resolves a calendar interval: its first date is that of its start, or today. */
export function resolveCalendarInterval(
  fields: Fields,
  context: ResolveContext,
): CalendarIntervalSpec {
  const amount = (name: string): number => Number(fields[name] ?? 0);
  const [years, months, days] = [
    amount("years"),
    amount("months"),
    amount("weeks") * 7 + amount("days"),
  ];
  if (years + months + days === 0)
    missing("calendarInterval", "years, months, weeks or days of at least 1", "days");
  const at = text(fields, "at");
  const clash = ["hour", "minute", "second"].find((name) => fields[name] !== undefined);
  if (at !== undefined && clash !== undefined)
    throw new TriggerError(`${clash}: may not stand beside "at".`, { field: clash });
  const timeOfDayMs =
    at === undefined
      ? ((amount("hour") * 60 + amount("minute")) * 60 + amount("second")) * 1000
      : parseTimeOfDay(at, "at");
  const timezone = zoneName(fields, context);
  const { startAt, endAt } = bounds(fields, context);
  const from = startAt ?? context.now;
  const zone = zoneOf(timezone);
  const anchorDate = formatDate(Math.floor((from + zone.offsetAt(from)) / DAY_MS));
  // A date without a time ends with its last instant: dates are what this trigger counts in.
  const wholeDay =
    fields.endDate !== undefined && parseInstant(fields.endDate, timezone, "endDate").dateOnly;
  const nextDay = (midnight: number): number =>
    instantOf(midnight + zone.offsetAt(midnight) + DAY_MS, zone).instant;
  const end = endAt === undefined ? {} : { endAt: wholeDay ? nextDay(endAt) - 1 : endAt };
  const dst = fields.dst ?? context.dst ?? "wall-clock";
  return {
    kind: "calendar-interval",
    timezone,
    years,
    months,
    days,
    anchorDate,
    timeOfDayMs,
    dst,
    startAt: from,
    ...end,
  };
}
