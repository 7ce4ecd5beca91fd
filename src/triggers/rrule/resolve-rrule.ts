import type { EpochMs } from "../../core/clock.ts";
import { TriggerError } from "../../core/errors.ts";
import { shownUpTo } from "../../core/shown.ts";
import type { Resolved } from "../resolve/fields.ts";
import { formatIso } from "../time/local-text.ts";
import { zoneOf } from "../time/zone.ts";
import { openRule } from "./open-rule.ts";
import { readRuleText, type RuleText } from "./rule-text.ts";

/**
 * Resolves an RRULE text: validates it and adds a DTSTART with a time zone: the text's own, else `startDate`, else now.
 * @throws {@link TriggerError} `INVALID_TRIGGER` with the column.
 */
export function resolveRrule(
  rule: string,
  timezone: string,
  bounds: { startAt?: EpochMs; endAt?: EpochMs },
  now: EpochMs,
): Resolved {
  const text = readRuleText(rule);
  const start =
    text.start === undefined
      ? `TZID=${timezone}:${localBasic(bounds.startAt ?? now, timezone)}`
      : zoned(text.start, timezone, rule);
  // Only valid forms of DTSTART; the library would treat anything else as "now".
  const zone =
    /^(?:VALUE=DATE(?:-TIME)?;)?TZID=([^:;]+)(?:;VALUE=DATE(?:-TIME)?)?:\d{8}(?:T\d{6})?$/.exec(
      start,
    )?.[1];
  if (zone === undefined && !/^\d{8}T\d{6}Z$/.test(start)) {
    throw new TriggerError(
      `rule: DTSTART ${shownUpTo(60, start)} can't be read. Write DTSTART:20260101T090000.`,
      {
        field: "rule",
        column: rule.toUpperCase().indexOf("DTSTART") + 1,
        value: rule,
      },
    );
  }
  const zoneName = zone === undefined ? "UTC" : zoneOf(zone).name;
  assertAffordable(text, rule);
  assertPossible(text, rule);
  const spec = {
    kind: "rrule" as const,
    timezone: zoneName,
    rule: [
      `DTSTART${start.startsWith("TZID") || start.startsWith("VALUE") ? ";" : ":"}${start}`,
      ...text.lines,
    ].join("\n"),
    ...bounds,
  };
  // Opened here so that a text which only the library rejects is rejected now.
  openRule(spec);
  const ends = text.parts.has("UNTIL") || bounds.endAt !== undefined;
  return { spec, mayBeOver: text.start === undefined && bounds.startAt === undefined && ends };
}

function zoned(start: string, timezone: string, rule: string): string {
  if (start.length > 100) {
    throw new TriggerError("rule: DTSTART is too long.", { field: "rule", column: 1, value: rule });
  }
  if (/TZID=/i.test(start)) return start.replace(/tzid=/i, "TZID=");
  if (/Z$/i.test(start)) return start.toUpperCase();
  return start.includes("=")
    ? `${start.slice(0, start.indexOf(":"))};TZID=${timezone}${start.slice(start.indexOf(":"))}`
    : `TZID=${timezone}:${start.toUpperCase()}`;
}

/** `20260329T090000`, whole seconds. */
function localBasic(instant: EpochMs, timezone: string): string {
  return formatIso(Math.floor(instant / 1000) * 1000, timezone)
    .slice(0, 19)
    .replaceAll(/[-:]/g, "");
}

/**
 * Once a minute. Rules are stepped through one by one, so a denser one would take minutes to count after a long outage.
 */
const MAX_PER_DAY = 1_440;
const MAX_PERIOD_DAYS = 36_600;
const DAYS: Readonly<Record<string, number>> = {
  YEARLY: 366,
  MONTHLY: 31,
  WEEKLY: 7,
  DAILY: 1,
  HOURLY: 1 / 24,
  MINUTELY: 1 / 1_440,
  SECONDLY: 1 / 86_400,
};

/** Rejects rules that fire so often, or so rarely, that querying them takes seconds. */
function assertAffordable({ parts }: RuleText, rule: string): void {
  const freq = parts.get("FREQ") ?? "";
  const listed = (name: string): number => parts.get(name)?.split(",").length ?? 1;
  const periodDays = (DAYS[freq] ?? 1) * Number(parts.get("INTERVAL") ?? 1);
  // Parts finer than the period multiply it; coarser ones only filter.
  const finer = [
    freq === "SECONDLY" ? 1 : listed("BYSECOND"),
    /^(?:SECONDLY|MINUTELY)$/.test(freq) ? 1 : listed("BYMINUTE"),
    /^(?:SECONDLY|MINUTELY|HOURLY)$/.test(freq) ? 1 : listed("BYHOUR"),
  ].reduce((product, count) => product * count, 1);
  const perDay = Math.round(finer / Math.min(1, periodDays));
  const why =
    perDay > MAX_PER_DAY
      ? `fires up to ${perDay} times a day, more than the limit of ${MAX_PER_DAY}; use cron or an interval`
      : periodDays > MAX_PERIOD_DAYS
        ? "repeats less than once in 100 years"
        : undefined;
  if (why === undefined) return;
  throw new TriggerError(`rule: ${shownUpTo(80, rule)} ${why}.`, {
    field: "rule",
    column: 1,
    value: rule,
  });
}

/**
 * Rejects dates that don't exist. The library only finds out by trying, which takes long for rules with seconds, so the
 * dates are tried with a daily version of the rule.
 */
function assertPossible(text: RuleText, rule: string): void {
  if (!/^(?:HOURLY|MINUTELY|SECONDLY)$/.test(text.parts.get("FREQ") ?? "")) return;
  const dates = ["BYMONTH", "BYMONTHDAY", "BYDAY", "BYYEARDAY"].filter((name) =>
    text.parts.has(name),
  );
  if (dates.length === 0) return;
  const daily = [
    "RRULE:FREQ=DAILY",
    ...dates.map((name) => `${name}=${text.parts.get(name) ?? ""}`),
  ].join(";");
  const opened = openRule({ timezone: "UTC", rule: `DTSTART:20000101T000000Z\n${daily}` });
  if (opened.next(Date.UTC(2000, 0, 1)) === undefined) {
    throw new TriggerError(
      `This schedule can never fire: ${shownUpTo(80, rule)} contains only dates that don't exist.`,
      {
        field: "rule",
        column: 1,
        value: rule,
        reason: "never-fires",
      },
    );
  }
}
