import type { JobDefinition, StoredJob } from "../definition.ts";
import type { LedgerQuery } from "../ledger-query.ts";
import { lastScheduledOf, type LedgerRow } from "../ledger-row.ts";
import type { StoredSkip } from "../stored-skip.ts";
import { placeAfter } from "./retention.ts";
import type { JobEntry, ManualRequest, QueuedEntry, QueueState, RunningRun } from "./state.ts";
import { instancesOf } from "./step.ts";

/** A job as others see it. */
export function storedJob(state: QueueState, job: JobEntry): StoredJob {
  return {
    definition: JSON.parse(job.definition) as JobDefinition,
    revision: job.revision,
    generation: job.generation,
    state: job.state,
    watermark: job.watermark,
    nextFireAt: job.next?.fireAt ?? null,
    nextDueAt: job.next?.dueAt ?? null,
    pausedAt: job.pausedAt,
    pausedReason: job.pausedReason,
    pausedUntil: job.pausedUntil,
    running: instancesOf({ state }, job.id),
    counts: { ...job.counts },
    lastRun: structuredClone(job.lastRun),
    lastScheduledRun: lastScheduledOf(job.lastRun, job.lastScheduledRun),
    skips: skipsOf(job),
    handedOver: structuredClone(job.handedOver),
  };
}

/** The skips of a job, in the order of their fire times. */
export function skipsOf({ skips }: JobEntry): StoredSkip[] {
  const found = [...skips].map(([fireAt, skip]) => Object.assign({ fireAt }, skip));
  return found.toSorted((a, b) => a.fireAt - b.fireAt);
}

/** A job's claimed occurrences that have no verdict yet. */
export function openRuns(state: QueueState, jobId: string): LedgerRow[] {
  const job = state.jobs.get(jobId);
  const running = [...(state.running.get(jobId)?.values() ?? [])].map(rowOfRunning);
  const queued = (job?.queued ?? []).map(rowOfQueued);
  const requested = [...(job?.requests ?? [])].map(([id, request]) => rowOfRequest(id, request));
  return [...running, ...queued, ...requested];
}

function rowOfRequest(id: string, { fireAt, by }: ManualRequest): LedgerRow {
  const row: LedgerRow = { id, state: "queued", kind: "manual", fireAt, dueAt: fireAt };
  return by ? { ...row, by } : row;
}

function rowOfQueued({ id, kind, fireAt, dueAt, waitUntil, by }: QueuedEntry): LedgerRow {
  const row: LedgerRow = { id, state: "queued", kind, ...(by && { by }), fireAt, dueAt };
  return waitUntil === null ? row : { ...row, waitUntil };
}

function rowOfRunning(run: RunningRun): LedgerRow {
  const { id, kind, owner, by, fireAt, dueAt, attemptAt, attempt, worker, suspended } = run;
  return {
    id,
    state: stateOf(run),
    kind,
    ...(owner !== null && { owner }),
    ...(by && { by }),
    fireAt,
    dueAt,
    startedAt: attemptAt,
    attempt,
    worker,
    ...(suspended?.error && { error: suspended.error }),
  };
}

function stateOf({ suspended, isHandedBack }: RunningRun): "sleeping" | "retrying" | "running" {
  if (suspended?.kind === "sleep") return "sleeping";
  return suspended || isHandedBack ? "retrying" : "running";
}

/** Rows of a job's ledger; none once that of a removed job has ended. */
export function readLedger(
  state: QueueState,
  query: LedgerQuery,
  now: number,
): readonly LedgerRow[] {
  const ledger = state.ledgers.get(query.jobId);
  if (!ledger || (ledger.expiresAt !== null && ledger.expiresAt <= now)) return [];
  const { fromAt, toAt, offset, limit } = query;
  const found = ledger.rows.slice(
    placeAfter(ledger.rows, fromAt - 1),
    placeAfter(ledger.rows, toAt),
  );
  if (query.order === "latest") found.reverse();
  return found.slice(offset, offset + limit);
}
