import { parseDuration } from "../core/durations.ts";
import { ConditionError } from "../core/errors.ts";
import { type Condition, group, negation, type Term } from "./condition.ts";
import { sizeProblem, termProblem } from "./limits.ts";

/** A span for {@link after}: `"30m"`, `"2 hours"`, or a number of seconds, as in a job's options. */
export type Span = string | number;

function term(made: Term): Condition {
  const problem = termProblem(made);
  if (problem !== undefined)
    throw new ConditionError(`A term of the condition ${problem}.`, { value: made.jobId });
  return Object.freeze(made);
}

function bounded(condition: Condition): Condition {
  const problem = sizeProblem(condition);
  if (problem !== undefined) throw new ConditionError(`The condition ${problem}.`);
  return condition;
}

function within(jobId: string, span: Span): Condition {
  return term({ kind: "within", jobId, withinMs: toMs(span) });
}

function toMs(span: Span): number {
  if (typeof span === "number") return Math.round(span * 1_000);
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

/** True when all are: `a and b and c`. */
export function all(first: Condition, ...others: Condition[]): Condition {
  return bounded(group("and", [first, ...others]));
}

/** True when any is: `a or b or c`. */
export function any(first: Condition, ...others: Condition[]): Condition {
  return bounded(group("or", [first, ...others]));
}

/** The contrary: `not a`, `not (a or b)`. */
export function not(condition: Condition): Condition {
  return bounded(negation(condition));
}
