import type { EventName, StoredEvent } from "../event.ts";
import type { AdmitRequest } from "../run-requests.ts";
import { countInGroup } from "./group-room.ts";
import type { JobEntry, QueuedEntry, RunningRun } from "./state.ts";
import { ownerOf, type Step, tell } from "./step.ts";

/** A run that can begin. */
export type Startable = Pick<
  QueuedEntry,
  "id" | "fireAt" | "dueAt" | "fromAt" | "count" | "params" | "by"
> & { readonly kind: RunningRun["kind"] };

/** Starts a run under the queue job that a worker took. From here on it holds an instance. */
export function startRun(
  step: Step,
  job: JobEntry,
  { queueJobId, worker, take }: AdmitRequest,
  { id, kind, fireAt, dueAt, fromAt, count, params, by }: Startable,
): RunningRun {
  const run: RunningRun = {
    jobId: job.id,
    queueJobId,
    id,
    kind,
    pipeline: job.rules.pipeline,
    owner: job.rules.owner,
    ...(by && { by }),
    fireAt,
    dueAt,
    fromAt,
    count,
    ...(params === undefined ? {} : { params }),
    group: job.rules.group?.key ?? null,
    startedAt: step.now,
    attemptAt: step.now,
    start: 1,
    attempt: 1,
    failures: 0,
    crashes: 0,
    crashed: new Map(),
    worker,
    take,
    isHandedBack: false,
    isAlive: false,
    suspended: null,
    cancelReason: null,
    cancelledBy: null,
  };
  hold(step, run);
  tell(step, {
    name: "JOB_SUBMITTED",
    jobId: job.id,
    runId: id,
    fireAt,
    worker,
    by,
  });
  tellOfRun(step, "JOB_STARTED", run);
  return run;
}

/** Notes that a run is in progress. */
export function hold(step: Step, run: RunningRun): void {
  const { running } = step.state;
  const ofJob = running.get(run.jobId) ?? new Map<string, RunningRun>();
  running.set(run.jobId, ofJob);
  ofJob.set(run.queueJobId, run);
  countInGroup(step, run.group, 1);
}

/** Notes that a run is over. */
export function release(step: Step, run: RunningRun): void {
  const { running } = step.state;
  const ofJob = running.get(run.jobId);
  ofJob?.delete(run.queueJobId);
  if (ofJob?.size === 0) running.delete(run.jobId);
  countInGroup(step, run.group, -1);
}

/** An event about a run in progress. */
export function tellOfRun(
  step: Step,
  name: EventName,
  { jobId, id, fireAt, attempt, worker, owner }: RunningRun,
  more: Pick<StoredEvent, "reason" | "error"> = {},
): void {
  tell(step, {
    name,
    jobId,
    owner: owner ?? ownerOf(step, jobId),
    runId: id,
    fireAt,
    attempt,
    worker,
    ...more,
  });
}
