import type { Actor } from "../../jobs/actor.ts";
import type { StoredJob } from "../../jobs/definition.ts";
import { parseQueueJobId } from "../../jobs/occurrence-id.ts";
import type { Revision } from "../../jobs/noted-change.ts";
import { changesAtOf } from "../../jobs/overrides.ts";
import { lastScheduledOf } from "../../jobs/ledger-row.ts";
import type {
  JobRecord,
  QueuedRun,
  RequestRecord,
  UnfinishedRun,
} from "../../jobs/state-record.ts";
import { type EncodeDefinition, text } from "./decision-codec.ts";
import type { ImportAnswer, ImportRecord, ImportStep } from "../port/transfer.ts";
import { fireAtOf } from "./steps-and-logs.ts";
import { pack, readError, toJson } from "./stored-json.ts";

/** A running run as both engines write it; `params` and `error` as JSON text. */
export interface WrittenRunning extends Pick<
  UnfinishedRun,
  | "queueJobId"
  | "id"
  | "kind"
  | "pipeline"
  | "fireAt"
  | "dueAt"
  | "fromAt"
  | "count"
  | "startedAt"
  | "start"
  | "attempt"
  | "crashes"
  | "worker"
  | "owner"
  | "by"
  | "cancelledBy"
> {
  /** Absent: the time of the start. */
  readonly attemptAt?: number;
  readonly failures?: number;
  readonly isHandedBack?: boolean;
  readonly groupKey?: string;
  readonly suspended?: "retry" | "sleep";
  readonly resumeAt?: number;
  readonly error?: string;
  readonly cancelReason?: string;
  readonly params?: string;
}

/** Reads a running run, without what only its worker needed. */
export function decodeRunning(held: WrittenRunning): UnfinishedRun {
  const { suspended, resumeAt, error } = held;
  const until = resumeAt ?? held.startedAt;
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
    attemptAt: held.attemptAt ?? held.startedAt,
    start: held.start,
    attempt: held.attempt,
    failures: held.failures ?? 0,
    crashes: held.crashes,
    isHandedBack: held.isHandedBack ?? false,
    worker: held.worker,
    ...(held.groupKey === undefined ? {} : { group: held.groupKey }),
    ...(suspended && { suspended: { kind: suspended, until, ...parsedError(error) } }),
    ...(held.cancelReason === undefined ? {} : { cancel: held.cancelReason }),
    ...(held.owner === undefined ? {} : { owner: held.owner }),
    ...(held.by && { by: held.by }),
    ...(held.cancelledBy && { cancelledBy: held.cancelledBy }),
    ...parsedParams(held.params),
  };
}

type Suspended = NonNullable<UnfinishedRun["suspended"]>;

function parsedError(error: string | undefined): Pick<Suspended, "error"> {
  return error === undefined ? {} : { error: readError(error) };
}

/** A queued run as both engines write it. */
export interface WrittenQueued extends Omit<QueuedRun, "params" | "ignoreCondition"> {
  readonly params?: string;
  readonly ignoreCondition?: boolean;
}

/** Reads a queued run. */
export function decodeQueued(queued: WrittenQueued): QueuedRun {
  const { id, kind, fireAt, dueAt, fromAt, count, waitUntil, by } = queued;
  return {
    id,
    kind,
    fireAt,
    dueAt,
    fromAt,
    count,
    ...parsedParams(queued.params),
    ...(queued.ignoreCondition === true ? { ignoreCondition: true as const } : {}),
    ...(waitUntil === undefined ? {} : { waitUntil }),
    ...(by && { by }),
  };
}

/** A requested run as both engines write it. */
export interface WrittenRequest {
  readonly fireAt: number;
  readonly params?: string | undefined;
  readonly ignoreCondition?: boolean;
  readonly by?: Actor;
}

/** Reads a requested run. */
export function decodeRequest(
  jobId: string,
  runId: string,
  { fireAt, params, ignoreCondition, by }: WrittenRequest,
): RequestRecord {
  return {
    kind: "request",
    jobId,
    runId,
    fireAt,
    ...parsedParams(params),
    ...(ignoreCondition === true ? { ignoreCondition } : {}),
    ...(by && { by }),
  };
}

/** Params, if any were given. */
function parsedParams(params: string | undefined): { params?: unknown } {
  return params === undefined ? {} : { params: JSON.parse(params) as unknown };
}

/** What engines keep of a job that only an export reads. */
type KeptBeside = Pick<
  JobRecord,
  | "finishedAt"
  | "lastSuccessAt"
  | "successStreak"
  | "failuresInARow"
  | "queued"
  | "runs"
  | "backfill"
> & { readonly cleanedTo: number | null | undefined };

/** A job as it is exported, without its revision and generation: the engine that imports it assigns new ones. */
export function jobRecord(stored: StoredJob, beside: KeptBeside): JobRecord {
  const { definition, state, watermark, pausedAt, pausedReason, counts } = stored;
  return {
    kind: "job",
    definition,
    state,
    watermark,
    pausedAt,
    pausedReason,
    ...(stored.pausedUntil === null ? {} : { pausedUntil: stored.pausedUntil }),
    finishedAt: beside.finishedAt,
    counts,
    lastRun: stored.lastRun,
    lastScheduledRun: stored.lastScheduledRun,
    lastSuccessAt: beside.lastSuccessAt,
    successStreak: beside.successStreak,
    failuresInARow: beside.failuresInARow,
    queued: beside.queued,
    runs: beside.runs,
    backfill: beside.backfill,
    ...(stored.handedOver === null ? {} : { handedOver: stored.handedOver }),
    ...(stored.skips.length === 0 ? {} : { skips: [...stored.skips] }),
    ...cleaned(beside.cleanedTo),
  };
}

/** Up to which fire time a ledger was cleaned, if it was. */
export function cleaned(to: number | null | undefined): { cleanedTo?: number } {
  return typeof to === "number" ? { cleanedTo: to } : {};
}

/** A step as `import_records` takes it: fields that are `null` are left out; what engines store as text is JSON text. */
export function encodeImport(step: ImportStep, encode: EncodeDefinition): object {
  return {
    importId: step.importId,
    by: step.by,
    sequence: step.sequence,
    isDone: step.isDone === true,
    records: step.records.map((item) => ({
      place: item.place,
      kind: item.record.kind,
      ...("upcoming" in item ? { claim: step.claims?.get(item.record.definition.id) } : {}),
      ...encodeRecord(item, encode),
    })),
  };
}

/** The definition is text inside the text, as `change_job` and `remove_job` write it. */
function encodeRevision({ before, ...revision }: Revision, encode: EncodeDefinition): object {
  if (!before) return revision;
  const { definition } = before;
  const written = definition && encode(definition).definition;
  return { ...revision, before: { ...before, definition: written } };
}

function encodeRecord(item: ImportRecord, encode: EncodeDefinition): object {
  if ("upcoming" in item) return encodeJob(item.record, item.upcoming, encode);
  const keepUntil = "keepUntil" in item ? (item.keepUntil ?? undefined) : undefined;
  const { record } = item;
  switch (record.kind) {
    case "ledger": {
      const { id, fireAt } = record.row;
      return { jobId: record.jobId, id, fireAt, keepUntil, row: toJson(pack(record.row)) };
    }
    case "revision": {
      const { jobId, revision } = record;
      return { jobId, keepUntil, revision: toJson(encodeRevision(revision, encode)) };
    }
    case "step": {
      const { jobId, runId, step } = record;
      const keepAgeMs = "keepAgeMs" in item ? item.keepAgeMs : 0;
      const stored = { name: step.name, record: JSON.stringify(step) };
      return { jobId, runId, fireAt: fireAtOf(runId), keepUntil, keepAgeMs, ...stored };
    }
    case "removed-job":
      return {
        jobId: record.jobId,
        runs: record.runs.map(encodeRunning),
        ...(record.keepUntil === null
          ? {}
          : { keepUntil: record.keepUntil, cleanedTo: record.cleanedTo }),
      };
    case "request": {
      const { jobId, runId, fireAt, params, ignoreCondition, by } = record;
      return { jobId, runId, fireAt, params: text(params), ignoreCondition, by };
    }
  }
}

function encodeJob(
  record: JobRecord,
  upcoming: readonly object[],
  encode: EncodeDefinition,
): object {
  const { definition, state, watermark, counts, lastRun, successStreak, failuresInARow } = record;
  // Stored separately only if the last run is another one.
  const lastScheduledRun = lastScheduledOf(lastRun, null) ? null : record.lastScheduledRun;
  return {
    jobId: definition.id,
    ...encode(definition),
    state,
    watermark,
    pausedAt: record.pausedAt ?? undefined,
    pausedReason: record.pausedReason ?? undefined,
    pausedUntil: record.pausedUntil,
    finishedAt: record.finishedAt ?? undefined,
    counts,
    lastRun: lastRun ? { ...lastRun, result: text(lastRun.result) } : undefined,
    lastScheduledRun: lastScheduledRun ?? undefined,
    lastSuccessAt: record.lastSuccessAt ?? undefined,
    successStreak,
    failuresInARow,
    everRan: lastRun !== null || record.runs.length > 0,
    queued: record.queued.map(encodeQueued),
    runs: record.runs.map(encodeRunning),
    backfill: record.backfill ?? undefined,
    skips: record.skips ?? [],
    changesAt: changesAtOf(definition, record.pausedUntil ?? null) ?? undefined,
    cleanedTo: record.cleanedTo,
    handedOver: record.handedOver && toJson(record.handedOver),
    upcoming,
  };
}

function encodeRunning(moved: UnfinishedRun): WrittenRunning {
  const { isHandedBack, suspended, params, group, cancel, ...run } = moved;
  return {
    ...run,
    ...(isHandedBack ? { isHandedBack } : {}),
    ...(group === undefined ? {} : { groupKey: group }),
    ...(cancel === undefined ? {} : { cancelReason: cancel }),
    ...(suspended ? { suspended: suspended.kind, resumeAt: suspended.until } : {}),
    ...(suspended?.error ? { error: JSON.stringify(suspended.error) } : {}),
    ...(params === undefined ? {} : { params: JSON.stringify(params) }),
  };
}

/** Engines store a scheduled run's generation, which its id contains, in a field of its own. */
function encodeQueued({ params, ...queued }: QueuedRun): object {
  const generation = queued.kind === "scheduled" ? parseQueueJobId(queued.id)?.sequence : undefined;
  return { ...queued, generation, params: text(params) };
}

/** The answer of `import_records`. */
export function decodeImport(json: unknown): ImportAnswer {
  const answer = JSON.parse(String(json)) as {
    place: number;
    existing?: string[];
    void?: boolean;
  };
  const { place, existing = [] } = answer;
  return { place, existing, ...(answer.void === true ? { isVoid: true } : {}) };
}
