import type { EpochMs } from "../core/clock.ts";
import type { ConditionProgram, TermInstruction } from "./compile.ts";
import type { JobFacts } from "./facts.ts";

/** Facts by job; `null`: there is no such job. */
export type NamedFacts = Readonly<Record<string, JobFacts | null>>;

/** The jobs that a condition names, each once. */
export function jobsNamedIn(program: ConditionProgram): string[] {
  return [...new Set(program.flatMap(([, jobId]) => (jobId === undefined ? [] : [jobId])))];
}

/** A term on a job that does not exist is neither true nor false, and so is its negation. */
const NO_SUCH_JOB = 0;

/** Evaluates a program on its stack of 1 (true), -1 (false) and 0; see {@link ConditionProgram}. */
export function runProgram(program: ConditionProgram, facts: NamedFacts, now: EpochMs): boolean {
  const stack: number[] = [];
  const pop = (): number => stack.pop() ?? NO_SUCH_JOB;
  for (const instruction of program) {
    switch (instruction[0]) {
      case "and":
        stack.push(Math.min(pop(), pop()));
        break;
      case "or":
        stack.push(Math.max(pop(), pop()));
        break;
      case "not":
        stack.push(-pop());
        break;
      case "ok":
      case "failed":
      case "running":
      case "never":
      case "runs":
      case "within": {
        const known = facts[instruction[1]];
        stack.push(known ? (isTermTrue(instruction, known, now) ? 1 : -1) : NO_SUCH_JOB);
      }
    }
  }
  return pop() === 1;
}

/** Whether a term is true for a job that exists. */
export function isTermTrue(term: TermInstruction, facts: JobFacts, now: EpochMs): boolean {
  switch (term[0]) {
    case "ok":
      return facts.lastVerdict === "succeeded";
    case "failed":
      return facts.lastVerdict === "failed";
    case "running":
      return facts.running > 0;
    case "never":
      return !facts.everRan;
    case "runs":
      return facts.successStreak >= term[2];
    case "within":
      return facts.lastSuccessAt !== null && now - facts.lastSuccessAt <= term[2];
  }
}

/** When a term becomes false just because time passes. */
export function expiryOf(
  program: ConditionProgram,
  facts: NamedFacts,
  now: EpochMs,
): EpochMs | undefined {
  let earliest: EpochMs | undefined;
  for (const term of program) {
    if (term[0] !== "within") continue;
    const lastSuccessAt = facts[term[1]]?.lastSuccessAt ?? null;
    if (lastSuccessAt === null) continue;
    const over = lastSuccessAt + term[2] + 1;
    if (over > now && (earliest === undefined || over < earliest)) earliest = over;
  }
  return earliest;
}
