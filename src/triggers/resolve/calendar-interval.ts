import { TriggerError } from "../../core/errors.ts";
import type { ResolveContext } from "./context.ts";
import type { CalendarIntervalSpec } from "../spec.ts";
import { DAY_MS } from "../time/civil.ts";
import { formatDate } from "../time/local-text.ts";
import { parseTimeOfDay } from "../time/time-of-day.ts";
import { zoneOf } from "../time/zone.ts";
import { bounds, rejectBeside, text, zoneName, type Fields } from "./fields.ts";

/** Resolves a calendar interval. Its first date is that of `startDate`, or today. */
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
    throw new TriggerError(
      "A calendarInterval trigger needs at least 1 in years, months, weeks or days.",
      { field: "days" },
    );
  const at = text(fields, "at");
  const clash = ["hour", "minute", "second"].find((name) => fields[name] !== undefined);
  if (at !== undefined && clash !== undefined) rejectBeside(clash, "at");
  const timezone = zoneName(fields, context);
  const { startAt, endAt } = bounds(fields, context);
  const from = startAt ?? context.now;
  const local = from + zoneOf(timezone).offsetAt(from);
  const day = Math.floor(local / DAY_MS);
  const isTimeGiven = at !== undefined || clash !== undefined;
  // A start with a time of day is the first run, as for an interval.
  const startsAtMs = startAt === undefined ? 0 : local - day * DAY_MS;
  const givenMs =
    at === undefined
      ? ((amount("hour") * 60 + amount("minute")) * 60 + amount("second")) * 1000
      : parseTimeOfDay(at, "at");
  const dst = fields.dst ?? context.dst ?? "wall-clock";
  return {
    kind: "calendar-interval",
    timezone,
    years,
    months,
    days,
    anchorDate: formatDate(day),
    timeOfDayMs: isTimeGiven ? givenMs : startsAtMs,
    dst,
    startAt: from,
    ...(endAt === undefined ? {} : { endAt }),
  };
}
