import { z } from "zod";
import type { EpochMs } from "../../core/clock.ts";
import { complain } from "../../core/complaint.ts";
import { TriggerError } from "../../core/errors.ts";
import { daysInMonth } from "../time/civil.ts";
import { instantSchema, parseInstant } from "../time/parse-instant.ts";
import { parseTimeOfDay } from "../time/time-of-day.ts";
import { WEEKDAYS } from "../cron/field-names.ts";
import { zoneOf } from "../time/zone.ts";

const DATE = /^(\d{4}|\*)-(\d{2})-(\d{2})$/;

const dateSchema = z.string().refine((text) => {
  const match = DATE.exec(text);
  if (!match) return false;
  const year = match[1] === "*" ? 2000 : Number(match[1]);
  return (
    year >= 1970 && Number(match[3]) >= 1 && Number(match[3]) <= daysInMonth(year, Number(match[2]))
  );
}, "Write 2026-12-25, or *-12-25 for every year");

const timeSchema = z.string().refine((text) => {
  if (text === "24:00") return true;
  try {
    parseTimeOfDay(text, "time");
    return true;
  } catch {
    return false;
  }
}, "Write 09:00, or 24:00 for the end of the day");

const windowSchema = z
  .strictObject({
    days: z
      .array(z.enum(WEEKDAYS))
      .min(1)
      .max(7)
      .optional()
      .describe("Weekdays on which it begins; every day by default"),
    from: timeSchema.default("00:00").describe("Local time at which it begins, inclusive"),
    to: timeSchema
      .default("24:00")
      .describe(
        "Local time at which it ends, exclusive; on the next day if it is not after `from`",
      ),
  })
  .describe("A part of the day that recurs every week");

/** Stored as text, since a calendar is JSON. */
const instantTextSchema = instantSchema.transform((input, context) => {
  try {
    return typeof input === "string"
      ? input
      : new Date(parseInstant(input, "UTC", "date").instant).toISOString();
  } catch (error) {
    context.addIssue(error instanceof TriggerError ? error.message : "is not a date");
    return z.NEVER;
  }
});

const spanSchema = z
  .strictObject({
    from: instantTextSchema.describe("First instant; without an offset in the calendar's zone"),
    to: instantTextSchema.describe(
      "First instant after it; a date without a time includes that day",
    ),
  })
  .describe("A one-time period, such as a change freeze");

const ruleSchema = z.strictObject({
  dates: z.array(dateSchema).max(5000).optional().describe("Whole local days"),
  windows: z.array(windowSchema).max(100).optional().describe("Recurring parts of days"),
  spans: z.array(spanSchema).max(1000).optional().describe("Periods between two instants"),
});

/** An empty rule would allow everything or nothing; most likely a setting is missing. */
const nonEmptyRuleSchema = ruleSchema.refine(
  ({ dates, windows, spans }) => (dates ?? windows ?? spans) !== undefined,
  "needs dates, windows or spans",
);

/**
 * Validates a {@link CalendarSpec}. A time is allowed if it is in one of the dates, windows or spans of `only` (or
 * there is no `only`) and in none of `exclude`.
 */
export const calendarSpecSchema = z
  .strictObject({
    timezone: z
      .string()
      .max(64)
      .default("UTC")
      .refine((name) => {
        try {
          zoneOf(name);
          return true;
        } catch {
          return false;
        }
      }, "Use an IANA name")
      .describe("IANA name of the time zone for dates and windows; UTC by default"),
    exclude: nonEmptyRuleSchema.optional().describe("Forbidden times:  holidays, blackouts"),
    only: nonEmptyRuleSchema.optional().describe("The only allowed times: business hours"),
  })
  .refine(({ exclude, only }) => (exclude ?? only) !== undefined, "needs exclude or only")
  .superRefine(({ timezone, exclude, only }, context) => {
    for (const [name, rule] of Object.entries({ exclude, only }))
      for (const [i, span] of (rule?.spans ?? []).entries()) {
        const message = problemWith(span, timezone);
        if (message !== undefined)
          context.addIssue({ code: "custom", path: [name, "spans", i], message });
      }
  });

function problemWith(span: CalendarSpan, timezone: string): string | undefined {
  try {
    const [from, to] = spanBounds(span, timezone);
    return from < to ? undefined : `ends (${span.to}) before it begins (${span.from})`;
  } catch (error) {
    return error instanceof TriggerError ? error.message : "can't be read";
  }
}

/** A one-time period as a calendar stores it. */
export type CalendarSpan = Readonly<z.output<typeof spanSchema>>;

/** The first instant of a span and the first after it; for a date without a time, the next midnight. */
export function spanBounds(
  { from, to }: CalendarSpan,
  timezone: string,
): readonly [from: EpochMs, to: EpochMs] {
  const end = parseInstant(to, timezone, "to");
  return [
    parseInstant(from, timezone, "from").instant,
    end.dayEnd === undefined ? end.instant : end.dayEnd + 1,
  ];
}

/** A calendar as users write it; see {@link calendarSpecSchema}. */
export type CalendarInput = z.input<typeof calendarSpecSchema>;

/** A named set of times that allows or excludes runs, as JSON. */
export type CalendarSpec = Readonly<z.output<typeof calendarSpecSchema>>;

/**
 * Validates a calendar and fills in its defaults.
 * @throws {@link TriggerError} `INVALID_TRIGGER`, with the path of the invalid part as `field`.
 */
export function parseCalendar(input: CalendarInput): CalendarSpec {
  const result = calendarSpecSchema.safeParse(input);
  if (result.success) return result.data;
  const { path, place, what } = complain(result.error, calendarSpecSchema, input);
  throw new TriggerError(`Calendar, ${place || "as a whole"}: ${what}`, {
    field: path || "calendar",
  });
}
