import { jobsNamedIn } from "../../conditions/run-program.ts";
import type { JobEntry, JobRules } from "./state.ts";
import type { Step } from "./step.ts";

/** Notes which jobs a job waits for, so that a change of theirs wakes it. @param former its rules before, if it had any */
export function linkCondition({ state }: Step, { id, rules }: JobEntry, former?: JobRules): void {
  const { dependents } = state;
  for (const jobId of waitsFor(former)) {
    const ofJob = dependents.get(jobId);
    ofJob?.delete(id);
    if (ofJob?.size === 0) dependents.delete(jobId);
  }
  for (const jobId of waitsFor(rules)) {
    const ofJob = dependents.get(jobId) ?? new Set<string>();
    dependents.set(jobId, ofJob.add(id));
  }
}

/** Forgets what a removed job waited for. */
export function unlinkCondition(step: Step, job: JobEntry): void {
  linkCondition(step, { ...job, rules: { ...job.rules, condition: null } }, job.rules);
}

/** The jobs that a condition names if runs wait for it. */
function waitsFor(rules: JobRules | undefined): string[] {
  return rules?.condition && rules.waitMs !== null ? jobsNamedIn(rules.condition) : [];
}
