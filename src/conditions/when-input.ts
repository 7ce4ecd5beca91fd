// Checks what untyped callers give to the functions of `when`: what is dropped silently would change the condition.
import { readSeconds } from "../core/duration-bounds.ts";
import { parseDuration } from "../core/durations.ts";
import { ConditionError, isCronduitError } from "../core/errors.ts";
import { shown } from "../core/shown.ts";
import { suggest } from "../core/suggest.ts";
import type { Condition } from "./condition.ts";
import { countProblem, jobIdProblem, withinProblem } from "./limits.ts";
import { validateCondition } from "./schema.ts";

/** How each function of `when` is called. */
const EXAMPLES = {
  lastRunSuccessful: 'when.lastRunSuccessful("job_2", { within: "1h" })',
  finishedWithin: 'when.finishedWithin("job_2", "1h")',
  lastRunFailed: 'when.lastRunFailed("job_2")',
  lastRunsSuccessful: 'when.lastRunsSuccessful("job_2", 3)',
  running: 'when.running("job_2")',
  neverRan: 'when.neverRan("job_2")',
  all: 'when.all(when.running("job_2"), when.neverRan("job_3"))',
  any: 'when.any(when.running("job_2"), when.neverRan("job_3"))',
  not: 'when.not(when.running("job_2"))',
} as const;

/** The name of a function of `when`. */
export type WhenCall = keyof typeof EXAMPLES;

function refuse(call: WhenCall, problem: string, value: unknown, suggestion?: string): never {
  throw new ConditionError(`when.${call}: ${problem} Write ${EXAMPLES[call]}.`, {
    value,
    ...(suggestion === undefined ? {} : { suggestion }),
  });
}

/** Refuses arguments after the last one that the function has. */
export function checkNoMore(call: WhenCall, given: readonly unknown[], most: number): void {
  if (given.length > most)
    refuse(call, `${shown(given[most])} is an argument too many.`, given[most]);
}

export function checkJobId(call: WhenCall, jobId: unknown): string {
  const problem = jobIdProblem(jobId);
  if (problem !== undefined) refuse(call, `the job id ${shown(jobId)} ${problem}.`, jobId);
  return String(jobId);
}

export function checkCount(call: WhenCall, jobId: string, count: number): number {
  const problem = countProblem(count);
  if (problem === undefined) return count;
  return refuse(call, `the count for job ${shown(jobId)}, ${shown(count)}, ${problem}.`, count);
}

/** The milliseconds of a span that is text, or a number of seconds. */
export function readWithin(call: WhenCall, jobId: string, span: unknown): number {
  const place = `the span for job ${shown(jobId)}`;
  const ms = toMs(call, place, span);
  const problem = withinProblem(ms);
  return problem === undefined ? ms : refuse(call, `${place} ${problem}.`, span);
}

function toMs(call: WhenCall, place: string, span: unknown): number {
  if (span === undefined) return refuse(call, `${place} is missing.`, span);
  if (typeof span === "number") {
    const ms = readSeconds(span, "when.finishedWithin");
    if (typeof ms === "number") return ms;
    const end = /[.?]$/.test(ms.message) ? "" : ".";
    return refuse(call, `${place} ${ms.message}${end}`, span, ms.suggestion);
  }
  if (typeof span !== "string")
    return refuse(call, `${place}, ${shown(span)}, is not a duration.`, span);
  try {
    return parseDuration(span);
  } catch (error) {
    if (!isCronduitError(error)) throw error;
    return refuse(call, `${place}: ${error.message.replace(/ Write it .*/, "")}`, span);
  }
}

/** The `within` of the options; `undefined` if there are none. */
export function withinOf(options: unknown): unknown {
  const call = "lastRunSuccessful";
  if (Object.prototype.toString.call(options) !== "[object Object]")
    return refuse(call, `the options ${shown(options)} are not an object.`, options);
  const { within, ...others } = options as Readonly<Record<string, unknown>>;
  const [other] = Object.keys(others);
  if (other !== undefined) {
    const near = suggest(other, ["within"]);
    const hint = near === undefined ? "" : ` Did you mean "${near}"?`;
    return refuse(call, `unknown option ${shown(other)}.${hint}`, other, near);
  }
  // A setting that is missing must not remove the limit.
  if (within === undefined && Object.hasOwn(options as object, "within"))
    return refuse(call, 'the option "within" is undefined; leave it out for no limit.', within);
  return within;
}

/** A condition that is given to `all`, `any` or `not`. @throws {@link ConditionError} `INVALID_CONDITION` */
export function checkMember(call: "all" | "any" | "not", member: unknown): Condition {
  if (typeof member === "string") {
    throw new ConditionError(
      `when.${call}: ${shown(member)} is text, not a condition. Write when.${call}(parseCondition(${shown(member)})), or build it, as with when.running("job_2").`,
      { value: member },
    );
  }
  if (Array.isArray(member) && member.length > 0 && call !== "not") {
    throw new ConditionError(
      `when.${call}: ${shown(member)} is not a condition. Write the conditions one by one: when.${call}(a, b).`,
      { value: member },
    );
  }
  if (!hasKind(member)) refuse(call, `${shown(member)} is not a condition.`, member);
  return validateCondition(member);
}

/** Whether it is probably a condition; what can't be read is left to the schema. */
function hasKind(value: unknown): boolean {
  try {
    return typeof value === "object" && value !== null && "kind" in value;
  } catch {
    return true;
  }
}

/** Refuses `all()` and `any()`, which have no meaning that everyone expects. */
export function checkSome(call: "all" | "any", members: readonly unknown[]): void {
  if (members.length === 0) refuse(call, "no conditions are given.", undefined);
}
