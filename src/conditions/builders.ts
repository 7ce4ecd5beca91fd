import { readSeconds } from "../core/duration-bounds.ts";
import { parseDuration } from "../core/durations.ts";
import { ConditionError } from "../core/errors.ts";
import { type Condition, group, negation, type Term } from "./condition.ts";
import { termProblem } from "./limits.ts";
import { validateCondition } from "./schema.ts";

/** A span for {@link after}: `"30m"`, `"2 hours"`, or a number of seconds, as in a job's options. */
export type Span = string | number;

function term(made: Term): Condition {
  const problem = termProblem(made);
  if (problem !== undefined)
    throw new ConditionError(`A term of the condition ${problem}.`, { value: made.jobId });
  return Object.freeze(made);
}

function within(jobId: string, span: Span): Condition {
  return term({ kind: "within", jobId, withinMs: toMs(span) });
}

function toMs(span: Span): number {
  if (typeof span === "number") {
    const ms = readSeconds(span, "after.within");
    if (typeof ms === "number") return ms;
    const { message, suggestion } = ms;
    throw new ConditionError(`within: ${message}`, {
      value: span,
      ...(suggestion === undefined ? {} : { suggestion }),
    });
  }
  try {
    return parseDuration(span);
  } catch (cause) {
    throw new ConditionError(cause instanceof Error ? cause.message : "This is no duration.", {
      value: span,
    });
  }
}

/**
 * Terms of a condition, one function for each name of the language. What they return is the same JSON that
 * `parseCondition` reads from the text, so either can be stored, compared and printed.
 *
 * All throw {@link ConditionError} `INVALID_CONDITION` for an empty id or an argument out of range.
 * @example all(after.ok("job_2", { within: "1h" }), not(after.running("job_3")))
 */
export const after = {
  /**
   * `id.last_run_successful`; with `within` also `id.finished_within(…)`.
   * @example after.ok("job_2", { within: "1h" }) // job_2.last_run_successful and job_2.finished_within(1h)
   */
  ok(jobId: string, options: { readonly within?: Span } = {}): Condition {
    const ok = term({ kind: "ok", jobId });
    return options.within === undefined ? ok : group("and", [ok, within(jobId, options.within)]);
  },
  /** `id.finished_within(span)`: finished successfully within the last so long. */
  within,
  /** `id.last_run_failed`. */
  failed: (jobId: string): Condition => term({ kind: "failed", jobId }),
  /** `id.last_runs_successful(count)`; `count` from 1 to 10,000. */
  runs: (jobId: string, count: number): Condition => term({ kind: "runs", jobId, count }),
  /** `id.running`. */
  running: (jobId: string): Condition => term({ kind: "running", jobId }),
  /** `id.never_ran`. */
  never: (jobId: string): Condition => term({ kind: "never", jobId }),
} as const;

function join(kind: "and" | "or", members: readonly Condition[]): Condition {
  if (members.length === 0) throw new ConditionError(`There are no conditions to join by ${kind}.`);
  // Checked before they are joined as well, since not every caller is checked by a compiler.
  return validateCondition(group(kind, members.map(validateCondition)));
}

/**
 * True when all are: `a and b and c`.
 * @throws {@link ConditionError} `INVALID_CONDITION` for none at all, or more than the language's limits allow.
 */
export function all(...conditions: readonly Condition[]): Condition {
  return join("and", conditions);
}

/**
 * True when any is: `a or b or c`.
 * @throws {@link ConditionError} `INVALID_CONDITION` for none at all, or more than the language's limits allow.
 */
export function any(...conditions: readonly Condition[]): Condition {
  return join("or", conditions);
}

/**
 * The contrary: `not a`, `not (a or b)`.
 * @throws {@link ConditionError} `INVALID_CONDITION` for more than the language's limits allow.
 */
export function not(condition: Condition): Condition {
  return validateCondition(negation(condition));
}
