import { ASKED_MS, MAX_ASKED, type RequestedRun, type RunRequest } from "../manual-requests.ts";
import { queueJobIdOf } from "../occurrence-id.ts";
import { noteChange } from "./changes.ts";
import type { JobEntry } from "./state.ts";
import { findJob, type Step } from "./step.ts";

/**
 * Records a manual run, which a worker decides on as on any other. Asking again with the same number finds the run that was
 * asked for first, whether it waits, runs or has ended: a caller that lost the answer may ask again.
 */
export function requestRun(step: Step, request: RunRequest): RequestedRun | "missing" {
  const { jobId, sequence, params, by, bulk, ignoreCondition = false } = request;
  const job = findJob(step, request);
  if (!job) return "missing";
  const { now } = step;
  const before = job.asked.get(sequence);
  const isNew = before === undefined || now - before >= ASKED_MS;
  const fireAt = isNew ? now : before;
  const runId = queueJobIdOf({ jobId, kind: "manual", sequence, fireAt });
  if (!isNew) return { runId, isNew };
  noteAsked(job, sequence, fireAt);
  const given = params === undefined ? {} : { params };
  job.requests.set(runId, { fireAt, ...given, ignoreCondition, by });
  noteChange(step, { by, what: "run", jobId, runId, bulk });
  step.queue.add(runId, job.rules.pipeline, fireAt);
  return { runId, isNew };
}

function noteAsked({ asked }: JobEntry, sequence: number, at: number): void {
  asked.delete(sequence);
  asked.set(sequence, at);
  const [oldest] = asked.keys();
  if (asked.size > MAX_ASKED && oldest !== undefined) asked.delete(oldest);
}
