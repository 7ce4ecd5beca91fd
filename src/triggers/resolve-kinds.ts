import type { EpochMs } from "../core/clock.ts";
import { isCronduitError, TriggerError } from "../core/errors.ts";
import { parseDuration } from "../core/durations.ts";
import { CRON_FIELDS, WEEKDAYS, WEEKDAY_NAMES, type CronField } from "./cron/field-names.ts";
import { replaceHash } from "./cron/hash-field.ts";
import { parseExpression } from "./cron/parse-expression.ts";
import { parseField } from "./cron/parse-field.ts";
import type { TriggerKind } from "./options.ts";
import type { CommonOutput, ResolveContext } from "./resolve.ts";
import { resolveRrule } from "./rrule/resolve-rrule.ts";
import type { CronSpec, TriggerSpec } from "./spec.ts";
import { suggest } from "../core/suggest.ts";
import { DAY_MS } from "./time/civil.ts";
import { formatDate } from "./time/local-text.ts";
import { parseInstant } from "./time/parse-instant.ts";
import { parseTimeOfDay } from "./time/time-of-day.ts";
import { zoneOf } from "./time/zone.ts";

type Fields = Record<string, unknown> & CommonOutput;

/** A spec, and whether having no fire time left may be due to "now" rather than to the schedule. */
export interface Resolved {
  readonly spec: TriggerSpec;
  readonly mayBeOver: boolean;
}

/** Resolves a member of `or` or `and`, with the zone that it inherits. */
type ResolveMember = (member: unknown, timezone: string) => TriggerSpec;

/** Resolves the validated fields of one kind of trigger; {@link resolveTrigger} has checked their types. */
export function resolveKind(
  kind: TriggerKind,
  fields: Fields,
  context: ResolveContext,
  member: ResolveMember,
): Resolved {
  switch (kind) {
    case "cron":
      return { spec: resolveCron(fields, context), mayBeOver: false };
    case "interval":
      return { spec: resolveInterval(fields, context), mayBeOver: fields.startDate === undefined };
    case "date":
      return { spec: resolveDate(fields, context), mayBeOver: fields["in"] !== undefined };
    case "calendarInterval":
      return {
        spec: resolveCalendarInterval(fields, context),
        mayBeOver: fields.startDate === undefined,
      };
    case "rrule":
      return resolveRrule(
        text(fields, "rule"),
        zoneName(fields, context),
        bounds(fields, context),
        context.now,
      );
    case "weekly":
    case "daily":
      return { spec: resolveTimesOfDay(fields, context, member), mayBeOver: false };
    case "or":
    case "and": {
      const timezone = zoneName(fields, context);
      const members = Array.isArray(fields["triggers"]) ? fields["triggers"] : [];
      if (members.length === 0) missing(kind, "triggers");
      const triggers = members.map((one: unknown) => member(inheritDst(one, fields), timezone));
      // Members that are anchored at now make the whole depend on it; `and` may then miss for ever, and is still refused.
      return { spec: { kind, triggers, ...bounds(fields, context) }, mayBeOver: kind === "or" };
    }
  }
}

function inheritDst(member: unknown, { dst }: Fields): unknown {
  if (
    dst === undefined ||
    typeof member !== "object" ||
    member === null ||
    Object.hasOwn(member, "dst")
  )
    return member;
  return { ...member, dst };
}

function zoneName(fields: CommonOutput, context: ResolveContext): string {
  return zoneOf(fields.timezone ?? context.timezone).name;
}

function bounds(
  fields: CommonOutput,
  context: ResolveContext,
  timezone = zoneName(fields, context),
) {
  const { startDate, endDate } = fields;
  return {
    ...(startDate === undefined
      ? {}
      : { startAt: parseInstant(startDate, timezone, "startDate").instant }),
    ...(endDate === undefined ? {} : { endAt: parseInstant(endDate, timezone, "endDate").instant }),
  };
}

function text(fields: Fields, name: string): string | undefined {
  const value = fields[name];
  return typeof value === "string" ? value : undefined;
}

function missing(kind: string, what: string): never {
  throw new TriggerError(`A ${kind} trigger needs ${what}.`, { field: what });
}

function resolveCron(fields: Fields, context: ResolveContext): CronSpec {
  const dst = fields.dst ?? "once";
  const given = CRON_FIELDS.filter((name) => fields[name] !== undefined);
  const expression = text(fields, "expression");
  if (expression !== undefined) {
    if (given[0] !== undefined) {
      throw new TriggerError(
        `${given[0]}: may not stand beside an expression; put it into the expression.`,
        { field: given[0] },
      );
    }
    const parsed = parseExpression(expression, context.jobId);
    const prefix = parsed.timezone === undefined ? undefined : zoneOf(parsed.timezone).name;
    if (
      prefix !== undefined &&
      fields.timezone !== undefined &&
      prefix !== zoneOf(fields.timezone).name
    ) {
      throw new TriggerError(
        `timezone: the expression names ${prefix}, the option ${fields.timezone}. Give one of them.`,
        {
          field: "timezone",
          value: fields.timezone,
        },
      );
    }
    const timezone = prefix ?? zoneName(fields, context);
    const { dayMatch } = parsed;
    return {
      kind: "cron",
      timezone,
      fields: parsed.fields,
      dayMatch,
      dst,
      ...bounds(fields, context, timezone),
    };
  }
  // As in APScheduler: without any field every one is `*`, which is every second.
  const last =
    given.length === 0
      ? CRON_FIELDS.length
      : Math.max(...given.map((name) => CRON_FIELDS.indexOf(name)));
  const texts = Object.fromEntries(
    CRON_FIELDS.map((name, i) => [
      name,
      fields[name] === undefined
        ? defaultText(name, i > last)
        : fieldText(name, fields[name], context.jobId),
    ]),
  ) as Record<CronField, string>;
  const timezone = zoneName(fields, context);
  return {
    kind: "cron",
    timezone,
    fields: texts,
    dayMatch: "all",
    dst,
    ...bounds(fields, context),
  };
}

/** As APScheduler: below the least significant field that was given the minimum, above it everything; weeks and weekdays always everything. */
function defaultText(name: CronField, isLessSignificant: boolean): string {
  if (!isLessSignificant || name === "week" || name === "dayOfWeek" || name === "year") return "*";
  return name === "month" || name === "day" ? "1" : "0";
}

function fieldText(name: CronField, value: unknown, jobId: string): string {
  const source = String(value);
  const written = source.trim().toLowerCase().replaceAll(/\s+/g, " ");
  const replaced = replaceHash(name, written, jobId, { source, offset: 0 });
  parseField(name, replaced === written ? source : replaced);
  return replaced.replaceAll("?", "*");
}

const UNIT_MS = {
  weeks: 604_800_000,
  days: DAY_MS,
  hours: 3_600_000,
  minutes: 60_000,
  seconds: 1000,
  milliseconds: 1,
};

function durationMs(value: string, field: string): number {
  try {
    return parseDuration(value);
  } catch (error) {
    if (isCronduitError(error)) {
      const hint = /mo|year/i.test(value) ? " For months and years use a calendarInterval." : "";
      throw new TriggerError(`${field}: ${error.message}${hint}`, { field, column: 1, value });
    }
    throw error;
  }
}

function resolveInterval(fields: Fields, context: ResolveContext): TriggerSpec {
  const every = text(fields, "every");
  const units = Object.entries(UNIT_MS).filter(([unit]) => fields[unit] !== undefined);
  if (every !== undefined && units[0] !== undefined) {
    throw new TriggerError(`${units[0][0]}: may not stand beside "every".`, { field: units[0][0] });
  }
  const summedMs = units.reduce((sum, [unit, ms]) => sum + Number(fields[unit]) * ms, 0);
  // As in APScheduler: an interval without any length is one second.
  const defaultMs = units.length === 0 ? 1000 : Math.round(summedMs);
  const everyMs = every === undefined ? defaultMs : durationMs(every, "every");
  if (everyMs < 1 || everyMs > 1e15) {
    throw new TriggerError("An interval is at least 1 ms and at most about 30,000 years.", {
      field: "every",
      value: every ?? everyMs,
    });
  }
  const { startAt, endAt } = bounds(fields, context);
  const timezone = zoneName(fields, context);
  const anchorAt = startAt ?? context.now + everyMs;
  return {
    kind: "interval",
    timezone,
    everyMs,
    anchorAt,
    ...(endAt === undefined ? {} : { endAt }),
  };
}

function resolveDate(fields: Fields, context: ResolveContext): TriggerSpec {
  const delay = text(fields, "in");
  const timezone = zoneName(fields, context);
  if ((delay === undefined) === (fields["runDate"] === undefined))
    missing("date", 'either "runDate" or "in"');
  const runAt: EpochMs =
    delay === undefined
      ? parseInstant(fields["runDate"], timezone, "runDate").instant
      : context.now + durationMs(delay, "in");
  const { startAt, endAt } = bounds(fields, context);
  if (runAt < (startAt ?? runAt) || runAt > (endAt ?? runAt)) {
    throw new TriggerError(
      "This schedule can never fire: its date lies outside of startDate and endDate.",
      {
        field: "runDate",
        reason: "never-fires",
      },
    );
  }
  return { kind: "date", timezone, runAt };
}

function resolveCalendarInterval(fields: Fields, context: ResolveContext): TriggerSpec {
  const amount = (name: string): number => Number(fields[name] ?? 0);
  const [years, months, days] = [
    amount("years"),
    amount("months"),
    amount("weeks") * 7 + amount("days"),
  ];
  if (years + months + days === 0)
    missing("calendarInterval", "years, months, weeks or days of at least 1");
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
  const anchorDate = formatDate(Math.floor((from + zoneOf(timezone).offsetAt(from)) / DAY_MS));
  // A date without a time ends with its last instant: dates are what this trigger counts in.
  const wholeDay =
    fields.endDate !== undefined && parseInstant(fields.endDate, timezone, "endDate").dateOnly;
  const end = endAt === undefined ? {} : { endAt: wholeDay ? endAt + DAY_MS - 1 : endAt };
  const dst = fields.dst ?? "wall-clock";
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

function resolveTimesOfDay(
  fields: Fields,
  context: ResolveContext,
  member: ResolveMember,
): TriggerSpec {
  const list = (value: unknown): string[] =>
    (Array.isArray(value) ? value : [value]).filter((item) => typeof item === "string");
  const dayOfWeek = list(fields["weekly"]).map(weekdayName).join(",");
  if (fields["weekly"] === undefined && fields["daily"] === undefined && fields["at"] === undefined)
    missing("weekly", "days, or times in at");
  const times = list(fields["at"] ?? "00:00").map((at) => parseTimeOfDay(at, "at") / 1000);
  const { startDate, endDate, dst } = fields;
  const timezone = zoneName(fields, context);
  const specs = [...new Set(times)]
    .toSorted((a, b) => a - b)
    .map((time) =>
      member(
        {
          trigger: "cron",
          ...(dayOfWeek === "" ? {} : { dayOfWeek }),
          hour: Math.floor(time / 3600),
          minute: Math.floor(time / 60) % 60,
          second: time % 60,
          ...(startDate === undefined ? {} : { startDate }),
          ...(endDate === undefined ? {} : { endDate }),
          ...(dst === undefined ? {} : { dst }),
        },
        timezone,
      ),
    );
  const [only] = specs;
  return specs.length === 1 && only !== undefined ? only : { kind: "or", triggers: specs };
}

function weekdayName(word: string): string {
  const lower = word.trim().toLowerCase();
  const index = WEEKDAY_NAMES.findIndex(
    (full, i) => full.toLowerCase() === lower || WEEKDAYS[i] === lower,
  );
  const byNumber = /^[0-7]$/.test(lower) ? Number(lower) % 7 : -1;
  const name = WEEKDAYS[index >= 0 ? index : byNumber];
  if (name !== undefined) return name;
  const near = suggest(lower, WEEKDAYS);
  const hint =
    near === undefined ? `Allowed are ${WEEKDAYS.join(", ")}.` : `Did you mean "${near}"?`;
  throw new TriggerError(
    `weekly: ${JSON.stringify(word.slice(0, 40))} is not a day of the week. ${hint}`,
    {
      field: "weekly",
      column: 1,
      value: word,
    },
  );
}
