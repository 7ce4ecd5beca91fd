import { storedJob } from "../../jobs/decide.ts";
import { importRecords } from "../../jobs/decide/import-records.ts";
import type { JobEntry, QueueState, RunningRun } from "../../jobs/decide/state.ts";
import type { JobRecord, RequestRecord, UnfinishedRun } from "../../jobs/state-record.ts";
import { text } from "../codec/decision-codec.ts";
import { cleaned, decodeRequest, jobRecord } from "../codec/transfer-codec.ts";
import { fireAtOf } from "../codec/steps-and-logs.ts";
import type {
  ExportedJob,
  ExportPage,
  ImportAnswer,
  ImportRecord,
  ImportStep,
  TransferPort,
} from "../port/transfer.ts";
import { copyOf } from "./as-sent.ts";
import type { MemoryLink, MemoryStore } from "./memory-link.ts";

/** Export and import of one queue's state in memory. */
export class MemoryTransfer implements TransferPort {
  readonly #link: MemoryLink;
  /** The place that each unfinished import has reached. */
  readonly #places = new Map<string, number>();
  /** The ids of which the last export began to be read, in order. */
  #exported: readonly string[] = [];

  constructor(link: MemoryLink) {
    this.#link = link;
  }

  async listTaken(limit: number): Promise<string[]> {
    const { line } = this.#link.ready();
    return line.taken(this.#link.options.clock.now(), limit);
  }

  async exportJobs(cursor: string | undefined, limit: number): Promise<ExportPage> {
    const { state } = this.#link.ready();
    if (cursor === undefined) this.#exported = idsOf(state, this.#link.now());
    const from = this.#exported.findIndex((id) => cursor === undefined || id > cursor);
    const ids = from < 0 ? [] : this.#exported.slice(from, from + limit);
    const { last } = state.numbers;
    return {
      jobs: copyOf(ids.flatMap((id) => exported(state, id) ?? [])),
      cursor: ids.length === limit ? ids.at(-1) : undefined,
      sequence: last,
      stamp: String(last),
    };
  }

  async listStepRuns(jobId: string, offset: number, limit: number): Promise<string[]> {
    const runs = this.#link.ready().steps.ofJob(jobId);
    return runs.slice(offset, offset + limit).map(({ runId }) => runId);
  }

  async importRecords({ importId, ...asked }: ImportStep): Promise<ImportAnswer> {
    const reached = this.#places.get(importId) ?? 0;
    const records = copyOf(asked.records.filter(({ place }) => place > reached));
    const refusal = this.#link.step((step, store) => {
      if (records.length === 0) return undefined;
      const refused = importRecords(step, { ...asked, records });
      if (!refused) importSteps(store, records, step.now);
      return refused;
    });
    if (refusal) return { place: reached, existing: [], ...refusal };
    const place = records.at(-1)?.place ?? reached;
    if (asked.isDone === true) this.#places.delete(importId);
    else if (place > 0) this.#places.set(importId, place);
    return { place, existing: [] };
  }
}

function importSteps(store: MemoryStore, records: readonly ImportRecord[], now: number): void {
  for (const { record } of records) {
    if (record.kind !== "step") continue;
    const { jobId, runId, step } = record;
    const known = store.steps.find(runId);
    const run = known ?? store.steps.begin({ jobId, runId, order: fireAtOf(runId), at: now });
    run.texts.set(step.name, JSON.stringify(step));
  }
}

/** Jobs, and removed ones that left something behind. */
function idsOf({ jobs, ledgers, running }: QueueState, now: number): string[] {
  const kept = [...ledgers].filter(([, { expiresAt }]) => (expiresAt ?? 0) > now);
  return [...new Set([...jobs.keys(), ...kept.map(([id]) => id), ...running.keys()])].toSorted();
}

function exported(state: QueueState, id: string): ExportedJob | undefined {
  const running = [...(state.running.get(id)?.values() ?? [])];
  const runs = running.map(exportedRun).toSorted((a, b) => (a.queueJobId < b.queueJobId ? -1 : 1));
  const job = state.jobs.get(id);
  const { expiresAt: keepUntil = null, cleanedTo = null } = state.ledgers.get(id) ?? {};
  if (job) {
    return {
      owner: jobRecord(storedJob(state, job), { ...besides(job), cleanedTo, runs }),
      requests: requestsOf(job),
    };
  }
  if (keepUntil === null && runs.length === 0) return undefined;
  const owner = { kind: "removed-job", jobId: id, keepUntil, runs, ...cleaned(cleanedTo) } as const;
  return { owner, requests: [] };
}

/** What is kept of a job that only an export reads. */
function besides(job: JobEntry): Omit<Parameters<typeof jobRecord>[1], "cleanedTo" | "runs"> {
  const { finishedAt, lastSuccessAt, successStreak, failuresInARow } = job;
  return {
    finishedAt,
    lastSuccessAt,
    successStreak,
    failuresInARow,
    queued: job.queued.map(({ ignoreCondition, waitUntil, ...run }) => ({
      ...run,
      ...(ignoreCondition ? { ignoreCondition } : {}),
      ...(waitUntil === null ? {} : { waitUntil }),
    })),
    backfill: exportedBackfill(job),
  };
}

function exportedBackfill({ backfill }: JobEntry): JobRecord["backfill"] {
  if (!backfill) return null;
  const { waiting, queued, ...rest } = backfill;
  return { ...rest, fireTimes: [...waiting, ...queued.values()].toSorted((a, b) => a - b) };
}

function exportedRun(run: RunningRun): UnfinishedRun {
  const { jobId: _, crashed: __, take: ___, isAlive: ____, ...moved } = run;
  const { group, suspended, cancelReason, cancelledBy, owner, params, ...rest } = moved;
  return {
    ...rest,
    ...(group === null ? {} : { group }),
    ...(suspended && { suspended: withoutAbsent(suspended) }),
    ...(cancelReason === null ? {} : { cancel: cancelReason }),
    ...(cancelledBy && { cancelledBy }),
    ...(owner === null ? {} : { owner }),
    ...(params === undefined ? {} : { params }),
  };
}

function withoutAbsent({ error, ...rest }: NonNullable<RunningRun["suspended"]>) {
  return { ...rest, ...(error === undefined ? {} : { error }) };
}

function requestsOf({ id, requests }: JobEntry): RequestRecord[] {
  const records = [...requests].map(([runId, request]) => {
    const { params, ...rest } = request;
    return decodeRequest(id, runId, { ...rest, params: text(params) });
  });
  return records.toSorted((a, b) => a.fireAt - b.fireAt || (a.runId < b.runId ? -1 : 1));
}
