import type { ConditionProgram } from "../../conditions/compile.ts";
import type { JobFacts } from "../../conditions/facts.ts";
import {
  expiryOf,
  jobsNamedIn,
  type NamedFacts,
  runProgram,
} from "../../conditions/run-program.ts";
import type { EpochMs } from "../../core/clock.ts";
import type { Scoped } from "../scope.ts";
import { findJob, instancesOfAnyKind, type Step } from "./step.ts";

/** A condition at one moment. */
export interface Judgement {
  readonly isTrue: boolean;
  readonly facts: NamedFacts;
  /** When a term becomes false just because time passes: the moment to look again even if nothing happens. */
  readonly expiresAt: EpochMs | undefined;
}

/**
 * Decides a job's condition by the facts of this step.
 * @param sees The owners whose jobs it sees; `null`: everybody's.
 */
export function judge(
  step: Step,
  program: ConditionProgram,
  sees: readonly string[] | null,
): Judgement {
  const facts = factsOf(step, program, sees ?? undefined);
  return {
    isTrue: runProgram(program, facts, step.now),
    facts,
    expiresAt: expiryOf(program, facts, step.now),
  };
}

/** What a condition asks about each job that it names. */
function factsOf(step: Step, program: ConditionProgram, scope: Scoped["scope"]): NamedFacts {
  const facts: Record<string, JobFacts | null> = {};
  for (const jobId of jobsNamedIn(program)) {
    const job = findJob(step, { jobId, scope });
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
