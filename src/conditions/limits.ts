import { type Condition, isGroup, termsOf } from "./condition.ts";
import { needsParentheses, conditionText } from "./print.ts";

/** The longest text of a condition, in UTF-16 units; also that of its printed form. */
export const MAX_TEXT = 4_096;
/** How many parentheses and `not`s may be open around a term; bounds the recursion of every reader. */
export const MAX_NESTING = 32;
/** The most terms in a condition; bounds the facts that one admission has to read. */
export const MAX_TERMS = 100;
/** The longest job id, the same limit as for the job itself. */
export const MAX_JOB_ID = 128;
/** The most runs that `last_runs_successful` can ask for. */
export const MAX_COUNT = 10_000;
/** The longest span that `finished_within` can ask for: 36,500 days. */
export const MAX_WITHIN_MS = 36_500 * 86_400_000;

/** Control characters and lone surrogates, which PostgreSQL's JSON can't always hold. */
const UNSTORABLE = /[\p{Cc}\p{Cs}]/u;

/** What is wrong with a job id, to complete a sentence about it. Doesn't check whether the job exists. */
export function jobIdProblem(jobId: unknown): string | undefined {
  if (typeof jobId !== "string") return "is not a string";
  if (jobId === "") return "is empty";
  if (jobId.length > MAX_JOB_ID) return `has more than ${MAX_JOB_ID} characters`;
  return UNSTORABLE.test(jobId) ? "contains a control character" : undefined;
}

/** What is wrong with a number of runs, to complete a sentence about it. */
export function countProblem(count: number): string | undefined {
  return Number.isInteger(count) && count >= 1 && count <= MAX_COUNT
    ? undefined
    : `is not a whole number from 1 to ${MAX_COUNT}`;
}

/** What is wrong with a span, to complete a sentence about it. */
export function withinProblem(withinMs: number): string | undefined {
  if (!Number.isInteger(withinMs)) return "is not a whole number of milliseconds";
  if (withinMs < 1) return "is not longer than zero";
  return withinMs > MAX_WITHIN_MS ? "is longer than 36500d" : undefined;
}

/** How many parentheses and `not`s are open around the innermost term of the printed text. */
export function nestingOf(condition: Condition): number {
  const inside = (inner: Condition, outer: "and" | "or" | "not"): number =>
    nestingOf(inner) + (needsParentheses(inner, outer) ? 1 : 0);
  if (condition.kind === "not") return 1 + inside(condition.of, "not");
  if (!isGroup(condition)) return 0;
  const { kind, of } = condition;
  return Math.max(...of.map((member) => inside(member, kind)));
}

/** Which size limit a condition exceeds, to complete a sentence about it. */
export function sizeProblem(condition: Condition): string | undefined {
  if (termsOf(condition).length > MAX_TERMS) return `has more than ${MAX_TERMS} terms`;
  if (nestingOf(condition) > MAX_NESTING)
    return `is nested more than ${MAX_NESTING} parentheses and nots deep`;
  const { length } = conditionText(condition);
  return length > MAX_TEXT
    ? `has ${length} characters when printed, more than ${MAX_TEXT}`
    : undefined;
}
