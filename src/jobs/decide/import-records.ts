import type { Actor } from "../actor.ts";
import { isScheduledRun } from "../ledger-row.ts";
import type { Revision } from "../noted-change.ts";
import { changesAtOf } from "../overrides.ts";
import type { Occurrence } from "../schedule.ts";
import type {
  JobRecord,
  MovedBackfill,
  RemovedJobRecord,
  RequestRecord,
  UnfinishedRun,
} from "../state-record.ts";
import type { ImportRecord, ImportStep } from "../transfer-requests.ts";
import { feedBackfill } from "./backfill-times.ts";
import { addRevision } from "./changes.ts";
import { noteCleaned } from "./clean-ledger.ts";
import { linkCondition } from "./condition-links.ts";
import { groupsOf } from "./group-room.ts";
import { newEntry } from "./put-jobs.ts";
import { addQueued } from "./queued-runs.ts";
import { insertRow, ledgerOf, placeAfter } from "./retention.ts";
import { waitsForResume } from "./retries.ts";
import { tellFinished } from "./run-end.ts";
import { hold } from "./run-start.ts";
import type { JobEntry, RunningRun } from "./state.ts";
import { type Step, tell } from "./step.ts";
import { noteTimed } from "./timed-changes.ts";
import { addNext } from "./upcoming.ts";
import { wakeGroups } from "./wake-groups.ts";
import { wakeDependents, wakeForQueued, wakeJob } from "./wakeups.ts";

/** For how long rows are kept whose job is to follow. */
const WEEK_MS = 7 * 86_400_000;

/** Why nothing was stored. */
export type ImportRefusal = { readonly existing: readonly string[] } | { readonly isVoid: true };

/**
 * Stores records that came from another engine: all of them or, if one of the jobs is there already or its claim was given
 * up, none. Steps are not the rules' business and are passed over.
 */
export function importRecords(
  step: Step,
  { records, sequence, claims, by }: Pick<ImportStep, "records" | "sequence" | "claims" | "by">,
): ImportRefusal | undefined {
  const { jobs, homes, fence, numbers } = step.state;
  const jobIds = records.flatMap(({ record }) =>
    record.kind === "job" ? [record.definition.id] : [],
  );
  const existing = jobIds.filter((id) => jobs.has(id) || (!claims?.has(id) && homes.has(id)));
  if (existing.length > 0) return { existing };
  if (jobIds.some((id) => (claims?.get(id) ?? Infinity) <= fence.claim)) return { isVoid: true };
  // Ids that were given elsewhere must not be given again.
  numbers.last = Math.max(numbers.last, sequence);
  importRows(step, records);
  importRevisions(step, records);
  for (const item of records) importRecord(step, item, by);
  const changed = records.flatMap((item) => ownerOf(item) ?? []);
  wakeDependents(step, jobIds);
  wakeGroups(step, groupsOf(step, changed));
  tellFinished(step, changed);
  return undefined;
}

function ownerOf({ record }: ImportRecord): string | undefined {
  if (record.kind === "ledger" || record.kind === "step" || record.kind === "revision")
    return undefined;
  return record.kind === "job" ? record.definition.id : record.jobId;
}

function importRecord(step: Step, item: ImportRecord, by: Actor): void {
  if ("upcoming" in item) {
    importJob(step, item.record, item.upcoming, by);
    return;
  }
  const { record } = item;
  if (record.kind === "request") importRequest(step, record);
  else if (record.kind === "removed-job") importRemoved(step, record);
}

function importRemoved(step: Step, { jobId, keepUntil, cleanedTo, runs }: RemovedJobRecord): void {
  if (keepUntil !== null && cleanedTo !== undefined) {
    noteCleaned(step, jobId, cleanedTo);
    const ledger = ledgerOf(step, jobId);
    ledger.expiresAt = Math.max(ledger.expiresAt ?? 0, keepUntil);
  }
  for (const run of runs) importRun(step, jobId, run);
}

function importJob(
  step: Step,
  record: JobRecord,
  upcoming: readonly Occurrence[],
  by: Actor,
): void {
  const { definition, state, watermark } = record;
  const job = newEntry(step, { definition, state, watermark, upcoming });
  job.pausedAt = record.pausedAt;
  job.pausedReason = record.pausedReason;
  job.pausedUntil = record.pausedUntil ?? null;
  job.finishedAt = record.finishedAt;
  Object.assign(job.counts, record.counts);
  job.lastRun = record.lastRun;
  job.lastScheduledRun =
    record.lastRun && isScheduledRun(record.lastRun.id) ? null : record.lastScheduledRun;
  job.lastSuccessAt = record.lastSuccessAt;
  job.successStreak = record.successStreak;
  job.failuresInARow = record.failuresInARow;
  job.handedOver = record.handedOver ?? null;
  for (const { fireAt, ...skip } of record.skips ?? []) job.skips.set(fireAt, skip);
  step.state.jobs.set(job.id, job);
  noteTimed(step, job.id, changesAtOf(definition, record.pausedUntil ?? null));
  if (job.next) addNext(step, job, job.next);
  for (const { ignoreCondition = false, waitUntil = null, ...run } of record.queued)
    addQueued(job, { ...run, ignoreCondition, waitUntil });
  for (const run of record.runs) importRun(step, job.id, run);
  if (record.cleanedTo !== undefined) noteCleaned(step, job.id, record.cleanedTo);
  if (step.state.ledgers.has(job.id)) ledgerOf(step, job.id).expiresAt = null;
  linkCondition(step, job);
  if (record.backfill) importBackfill(step, job, record.backfill);
  // Runs that wait for a condition are looked at, which also sets the next wakeup.
  if (job.rules.waitMs !== null && job.queued.length > 0) wakeJob(step, job);
  else wakeForQueued(step, job);
  tell(step, { name: "JOB_ADDED", jobId: job.id, by });
}

/** The run goes on under its queue job, which comes with it. */
function importRun(step: Step, jobId: string, moved: UnfinishedRun): void {
  if (step.state.running.get(jobId)?.has(moved.queueJobId)) return;
  const { suspended, cancel, cancelledBy = null, group = null, owner = null, ...rest } = moved;
  const run: RunningRun = {
    ...rest,
    jobId,
    owner,
    group,
    crashed: new Map(),
    take: "",
    isAlive: false,
    suspended: suspended ? { ...suspended, error: suspended.error } : null,
    cancelReason: cancel ?? null,
    cancelledBy,
  };
  hold(step, run);
  if (step.state.jobs.get(jobId)?.state === "paused" && waitsForResume(run)) return;
  const dueAt = suspended?.until ?? step.now;
  if (run.kind === "backfill") step.queue.addLast(run.queueJobId, run.pipeline, dueAt);
  else step.queue.add(run.queueJobId, run.pipeline, dueAt);
}

function importBackfill(step: Step, job: JobEntry, moved: MovedBackfill): void {
  const { fireTimes, verdicts, ...rest } = moved;
  const waiting = [...new Set(fireTimes)].toSorted((a, b) => a - b);
  job.backfill = { ...rest, verdicts: { ...verdicts }, waiting, queued: new Map() };
  feedBackfill(step, job);
}

function importRequest(step: Step, record: RequestRecord): void {
  const { jobId, runId, fireAt, params, by, ignoreCondition = false } = record;
  const job = step.state.jobs.get(jobId);
  if (!job) return;
  const request = {
    fireAt,
    ignoreCondition,
    ...(params === undefined ? {} : { params }),
    ...(by && { by }),
  };
  if (!job.requests.has(runId)) job.requests.set(runId, request);
  step.queue.add(runId, job.rules.pipeline, fireAt);
}

/** Rows that are there are not added again. */
function importRows(step: Step, records: readonly ImportRecord[]): void {
  for (const item of records) {
    if (item.record.kind !== "ledger") continue;
    const { jobId, row } = item.record;
    const keepUntil = "keepUntil" in item ? item.keepUntil : null;
    const ledger = ledgerOf(step, jobId);
    const { rows } = ledger;
    const beside = rows.slice(placeAfter(rows, row.fireAt - 1), placeAfter(rows, row.fireAt));
    if (!beside.some(({ id }) => id === row.id)) insertRow(ledger, row);
    keepLedger(step, jobId, keepUntil);
  }
}

/** They come in the order of the changes; those that are there are not added again. */
function importRevisions(step: Step, records: readonly ImportRecord[]): void {
  for (const item of records) {
    if (item.record.kind !== "revision") continue;
    const { jobId, revision } = item.record;
    const isSame = ({ at, what, before }: Revision): boolean =>
      at === revision.at &&
      what === revision.what &&
      before?.revision === revision.before?.revision;
    if (!step.state.revisions.get(jobId)?.some(isSame)) addRevision(step, jobId, revision);
    keepLedger(step, jobId, "keepUntil" in item ? item.keepUntil : null);
  }
}

function keepLedger(step: Step, jobId: string, keepUntil: number | null): void {
  const ledger = ledgerOf(step, jobId);
  ledger.expiresAt = step.state.jobs.has(jobId)
    ? null
    : Math.max(ledger.expiresAt ?? 0, keepUntil ?? step.now + WEEK_MS);
}
