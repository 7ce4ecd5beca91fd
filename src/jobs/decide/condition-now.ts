import type { ConditionProgram } from "../../conditions/compile.ts";
import type { JobFacts } from "../../conditions/facts.ts";
import {
  expiryOf,
  jobsNamedIn,
  type NamedFacts,
  runProgram,
} from "../../conditions/run-program.ts";
import type { EpochMs } from "../../core/clock.ts";
import { instancesOfAnyKind, type Step } from "./step.ts";

/** A condition at one moment. */
export interface Judgement {
  readonly isTrue: boolean;
  readonly facts: NamedFacts;
  /** When a term becomes false just because time passes: the moment to look again even if nothing happens. */
  readonly expiresAt: EpochMs | undefined;
}

/** Decides a job's condition by the facts of this step. */
export function judge(step: Step, program: ConditionProgram): Judgement {
  const facts = factsOf(step, program);
  return {
    isTrue: runProgram(program, facts, step.now),
    facts,
    expiresAt: expiryOf(program, facts, step.now),
  };
}

/** What a condition asks about each job that it names. */
function factsOf(step: Step, program: ConditionProgram): NamedFacts {
  const facts: Record<string, JobFacts | null> = {};
  for (const jobId of jobsNamedIn(program)) {
    const job = step.state.jobs.get(jobId);
    const running = instancesOfAnyKind(step, jobId);
    facts[jobId] = job
      ? {
          lastVerdict: (job.lastRun?.verdict ?? null) as JobFacts["lastVerdict"],
          lastSuccessAt: job.lastSuccessAt,
          successStreak: job.successStreak,
          running,
          everRan: job.lastRun !== null || running > 0,
        }
      : null;
  }
  return facts;
}
