import { WEEKDAYS } from "./field-names.ts";

/** How to write a schedule of another scheduler in this package's terms. */
export interface Translation {
  /** What it is, and what to write instead. */
  readonly hint: string;
  /** The column that gives it away, from 1. */
  readonly column: number;
}

/** Longer texts can't be any of these. */
const MAX_TEXT = 256;

/**
 * Recognises what other schedulers accept and we don't: AWS' `cron(…)`, `rate(…)` and `at(…)`, its order of fields,
 * with the year last, and `@every 1h` of Go's cron libraries. `undefined` for anything else.
 */
export function translationOf(text: string): Translation | undefined {
  const trimmed = text.trim();
  if (trimmed.length > MAX_TEXT) return undefined;
  const every = /^@every\s+(.+)$/i.exec(trimmed)?.[1];
  if (every !== undefined)
    return { hint: `Write an interval as trigger.every(${JSON.stringify(every)}).`, column: 1 };
  const [, name = "", inner = ""] = /^(cron|rate|at)\((.*)\)$/i.exec(trimmed) ?? [];
  switch (name.toLowerCase()) {
    case "rate":
      return {
        hint: awsHint("rate(…)", `trigger.every(${JSON.stringify(inner.trim())})`),
        column: 1,
      };
    case "at":
      return { hint: awsHint("at(…)", `trigger.at(${JSON.stringify(inner.trim())})`), column: 1 };
    case "cron": {
      const words = inner.trim().split(/\s+/);
      return words.length === 6
        ? { hint: awsHint("cron(…)", fromAws(words)), column: 1 }
        : undefined;
    }
    default:
      return awsOrder(trimmed);
  }
}

/** AWS has a `?` in its third or fifth field, where we have the hour and the month. */
function awsOrder(text: string): Translation | undefined {
  const words = text.split(/\s+/);
  if (words.length !== 6 || (words[2] !== "?" && words[4] !== "?")) return undefined;
  const hint = awsHint("A year in last place", fromAws(words));
  return { hint, column: text.indexOf("?") + 1 };
}

function awsHint(what: string, instead: string): string {
  return `${what} is AWS syntax. Write ${instead}.`;
}

function fromAws(words: readonly string[]): string {
  const [minute = "", hour = "", day = "", month = "", weekday = "", year = ""] = words.map(
    (word) => (word === "?" ? "*" : word.toLowerCase()),
  );
  const dayOfWeek = weekday.split(",").map(weekdayFromAws).join(",");
  return isEvery(year)
    ? `trigger.cron("${minute} ${hour} ${day} ${month} ${dayOfWeek}")`
    : asFields({ year, month, day, dayOfWeek, hour, minute });
}

/** In AWS, 1 is Sunday, and 7 or L is Saturday. */
function weekdayFromAws(term: string): string {
  const named = (text: string): string =>
    /^[1-7]$/.test(text) ? (WEEKDAYS[Number(text) - 1] ?? text) : text;
  if (term === "l") return "sat";
  const [, from = term, mark = "", rest = ""] = /^(\w+?)(l$|[-#/])(.*)$/.exec(term) ?? [];
  switch (mark) {
    case "-": {
      const [to = "", ...step] = rest.split("/");
      return [`${named(from)}-${named(to)}`, ...step].join("/");
    }
    case "/":
      return `${named(from)}-sat/${rest}`;
    default:
      return `${named(from)}${mark}${rest}`;
  }
}

function isEvery(word: string): boolean {
  return word === "*" || word === "?";
}

function asFields(fields: Readonly<Record<string, string>>): string {
  const parts = Object.entries(fields).map(([name, text]) => `${name}: ${JSON.stringify(text)}`);
  return `trigger.cron({ ${parts.join(", ")} })`;
}

/** What to write instead of Quartz's seven fields, seconds first and the year last. */
export function fromQuartz(words: readonly string[]): string {
  const [second = "", minute = "", hour = "", day = "", month = "", dayOfWeek = "", year = ""] =
    words;
  if (isEvery(year)) return `trigger.cron(${JSON.stringify(words.slice(0, 6).join(" "))})`;
  const plain = { year, month, day, dayOfWeek, hour, minute, second };
  const fields = Object.entries(plain).map(([name, text]) => [name, text === "?" ? "*" : text]);
  return asFields(Object.fromEntries(fields) as Record<string, string>);
}
