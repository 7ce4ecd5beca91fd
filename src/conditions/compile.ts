import { type Condition, isGroup, type Term } from "./condition.ts";

/** One step of a {@link ConditionProgram}. */
export type Instruction =
  | readonly ["ok" | "failed" | "running" | "never", string]
  | readonly ["runs" | "within", string, number]
  | readonly ["and"]
  | readonly ["or"]
  | readonly ["not"];

/** A step on a job. */
export type TermInstruction = Exclude<Instruction, readonly ["and" | "or" | "not"]>;

/**
 * A condition in postfix form, as JSON, for an engine to decide within one atomic step.
 *
 * The machine has a stack of numbers: 1 is true, -1 is false, 0 is "no such job". Each step does one of these:
 *
 * | step | effect |
 * |---|---|
 * | `["ok", job]` | pushes 1 if the job's last verdict is `succeeded`, else -1 |
 * | `["failed", job]` | … if its last verdict is `failed` |
 * | `["runs", job, n]` | … if its success streak is at least `n` |
 * | `["within", job, ms]` | … if it has succeeded, and `now - lastSuccessAt <= ms` |
 * | `["running", job]` | … if one of its runs is in progress |
 * | `["never", job]` | … if none of its runs has ever begun |
 * | `["and"]` | pops two, pushes the smaller |
 * | `["or"]` | pops two, pushes the larger |
 * | `["not"]` | pops one, pushes it with the opposite sign |
 *
 * A step on a job that doesn't exist pushes 0. One number remains at the end; the condition is true if it is 1. (In SQL
 * the three numbers are `TRUE`, `FALSE` and `NULL`, and the operators are SQL's own.) A program has at most 100 steps
 * on jobs, and its stack never holds more numbers than that.
 */
export type ConditionProgram = readonly Instruction[];

/** The step of one term. */
export function compileTerm(term: Term): TermInstruction {
  switch (term.kind) {
    case "runs":
      return [term.kind, term.jobId, term.count];
    case "within":
      return [term.kind, term.jobId, term.withinMs];
    case "ok":
    case "failed":
    case "running":
    case "never":
      return [term.kind, term.jobId];
  }
}

/**
 * Turns a condition into a program that needs no recursion.
 * @example compileCondition(parseCondition("job_2.last_run_successful and not job_3.running"))
 * // [["ok","job_2"],["running","job_3"],["not"],["and"]]
 */
export function compileCondition(condition: Condition): ConditionProgram {
  const program: Instruction[] = [];
  append(program, condition);
  return program;
}

function append(program: Instruction[], condition: Condition): void {
  if (condition.kind === "not") {
    append(program, condition.of);
    program.push(["not"]);
  } else if (isGroup(condition)) {
    for (const [i, member] of condition.of.entries()) {
      append(program, member);
      // Joined as soon as there are two, which keeps the stack small.
      if (i > 0) program.push([condition.kind]);
    }
  } else program.push(compileTerm(condition));
}
