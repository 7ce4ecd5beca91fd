// The functions of `when`: they build a condition in code, with the words of its text in camelCase.
import { type Condition, group, negation, type Term } from "./condition.ts";
import { validateCondition } from "./schema.ts";
import {
  checkCount,
  checkJobId,
  checkMember,
  checkNoMore,
  checkSome,
  readWithin,
  withinOf,
} from "./when-input.ts";

function term(made: Term): Condition {
  return Object.freeze(made);
}

/**
 * `id.last_run_successful`; with `within` also `id.finished_within(…)`.
 * @throws {@link ConditionError} `INVALID_CONDITION` for an invalid id, an invalid span or an unknown option.
 * @example when.lastRunSuccessful("job_2", { within: "1h" }) // job_2.last_run_successful and job_2.finished_within(1h)
 */
export function lastRunSuccessful(
  jobId: string,
  options?: { readonly within?: string | number },
): Condition;
export function lastRunSuccessful(...given: [jobId: string, options?: object]): Condition {
  checkNoMore("lastRunSuccessful", given, 2);
  const jobId = checkJobId("lastRunSuccessful", given[0]);
  const within = given[1] === undefined ? undefined : withinOf(given[1]);
  const ok = term({ kind: "ok", jobId });
  if (within === undefined) return ok;
  const withinMs = readWithin("lastRunSuccessful", jobId, within);
  return group("and", [ok, term({ kind: "within", jobId, withinMs })]);
}

/**
 * `id.finished_within(span)`: a run succeeded at most `span` ago.
 * @param span `"30m"`, `"2 hours"`, or a number of seconds, as in a job's options.
 * @throws {@link ConditionError} `INVALID_CONDITION` for an invalid id or span.
 */
export function finishedWithin(jobId: string, span: string | number): Condition;
export function finishedWithin(...given: [jobId: string, span: string | number]): Condition {
  checkNoMore("finishedWithin", given, 2);
  const jobId = checkJobId("finishedWithin", given[0]);
  return term({ kind: "within", jobId, withinMs: readWithin("finishedWithin", jobId, given[1]) });
}

/** `id.last_run_failed`. @throws {@link ConditionError} `INVALID_CONDITION` for an invalid id. */
export function lastRunFailed(jobId: string): Condition;
export function lastRunFailed(...given: [jobId: string]): Condition {
  checkNoMore("lastRunFailed", given, 1);
  return term({ kind: "failed", jobId: checkJobId("lastRunFailed", given[0]) });
}

/**
 * `id.last_runs_successful(count)`: the last `count` runs all succeeded.
 * @param count From 1 to 10,000.
 * @throws {@link ConditionError} `INVALID_CONDITION` for an invalid id, or a count out of range.
 */
export function lastRunsSuccessful(jobId: string, count: number): Condition;
export function lastRunsSuccessful(...given: [jobId: string, count: number]): Condition {
  checkNoMore("lastRunsSuccessful", given, 2);
  const jobId = checkJobId("lastRunsSuccessful", given[0]);
  return term({ kind: "runs", jobId, count: checkCount("lastRunsSuccessful", jobId, given[1]) });
}

/** `id.running`. @throws {@link ConditionError} `INVALID_CONDITION` for an invalid id. */
export function running(jobId: string): Condition;
export function running(...given: [jobId: string]): Condition {
  checkNoMore("running", given, 1);
  return term({ kind: "running", jobId: checkJobId("running", given[0]) });
}

/** `id.never_ran`. @throws {@link ConditionError} `INVALID_CONDITION` for an invalid id. */
export function neverRan(jobId: string): Condition;
export function neverRan(...given: [jobId: string]): Condition {
  checkNoMore("neverRan", given, 1);
  return term({ kind: "never", jobId: checkJobId("neverRan", given[0]) });
}

function join(call: "all" | "any", members: readonly Condition[]): Condition {
  checkSome(call, members);
  const checked = members.map((member) => checkMember(call, member));
  return validateCondition(group(call === "all" ? "and" : "or", checked));
}

/**
 * True if all conditions are: `a and b and c`.
 * @throws {@link ConditionError} `INVALID_CONDITION` if there are none, or if they exceed the language's limits.
 * @example when.all(when.lastRunSuccessful("job_2"), when.not(when.running("job_3")))
 */
export function all(...conditions: readonly Condition[]): Condition {
  return join("all", conditions);
}

/**
 * True if any condition is: `a or b or c`.
 * @throws {@link ConditionError} `INVALID_CONDITION` if there are none, or if they exceed the language's limits.
 */
export function any(...conditions: readonly Condition[]): Condition {
  return join("any", conditions);
}

/**
 * True if the condition is not: `not a`, `not (a or b)`.
 * @throws {@link ConditionError} `INVALID_CONDITION` if it exceeds the language's limits.
 */
export function not(condition: Condition): Condition;
export function not(...given: [condition: Condition]): Condition {
  checkNoMore("not", given, 1);
  return validateCondition(negation(checkMember("not", given[0])));
}
