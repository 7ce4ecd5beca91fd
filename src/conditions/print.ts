import { type Condition, isGroup, KEYWORDS, type Term, TERM_NAMES } from "./condition.ts";

const BARE_ID = /^[A-Za-z_][A-Za-z0-9_]*$/;
const RESERVED: ReadonlySet<string> = new Set(
  KEYWORDS.flatMap((word) => [word, word.toUpperCase()]),
);

const UNITS = [
  ["w", 604_800_000],
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1_000],
  ["ms", 1],
] as const;

/** A job id as a condition writes it: bare if possible, otherwise in double quotes. */
export function printJobId(jobId: string): string {
  return BARE_ID.test(jobId) && !RESERVED.has(jobId)
    ? jobId
    : `"${jobId.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
}

/** Prints a duration exactly, in the largest unit that divides it: 90 minutes are `90m`, 24 hours `1d`. */
export function printSpan(ms: number): string {
  const [unit, unitMs] = UNITS.find(([, size]) => ms % size === 0) ?? ["ms", 1];
  return `${ms / unitMs}${unit}`;
}

function printArgument(term: Term): string {
  if (term.kind === "runs") return `(${term.count})`;
  return term.kind === "within" ? `(${printSpan(term.withinMs)})` : "";
}

/** A term as a condition writes it: `job_3.finished_within(30m)`. */
export function printTerm(term: Term): string {
  return `${printJobId(term.jobId)}.${TERM_NAMES[term.kind]}${printArgument(term)}`;
}

/** Whether `inner` would be read differently without parentheses: `not` binds tightest, then `and`, then `or`. */
export function needsParentheses(inner: Condition, outer: "and" | "or" | "not"): boolean {
  return isGroup(inner) && (outer === "not" || inner.kind === outer || inner.kind === "or");
}

function printInside(inner: Condition, outer: "and" | "or" | "not"): string {
  const text = conditionText(inner);
  return needsParentheses(inner, outer) ? `(${text})` : text;
}

/** The canonical form of a condition that is known to be one; see `printCondition`. */
export function conditionText(condition: Condition): string {
  if (condition.kind === "not") return `not ${printInside(condition.of, "not")}`;
  if (!isGroup(condition)) return printTerm(condition);
  const { kind, of } = condition;
  return of.map((member) => printInside(member, kind)).join(` ${kind} `);
}
