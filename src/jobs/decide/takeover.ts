import type { StoredError } from "../../core/stored-error.ts";
import type { AdmitRequest, RunHold } from "../run-requests.ts";
import { type Answer, answerRun } from "./answer.ts";
import { waitsForResume } from "./retries.ts";
import { endRemoved, finishHere } from "./run-end.ts";
import { tellOfRun } from "./run-start.ts";
import type { JobEntry, RunningRun } from "./state.ts";
import type { Step } from "./step.ts";
import { cancelError } from "./verdicts.ts";
import { wakeForQueued } from "./wakeups.ts";

/** A run on its last chance whose worker has another such run is put off for this long. */
const ALONE_MS = 1_000;

/** The run of this queue job started before and did not end: its process died or handed it back, or it was suspended. */
export function takeOver(
  step: Step,
  job: JobEntry | undefined,
  run: RunningRun,
  request: AdmitRequest,
): Answer {
  // A repeated request, whose answer was lost with a connection.
  if (run.take === request.take) return answerRun(job, run);
  if (run.cancelReason !== null) return endHere(step, job, run, cancelError(run.cancelReason));
  if (!job) {
    endRemoved(step, run);
    return { outcome: "none" };
  }
  // It gets another queue job when the job is resumed.
  if (job.state === "paused" && waitsForResume(run)) return { outcome: "none" };
  if (run.suspended && run.suspended.until > step.now)
    return { outcome: "early", waitMs: run.suspended.until - step.now };
  const crashes = run.crashes + (isCrash(run) ? 1 : 0);
  const isLastChance = crashes > 0 && crashes === request.maxCrashes - 1;
  if (isLastChance && hasOtherOnLastChance(step, run, request))
    return { outcome: "early", waitMs: ALONE_MS };
  if (isCrash(run)) {
    run.crashes = crashes;
    run.crashed.set(run.start, run.worker);
  }
  if (run.crashes >= request.maxCrashes) return endHere(step, job, run, crashError(run));
  resume(step, run, request);
  return answerRun(job, run);
}

/** A start that ended without a word from its worker. */
function isCrash({ isHandedBack, suspended, isAlive }: RunningRun): boolean {
  return !isHandedBack && !suspended && !isAlive;
}

/**
 * Whether a worker executes another run on its last chance. It must not start a second one: if the process dies, the
 * culprit is known.
 */
function hasOtherOnLastChance(
  { state }: Step,
  run: RunningRun,
  { worker, maxCrashes }: AdmitRequest,
): boolean {
  for (const ofJob of state.running.values())
    for (const other of ofJob.values())
      if (
        other !== run &&
        other.worker === worker &&
        other.crashes === maxCrashes - 1 &&
        !other.suspended &&
        !other.isHandedBack
      )
        return true;
  return false;
}

function endHere(
  step: Step,
  job: JobEntry | undefined,
  run: RunningRun,
  error: StoredError,
): Answer {
  finishHere(step, run, error.code === "RUN_CRASHED" ? "failed" : "cancelled", error);
  wakeForQueued(step, job);
  return { outcome: "none" };
}

/** Begins the next start. After a sleep it continues the attempt; everything else begins a new one. */
function resume(step: Step, run: RunningRun, { take, worker }: AdmitRequest): void {
  const isNewAttempt = run.suspended?.kind !== "sleep";
  if (isNewAttempt) {
    run.attempt += 1;
    run.attemptAt = step.now;
  }
  run.suspended = null;
  run.isHandedBack = false;
  run.isAlive = false;
  run.start += 1;
  run.take = take;
  run.worker = worker;
  run.startedAt = step.now;
  if (isNewAttempt) tellOfRun(step, "JOB_STARTED", run);
}

function crashError({ crashes, crashed }: RunningRun): StoredError {
  const what =
    crashes === 1
      ? "its only start ended without a word from its worker"
      : `${crashes} starts ended without a word from their workers`;
  const workers = [...crashed].toSorted(([a], [b]) => a - b).map(([, worker]) => worker);
  return {
    name: "CronduitError",
    message: `crashed: ${what} (killed, out of memory, or cut off and not back): ${workers.join(", ")}`,
    code: "RUN_CRASHED",
  };
}

/**
 * The worker of a start lost its lock but lives, so this was no crash. If the next start has already counted it as one, takes
 * that back.
 */
export function noteAlive({ state }: Step, { jobId, queueJobId, runId, start }: RunHold): void {
  const run = state.running.get(jobId)?.get(queueJobId);
  if (run?.id !== runId) return;
  if (run.start === start) run.isAlive = true;
  if (run.crashed.delete(start)) run.crashes -= 1;
}
