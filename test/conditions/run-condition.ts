import type { ConditionProgram, Instruction } from "../../src/conditions/compile.ts";
import type { FactsOf, JobFacts } from "../../src/conditions/facts.ts";
import type { EpochMs } from "../../src/core/clock.ts";

function holds(
  step: Exclude<Instruction, readonly ["and" | "or" | "not"]>,
  job: JobFacts,
  now: EpochMs,
): boolean {
  switch (step[0]) {
    case "ok":
      return job.lastVerdict === "succeeded";
    case "failed":
      return job.lastVerdict === "failed";
    case "running":
      return job.running > 0;
    case "never":
      return !job.everRan;
    case "runs":
      return job.successStreak >= step[2];
    case "within":
      return job.lastSuccessAt !== null && now - job.lastSuccessAt <= step[2];
  }
}

/**
 * Runs a compiled condition as an engine's script does: the reference that those are tested against. It shares nothing with
 * `evaluate`, so that tests can compare the two.
 * @throws Error if `compileCondition` did not make the program.
 */
export function runCondition(program: ConditionProgram, facts: FactsOf, now: EpochMs): boolean {
  const stack: number[] = [];
  const pop = (): number => {
    const top = stack.pop();
    if (top === undefined) throw new Error("A condition's program pops from an empty stack.");
    return top;
  };
  for (const step of program) {
    if (step[0] === "and") stack.push(Math.min(pop(), pop()));
    else if (step[0] === "or") stack.push(Math.max(pop(), pop()));
    else if (step[0] === "not") stack.push(-pop());
    else {
      const job = facts(step[1]);
      stack.push(job === undefined ? 0 : holds(step, job, now) ? 1 : -1);
    }
  }
  const value = pop();
  if (stack.length > 0) throw new Error("A condition's program leaves more than one value.");
  return value === 1;
}
