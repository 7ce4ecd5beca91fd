import type { EpochMs } from "../../core/clock.ts";
import type { SkipChange, SkipOutcome, SkipRequest } from "../skip-requests.ts";
import { MAX_SKIPS } from "../stored-skip.ts";
import { alone } from "./catch-up.ts";
import { noteChange } from "./changes.ts";
import { groupsOf } from "./group-room.ts";
import { decidedOf, takeOut } from "./queued-runs.ts";
import { tellFinished } from "./run-end.ts";
import type { JobEntry, QueuedEntry, SkipEntry } from "./state.ts";
import { findJob, nextNumber, runningOf, type Step, tell } from "./step.ts";
import { decideAgainst, type Decision } from "./verdicts.ts";
import { wakeGroups } from "./wake-groups.ts";
import { stopWaking } from "./wakeups.ts";

/**
 * Skips one occurrence, or takes that back. One that waits in the queue gets its verdict now. One to come is noted, and gets it
 * when it is due, late or not: whatever moves the watermark past it decides it. What has begun or is decided stays.
 */
export function changeSkip(step: Step, request: SkipRequest): SkipOutcome {
  const { jobId, fireAt, dueAt, by, reason, isUndone = false } = request;
  const job = findJob(step, request);
  if (!job) return "missing";
  if (job.revision !== request.expectedRevision) return "conflict";
  if (isBegun(step, job, fireAt)) return "running";
  const skip: SkipEntry = { dueAt, by, at: step.now, ...(reason === undefined ? {} : { reason }) };
  const queued = job.queued.filter((run) => run.kind === "scheduled" && run.fireAt === fireAt);
  if (queued.length > 0 && !isUndone) {
    noteSkip(step, request);
    return skipWaiting(step, job, queued, skip);
  }
  if (fireAt <= job.watermark) return "decided";
  if (isUndone) {
    if (!job.skips.delete(fireAt)) return "same";
  } else if (job.skips.size >= MAX_SKIPS && !job.skips.has(fireAt)) return "full";
  else job.skips.set(fireAt, skip);
  // Workers count what is due without the skips that they know of, and know them by the revision.
  job.revision = nextNumber(step);
  noteSkip(step, request);
  tell(step, {
    name: "JOB_MODIFIED",
    jobId,
    fireAt,
    reason: isUndone ? "unskip" : "skip",
    note: reason,
    by,
  });
  return "changed";
}

function noteSkip(step: Step, { jobId, fireAt, by, reason, isUndone = false }: SkipRequest): void {
  noteChange(step, {
    by,
    what: isUndone ? "unskipped" : "skipped",
    jobId,
    fireAt,
    ...(reason === undefined ? {} : { reason }),
  });
}

function isBegun(step: Step, job: JobEntry, fireAt: EpochMs): boolean {
  return runningOf(step, job.id).some((run) => run.kind === "scheduled" && run.fireAt === fireAt);
}

function skipWaiting(
  step: Step,
  job: JobEntry,
  queued: readonly QueuedEntry[],
  skip: SkipEntry,
): "changed" {
  const groups = groupsOf(step, [job.id]);
  for (const run of queued) {
    takeOut(job, run.id);
    decideAgainst(step, job, decidedOf(run), onRequest(skip));
  }
  stopWaking(step, job);
  wakeGroups(step, groups);
  tellFinished(step, [job.id]);
  return "changed";
}

/** The decision on an occurrence that somebody skipped. */
function onRequest({ by, reason }: SkipEntry): Decision {
  return { verdict: "skipped", event: "JOB_SKIPPED", reason: "requested", by, note: reason };
}

/** Decides the skips up to a fire time, each on its own, and forgets them. @returns their fire times */
export function decideSkips(step: Step, job: JobEntry, upTo: EpochMs): ReadonlySet<EpochMs> {
  const due = [...job.skips].filter(([fireAt]) => fireAt <= upTo).toSorted(([a], [b]) => a - b);
  for (const [fireAt, skip] of due) {
    job.skips.delete(fireAt);
    decideAgainst(step, job, alone({ fireAt, dueAt: skip.dueAt }), onRequest(skip));
  }
  return new Set(due.map(([fireAt]) => fireAt));
}

/** What a change of the schedule does to the skips of a job. */
export function keepSkips(step: Step, job: JobEntry, { upTo, kept }: SkipChange): void {
  decideSkips(step, job, upTo);
  const dueAt = new Map(kept.map((one) => [one.fireAt, one.dueAt]));
  for (const [fireAt, skip] of job.skips) {
    const at = dueAt.get(fireAt);
    if (at === undefined) job.skips.delete(fireAt);
    else job.skips.set(fireAt, { ...skip, dueAt: at });
  }
}
