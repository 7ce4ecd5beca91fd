import { z } from "zod";

const epochMs = z.int().describe("Milliseconds since 1970-01-01T00:00:00Z");
const timezone = z.string().min(1).max(64);
const fieldText = z.string().min(1).max(256);

/** Bounds that most kinds have, both inclusive. */
const bounds = {
  startAt: epochMs.optional().describe("No fire time lies before this"),
  endAt: epochMs.optional().describe("No fire time lies after this"),
};

/** What to do around daylight saving changes; see `docs/triggers.md`. */
export const dstSchema = z.enum(["once", "wall-clock"]);

/** `once`: fixed times run exactly once a day. `wall-clock`: whenever the clock shows the time. */
export type DstRule = z.output<typeof dstSchema>;

const cronSpecSchema = z.strictObject({
  kind: z.literal("cron"),
  timezone,
  fields: z.strictObject({
    year: fieldText,
    month: fieldText,
    day: fieldText,
    week: fieldText,
    dayOfWeek: fieldText,
    hour: fieldText,
    minute: fieldText,
    second: fieldText,
  }),
  dayMatch: z.enum(["all", "any"]).describe("any: day or dayOfWeek is enough, as in crontab(5)"),
  dst: dstSchema,
  ...bounds,
});

const intervalSpecSchema = z.strictObject({
  kind: z.literal("interval"),
  timezone: timezone.describe("Only for descriptions; an interval is elapsed time"),
  everyMs: z.int().min(1),
  anchorAt: epochMs.describe("The first fire time; the others follow every `everyMs`"),
  endAt: bounds.endAt,
});

const dateSpecSchema = z.strictObject({ kind: z.literal("date"), timezone, runAt: epochMs });

const calendarIntervalSpecSchema = z.strictObject({
  kind: z.literal("calendar-interval"),
  timezone,
  years: z.int().min(0),
  months: z.int().min(0),
  days: z.int().min(0).describe("Weeks are seven of these"),
  anchorDate: z
    .string()
    .regex(/^\d{4}-\d\d-\d\d$/)
    .describe("Local date of the first fire time"),
  timeOfDayMs: z.int().min(0).max(86_399_999),
  dst: dstSchema,
  ...bounds,
});

const rruleSpecSchema = z.strictObject({
  kind: z.literal("rrule"),
  timezone,
  rule: z.string().min(1).max(4096).describe("iCalendar text with DTSTART, RRULE, RDATE, EXDATE"),
  ...bounds,
});

const manualSpecSchema = z.strictObject({
  kind: z.literal("manual"),
  timezone: timezone.describe("Time zone for times that concern the job"),
});

/** A schedule in fields or from an expression. */
export type CronSpec = Readonly<z.output<typeof cronSpecSchema>>;
/** A fixed span of elapsed time. */
export type IntervalSpec = Readonly<z.output<typeof intervalSpecSchema>>;
/** One instant. */
export type DateSpec = Readonly<z.output<typeof dateSpecSchema>>;
/** Years, months and days on the calendar, at one local time of day. */
export type CalendarIntervalSpec = Readonly<z.output<typeof calendarIntervalSpecSchema>>;
/** A recurrence rule of RFC 5545. */
export type RruleSpec = Readonly<z.output<typeof rruleSpecSchema>>;
/** No schedule: the job runs only on request. */
export type ManualSpec = Readonly<z.output<typeof manualSpecSchema>>;

/** Fires when any member fires. */
export interface OrSpec {
  readonly kind: "or";
  readonly triggers: readonly ScheduleSpec[];
  readonly startAt?: number | undefined;
  readonly endAt?: number | undefined;
}
/** Fires when all members fire at the same instant. */
export interface AndSpec {
  readonly kind: "and";
  readonly triggers: readonly ScheduleSpec[];
  readonly startAt?: number | undefined;
  readonly endAt?: number | undefined;
}
/** Fires with its member, wherever all named calendars allow it. */
export interface CalendarsSpec {
  readonly kind: "calendars";
  readonly trigger: ScheduleSpec;
  readonly calendars: readonly string[];
  readonly shift: "skip" | "next-allowed";
}

/** Every kind of trigger that has fire times. */
export type ScheduleSpec =
  | CronSpec
  | IntervalSpec
  | DateSpec
  | CalendarIntervalSpec
  | RruleSpec
  | OrSpec
  | AndSpec
  | CalendarsSpec;

/**
 * A fully resolved trigger as JSON: it contains the time zone, an interval has an absolute anchor, bounds are epoch
 * milliseconds and `H` has been replaced. Nothing in it depends on "now". Equal JSON means equal schedule.
 */
export type TriggerSpec = ScheduleSpec | ManualSpec;

/** Most members of one `or` or `and`. */
export const MAX_MEMBERS = 100;

const members = z.lazy(() => z.array(scheduleSpecSchema).min(1).max(MAX_MEMBERS));

const bySchedule = () =>
  [
    cronSpecSchema,
    intervalSpecSchema,
    dateSpecSchema,
    calendarIntervalSpecSchema,
    rruleSpecSchema,
    z.strictObject({ kind: z.literal("or"), triggers: members, ...bounds }),
    z.strictObject({ kind: z.literal("and"), triggers: members, ...bounds }),
    z.strictObject({
      kind: z.literal("calendars"),
      trigger: scheduleSpecSchema,
      calendars: z.array(z.string().min(1).max(200)).min(1).max(MAX_MEMBERS),
      shift: z.enum(["skip", "next-allowed"]),
    }),
  ] as const;

const scheduleSpecSchema: z.ZodType<ScheduleSpec> = z.lazy(() =>
  z.discriminatedUnion("kind", bySchedule()),
);

/** Validates a stored {@link TriggerSpec}. `createTrigger` checks the texts of fields. */
export const triggerSpecSchema: z.ZodType<TriggerSpec> = z.lazy(() =>
  z.discriminatedUnion("kind", [manualSpecSchema, ...bySchedule()]),
);
