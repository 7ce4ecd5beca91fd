import type { EpochMs } from "../../core/clock.ts";
import { queueJobIdOf } from "../occurrence-id.ts";
import type { Verdict } from "../verdict.ts";
import { hasGroupRoom, joinLine, leaveLine } from "./group-room.ts";
import type { BackfillEntry, JobEntry } from "./state.ts";
import { instancesOfAnyKind, instancesOf, nextNumber, type Step } from "./step.ts";
import { backfillRunId } from "./upcoming.ts";
import { addCount } from "./verdicts.ts";

/** A backfill's runs in progress. */
export function runningOfBackfill(step: Pick<Step, "state">, jobId: string): number {
  return instancesOfAnyKind(step, jobId) - instancesOf(step, jobId);
}

/**
 * Gives queue jobs to as many fire times of the job's backfill as there is room for, and ends it if none is left.
 * @returns how many it gave
 */
export function feedBackfill(step: Step, job: JobEntry): number {
  const { backfill } = job;
  if (backfill?.state !== "active") return 0;
  const { waiting, queued, concurrency, order } = backfill;
  const running = runningOfBackfill(step, job.id);
  let fed = 0;
  while (running + queued.size < concurrency && waiting.length > 0) {
    if (!hasGroupRoom(step, job.rules)) {
      joinLine(step, job, true);
      break;
    }
    const fireAt = (order === "latest" ? waiting.pop() : waiting.shift()) ?? 0;
    const id = queueJobFor(step, job.id, fireAt);
    queued.set(id, fireAt);
    step.queue.addLast(id, job.rules.pipeline, step.now);
    fed += 1;
  }
  if (running + queued.size + waiting.length === 0) closeBackfill(step, job, backfill, "finished");
  return fed;
}

/** Puts a fire time among those that wait. */
export function addFireTime({ waiting }: BackfillEntry, fireAt: EpochMs): void {
  const after = waiting.findLastIndex((one) => one < fireAt);
  if (waiting[after + 1] !== fireAt) waiting.splice(after + 1, 0, fireAt);
}

/**
 * The id for a fire time's queue job. A fire time that was put back by a queue job which has not ended yet needs another id:
 * the old queue job no longer represents anything, but still occupies the id.
 */
function queueJobFor(step: Step, jobId: string, fireAt: EpochMs): string {
  const id = backfillRunId(jobId, fireAt);
  if (step.queue.stateOf(id) !== "active") return id;
  return queueJobIdOf({ jobId, kind: "backfill", sequence: nextNumber(step), fireAt });
}

/** Puts back the fire times that have a queue job and have not started. */
export function recallBackfill(step: Step, backfill: BackfillEntry): void {
  for (const [id, fireAt] of backfill.queued) {
    step.queue.drop(id);
    addFireTime(backfill, fireAt);
  }
  backfill.queued.clear();
}

/** Ends a backfill. Its runs in progress go on. */
export function closeBackfill(
  step: Step,
  job: JobEntry,
  backfill: BackfillEntry,
  state: "finished" | "cancelled",
): void {
  recallBackfill(step, backfill);
  backfill.waiting.length = 0;
  leaveLine(step, job, true);
  backfill.state = state;
}

/** A run of the job's backfill got its verdict. */
export function endBackfillRun(step: Step, job: JobEntry, verdict: Verdict): void {
  if (!job.backfill) return;
  addCount(job.backfill.verdicts, verdict, 1);
  feedBackfill(step, job);
}
