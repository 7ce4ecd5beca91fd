import { shown } from "./shown.ts";
import { CronduitError } from "./errors.ts";

const UNIT_MS: ReadonlyMap<string, number> = new Map([
  ...["ms", "millisecond", "milliseconds"].map((name) => [name, 1] as const),
  ...["s", "sec", "secs", "second", "seconds"].map((name) => [name, 1_000] as const),
  ...["m", "min", "mins", "minute", "minutes"].map((name) => [name, 60_000] as const),
  ...["h", "hr", "hrs", "hour", "hours"].map((name) => [name, 3_600_000] as const),
  ...["d", "day", "days"].map((name) => [name, 86_400_000] as const),
  ...["w", "week", "weeks"].map((name) => [name, 604_800_000] as const),
]);

/** Longer than any sensible duration; bounds the work of the pattern. */
const MAX_TEXT = 100;
const PART = /\s*(\d+(?:\.\d+)?)\s*([a-z]+)\s*(?:,|and\b)?/gy;
const ISO =
  /^P(?:(\d+(?:\.\d+)?)W)?(?:(\d+(?:\.\d+)?)D)?(?:T(?:(\d+(?:\.\d+)?)H)?(?:(\d+(?:\.\d+)?)M)?(?:(\d+(?:\.\d+)?)S)?)?$/;

function fail(text: unknown, why: string): never {
  throw new CronduitError(
    "INVALID_OPTION",
    `Duration ${shown(text)} ${why}. Write it like "90s", "5m", "2 hours", "1h30m" or "PT15M".`,
    { data: { value: text } },
  );
}

function parseIso(text: string): number {
  const parts = ISO.exec(text);
  if (!parts || parts.slice(1).every((part) => part === undefined))
    fail(text, "is not an ISO 8601 duration in weeks, days, hours, minutes and seconds");
  const unitsMs = [604_800_000, 86_400_000, 3_600_000, 60_000, 1_000];
  return parts.slice(1).reduce((sum, part, i) => sum + Number(part ?? 0) * (unitsMs[i] ?? 0), 0);
}

/**
 * Reads a duration: `"90s"`, `"1h30m"`, `"2 hours"`, `"PT15M"` or `"250ms"`.
 * @returns Whole milliseconds, 0 or more.
 * @throws {@link CronduitError} `INVALID_OPTION` if the text isn't a duration, or is too long for a safe integer.
 */
export function parseDuration(text: string): number {
  // Untyped callers may pass anything.
  if (typeof text !== "string") fail(text, "is not a string");
  const trimmed = text.trim();
  if (trimmed.length > MAX_TEXT) fail(`${trimmed.slice(0, 20)}…`, "is too long");
  if (/^-\s*[p\d]/i.test(trimmed)) fail(text, "is negative");
  if (/^p/i.test(trimmed)) return bounded(text, parseIso(trimmed.toUpperCase()));
  const lower = trimmed.toLowerCase();
  let sumMs = 0;
  PART.lastIndex = 0;
  let end = 0;
  while (end < lower.length) {
    PART.lastIndex = end;
    const part = PART.exec(lower);
    if (!part) fail(text, "can't be read");
    const unitMs = UNIT_MS.get(part[2] ?? "");
    if (unitMs === undefined) fail(text, `has the unknown unit "${part[2]}"`);
    sumMs += Number(part[1]) * unitMs;
    end = PART.lastIndex;
  }
  if (lower === "") fail(text, "is empty");
  return bounded(text, sumMs);
}

function bounded(text: string, sumMs: number): number {
  const ms = Math.round(sumMs);
  if (!Number.isSafeInteger(ms)) fail(text, "is too long");
  return ms;
}

const PRINT_UNITS = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1_000],
  ["ms", 1],
] as const;

/** Prints milliseconds for people, using at most the three largest units: `90_500` becomes `"1m 30s 500ms"`. */
export function formatDuration(ms: number): string {
  let restMs = Math.abs(Math.round(ms));
  const parts: string[] = [];
  for (const [unit, unitMs] of PRINT_UNITS) {
    const n = Math.floor(restMs / unitMs);
    restMs -= n * unitMs;
    if (n > 0 && parts.length < 3) parts.push(`${n}${unit}`);
  }
  return (ms < 0 ? "-" : "") + (parts.join(" ") || "0ms");
}

const LENGTHS = [
  ["weeks", 604_800_000],
  ["days", 86_400_000],
  ["hours", 3_600_000],
  ["minutes", 60_000],
  ["seconds", 1_000],
] as const;

/** A length in the largest unit of which it is a whole number, as options of an interval have it: `{ hours: 2 }`. */
export function inLargestUnit(ms: number): Record<string, number> {
  const [name, unitMs] = LENGTHS.find(([, unit]) => ms % unit === 0) ?? ["milliseconds", 1];
  return { [name]: ms / unitMs };
}
