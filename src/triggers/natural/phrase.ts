import { parseDuration } from "../../core/durations.ts";
import { WEEKDAYS, WEEKDAY_NAMES } from "../cron/field-names.ts";
import type { NamedTriggerOptions } from "../trigger-options.ts";
import { parseTimeOfDay } from "../time/time-of-day.ts";
import { parseCalendarSpan } from "./calendar-span.ts";
import { readSpan } from "./span.ts";

/** Longer than any phrase; bounds the work of the patterns. */
const MAX_PHRASE = 200;
const WORK_DAYS = ["mon", "tue", "wed", "thu", "fri"];
const WEEKEND = ["sat", "sun"];

/**
 * Reads a schedule in words, such as `daily at 09:00`, `every 2 hours`, `in an hour`; `undefined` for anything else.
 */
export function readPhrase(text: string): NamedTriggerOptions | undefined {
  const words = wordsOf(text);
  const later = /^in (.+)$/.exec(words)?.[1];
  if (later !== undefined) return readLater(later);
  const recurring = /^every (.+)$/.exec(words)?.[1];
  if (recurring !== undefined) return readEvery(recurring);
  return /^(?:daily|monthly|on |weekly on |weekdays?|weekends?)/.test(words)
    ? readDays(words)
    : undefined;
}

/** Reads what can follow "every": weekdays with times, `day at 9am`, `3 days at 9am`, a length of time. */
export function readEvery(text: string): NamedTriggerOptions | undefined {
  const words = wordsOf(text);
  const days = readDays(words);
  if (days !== undefined) return days;
  const [, length = words, time] = /^(.+?) at (.+)$/.exec(words) ?? [];
  if (time === undefined) {
    const span = readSpan(length);
    if (span?.kind === "calendar") return { trigger: "calendarInterval", ...span.calendar };
    return span !== undefined && parseDuration(span.text) > 0
      ? { trigger: "interval", every: span.text }
      : undefined;
  }
  // With a time of day, days and weeks are calendar units.
  const calendar = parseCalendarSpan(length) ?? parseCalendarSpan(`${length} and 0 months`);
  return calendar !== undefined && isTime(time)
    ? { trigger: "calendarInterval", ...calendar, at: time }
    : undefined;
}

/** Reads what can follow "in": a length of time. */
export function readLater(text: string): NamedTriggerOptions | undefined {
  const words = wordsOf(text);
  return readSpan(words) === undefined ? undefined : { trigger: "date", in: words };
}

/** `daily at 9:00`, `monday and friday at 9am, 5pm`, `weekdays at noon`. */
function readDays(words: string): NamedTriggerOptions | undefined {
  const [, before = "", times] = /^(.*?)(?: at (.+))?$/.exec(words) ?? [];
  const at = times === undefined ? ["00:00"] : listed(times).map(fullTime);
  if (!at.every(isTime)) return undefined;
  const days = before.replace(/^(?:on|weekly on) /, "");
  // Without a time, "every day" is a length of time.
  if (days === "daily" || (days === "day" && times !== undefined)) return { trigger: "daily", at };
  const monthly = readMonthDays(days);
  if (monthly !== undefined) return { trigger: "monthly", monthly, at };
  if (/^weekdays?$/.test(days)) return { trigger: "weekly", weekly: WORK_DAYS, at };
  if (/^weekends?$/.test(days)) return { trigger: "weekly", weekly: WEEKEND, at };
  const weekly = listed(days).map(weekday);
  return weekly.length > 0 && weekly.every((name) => name !== undefined)
    ? { trigger: "weekly", weekly, at }
    : undefined;
}

/**
 * `monthly`, `monthly on the 1st and 15th`, `month on the last day`. Without a day, "every month" is a length of time.
 */
function readMonthDays(words: string): (number | "last")[] | undefined {
  const [, begin, list] =
    /^(monthly|month)(?: on(?: day)?(?: the)? (.+?))?(?: day)?(?: of the month)?$/.exec(words) ??
    [];
  if (begin === undefined) return undefined;
  if (list === undefined) return begin === "monthly" ? [1] : undefined;
  const days = listed(list).map((word) => monthDay(word));
  return days.every((day) => day !== undefined) ? days : undefined;
}

function monthDay(word: string): number | "last" | undefined {
  const [, number, last] =
    /^(?:the )?(?:(\d\d?)(?:st|nd|rd|th)?|(last))(?: day)?$/.exec(word) ?? [];
  if (last !== undefined) return "last";
  const day = Number(number);
  return day >= 1 && day <= 31 ? day : undefined;
}

function wordsOf(text: string): string {
  const trimmed = text.trim();
  return trimmed.length > MAX_PHRASE ? "" : trimmed.toLowerCase().replaceAll(/\s+/g, " ");
}

function listed(text: string): string[] {
  return text.split(/\s*,\s*(?:and )?| and /).filter((item) => item !== "");
}

function weekday(word: string): string | undefined {
  const index = WEEKDAY_NAMES.findIndex((name, i) =>
    [name.toLowerCase(), `${name.toLowerCase()}s`, WEEKDAYS[i]].includes(word),
  );
  return WEEKDAYS[index];
}

/** `9` as `9:00`: after "at", an hour alone is a time of day. */
function fullTime(text: string): string {
  return /^\d{1,2}$/.test(text) ? `${text}:00` : text;
}

function isTime(text: string): boolean {
  try {
    parseTimeOfDay(text, "at");
    return true;
  } catch {
    return false;
  }
}
