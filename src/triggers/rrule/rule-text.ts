import { TriggerError } from "../../core/errors.ts";
import { shown, shownUpTo } from "../../core/shown.ts";
import { suggest } from "../../core/suggest.ts";

/** A larger count would have to be counted one by one from DTSTART. */
const MAX_COUNT = 10_000;
const MAX_TEXT = 4096;

const PROPERTIES = ["DTSTART", "RRULE", "RDATE", "EXDATE"] as const;

/** Allowed values of each part of a rule: a range of whole numbers (negative ones count from the end), or a pattern. */
const PARTS: Readonly<
  Record<string, readonly [min: number, max: number, negative: boolean] | RegExp>
> = Object.assign(
  Object.create(null) as Record<string, readonly [number, number, boolean] | RegExp>,
  {
    FREQ: /^(?:YEARLY|MONTHLY|WEEKLY|DAILY|HOURLY|MINUTELY|SECONDLY)$/,
    UNTIL: /^\d{8}(?:T\d{6}Z?)?$/,
    COUNT: [1, MAX_COUNT, false],
    INTERVAL: [1, 1_000_000, false],
    BYSECOND: [0, 59, false],
    BYMINUTE: [0, 59, false],
    BYHOUR: [0, 23, false],
    BYDAY: /^(?:[+-]?\d{1,2})?(?:MO|TU|WE|TH|FR|SA|SU)$/,
    BYMONTHDAY: [1, 31, true],
    BYYEARDAY: [1, 366, true],
    BYWEEKNO: [1, 53, true],
    BYMONTH: [1, 12, false],
    BYSETPOS: [1, 366, true],
    WKST: /^(?:MO|TU|WE|TH|FR|SA|SU)$/,
  },
);

function fail(message: string, rule: string, column = 1): never {
  throw new TriggerError(`rule: ${message} (column ${column} of ${shownUpTo(80, rule)}).`, {
    field: "rule",
    column,
    value: rule,
  });
}

/** The properties of a rule's text. */
export interface RuleText {
  /** For example `TZID=Europe/Berlin:20260101T090000`, without the property's name; absent if the text has none. */
  readonly start?: string;
  /** The parts of RRULE by name, in upper case. */
  readonly parts: ReadonlyMap<string, string>;
  /** All lines except DTSTART, as `NAME:…` or `NAME;…`. */
  readonly lines: readonly string[];
}

/**
 * Splits the text of a recurrence rule and checks names and ranges, about which the library is too lenient: it drops
 * `BYHOUR=99`.
 * @throws {@link TriggerError} with the column of the fault.
 */
export function readRuleText(rule: string): RuleText {
  if (rule.length > MAX_TEXT) fail(`has more than ${MAX_TEXT} characters`, rule);
  // The parts are shown in messages below, and may be parts of a password.
  if (rule.includes("://")) fail(`${shown(rule)} is a URL`, rule);
  let start: string | undefined;
  let parts: ReadonlyMap<string, string> | undefined;
  const lines: string[] = [];
  for (const match of rule.matchAll(/[^\s]+/g)) {
    const column = match.index + 1;
    const line = /^(?:FREQ|INTERVAL|BY[A-Z]+|COUNT|UNTIL|WKST)=/i.test(match[0])
      ? `RRULE:${match[0]}`
      : match[0];
    const [, name = "", separator = "", value = ""] = /^([A-Za-z]+)([:;])(.*)$/.exec(line) ?? [];
    switch (name.toUpperCase()) {
      case "DTSTART":
        if (start !== undefined) fail("has two DTSTART lines", rule, column);
        start = value;
        break;
      case "RRULE":
        if (parts !== undefined)
          fail("has two RRULE lines; combine two triggers with or()", rule, column);
        parts = readParts(value, rule, column + match[0].indexOf(value));
        lines.push(`RRULE:${value.toUpperCase()}`);
        break;
      case "RDATE":
      case "EXDATE":
        lines.push(`${name.toUpperCase()}${separator}${value}`);
        break;
      default: {
        const near = suggest(name, PROPERTIES);
        const hint =
          near === undefined
            ? `Known properties: ${PROPERTIES.join(", ")}`
            : `Did you mean ${near}?`;
        fail(`${shownUpTo(40, match[0])} is not understood. ${hint}`, rule, column);
      }
    }
  }
  if (parts === undefined)
    return fail(`${shown(rule)} has no RRULE. Write it like FREQ=WEEKLY;BYDAY=MO`, rule);
  return { ...(start === undefined ? {} : { start }), parts, lines };
}

function readParts(value: string, rule: string, column: number): ReadonlyMap<string, string> {
  const parts = new Map<string, string>();
  let at = column;
  for (const part of value.split(";")) {
    const [name = "", text = ""] = part.toUpperCase().split("=", 2);
    const allowed = PARTS[name];
    if (allowed === undefined) {
      const near = suggest(name, Object.keys(PARTS));
      const hint =
        near === undefined
          ? `Known parts: ${Object.keys(PARTS).join(", ")}`
          : `Did you mean ${near}?`;
      return fail(`${shownUpTo(40, name)} is not a part of a rule. ${hint}`, rule, at);
    }
    if (parts.has(name)) fail(`gives ${name} twice`, rule, at);
    for (const item of text.split(",")) {
      if (!isAllowed(item, allowed)) {
        const range =
          allowed instanceof RegExp
            ? "see RFC 5545, section 3.3.10"
            : `allowed: ${allowed[0]} to ${allowed[1]}`;
        fail(`${name} has ${shownUpTo(40, item)}; ${range}`, rule, at + name.length + 1);
      }
    }
    parts.set(name, text);
    at += part.length + 1;
  }
  if (!parts.has("FREQ")) fail("needs FREQ, such as FREQ=WEEKLY", rule, column);
  if (parts.has("COUNT") && parts.has("UNTIL"))
    fail("can't have both COUNT and UNTIL", rule, column);
  return parts;
}

function isAllowed(item: string, allowed: RegExp | readonly [number, number, boolean]): boolean {
  if (allowed instanceof RegExp) return allowed.test(item);
  if (!/^[+-]?\d{1,7}$/.test(item)) return false;
  const [min, max, negative] = allowed;
  const n = Number(item);
  return Math.abs(n) >= min && Math.abs(n) <= max && (n >= 0 || negative);
}
