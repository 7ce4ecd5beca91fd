/** A question about one other job. */
export type Term =
  | { readonly kind: "ok" | "failed" | "running" | "never"; readonly jobId: string }
  | { readonly kind: "runs"; readonly jobId: string; readonly count: number }
  | { readonly kind: "within"; readonly jobId: string; readonly withinMs: number };

/** The kinds of {@link Term}; each has a name in the language, see {@link TERM_NAMES}. */
export type TermKind = Term["kind"];

/** Two or more conditions, none of the group's own kind, since `a and (b and c)` is `a and b and c`. */
export interface Group {
  readonly kind: "and" | "or";
  readonly of: readonly Condition[];
}

/** The negation of a condition. */
export interface Negation {
  readonly kind: "not";
  readonly of: Condition;
}

/**
 * A condition as plain, frozen JSON: what `parseCondition` reads, `when` makes, and a job's definition stores. Equal
 * JSON means equal conditions.
 */
export type Condition = Term | Group | Negation;

/** How each kind of term is written after the job's id and a dot. */
export const TERM_NAMES = {
  ok: "last_run_successful",
  failed: "last_run_failed",
  runs: "last_runs_successful",
  within: "finished_within",
  running: "running",
  never: "never_ran",
} as const satisfies Record<TermKind, string>;

/** The words that join conditions. A job id that is one of them must be quoted, in upper case too. */
export const KEYWORDS = ["and", "or", "not"] as const;

/**
 * Joins conditions. Members of the same kind are replaced by their own members; a single member is returned as it is.
 */
export function group(kind: Group["kind"], members: readonly Condition[]): Condition {
  const of = members.flatMap((member) => (member.kind === kind ? member.of : [member]));
  const [only] = of;
  return only !== undefined && of.length === 1
    ? only
    : Object.freeze({ kind, of: Object.freeze(of) });
}

export function negation(of: Condition): Negation {
  return Object.freeze({ kind: "not", of });
}

/** Whether a condition joins others with `and` or `or`. */
export function isGroup(condition: Condition): condition is Group {
  return condition.kind === "and" || condition.kind === "or";
}

/** The terms of a condition, in the order of its text. */
export function termsOf(condition: Condition): Term[] {
  if (isGroup(condition)) return condition.of.flatMap(termsOf);
  return condition.kind === "not" ? termsOf(condition.of) : [condition];
}

/**
 * The ids of the jobs that a condition refers to, without duplicates, in the order of its text.
 * @example jobsIn(parseCondition("b.running or a.never_ran or b.last_run_failed")) // ["b", "a"]
 */
export function jobsIn(condition: Condition): string[] {
  return [...new Set(termsOf(condition).map((term) => term.jobId))];
}
