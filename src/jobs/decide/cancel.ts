import type { CancelOutcome, CancelRequest } from "../manual-requests.ts";
import type { NotedCancel, RunHold } from "../run-requests.ts";
import { isVisible } from "../scope.ts";
import { endBackfillRun } from "./backfill-times.ts";
import { noteChange } from "./changes.ts";
import { groupsOf } from "./group-room.ts";
import { decidedOf, takeOut } from "./queued-runs.ts";
import { finishHere, tellFinished } from "./run-end.ts";
import type { JobEntry, QueueState, RunningRun } from "./state.ts";
import { runningOf, type Step } from "./step.ts";
import { backfillRunId } from "./upcoming.ts";
import { cancelError, type CancelWhy, type Decided, decideCancelled } from "./verdicts.ts";
import { wakeGroups } from "./wake-groups.ts";
import { stopWaking, wakeDependents, wakeForQueued } from "./wakeups.ts";

/** Cancels a run: at once if it is not being executed; otherwise its worker is told when it asks. */
export function cancelRun(step: Step, request: CancelRequest): CancelOutcome {
  const { jobId, runId, reason, by, bulk, scope = "all" } = request;
  const job = step.state.jobs.get(jobId);
  const run = runningOf(step, jobId).find(({ id }) => id === runId);
  // Whose the run is, as it is shown: it may have started when its job was another's.
  if (!isVisible(scope, run?.owner ?? job?.rules.owner ?? undefined)) return "unknown";
  const groups = groupsOf(step, [jobId]);
  const note = (): void =>
    noteChange(step, {
      by,
      what: "cancelled",
      jobId,
      runId,
      reason,
      bulk,
      ...(typeof run?.owner === "string" && { owner: run.owner }),
    });
  if (run) {
    if (!cancelHeld(step, run, request)) {
      note();
      return "asked";
    }
    wakeForQueued(step, job);
    wakeDependents(step, [jobId]);
  } else {
    if (!job || !cancelWaiting(step, job, request)) return "unknown";
  }
  note();
  wakeGroups(step, groups);
  tellFinished(step, [jobId]);
  return "cancelled";
}

/**
 * Cancels a run in progress.
 * @returns whether it has its verdict now; if not, it is being executed, and its worker will be told
 */
export function cancelHeld(step: Step, run: RunningRun, { reason, by }: CancelWhy): boolean {
  if (!run.isHandedBack && !run.suspended) {
    if (run.cancelReason === null) run.cancelledBy = by;
    run.cancelReason ??= reason;
    return false;
  }
  run.cancelledBy = by;
  step.queue.drop(run.queueJobId);
  finishHere(step, run, "cancelled", cancelError(reason));
  return true;
}

/** Cancels a run that has not started. @returns whether it was there */
function cancelWaiting(step: Step, job: JobEntry, request: CancelRequest): boolean {
  const { runId } = request;
  const waiting = takeRequested(step, job, runId) ?? takeQueuedRun(job, runId);
  if (waiting) {
    decideCancelled(step, job, waiting, request);
    stopWaking(step, job);
    return true;
  }
  const fireAt = takeFireTime(step, job, runId);
  if (fireAt === undefined) return false;
  const run = {
    id: runId,
    kind: "backfill",
    fireAt,
    dueAt: fireAt,
    fromAt: fireAt,
    count: 1,
  } as const;
  decideCancelled(step, job, run, request);
  endBackfillRun(step, job, "cancelled");
  return true;
}

function takeRequested(step: Step, job: JobEntry, runId: string): Decided | undefined {
  const request = job.requests.get(runId);
  if (!request) return undefined;
  job.requests.delete(runId);
  step.queue.drop(runId);
  const { fireAt, by } = request;
  const times = { fireAt, dueAt: fireAt, fromAt: fireAt, count: 1 };
  return { id: runId, kind: "manual", ...times, ...(by && { by }) };
}

function takeQueuedRun(job: JobEntry, runId: string): Decided | undefined {
  const run = takeOut(job, runId);
  return run && decidedOf(run);
}

/** Takes a fire time out of the job's backfill. */
function takeFireTime(step: Step, job: JobEntry, runId: string): number | undefined {
  const { backfill, id: jobId } = job;
  if (!backfill) return undefined;
  const at = backfill.waiting.findIndex((fireAt) => backfillRunId(jobId, fireAt) === runId);
  if (at >= 0) return backfill.waiting.splice(at, 1)[0];
  for (const [queueJobId, fireAt] of backfill.queued) {
    if (backfillRunId(jobId, fireAt) !== runId) continue;
    backfill.queued.delete(queueJobId);
    step.queue.drop(queueJobId);
    return fireAt;
  }
  return undefined;
}

/** Which of these runs are to be cancelled. */
export function readCancels(state: QueueState, holds: readonly RunHold[]): NotedCancel[] {
  return holds.flatMap(({ jobId, queueJobId, runId }) => {
    const run = state.running.get(jobId)?.get(queueJobId);
    const reason = run?.id === runId ? run.cancelReason : null;
    return reason === null || reason === undefined ? [] : [{ queueJobId, reason }];
  });
}
