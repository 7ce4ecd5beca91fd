import { TriggerError } from "../../core/errors.ts";
import { at, calendarInterval, cron, daily, every, inTime, rrule, weekly } from "../builders.ts";
import { looksLikeCron, parseExpression } from "../cron/parse-expression.ts";
import { parseDuration } from "../../core/durations.ts";
import type { TriggerObject } from "../options.ts";
import { looksLikeInstant, parseInstant } from "../time/parse-instant.ts";
import { parseTimeOfDay } from "../time/time-of-day.ts";
import { WEEKDAYS, WEEKDAY_NAMES } from "../cron/field-names.ts";
import { parseCalendarSpan } from "./calendar-span.ts";

/** Longest text of a schedule, that of a recurrence rule. */
const MAX_TEXT = 4096;

const FORMS =
  '"every 24 hours", "in 30 minutes", "2026-12-25 09:00", "0 9 * * 1-5", "@daily", "daily at 09:00", "every monday at 9am", "PT15M" or "RRULE:FREQ=WEEKLY"';

/**
 * Reads a schedule as people write it: `every 24 hours`, `every 2 months`, `in 30 minutes`, `2025-05-28 15:00`, `05/28/2025 15:30`, a cron
 * expression or macro, `daily at 09:00`, `every monday at 9am and 5pm`, an ISO 8601 duration (an interval), or a rule of RFC 5545.
 * @throws {@link TriggerError} `INVALID_TRIGGER` with the column, for whatever is none of these.
 */
export function parseSchedule(schedule: string): TriggerObject {
  if (typeof schedule !== "string")
    throw new TriggerError("A schedule is a text.", { field: "schedule", value: schedule });
  const text = schedule.trim();
  if (text.length > MAX_TEXT)
    throw new TriggerError(`A schedule has at most ${MAX_TEXT} characters.`, { field: "schedule" });
  if (/^(?:RRULE[:;]|DTSTART[:;]|FREQ=)/i.test(text)) return rrule(text);
  if (looksLikeInstant(text)) {
    parseInstant(text, "UTC", "schedule");
    return at(text);
  }
  // `@every 5m` is what Go's cron libraries call an interval.
  const words = text
    .toLowerCase()
    .replaceAll(/\s+/g, " ")
    .replace(/^@every /, "every ");
  const found = words.length > 200 ? undefined : readPhrase(words);
  if (found !== undefined) return found;
  if (looksLikeCron(text)) {
    parseExpression(text, "");
    return cron(text);
  }
  if (/^p/i.test(text)) {
    const calendar = parseCalendarSpan(text);
    if (calendar !== undefined) return calendarInterval(calendar);
    if (isDuration(text)) return every(text);
  }
  const shown = JSON.stringify(text.slice(0, 80));
  throw new TriggerError(`schedule: ${shown} can't be read (column 1). Write it like ${FORMS}.`, {
    field: "schedule",
    column: 1,
    value: schedule,
  });
}

function readPhrase(words: string): TriggerObject | undefined {
  const later = /^in (?:an? )?(.+)$/.exec(words)?.[1];
  if (later !== undefined) {
    const delay = counted(later);
    return isDuration(delay) ? inTime(delay) : undefined;
  }
  const onDays =
    /^(?:(?:every )?day|daily|every|on|weekly on|(?:every )?(?:weekday|weekend)s?)?\s?(.*)$/.exec(
      words,
    );
  if (
    /^(?:every day|daily|(?:every |on )?weekdays?|(?:every |on )?weekends?|every |on |weekly on )/.test(
      words,
    ) &&
    onDays
  ) {
    const recurring = readDays(words);
    if (recurring !== undefined) return recurring;
  }
  const span = /^every (.+)$/.exec(words)?.[1];
  if (span === undefined) return undefined;
  const [, length = span, time] = /^(.+?) at (.+)$/.exec(span) ?? [];
  const calendar =
    parseCalendarSpan(length) ??
    (time === undefined ? undefined : parseCalendarSpan(`${length} and 0 months`));
  if (calendar !== undefined) {
    return isTime(time ?? "00:00")
      ? calendarInterval({ ...calendar, ...(time === undefined ? {} : { at: time }) })
      : undefined;
  }
  return time === undefined && isDuration(counted(span)) ? every(counted(span)) : undefined;
}

/** `daily at 9:00`, `every monday and friday at 9am, 5pm`, `weekdays at noon`. */
function readDays(words: string): TriggerObject | undefined {
  const [, before = "", times] = /^(.*?)(?: at (.+))?$/.exec(words) ?? [];
  const list = (text: string): string[] =>
    text.split(/\s*,\s*(?:and )?| and /).filter((item) => item !== "");
  const clock = times === undefined ? ["00:00"] : list(times);
  if (!clock.every(isTime)) return undefined;
  const days = before.replace(/^(?:every|on|weekly on) /, "");
  if (days === "day" || days === "daily")
    return times === undefined && days === "day" ? undefined : daily(clock);
  if (/^weekdays?$/.test(days)) return weekly(["mon", "tue", "wed", "thu", "fri"], clock);
  if (/^weekends?$/.test(days)) return weekly(["sat", "sun"], clock);
  const names = list(days).map(weekday);
  return names.length > 0 && names.every((name) => name !== undefined)
    ? weekly(names, clock)
    : undefined;
}

function weekday(word: string): string | undefined {
  const index = WEEKDAY_NAMES.findIndex((name, i) =>
    [name.toLowerCase(), `${name.toLowerCase()}s`, WEEKDAYS[i]].includes(word),
  );
  return WEEKDAYS[index];
}

/** `hour` as in "every hour" means one of it. */
function counted(span: string): string {
  return /^[a-z]/.test(span) && !span.startsWith("p") ? `1 ${span}` : span;
}

function isDuration(text: string): boolean {
  try {
    return parseDuration(text) > 0;
  } catch {
    return false;
  }
}

function isTime(text: string): boolean {
  try {
    parseTimeOfDay(text, "at");
    return true;
  } catch {
    return false;
  }
}
