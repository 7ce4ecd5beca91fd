import { systemActor } from "../actor.ts";
import { cancelHeld } from "./cancel.ts";
import { addQueued, takeOutScheduled } from "./queued-runs.ts";
import type { JobEntry, QueuedEntry, RunningRun } from "./state.ts";
import { isFull, runningOf, type Step } from "./step.ts";
import { decideEach } from "./verdicts.ts";

/** Queues a run in place of the queued occurrences and of `others`, which came before it. */
export function replaceQueued(
  step: Step,
  job: JobEntry,
  run: QueuedEntry,
  others: readonly QueuedEntry[] = [],
): void {
  const replaced = [...takeOutScheduled(job), ...others];
  decideEach(step, job, replaced, {
    verdict: "skipped",
    event: "JOB_SKIPPED",
    reason: "overlap-replaced",
  });
  addQueued(job, run);
  if (job.rules.overlap === "cancel-running" && isFull(step, job)) cancelOldest(step, job);
}

/** Cancels the oldest run that nobody has cancelled yet. */
function cancelOldest(step: Step, job: JobEntry): void {
  const [oldest] = runningOf(step, job.id)
    .filter(({ kind, cancelReason }) => kind !== "backfill" && cancelReason === null)
    .toSorted(byFireTime);
  if (oldest)
    cancelHeld(step, oldest, {
      reason: "a later occurrence took its place",
      by: systemActor("overlap"),
    });
}

function byFireTime(a: RunningRun, b: RunningRun): number {
  return a.fireAt - b.fireAt || (a.id < b.id ? -1 : 1);
}
