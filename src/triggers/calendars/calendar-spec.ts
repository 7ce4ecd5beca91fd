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
      .describe("Days of the week on which it begins; every day"),
    from: timeSchema.default("00:00").describe("Local time at which it begins, inclusive"),
    to: timeSchema
      .default("24:00")
      .describe("Local time at which it ends, exclusive; at or before `from` on the next day"),
  })
  .describe("A part of the day that comes again every week");

/** Stored as text: a calendar is JSON. */
const instantTextSchema = instantSchema.transform((input, context) => {
  try {
    return typeof input === "string"
      ? input
      : new Date(parseInstant(input, "UTC", "date").instant).toISOString();
  } catch (error) {
    context.addIssue(error instanceof TriggerError ? error.message : "is no date");
    return z.NEVER;
  }
});

const spanSchema = z
  .strictObject({
    from: instantTextSchema.describe("First instant; without an offset in the calendar's zone"),
    to: instantTextSchema.describe("First instant after it; a date without a time: after that day"),
  })
  .describe("A stretch of time that comes once, such as a freeze of changes");

const ruleSchema = z.strictObject({
  dates: z.array(dateSchema).max(5000).optional().describe("Whole local days"),
  windows: z.array(windowSchema).max(100).optional().describe("Parts of days"),
  spans: z.array(spanSchema).max(1000).optional().describe("Stretches between two instants"),
});

/** A part that says nothing would allow all or nothing, as if a setting were missing. */
const saidRuleSchema = ruleSchema.refine(
  ({ dates, windows, spans }) => (dates ?? windows ?? spans) !== undefined,
  "needs dates, windows or spans",
);

/**
 * Validates a {@link CalendarSpec}. A time is allowed if `only` is absent or has it in one of its dates, windows or spans, and `exclude`
 * has it in none.
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
      .describe("IANA name of the zone in which dates and windows are read; UTC"),
    exclude: saidRuleSchema.optional().describe("Times that are not allowed: holidays, blackouts"),
    only: saidRuleSchema.optional().describe("The only times that are allowed: business hours"),
  })
  .refine(({ exclude, only }) => (exclude ?? only) !== undefined, "needs exclude or only")
  .superRefine(({ timezone, exclude, only }, context) => {
    for (const [name, rule] of Object.entries({ exclude, only }))
      for (const [i, span] of (rule?.spans ?? []).entries()) {
        const message = faultOf(span, timezone);
        if (message !== undefined)
          context.addIssue({ code: "custom", path: [name, "spans", i], message });
      }
  });

function faultOf(span: CalendarSpan, timezone: string): string | undefined {
  try {
    const [from, to] = spanBounds(span, timezone);
    return from < to ? undefined : `ends (${span.to}) before it begins (${span.from})`;
  } catch (error) {
    return error instanceof TriggerError ? error.message : "can't be read";
  }
}

/** A stretch of time as a calendar stores it. */
export type CalendarSpan = Readonly<z.output<typeof spanSchema>>;

/** The first instant of a span, and the first after it: of a date without a time that is the next midnight. */
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
 * @throws {@link TriggerError} `INVALID_TRIGGER` with the path of what is wrong as field.
 */
export function parseCalendar(input: CalendarInput): CalendarSpec {
  const result = calendarSpecSchema.safeParse(input);
  if (result.success) return result.data;
  const { path, place, what } = complain(result.error, calendarSpecSchema, input);
  throw new TriggerError(`Calendar, ${place || "as a whole"}: ${what}`, {
    field: path || "calendar",
  });
}
