import type { StoredJob } from "../jobs/definition.ts";
import type { JobRecord, UnfinishedRun } from "../jobs/state-record.ts";
import { type EncodeDefinition, text } from "./decision-codec.ts";
import type { ImportAnswer, ImportRecord, ImportStep } from "./state-port.ts";
import { pack, toJson } from "./stored-json.ts";

/** An instance as both engines write it; `params` as JSON text. */
export interface WrittenInstance extends Omit<UnfinishedRun, "isHandedBack" | "params"> {
  readonly handedBack?: boolean;
  readonly params?: string;
}

/** Reads an instance. What is only of use to the worker that held it is left out. */
export function decodeInstance(held: WrittenInstance): UnfinishedRun {
  return {
    queueJobId: held.queueJobId,
    id: held.id,
    kind: held.kind,
    pipeline: held.pipeline,
    fireAt: held.fireAt,
    dueAt: held.dueAt,
    fromAt: held.fromAt,
    count: held.count,
    startedAt: held.startedAt,
    attempt: held.attempt,
    crashes: held.crashes,
    isHandedBack: held.handedBack ?? false,
    worker: held.worker,
    ...parsedParams(held.params),
  };
}

/** Params that may not have been given. */
export function parsedParams(params: string | undefined): { params?: unknown } {
  return params === undefined ? {} : { params: JSON.parse(params) as unknown };
}

/** What the engines keep of a job and no other caller reads. */
type KeptBeside = Pick<
  JobRecord,
  "finishedAt" | "lastSuccessAt" | "failuresInARow" | "queued" | "runs"
>;

/** A job as it is exported. Its numbers are left out: the engine that it comes to gives it new ones. */
export function jobRecord(stored: StoredJob, beside: KeptBeside): JobRecord {
  const { definition, state, watermark, pausedAt, pausedReason, counts, lastRun } = stored;
  return {
    kind: "job",
    definition,
    state,
    watermark,
    pausedAt,
    pausedReason,
    finishedAt: beside.finishedAt,
    counts,
    lastRun,
    lastSuccessAt: beside.lastSuccessAt,
    failuresInARow: beside.failuresInARow,
    queued: beside.queued,
    runs: beside.runs,
  };
}

/** A step as `import_records` takes it: absent for `null`, and JSON text where engines store text. */
export function encodeImport(step: ImportStep, encode: EncodeDefinition): object {
  return {
    importId: step.importId,
    sequence: step.sequence,
    isDone: step.isDone === true,
    records: step.records.map((item) => ({
      place: item.place,
      kind: item.record.kind,
      ...encodeRecord(item, encode),
    })),
  };
}

function encodeRecord(item: ImportRecord, encode: EncodeDefinition): object {
  if ("upcoming" in item) return encodeJob(item.record, item.upcoming, encode);
  if ("keepUntil" in item) {
    const { jobId, row } = item.record;
    const { id, fireAt } = row;
    return { jobId, id, fireAt, keepUntil: item.keepUntil ?? undefined, row: toJson(pack(row)) };
  }
  const { record } = item;
  if (record.kind === "removed-job")
    return { jobId: record.jobId, runs: record.runs.map(encodeInstance) };
  const { jobId, runId, fireAt, params } = record;
  return { jobId, runId, fireAt, params: text(params) };
}

function encodeJob(
  record: JobRecord,
  upcoming: readonly object[],
  encode: EncodeDefinition,
): object {
  const { definition, state, watermark, counts, lastRun, failuresInARow, queued } = record;
  return {
    jobId: definition.id,
    ...encode(definition),
    state,
    watermark,
    pausedAt: record.pausedAt ?? undefined,
    pausedReason: record.pausedReason ?? undefined,
    finishedAt: record.finishedAt ?? undefined,
    counts,
    lastRun: lastRun ? { ...lastRun, result: text(lastRun.result) } : undefined,
    lastSuccessAt: record.lastSuccessAt ?? undefined,
    failuresInARow,
    queued,
    runs: record.runs.map(encodeInstance),
    upcoming,
  };
}

function encodeInstance({ isHandedBack, params, ...run }: UnfinishedRun): WrittenInstance {
  return {
    ...run,
    ...(isHandedBack ? { handedBack: true } : {}),
    ...(params === undefined ? {} : { params: JSON.stringify(params) }),
  };
}

/** The answer of `import_records`. */
export function decodeImport(json: unknown): ImportAnswer {
  const { place, existing } = JSON.parse(String(json)) as { place: number; existing?: string[] };
  return { place, existing: existing ?? [] };
}
