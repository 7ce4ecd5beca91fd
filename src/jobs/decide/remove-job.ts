import type { JobRemoval, JobRemovalResult } from "../job-requests.ts";
import { closeBackfill } from "./backfill-times.ts";
import { noteRemoved } from "./changes.ts";
import { unlinkCondition } from "./condition-links.ts";
import { groupsOf, leaveLine } from "./group-room.ts";
import { skipQueued } from "./queued-runs.ts";
import { ledgerOf } from "./retention.ts";
import { endRemoved } from "./run-end.ts";
import type { JobEntry } from "./state.ts";
import { findJob, runningOf, type Step, tell } from "./step.ts";
import { decideSkips } from "./skips.ts";
import { dropNext } from "./upcoming.ts";
import { decideAgainst, decideSpans } from "./verdicts.ts";
import { wakeGroups } from "./wake-groups.ts";
import { dropWakeups, wakeDependents } from "./wakeups.ts";

/**
 * Removes a job. Runs being executed go on and settle; suspended ones are cancelled, and what waits is skipped. The ledger and
 * the job's changes are kept for as long as its rows would have been.
 */
export function removeJob(step: Step, removal: JobRemoval): JobRemovalResult {
  const { jobId, expectedWatermark, expectedRevision } = removal;
  const job = findJob(step, removal);
  if (!job) return "missing";
  const isOther = (expected: number | undefined, is: number): boolean =>
    expected !== undefined && expected !== is;
  if (isOther(expectedWatermark, job.watermark) || isOther(expectedRevision, job.revision))
    return "undecided";
  const groups = groupsOf(step, [jobId]);
  dropNext(step, job);
  decideSkips(step, job, step.now);
  decideSpans(step, job, removal.skipped);
  skipQueued(step, job, "removed");
  skipRequests(step, job);
  unlinkCondition(step, job);
  leaveLine(step, job);
  const { backfill } = job;
  if (backfill && backfill.state !== "finished" && backfill.state !== "cancelled")
    closeBackfill(step, job, backfill, "cancelled");
  const waiting = runningOf(step, jobId).filter((run) => run.suspended || run.isHandedBack);
  for (const run of waiting.toSorted(
    (a, b) => a.fireAt - b.fireAt || (a.queueJobId < b.queueJobId ? -1 : 1),
  ))
    endRemoved(step, run);
  dropWakeups(step, job);
  noteRemoved(step, job, removal);
  step.state.jobs.delete(jobId);
  step.state.timed.delete(jobId);
  ledgerOf(step, jobId).expiresAt = step.now + job.rules.keepAgeMs;
  tell(step, {
    name: "JOB_REMOVED",
    jobId,
    owner: job.rules.owner ?? undefined,
    by: removal.by,
  });
  wakeDependents(step, [jobId]);
  wakeGroups(step, groups);
  return "removed";
}

function skipRequests(step: Step, job: JobEntry): void {
  for (const [id, { fireAt, by }] of job.requests) {
    const times = { fireAt, dueAt: fireAt, fromAt: fireAt, count: 1 };
    const run = { id, kind: "manual", ...times, ...(by && { by }) } as const;
    decideAgainst(step, job, run, { verdict: "skipped", event: "JOB_SKIPPED", reason: "removed" });
    step.queue.drop(id);
  }
  job.requests.clear();
}
