import type { EpochMs } from "../../core/clock.ts";
import { reasonOf, type StoredError } from "../../core/stored-error.ts";
import { systemActor } from "../actor.ts";
import { isScheduledRun, type LedgerRow } from "../ledger-row.ts";
import { endBackfillRun } from "./backfill-times.ts";
import { noteChange } from "./changes.ts";
import { skipQueued } from "./queued-runs.ts";
import { KEPT_OF_REMOVED, type Kept, keepRow, ledgerOf } from "./retention.ts";
import { dropRetries } from "./retries.ts";
import { release } from "./run-start.ts";
import { dropNext } from "./upcoming.ts";
import type { JobEntry, RunningRun } from "./state.ts";
import { instancesOf, nextNumber, ownerOf, type Step, tell } from "./step.ts";
import { addCount, cancelError } from "./verdicts.ts";

/** How a run ended. */
export interface RunEnd {
  readonly verdict: "succeeded" | "failed" | "cancelled";
  readonly finishedAt: EpochMs;
  readonly result?: unknown;
  readonly error: StoredError | undefined;
  readonly kept: Kept;
}

const EVENT_OF = {
  succeeded: "JOB_EXECUTED",
  failed: "JOB_ERROR",
  cancelled: "JOB_CANCELLED",
} as const;

/** Ends a run: its row in the ledger, the job's counters, its instance, its event. */
export function finishRun(step: Step, run: RunningRun, end: RunEnd): void {
  const { verdict, finishedAt, result, error } = end;
  release(step, run);
  // The job may have been given away meanwhile, and the new owner must not see what was done for the former one.
  const owner = run.owner ?? ownerOf(step, run.jobId);
  const cancelledBy = (verdict === "cancelled" && run.cancelledBy) || undefined;
  const outcome = {
    ...(result === undefined ? {} : { result }),
    ...(error === undefined ? {} : { error }),
  };
  const row: LedgerRow = {
    id: run.id,
    state: verdict,
    kind: run.kind,
    fireAt: run.fireAt,
    dueAt: run.dueAt,
    startedAt: run.attemptAt,
    finishedAt,
    attempt: run.attempt,
    worker: run.worker,
    ...outcome,
    ...(owner !== undefined && { owner }),
    ...(run.by && { by: run.by }),
    ...(cancelledBy && { cancelledBy }),
  };
  keepRow(step, run.jobId, row, end.kept);
  const job = step.state.jobs.get(run.jobId);
  if (job) noteEnd(job, run, end);
  // The row may be the first of the ledger of a removed job.
  else ledgerOf(step, run.jobId).expiresAt = step.now + end.kept.keepAgeMs;
  const { jobId, id: runId, fireAt, attempt, worker } = run;
  const about = { jobId, owner, runId, fireAt, attempt, worker, by: cancelledBy };
  tell(step, { name: EVENT_OF[verdict], ...about, ...outcome });
  const most = job?.rules.pauseAfter ?? Infinity;
  if (job?.state === "active" && verdict === "failed" && job.failuresInARow >= most)
    pauseAfterFailures(step, job, error);
  if (job && run.kind === "backfill") endBackfillRun(step, job, verdict);
}

/** What the end of a run changes about its job. */
function noteEnd(job: JobEntry, run: RunningRun, { verdict, finishedAt, result }: RunEnd): void {
  const { lastRun } = job;
  if (run.kind !== "scheduled" && lastRun && isScheduledRun(lastRun.id)) {
    const { result: _, ...withoutResult } = lastRun;
    job.lastScheduledRun = withoutResult;
  }
  const { id, fireAt, attemptAt: startedAt } = run;
  job.lastRun = {
    id,
    verdict,
    fireAt,
    startedAt,
    finishedAt,
    ...(result === undefined ? {} : { result }),
  };
  addCount(job.counts, verdict, 1);
  const isGood = verdict === "succeeded";
  if (isGood) job.lastSuccessAt = finishedAt;
  job.successStreak = isGood ? job.successStreak + 1 : 0;
  if (isGood) job.failuresInARow = 0;
  else if (verdict === "failed") job.failuresInARow += 1;
}

/** Characters of an error's message in a reason. */
const MAX_REASON = 200;

/** What no server's text can hold: NUL, and halves of surrogate pairs. */
const UNSTORABLE = /[\0\p{Surrogate}]/gu;

/** An error's message, cut between characters. */
export function messageOf(error: StoredError | undefined): string {
  const text = error ? reasonOf(error) : "";
  return Array.from(text.replaceAll(UNSTORABLE, "\uFFFD")).slice(0, MAX_REASON).join("");
}

/** Older queue jobs become void, as with every change of the schedule. */
function pauseAfterFailures(step: Step, job: JobEntry, error: StoredError | undefined): void {
  const failures = job.failuresInARow;
  const which = failures === 1 ? "1 run failed: " : `${failures} runs failed in a row; the last: `;
  const reason = which + messageOf(error);
  dropNext(step, job);
  const { revision } = job;
  job.state = "paused";
  job.pausedAt = step.now;
  job.pausedReason = reason;
  job.next = null;
  job.revision = nextNumber(step);
  job.generation = nextNumber(step);
  dropRetries(step, job.id);
  skipQueued(step, job, "paused");
  tell(step, {
    name: "JOB_PAUSED",
    jobId: job.id,
    reason,
    by: systemActor("pauseAfterFailures"),
  });
  noteChange(step, {
    by: systemActor("pauseAfterFailures"),
    what: "paused",
    jobId: job.id,
    reason,
    before: { revision, state: "active", until: step.now, watermark: job.watermark },
  });
}

/** Ends a run by a verdict of the scheduler's own, not its worker's. */
export function finishHere(
  step: Step,
  run: RunningRun,
  verdict: "failed" | "cancelled",
  error: StoredError,
): void {
  const kept = step.state.jobs.get(run.jobId)?.rules ?? KEPT_OF_REMOVED;
  finishRun(step, run, { verdict, finishedAt: step.now, error, kept });
}

/** Ends a run of a removed job: nothing says any more what it should do. */
export function endRemoved(step: Step, run: RunningRun): void {
  const { suspended } = run;
  const failure =
    suspended?.kind === "retry" && suspended.error
      ? `; its last attempt failed: ${messageOf(suspended.error)}`
      : "";
  step.queue.drop(run.queueJobId);
  finishHere(
    step,
    run,
    "cancelled",
    cancelError(`the job was removed before the run went on${failure}`),
  );
}

/**
 * A job whose schedule is over finishes with the last of its runs, queued and requested ones included. A backfill goes on
 * regardless. Called at the end of a step in which something of these jobs ended.
 */
export function tellFinished(step: Step, jobIds: Iterable<string>): void {
  for (const jobId of [...new Set(jobIds)].toSorted()) {
    const job = step.state.jobs.get(jobId);
    if (job?.state !== "finished" || job.finishedAt !== null) continue;
    if (instancesOf(step, jobId) > 0 || job.queued.length > 0 || job.requests.size > 0) continue;
    job.finishedAt = step.now;
    tell(step, { name: "JOB_FINISHED", jobId });
  }
}
