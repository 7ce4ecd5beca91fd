import type { AuditFinding, AuditRequest, OverdueOutcome, OverdueTold } from "../audit-requests.ts";
import { comparePlaces } from "../job-list.ts";
import { queueJobIdOf } from "../occurrence-id.ts";
import { feedBackfill, runningOfBackfill } from "./backfill-times.ts";
import { judge } from "./condition-now.ts";
import { isInLine } from "./group-room.ts";
import { placeInList } from "./list-jobs.ts";
import { waitsForResume } from "./retries.ts";
import type { JobEntry } from "./state.ts";
import { timedChanges } from "./timed-changes.ts";
import { isFull, runningOf, type Step, tell } from "./step.ts";
import { runIdOf } from "./verdicts.ts";

/** How many jobs one audit looks at, by what it looks for. */
const MAX_DUE = 1_000;
const MAX_LIVE = 5_000;

/**
 * Looks for states that should be impossible: an active job without its queue job, a run without its queue job, queued runs
 * that nothing will look at; and for occurrences that nobody takes.
 */
export function audit(step: Step, request: AuditRequest): AuditFinding[] {
  const jobs = [...step.state.jobs.values()];
  for (const job of jobs) if (isBackfillIdle(step, job)) feedBackfill(step, job);
  const found = jobsToCheck(step, jobs, request).flatMap((job) =>
    auditSchedule(step, job, request),
  );
  const removed = [...step.state.running.keys()].filter((id) => !step.state.jobs.has(id));
  for (const jobId of removed) found.push(...auditRuns(step, jobId, undefined));
  for (const job of jobs.filter((one) => isLive(step, one)).slice(0, MAX_LIVE))
    found.push(
      ...auditRuns(step, job.id, job),
      ...auditRequests(step, job),
      ...auditQueued(step, job),
    );
  for (const job of jobs) found.push(...auditBackfill(step, job));
  found.push(...timedChanges(step, request.horizonMs));
  return found;
}

/** Those that are due soon, and a few others. */
function jobsToCheck(
  { now }: Step,
  jobs: readonly JobEntry[],
  { horizonMs, offset, limit }: AuditRequest,
): JobEntry[] {
  const soon = jobs.filter(({ next }) => next !== null && next.dueAt <= now + horizonMs);
  const others = jobs.slice(offset, offset + limit);
  const byNextRun = (a: JobEntry, b: JobEntry) =>
    comparePlaces("next-run", placeInList(a), placeInList(b));
  const all = [...soon.toSorted(byNextRun).slice(0, MAX_DUE), ...others];
  return [...new Set(all)].toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

function auditSchedule(step: Step, job: JobEntry, request: AuditRequest): AuditFinding[] {
  const { id: jobId, next, watermark } = job;
  if (isExpired(step, job, request)) return [{ kind: "expired", jobId }];
  if (job.state !== "active" || !next) return [];
  const { fireAt, dueAt } = next;
  if (step.queue.stateOf(runIdOf(job, fireAt)) === undefined)
    return [{ kind: "unscheduled", jobId, watermark }];
  const lateMs = step.now - dueAt;
  return lateMs > request.overdueMs && job.overdueFireAt !== fireAt
    ? [{ kind: "overdue", jobId, fireAt, lateMs }]
    : [];
}

/** Whether a job finished long ago, and all of its runs too. */
function isExpired(step: Step, job: JobEntry, { finishedRetentionMs }: AuditRequest): boolean {
  if (job.state !== "finished" || job.finishedAt === null) return false;
  const isOld = step.now - job.finishedAt > finishedRetentionMs;
  return isOld && job.queued.length === 0 && runningOf(step, job.id).length === 0;
}

function isLive(step: Step, job: JobEntry): boolean {
  const waits = job.queued.length > 0 || job.requests.size > 0 || isInLine(step, job, true);
  return waits || step.state.running.has(job.id);
}

/** Runs that hold an instance without a queue job: nobody will go on with them. */
function auditRuns(step: Step, jobId: string, job: JobEntry | undefined): AuditFinding[] {
  const isPaused = job?.state === "paused";
  return runningOf(step, jobId)
    .filter((run) => !(isPaused && waitsForResume(run)))
    .filter(({ queueJobId }) => step.queue.stateOf(queueJobId) === undefined)
    .map(({ id: runId, queueJobId: id, pipeline }) => ({
      kind: "orphan-run",
      jobId,
      runId,
      queueJob: { id, pipeline, dueAt: step.now },
    }));
}

function stranded({ now }: Step, { id: jobId, rules }: JobEntry, id: string): AuditFinding {
  return { kind: "stranded", jobId, queueJob: { id, pipeline: rules.pipeline, dueAt: now } };
}

function auditRequests(step: Step, job: JobEntry): AuditFinding[] {
  const lost = [...job.requests.keys()].filter((id) => step.queue.stateOf(id) === undefined);
  return lost.map((id) => stranded(step, job, id));
}

/**
 * The missing wakeup for queued runs, or for a backfill in its group's line, if any. It has the id of the one that was lost, so
 * that two audits that find the same know that nothing happened in between.
 */
function auditQueued(step: Step, job: JobEntry): AuditFinding[] {
  const isWaiting = isInLine(step, job, true);
  if (!isWaiting && job.queued.length === 0) return [];
  const wakeups = [...job.wakeups].toSorted((a, b) => (a < b ? 1 : -1));
  if (wakeups.some((id) => step.queue.stateOf(id) !== undefined)) return [];
  const { timedWakeup } = job;
  if (timedWakeup && step.queue.stateOf(timedWakeup.id) === undefined)
    return [stranded(step, job, timedWakeup.id)];
  const isAboutToLook = timedWakeup !== null && timedWakeup.at <= step.now;
  if (isAboutToLook || !(canTake(step, job) || (isWaiting && isItsTurn(step, job)))) return [];
  const fireAt = job.queued[0]?.fireAt ?? 0;
  const lost =
    wakeups.at(-1) ?? queueJobIdOf({ jobId: job.id, kind: "wakeup", sequence: 0, fireAt });
  return [stranded(step, job, lost)];
}

/** Whether a queued run of the job would start, or be decided, if it were looked at now. */
function canTake(step: Step, job: JobEntry): boolean {
  const { condition, sees } = job.rules;
  if (job.queued.length === 0 || isFull(step, job)) return false;
  const isOver = (until: number | null): boolean => until === null || until <= step.now;
  const waits =
    condition !== null &&
    !job.queued.some((run) => run.ignoreCondition || isOver(run.waitUntil)) &&
    !judge(step, condition, sees).isTrue;
  return !waits && isItsTurn(step, job);
}

/** Whether there is room in a job's group, counting the jobs that were woken before it. */
function isItsTurn(step: Step, job: JobEntry): boolean {
  const { group } = job.rules;
  if (group === null) return true;
  const { running = 0, line = [] } = step.state.groups.get(group.key) ?? {};
  const woken = line.filter(({ jobId }) => isWoken(step, jobId)).length;
  return group.limit > running + woken;
}

function isWoken({ state, queue }: Step, jobId: string): boolean {
  const wakeups = [...(state.jobs.get(jobId)?.wakeups ?? [])];
  return wakeups.some((id) => ["waiting", "active"].includes(queue.stateOf(id) ?? ""));
}

function isBackfillIdle(step: Step, job: JobEntry): boolean {
  const { backfill } = job;
  if (backfill?.state !== "active" || isInLine(step, job, true)) return false;
  return runningOfBackfill(step, job.id) + backfill.queued.size < backfill.concurrency;
}

function auditBackfill(step: Step, job: JobEntry): AuditFinding[] {
  const queued = [...(job.backfill?.queued.keys() ?? [])];
  const lost = queued.filter((id) => step.queue.stateOf(id) === undefined);
  return lost.map((id) => stranded(step, job, id));
}

/** Reports that no worker takes an occurrence, unless one has by now, or it was reported before. */
export function tellOverdue(step: Step, { jobId, fireAt, reason }: OverdueTold): OverdueOutcome {
  const job = step.state.jobs.get(jobId);
  if (!job) return "missing";
  const isMoved = job.state !== "active" || job.next?.fireAt !== fireAt;
  if (isMoved || job.overdueFireAt === fireAt) return "moved";
  job.overdueFireAt = fireAt;
  tell(step, { name: "JOB_OVERDUE", jobId, fireAt, reason });
  return "told";
}
