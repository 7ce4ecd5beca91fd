import { queueJobIdOf } from "../occurrence-id.ts";
import type { JobEntry, RunningRun } from "./state.ts";
import { nextNumber, runningOf, type Step } from "./step.ts";

/** Whether a run waits for its job to be resumed if that is paused: true of the retry of a scheduled run. */
export function waitsForResume({ suspended, kind }: RunningRun): boolean {
  return suspended?.kind === "retry" && kind === "scheduled";
}

/** The job is paused: its retries lose their queue jobs. */
export function dropRetries(step: Step, jobId: string): void {
  for (const run of runningOf(step, jobId))
    if (waitsForResume(run)) step.queue.drop(run.queueJobId);
}

/** The job is resumed: its retries get queue jobs. Each has a new id, since a worker may be about to end the old one. */
export function releaseRetries(step: Step, job: JobEntry): void {
  dropRetries(step, job.id);
  const held = step.state.running.get(job.id);
  const waiting = runningOf(step, job.id).filter(waitsForResume);
  for (const run of waiting.toSorted((a, b) => (a.queueJobId < b.queueJobId ? -1 : 1))) {
    const { fireAt, suspended, pipeline } = run;
    held?.delete(run.queueJobId);
    run.queueJobId = queueJobIdOf({
      jobId: job.id,
      kind: "wakeup",
      sequence: nextNumber(step),
      fireAt,
    });
    held?.set(run.queueJobId, run);
    step.queue.add(run.queueJobId, pipeline, Math.max(step.now, suspended?.until ?? step.now));
  }
}
