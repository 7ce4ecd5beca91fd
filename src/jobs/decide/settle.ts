import type {
  RunHold,
  Settlement,
  SettleRequest,
  SuspendRequest,
  Suspension,
} from "../run-requests.ts";
import { groupsOf } from "./group-room.ts";
import { waitsForResume } from "./retries.ts";
import { endRemoved, finishHere, finishRun, tellFinished } from "./run-end.ts";
import { tellOfRun } from "./run-start.ts";
import type { RunningRun } from "./state.ts";
import type { Step } from "./step.ts";
import { noteAlive } from "./takeover.ts";
import { cancelError } from "./verdicts.ts";
import { wakeGroups } from "./wake-groups.ts";
import { wakeDependents, wakeForQueued } from "./wakeups.ts";

/** The run that this start still holds. Another one has lost it, and must write nothing: it is fenced. */
function heldBy({ state }: Step, hold: RunHold): RunningRun | undefined {
  const run = state.running.get(hold.jobId)?.get(hold.queueJobId);
  return run?.id === hold.runId && run.start === hold.start ? run : undefined;
}

/** Stores how a run ended: its verdict, the counters, its instance; and what may start now is woken. */
export function settle(step: Step, request: SettleRequest): Settlement {
  const { jobId, verdict, durationMs, resultJson, error, retention, lock } = request;
  const run = heldBy(step, request);
  if (!run) {
    noteAlive(step, request);
    return { now: step.now, outcome: "fenced", endedQueueJob: false };
  }
  const groups = groupsOf(step, [jobId]);
  finishRun(step, run, {
    verdict,
    finishedAt: run.startedAt + Math.max(0, Math.round(durationMs)),
    result: resultJson === undefined ? undefined : (JSON.parse(resultJson) as unknown),
    error,
    kept: { keepCount: retention.count, keepAgeMs: retention.ageMs },
  });
  wakeForQueued(step, step.state.jobs.get(jobId));
  wakeDependents(step, [jobId]);
  wakeGroups(step, groups);
  const endedQueueJob = lock !== undefined && step.queue.end(run.queueJobId, lock);
  tellFinished(step, [jobId]);
  return { now: step.now, outcome: "settled", endedQueueJob };
}

/** Suspends a run, which keeps its instance: a retry after a failure, or a sleep. */
export function suspend(step: Step, request: SuspendRequest): Suspension {
  const { jobId, kind, until, error } = request;
  const run = heldBy(step, request);
  if (!run) {
    noteAlive(step, request);
    return { outcome: "fenced" };
  }
  const job = step.state.jobs.get(jobId);
  if (run.cancelReason !== null) {
    const { cancelReason } = run;
    return endSuspended(step, run, () =>
      finishHere(step, run, "cancelled", cancelError(cancelReason)),
    );
  }
  // A repeated request, whose answer was lost with a connection, finds the run suspended.
  if (!run.suspended) {
    const at = "at" in until ? until.at : step.now + until.inMs;
    run.suspended = { kind, until: Math.max(0, Math.ceil(at)), error };
    if (kind === "retry") {
      run.failures += 1;
      tellOfRun(step, "JOB_RETRYING", run, { reason: "retry", ...(error && { error }) });
    }
  }
  if (!job) return endSuspended(step, run, () => endRemoved(step, run));
  if (job.state === "paused" && waitsForResume(run)) return { outcome: "until-resume" };
  return { outcome: "suspended", waitMs: Math.max(0, run.suspended.until - step.now) };
}

/** Ends a run that was to go on later, and wakes what may start now. */
function endSuspended(step: Step, { jobId }: RunningRun, end: () => void): Suspension {
  const groups = groupsOf(step, [jobId]);
  end();
  const job = step.state.jobs.get(jobId);
  if (job) {
    wakeForQueued(step, job);
    wakeDependents(step, [jobId]);
  }
  wakeGroups(step, groups);
  tellFinished(step, [jobId]);
  return { outcome: "cancelled" };
}

/** A worker hands a run back unfinished on purpose, so that its next start does not count as a crash. */
export function handBack(step: Step, hold: RunHold): void {
  const run = heldBy(step, hold);
  if (!run) {
    noteAlive(step, hold);
    return;
  }
  if (run.suspended) return;
  run.isHandedBack = true;
  tellOfRun(step, "JOB_RETRYING", run, { reason: "handed back" });
}
