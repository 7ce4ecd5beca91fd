import { TriggerError } from "../../core/errors.ts";
import type { EpochMs } from "../../core/clock.ts";
import { parseDuration } from "../../core/durations.ts";
import type { Span } from "../natural/span.ts";
import { DAY_MS, daysInMonth, epochDay, packedDate } from "../time/civil.ts";
import { instantOf } from "../time/local-text.ts";
import { zoneOf } from "../time/zone.ts";
import type { ResolveContext } from "./context.ts";
import type { DateSpec } from "../spec.ts";
import { parseFireTime } from "../time/parse-instant.ts";
import { bounds, rejectBeside, spanOf, text, zoneName, type Fields } from "./fields.ts";

/** Resolves a single run at an instant, or some time from now. */
export function resolveDate(fields: Fields, context: ResolveContext): DateSpec {
  const delay = text(fields, "in");
  const timezone = zoneName(fields, context);
  if (delay !== undefined && fields["runDate"] !== undefined) rejectBeside("in", "runDate");
  const runAt =
    delay === undefined
      ? parseFireTime(fields["runDate"], timezone, "runDate")
      : later(context.now, spanOf(delay, "in"), timezone);
  const { startAt, endAt } = bounds(fields, context);
  if (runAt < (startAt ?? runAt) || runAt > (endAt ?? runAt)) {
    throw new TriggerError(
      "This schedule can never fire: its date is not between startDate and endDate.",
      {
        field: "runDate",
        reason: "never-fires",
      },
    );
  }
  return { kind: "date", timezone, runAt };
}

/** In a month that lacks the day (31 January + 1 month), the month's last day counts. */
function later(now: EpochMs, span: Span, timezone: string): EpochMs {
  if (span.kind === "elapsed") return now + parseDuration(span.text);
  const { years = 0, months = 0, weeks = 0, days = 0 } = span.calendar;
  const zone = zoneOf(timezone);
  const local = now + zone.offsetAt(now);
  const today = Math.floor(local / DAY_MS);
  const date = packedDate(today);
  const month = (date >> 9) * 12 + ((date >> 5) & 15) - 1 + years * 12 + months;
  const [year, ofYear] = [Math.floor(month / 12), (month % 12) + 1];
  const day = epochDay(year, ofYear, Math.min(date & 31, daysInMonth(year, ofYear)));
  return instantOf(local + (day - today + weeks * 7 + days) * DAY_MS, zone).instant;
}
