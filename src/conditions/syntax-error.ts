import { ConditionError } from "../core/errors.ts";
import { withoutPasswords } from "../core/shown.ts";
import { suggest } from "../core/suggest.ts";
import { KEYWORDS, TERM_NAMES, type TermKind } from "./condition.ts";
import { printJobId } from "./print.ts";

/** How much of a long text a message shows on either side of the column; up to twice that is shown in full. */
const AROUND = 40;
/** How much of the unexpected text a message shows. */
const MAX_FOUND = 40;

/** What a term with an argument expects in its parentheses; the other terms have none. */
export const ARGUMENTS: Readonly<Partial<Record<TermKind, string>>> = {
  runs: "a number of runs such as 3",
  within: "a duration such as 10s, 30m, 2h or 1d",
};

/** What can follow a complete condition. */
export const AFTER_CONDITION = ["and", "or"] as const;
/** What can begin a condition. */
export const CONDITION_START = ["a job id", "not", "("] as const;
/** The names of terms as a message lists them. */
export const TERM_CHOICES: readonly string[] = Object.entries(TERM_NAMES).map(([kind, name]) =>
  kind in ARGUMENTS ? `${name}(…)` : name,
);

/** Where a text stops making sense. */
export interface Fault {
  readonly text: string;
  /** Index of the first character that doesn't fit. */
  readonly offset: number;
  /** The text found there; empty at the end. */
  readonly found: string;
  readonly expected: readonly string[];
  /** Replaces "found X" in the message. */
  readonly problem?: string | undefined;
  /** What was probably meant, as it must be written. */
  readonly suggestion?: string | undefined;
}

function cut(text: string, limit: number): string {
  return text.length > limit ? `${text.slice(0, limit)}…` : text;
}

function excerpt(text: string, offset: number): string {
  const isLong = text.length > 2 * AROUND;
  const from = isLong ? Math.max(0, offset - AROUND) : 0;
  const to = isLong ? offset + AROUND : text.length;
  const shown = text.slice(from, to).replaceAll(/\s/g, " ");
  return `${from > 0 ? "…" : ""}${shown}${to < text.length ? "…" : ""}`;
}

/** Joins the alternatives. Literal ones go in backticks; descriptions are recognised by their article. */
function list(expected: readonly string[]): string {
  const choices = expected.map((item) => (/^(?:an?|the) /.test(item) ? item : `\`${item}\``));
  const last = choices.at(-1) ?? "";
  return choices.length < 2 ? last : `${choices.slice(0, -1).join(", ")} or ${last}`;
}

function whatIsWrong({ text, problem }: Fault, found: string): string {
  if (problem !== undefined) return problem;
  if (text.trim() === "") return "the text is empty";
  return found === "" ? "the text ends" : `found \`${found}\``;
}

/**
 * A URL in place of a condition may contain a password: it is then shown from its start, and no part of it on its own.
 */
function withoutPassword(fault: Fault): Fault {
  const text = withoutPasswords(fault.text);
  if (text === fault.text) return fault;
  return { ...fault, text, offset: 0, found: cut(text, MAX_FOUND), suggestion: undefined };
}

/** The error for a fault: where it is, what was found, what is allowed there, and what was probably meant. */
export function syntaxError(fault: Fault): ConditionError {
  const shownFault = withoutPassword(fault);
  const { text, offset, expected, suggestion } = shownFault;
  const column = offset + 1;
  const found = cut(shownFault.found, MAX_FOUND);
  const wanted = expected.length > 0 ? `, expected ${list(expected)}` : "";
  const meant = suggestion === undefined ? "" : ` Did you mean \`${suggestion}\`?`;
  return new ConditionError(
    `Condition \`${excerpt(text, offset)}\`, column ${column}: ${whatIsWrong(shownFault, found)}${wanted}.${meant}`,
    {
      column,
      found,
      expected,
      ...(suggestion === undefined ? {} : { suggestion }),
    },
  );
}

const WORD_BOUND = /[\s()"]/;
/** The characters of job ids except the space, which would turn half the sentence into a guess. */
const LIKELY_ID = /^[\p{L}\p{N}_][\p{L}\p{N}_.:@/+=~#-]*$/u;

const SYMBOLS: readonly (readonly [RegExp, string])[] = [
  [/^&/, "and"],
  [/^\|/, "or"],
  [/^[!~]/, "not"],
];

function lettersOf(word: string): string {
  return Array.from(word).toSorted().join("");
}

/** The keyword meant by `And`, `adn`, `&&` or `!`. */
export function meantKeyword(found: string): string | undefined {
  const symbol = SYMBOLS.find(([pattern]) => pattern.test(found));
  if (symbol !== undefined) return symbol[1];
  // Words this short are close to everything: only wrong order or case of the letters counts as a typo.
  return KEYWORDS.find((word) => lettersOf(word) === lettersOf(found.toLowerCase()));
}

/** Words of other schedulers, and of people. */
const OTHER_TERMS: ReadonlyMap<string, string> = new Map([
  ...["ok", "success", "successful", "succeeded", "completed", "done"].map(
    (word) => [word, TERM_NAMES.ok] as const,
  ),
  ...["failed", "failure", "error"].map((word) => [word, TERM_NAMES.failed] as const),
  ["active", TERM_NAMES.running],
  ["never", TERM_NAMES.never],
]);

/** The term that was probably meant by `name`. */
export function meantTerm(name: string): string | undefined {
  const other = OTHER_TERMS.get(name.toLowerCase());
  if (other !== undefined) return other;
  return suggest(name, Object.values(TERM_NAMES));
}

/**
 * The quoted form of a job id that was written bare with other characters (`job-2`, `2nd`, `größe`, `a.b`), in single
 * quotes, or that equals a keyword; `undefined` if the text around `offset` doesn't look like one.
 */
export function meantQuotedId(text: string, offset: number): string | undefined {
  // Scans backwards by hand: a pattern that ends in `$` is tried from each character, which takes quadratic time.
  let from = offset;
  while (from > 0 && !WORD_BOUND.test(text.charAt(from - 1))) from -= 1;
  const length = text.slice(from).search(WORD_BOUND);
  const word = length < 0 ? text.slice(from) : text.slice(from, from + length);
  const dot = word.lastIndexOf(".");
  const id = word.slice(0, Math.max(0, dot)).replaceAll(/^'|'$/g, "");
  if (!LIKELY_ID.test(id) || meantTerm(word.slice(dot + 1)) === undefined) return undefined;
  const printed = printJobId(id);
  return printed === id ? undefined : printed;
}
