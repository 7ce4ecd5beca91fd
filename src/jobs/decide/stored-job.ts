import type { JobDefinition, StoredJob } from "../definition.ts";
import type { LedgerQuery } from "../ledger-query.ts";
import { lastScheduledOf, type LedgerRow } from "../ledger-row.ts";
import { placeAfter } from "./retention.ts";
import type { JobEntry, QueuedEntry, QueueState, RunningRun } from "./state.ts";
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
    running: instancesOf({ state }, job.id),
    counts: { ...job.counts },
    lastRun: structuredClone(job.lastRun),
    lastScheduledRun: lastScheduledOf(job.lastRun, job.lastScheduledRun),
  };
}

/** A job's claimed occurrences that have no verdict yet. */
export function openRuns(state: QueueState, jobId: string): LedgerRow[] {
  const job = state.jobs.get(jobId);
  const running = [...(state.running.get(jobId)?.values() ?? [])].map(rowOfRunning);
  const queued = (job?.queued ?? []).map(rowOfQueued);
  if (query.order === "latest") found.reverse();
  return found.slice(offset, offset + limit);
}
