import { parse, TomlDate, TomlError } from "smol-toml";
import { MAX_DEPTH } from "../file-limits.ts";
import type { Problems } from "../file-problem.ts";
import type { FileDocument } from "./place-tree.ts";
import type { SourceText } from "./source-text.ts";
import { TooDeep, tomlPlaces } from "./toml-places.ts";

/** What the parser refuses, in our words. Whatever is not here is told without a reason. */
const REASONS: Readonly<Record<string, readonly [message: string, hint?: string]>> = {
  "control characters are not allowed in comments": ["A comment has a control character here."],
  "control characters are not allowed in strings": [
    "A string has a control character here.",
    "Write it as an escape, such as \\n, or use three quotes for several lines.",
  ],
  "expected comma or end of structure": [
    "A comma or the closing bracket is missing here.",
    "A string begins and ends with a quote.",
  ],
  "expected end of table array declaration": ["The closing ]] is missing here."],
  "illegal character in key": [
    "A key can't have this character.",
    'Keys have letters, digits, "_" and "-"; put others in quotes.',
  ],
  "illegal empty bare key": ["A key is missing here.", 'Write it as key = "value".'],
  "invalid unicode escape": ["This is no escape of a character.", "Write \\u and four digits."],
  "trying to redefine an already defined table or value": [
    "This key is there already.",
    "Leave one of them out, or put both into one.",
  ],
  "trying to redefine an already defined value": [
    "This key is there already.",
    "Leave one of them out.",
  ],
  "unexpected end of key": ["A key ends too early.", 'Write it as key = "value".'],
  "unfinished array": ["A list is not closed.", "The closing ] is missing."],
  "unfinished string": ["A string is not closed.", "The closing quote is missing."],
  "unfinished table": ["A table is not closed.", "The closing bracket is missing."],
  "unrecognised escape sequence": [
    "This is no escape of a string.",
    "Write \\\\ for a backslash, or use single quotes.",
  ],
};

/** Reads a text as TOML. Dates become text, as they would be in JSON. */
export function parseToml(source: SourceText, problems: Problems): FileDocument | undefined {
  try {
    const value = plain(parse(source.text, { maxDepth: MAX_DEPTH }), 0);
    return { value, places: tomlPlaces(source.text) };
  } catch (error) {
    refuse(error, source, problems);
    return undefined;
  }
}

function refuse(error: unknown, source: SourceText, problems: Problems): void {
  const isDeep = error instanceof TooDeep || error instanceof RangeError;
  if (isDeep || (error instanceof TomlError && /nested/.test(error.message))) {
    const span = error instanceof TooDeep ? error.span : spanOf(error, source);
    problems.add(span, {
      code: "TOO_DEEP",
      message: `This is nested more than ${MAX_DEPTH} deep.`,
    });
    return;
  }
  if (!(error instanceof TomlError)) throw error;
  const reason = /^Invalid TOML document: (.*)/.exec(error.message)?.[1] ?? "";
  const [message, hint] = REASONS[reason] ?? [
    "This is not a value of TOML.",
    'Strings are written in quotes: key = "value".',
  ];
  problems.add(spanOf(error, source), { code: "SYNTAX", message, hint });
}

function spanOf(error: unknown, source: SourceText) {
  const start = error instanceof TomlError ? source.indexOf(error.line, error.column) : 0;
  return { start, end: start + 1 };
}

/** The value as JSON has it. Its objects have no prototype, so that no key has a meaning of its own. */
function plain(value: unknown, depth: number): unknown {
  if (depth > MAX_DEPTH) throw new RangeError("too deep");
  if (value instanceof TomlDate) return dateText(value);
  if (Array.isArray(value)) return value.map((entry) => plain(entry, depth + 1));
  if (typeof value !== "object" || value === null) return value;
  const made = Object.create(null) as Record<string, unknown>;
  for (const [key, inner] of Object.entries(value)) made[key] = plain(inner, depth + 1);
  return made;
}

/** A time of day as `09:30:00`; of dates, what was written. */
function dateText(date: TomlDate): string {
  const text = date.toISOString();
  return date.isTime() ? text.replace(/\.0+$/, "") : text;
}
