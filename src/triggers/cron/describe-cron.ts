import type { CronSpec } from "../spec.ts";
import { formatLocal } from "../time/local-text.ts";
import { FIELD_RANGE, MONTH_NAMES, WEEKDAY_NAMES, type CronField } from "./field-names.ts";
import { parseField, type DayTerm, type ParsedField } from "./parse-field.ts";

/** More times of day than this are described by a rule instead of a list. */
const MAX_LISTED = 6;
const ORDINALS = ["last", "first", "second", "third", "fourth", "fifth"] as const;
const two = (n: number): string => String(n).padStart(2, "0");

/** A cron schedule in plain words, with its zone: `at 09:00 on Monday to Friday (Europe/Berlin)`. */
export function describeCron(spec: CronSpec): string {
  const bounds = [
    spec.startAt === undefined ? "" : ` from ${formatLocal(spec.startAt, spec.timezone)}`,
    spec.endAt === undefined ? "" : ` until ${formatLocal(spec.endAt, spec.timezone)}`,
  ].join("");
  const rule = spec.dst === "wall-clock" ? ", whenever the clock shows it" : "";
  return `${timeWords(spec)}${dateWords(spec)}${bounds} (${spec.timezone}${rule})`;
}

function timeWords({ fields }: CronSpec): string {
  const [second, minute, hour] = (["second", "minute", "hour"] as const).map(
    (name) => parseField(name, fields[name]).values,
  );
  if (second === undefined || minute === undefined || hour === undefined) return "";
  const seconds = second.length === 1 && second[0] === 0 ? "" : second;
  if (seconds === "" && minute.length * hour.length <= MAX_LISTED) {
    return `at ${list(hour.flatMap((h) => minute.map((m) => `${two(h)}:${two(m)}`)))}`;
  }
  if (second.length * minute.length * hour.length <= MAX_LISTED) {
    return `at ${list(hour.flatMap((h) => minute.flatMap((m) => second.map((s) => `${two(h)}:${two(m)}:${two(s)}`))))}`;
  }
  const minutes = every("minute", fields.minute);
  const parts = [
    seconds === ""
      ? undefined
      : (every("second", fields.second) ?? `at second ${ranges(seconds, String)}`),
    // "every second" of every minute doesn't need minutes.
    seconds !== "" && fields.minute === "*"
      ? undefined
      : (minutes ?? `at minute ${ranges(minute, String)}`),
    hourWords(fields.hour, hour, minutes !== undefined),
  ];
  return parts.filter((part) => part !== undefined).join(" ");
}

function hourWords(
  text: string,
  hours: readonly number[],
  evenMinutes: boolean,
): string | undefined {
  // "every 15 minutes" is clear by itself; "at minute 5" is not.
  if (text === "*") return evenMinutes ? undefined : "of every hour";
  const even = every("hour", text);
  return even === undefined ? `during hours ${ranges(hours, two)}` : `of ${even}`;
}

function dateWords({ fields, dayMatch }: CronSpec): string {
  const parsed = (name: CronField): ParsedField => parseField(name, fields[name]);
  const [day, weekday] = [parsed("day"), parsed("dayOfWeek")];
  const days = day.values.length === 31 ? undefined : `on ${dayWords(day)}`;
  const weekdays = weekday.values.length === 7 ? undefined : `on ${weekdayWords(weekday)}`;
  const both =
    days !== undefined && weekdays !== undefined
      ? `${days} ${dayMatch === "any" ? "or" : "if it is"} ${weekdays}`
      : (days ?? weekdays);
  const month = parsed("month").values;
  const week = parsed("week").values;
  const parts = [
    // With "any", one unrestricted field makes every day match.
    dayMatch === "any" && (days === undefined || weekdays === undefined) ? undefined : both,
    week.length === 53 ? undefined : `in ISO week ${ranges(week, String)}`,
    month.length === 12 ? undefined : `in ${ranges(month, (n) => MONTH_NAMES[n - 1] ?? "")}`,
    fields.year === "*" ? undefined : `in ${fields.year}`,
  ];
  return parts
    .filter((part) => part !== undefined)
    .map((part) => ` ${part}`)
    .join("");
}

function every(unit: "second" | "minute" | "hour", text: string): string | undefined {
  const match = /^\*(?:\/(\d+))?$/.exec(text);
  if (!match) return undefined;
  const n = Number(match[1] ?? 1);
  if (n === 1) return `every ${unit}`;
  // A step that doesn't divide the hour or the day leaves a shorter gap at its end; "every" would be wrong.
  const [, max] = FIELD_RANGE[unit];
  return (max + 1) % n === 0 ? `every ${n} ${unit}s` : undefined;
}

function dayWords(field: ParsedField): string {
  const numbers = field.values.length === 0 ? [] : [`day ${ranges(field.values, String)}`];
  return list([...numbers, ...field.terms.map((term) => termWords(term))]);
}

function weekdayWords(field: ParsedField): string {
  // Monday first reads better: "Monday to Friday", "Saturday and Sunday".
  const mondayFirst = field.values.map((n) => (n === 0 ? 7 : n)).toSorted((a, b) => a - b);
  const names =
    mondayFirst.length === 0 ? [] : [ranges(mondayFirst, (n) => WEEKDAY_NAMES[n % 7] ?? "")];
  return list([...names, ...field.terms.map((term) => termWords(term))]);
}

function termWords(term: DayTerm): string {
  switch (term.kind) {
    case "last":
      return term.minus === 0
        ? "the last day of the month"
        : `${term.minus} ${term.minus === 1 ? "day" : "days"} before the last day of the month`;
    case "last-weekday":
      return "the last weekday of the month";
    case "nearest-weekday":
      return `the weekday nearest to day ${term.day}`;
    case "nth":
      return `the ${ORDINALS[term.nth] ?? ""} ${WEEKDAY_NAMES[term.weekday] ?? ""} of the month`;
  }
}

/** `1, 3 to 5 and 9`. */
function ranges(values: readonly number[], name: (n: number) => string): string {
  const parts: string[] = [];
  for (let i = 0; i < values.length;) {
    let j = i;
    while (values[j + 1] === (values[j] ?? 0) + 1) j += 1;
    const [from, to] = [name(values[i] ?? 0), name(values[j] ?? 0)];
    if (j - i >= 2) parts.push(`${from} to ${to}`);
    else parts.push(...(j > i ? [from, to] : [from]));
    i = j + 1;
  }
  return list(parts);
}

function list(parts: readonly string[]): string {
  return parts.length <= 1
    ? (parts[0] ?? "")
    : `${parts.slice(0, -1).join(", ")} and ${parts.at(-1) ?? ""}`;
}
