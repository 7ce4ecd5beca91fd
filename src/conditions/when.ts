// The functions of `when`: they build a condition in code, with the words of its text in camelCase.
import { readSeconds } from "../core/duration-bounds.ts";
import { parseDuration } from "../core/durations.ts";
import { ConditionError } from "../core/errors.ts";
import { type Condition, group, negation, type Term } from "./condition.ts";
import { termProblem } from "./limits.ts";
import { validateCondition } from "./schema.ts";

function term(made: Term): Condition {
  const problem = termProblem(made);
  if (problem !== undefined)
    throw new ConditionError(`A term of the condition ${problem}.`, { value: made.jobId });
  return Object.freeze(made);
}

function toMs(span: string | number): number {
  if (typeof span === "number") {
    const ms = readSeconds(span, "when.finishedWithin");
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
    throw new ConditionError(cause instanceof Error ? cause.message : "This is not a duration.", {
      value: span,
    });
  }
}

/**
 * `id.last_run_successful`; with `within` also `id.finished_within(…)`.
 * @throws {@link ConditionError} `INVALID_CONDITION` for an empty id or an invalid span.
 * @example when.lastRunSuccessful("job_2", { within: "1h" }) // job_2.last_run_successful and job_2.finished_within(1h)
 */
export function lastRunSuccessful(
  jobId: string,
  options: { readonly within?: string | number } = {},
): Condition {
  const ok = term({ kind: "ok", jobId });
  return options.within === undefined
    ? ok
    : group("and", [ok, finishedWithin(jobId, options.within)]);
}

/**
 * `id.finished_within(span)`: a run succeeded at most `span` ago.
 * @param span `"30m"`, `"2 hours"`, or a number of seconds, as in a job's options.
 * @throws {@link ConditionError} `INVALID_CONDITION` for an empty id or an invalid span.
 */
export function finishedWithin(jobId: string, span: string | number): Condition {
  return term({ kind: "within", jobId, withinMs: toMs(span) });
}

/** `id.last_run_failed`. @throws {@link ConditionError} `INVALID_CONDITION` for an empty id. */
export function lastRunFailed(jobId: string): Condition {
  return term({ kind: "failed", jobId });
}

/**
 * `id.last_runs_successful(count)`: the last `count` runs all succeeded.
 * @param count From 1 to 10,000.
 * @throws {@link ConditionError} `INVALID_CONDITION` for an empty id, or a count out of range.
 */
export function lastRunsSuccessful(jobId: string, count: number): Condition {
  return term({ kind: "runs", jobId, count });
}

/** `id.running`. @throws {@link ConditionError} `INVALID_CONDITION` for an empty id. */
export function running(jobId: string): Condition {
  return term({ kind: "running", jobId });
}

/** `id.never_ran`. @throws {@link ConditionError} `INVALID_CONDITION` for an empty id. */
export function neverRan(jobId: string): Condition {
  return term({ kind: "never", jobId });
}

function join(kind: "and" | "or", members: readonly Condition[]): Condition {
  if (members.length === 0)
    throw new ConditionError(`There are no conditions to join with "${kind}".`);
  // Checked before joining as well, because untyped callers can pass anything.
  return validateCondition(group(kind, members.map(validateCondition)));
}

/**
 * True if all conditions are: `a and b and c`.
 * @throws {@link ConditionError} `INVALID_CONDITION` if there are none, or if they exceed the language's limits.
 * @example when.all(when.lastRunSuccessful("job_2"), when.not(when.running("job_3")))
 */
export function all(...conditions: readonly Condition[]): Condition {
  return join("and", conditions);
}

/**
 * True if any condition is: `a or b or c`.
 * @throws {@link ConditionError} `INVALID_CONDITION` if there are none, or if they exceed the language's limits.
 */
export function any(...conditions: readonly Condition[]): Condition {
  return join("or", conditions);
}

/**
 * True if the condition is not: `not a`, `not (a or b)`.
 * @throws {@link ConditionError} `INVALID_CONDITION` if it exceeds the language's limits.
 */
export function not(condition: Condition): Condition {
  return validateCondition(negation(condition));
}
