import { leaveLine, joinLine } from "./group-room.ts";
import { queueJobIdOf } from "../occurrence-id.ts";
import type { EpochMs } from "../../core/clock.ts";
import type { JobEntry } from "./state.ts";
import { isFull, nextNumber, type Step } from "./step.ts";

/**
 * Adds a queue job that makes a worker look at the job's queued runs, unless one is there that no worker has acknowledged:
 * it will see everything that is queued by then.
 * @returns whether a worker will take it soon: workers put it off if none of them has the pipeline
 */
export function wakeJob(step: Step, job: JobEntry): boolean {
  for (const id of job.wakeups) {
    const state = step.queue.stateOf(id);
    if (state !== undefined) return state !== "delayed";
  }
  const id = wakeupId(step, job, step.now);
  job.wakeups.add(id);
  step.queue.add(id, job.rules.pipeline, step.now);
  return true;
}

/**
 * Wakes the job if a run is queued and an instance is free. In a group the job joins the line, and the group wakes it at the
 * end of the step.
 */
export function wakeForQueued(step: Step, job: JobEntry | undefined): void {
  if (!job || job.queued.length === 0 || isFull(step, job)) return;
  if (job.rules.group === null) wakeJob(step, job);
  else joinLine(step, job);
}

/** Wakes the job at an instant, and at no other; `undefined`: at none. */
export function wakeAt(step: Step, job: JobEntry, at: EpochMs | undefined): void {
  if (job.timedWakeup?.at === at) return;
  if (job.timedWakeup) step.queue.drop(job.timedWakeup.id);
  job.timedWakeup = null;
  if (at === undefined) return;
  const id = wakeupId(step, job, at);
  step.queue.add(id, job.rules.pipeline, at);
  job.timedWakeup = { id, at };
}

/** Drops the wakeups that no worker has acknowledged. */
export function dropWakeups(step: Step, job: JobEntry): void {
  for (const id of job.wakeups) step.queue.drop(id);
  job.wakeups.clear();
}

/**
 * A worker acknowledges a wakeup: from here on it does not count as one any more.
 * @returns how long it must wait, if the wakeup is for an instant that has not come
 */
export function acknowledge(step: Step, job: JobEntry, queueJobId: string): number | undefined {
  if (job.timedWakeup?.id !== queueJobId) {
    job.wakeups.delete(queueJobId);
    return undefined;
  }
  const waitMs = job.timedWakeup.at - step.now;
  if (waitMs > 0) return waitMs;
  job.timedWakeup = null;
  return undefined;
}

/** Something about these jobs changed: wakes the jobs with runs that wait for it. */
export function wakeDependents(step: Step, changed: Iterable<string>): void {
  const { dependents, jobs } = step.state;
  const woken = new Set<string>();
  for (const jobId of changed) for (const other of dependents.get(jobId) ?? []) woken.add(other);
  for (const jobId of [...woken].toSorted()) {
    const job = jobs.get(jobId);
    if (job?.queued.some(({ waitUntil }) => waitUntil !== null)) wakeJob(step, job);
  }
}

/** After the last queued run is gone: drops the wakeups, and leaves the group's line. */
export function stopWaking(step: Step, job: JobEntry): void {
  if (job.queued.length > 0) return;
  wakeAt(step, job, undefined);
  dropWakeups(step, job);
  leaveLine(step, job);
}

function wakeupId(step: Step, { id }: JobEntry, fireAt: EpochMs): string {
  return queueJobIdOf({ jobId: id, kind: "wakeup", sequence: nextNumber(step), fireAt });
}
