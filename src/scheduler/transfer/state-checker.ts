import { createHash } from "node:crypto";
import type { z } from "zod";
import type { EpochMs } from "../../core/clock.ts";
import { complain } from "../../core/complaint.ts";
import { counted } from "../../core/counted.ts";
import { isCronduitError } from "../../core/errors.ts";
import { parseQueueJobId } from "../../jobs/occurrence-id.ts";
import { Schedule } from "../../jobs/schedule.ts";
import { STATE_VERSION, type StateHeader, stateHeaderSchema } from "../../jobs/state-header.ts";
import {
  noCounts,
  type StateRecord,
  stateRecordSchema,
  type UnfinishedRun,
} from "../../jobs/state-record.ts";
import { invalidState, type StateLine } from "./state-lines.ts";

/** No stored value is nested deeper, and a much deeper one couldn't be serialized again. */
const MAX_DEPTH = 5_000;

/** A job in a state. */
export interface Owner {
  readonly jobId: string;
  /** Absent if it was removed. */
  readonly pipeline?: string;
  /** Absent: the default queue. */
  readonly queue: string | undefined;
  readonly kind: "job" | "removed-job";
  /** Its number among the records other than ledger rows and steps, from 1. */
  readonly order: number;
  /** Until when the ledger of a removed job is kept. */
  readonly keepUntil: EpochMs | null;
  /** How long a job keeps its ledger; `null` if it was removed. */
  readonly keepAgeMs: number | null;
}

/** Identifies an owner: a job may have left records on a former queue. */
export function ownerKey(jobId: string, queue: string | undefined): string {
  return `${queue ?? ""} ${jobId}`;
}

/** Reads any line but the first. @throws `INVALID_STATE_FILE` */
export function parseRecord(line: StateLine): StateRecord {
  return parseLine(stateRecordSchema, line);
}

function parseLine<S extends z.ZodType>(schema: S, { number, text }: StateLine): z.output<S> {
  if (isTooDeep(text)) throw invalidState("is nested too deeply", { line: number });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw invalidState("isn't JSON; the file may be cut off or damaged", { line: number });
  }
  const parsed = attempt(() => schema.safeParse(value), number);
  if (parsed.success) return parsed.data;
  const { path, what } = complain(parsed.error, schema, value);
  throw invalidState(what.replace(/\.$/, ""), { line: number, path });
}

/** An exception that a hostile definition causes in the reading code counts as an error in the file. */
function attempt<T>(work: () => T, line: number): T {
  try {
    return work();
  } catch (error) {
    if (isCronduitError(error)) throw invalidState(error.message.replace(/\.$/, ""), { line });
    if (error instanceof RangeError) throw invalidState("is nested too deeply", { line });
    throw error;
  }
}

function isTooDeep(text: string): boolean {
  if (text.length <= MAX_DEPTH) return false;
  let depth = 0;
  let isInText = false;
  for (let i = 0; i < text.length; i += 1) {
    const char = text[i];
    if (isInText) {
      if (char === "\\") i += 1;
      else if (char === '"') isInText = false;
    } else if (char === '"') isInText = true;
    else if (char === "[" || char === "{") depth += 1;
    else if (char === "]" || char === "}") depth -= 1;
    if (depth > MAX_DEPTH) return true;
  }
  return false;
}

/** Checks a state line by line, and at the end as a whole. */
export class StateChecker {
  readonly owners = new Map<string, Owner>();
  readonly counts = noCounts();
  readonly #hash = createHash("sha256");
  readonly #accept: (header: StateHeader) => void;
  #header: StateHeader | undefined;
  readonly #jobIds = new Set<string>();
  readonly #keys = new Set<string>();
  #owner: Owner | undefined;
  #isEnded = false;

  /** @param accept Called with the header; throws if such a state is not wanted. */
  constructor(accept: (header: StateHeader) => void) {
    this.#accept = accept;
  }

  /** @throws `INVALID_STATE_FILE`, and what `accept` throws. */
  check(line: StateLine): void {
    if (!this.#header) {
      this.#header = readHeader(line);
      this.#accept(this.#header);
      return;
    }
    if (this.#isEnded) throw invalidState("comes after the end", { line: line.number });
    const record = parseRecord(line);
    // Without the header, so that two exports of one state are equal.
    this.#hash.update(`${line.text}\n`);
    this.#checkRecord(record, line.number);
  }

  /** @throws `INVALID_STATE_FILE` if it is not complete. */
  end(): { header: StateHeader; digest: string } {
    if (!this.#header) throw invalidState("is empty; an exported state begins with its header");
    if (!this.#isEnded) throw invalidState("is cut off: its last line is missing");
    return { header: this.#header, digest: this.#hash.digest("hex") };
  }

  #checkRecord(record: StateRecord, line: number): void {
    switch (record.kind) {
      case "job": {
        const { definition, watermark, state, runs, queued } = record;
        const { id: jobId, pipeline, queue, retention } = definition;
        const keepAgeMs = retention.ageMs;
        this.#begin({ jobId, pipeline, queue, kind: "job", keepUntil: null, keepAgeMs }, line);
        checkRuns(runs, jobId, line);
        for (const [i, { id, fireAt, kind }] of queued.entries())
          checkRunId(id, { jobId, fireAt, kind, path: `queued.${i}.id`, line });
        attempt(() => state === "active" && new Schedule(definition).ahead(watermark), line);
        attempt(() => new Schedule(definition), line);
        return;
      }
      case "removed-job":
        this.#begin(
          {
            jobId: record.jobId,
            queue: record.queue,
            kind: record.kind,
            keepUntil: record.keepUntil,
            keepAgeMs: null,
          },
          line,
        );
        checkRuns(record.runs, record.jobId, line);
        return;
      case "request":
        this.#belongsToJob(record.jobId, line);
        checkRunId(record.runId, { ...record, path: "runId", kind: "manual", line });
        this.counts.request += 1;
        return;
      case "step":
        this.#belongs(record.jobId, line);
        checkRunId(record.runId, { jobId: record.jobId, path: "runId", line });
        this.counts.step += 1;
        return;
      case "ledger":
        this.#belongs(record.jobId, line);
        checkRunId(record.row.id, { ...record, fireAt: record.row.fireAt, path: "row.id", line });
        this.counts.ledger += 1;
        return;
      case "log":
        this.#belongsToJob(record.jobId, line);
        checkRunId(record.runId, { jobId: record.jobId, path: "runId", line });
        this.counts.log += 1;
        return;
      case "revision":
        this.#belongs(record.jobId, line);
        this.counts.revision += 1;
        return;
      case "document":
        this.#owner = undefined;
        if (this.#keys.has(record.key))
          throw invalidState(`document "${record.key}" stands here a second time`, { line });
        this.#keys.add(record.key);
        this.counts.document += 1;
        return;
      case "end": {
        const told = record.counts;
        const kinds = Object.keys(told) as (keyof typeof told)[];
        const wrong = kinds.find((kind) => told[kind] !== this.counts[kind]);
        if (wrong !== undefined) {
          const found = `of kind "${wrong}" ${counted(this.counts[wrong], "line was", "lines were")} read, and ${told[wrong]} written`;
          throw invalidState(found, { line, path: `counts.${wrong}` });
        }
        this.#isEnded = true;
      }
    }
  }

  #begin(begun: Omit<Owner, "order">, line: number): void {
    const { jobId, queue, kind } = begun;
    const key = ownerKey(jobId, queue);
    if (this.owners.has(key) || (kind === "job" && this.#jobIds.has(jobId)))
      throw invalidState(`job "${jobId}" stands here a second time`, { line });
    if (kind === "job") this.#jobIds.add(jobId);
    this.counts[kind] += 1;
    const { job, "removed-job": removed, request } = this.counts;
    const order = job + removed + request;
    this.#owner = { ...begun, order };
    this.owners.set(key, this.#owner);
  }

  #belongsToJob(jobId: string, line: number): void {
    this.#belongs(jobId, line);
    if (this.#owner?.kind !== "job")
      throw invalidState("belongs to a removed job", { line, path: "jobId" });
  }

  #belongs(jobId: string, line: number): void {
    if (jobId === this.#owner?.jobId) return;
    throw invalidState(`does not follow its job "${jobId}"`, { line, path: "jobId" });
  }
}

function readHeader(line: StateLine): StateHeader {
  if (!/^\s*\{/.test(line.text) || !line.text.slice(0, 1_000).includes('"cronduit"')) {
    throw invalidState("isn't the header of an exported state", { line: line.number });
  }
  // A newer header may have other fields; then the version is the error to report.
  const version = /"version"\s*:\s*(\d{1,9})\b/.exec(line.text.slice(0, 1_000))?.[1];
  if (version !== undefined && Number(version) > STATE_VERSION) {
    throw invalidState(
      `has version ${version}, and this cronduit reads up to ${STATE_VERSION}; upgrade it`,
      { line: line.number, path: "version", version: Number(version), known: STATE_VERSION },
    );
  }
  return parseLine(stateHeaderSchema, line);
}

function checkRuns(runs: readonly UnfinishedRun[], jobId: string, line: number): void {
  for (const [i, run] of runs.entries()) {
    checkRunId(run.id, { jobId, fireAt: run.fireAt, path: `runs.${i}.id`, line });
    checkRunId(run.queueJobId, { jobId, path: `runs.${i}.queueJobId`, line });
    // Engines use these to tell runs that count towards `maxInstances` from others.
    const isBackfill = parseQueueJobId(run.queueJobId)?.kind === "backfill";
    if (isBackfill !== (run.kind === "backfill"))
      throw invalidState("differs from the kind of its queue job", {
        line,
        path: `runs.${i}.kind`,
      });
  }
}

/** An id names its job and its time; one that names others could never be found. */
function checkRunId(
  id: string,
  expected: { jobId: string; fireAt?: EpochMs; kind?: string; path: string; line: number },
): void {
  const { jobId, fireAt, kind, path, line } = expected;
  const parsed = parseQueueJobId(id);
  const isOfRun =
    parsed?.jobId === jobId &&
    (fireAt === undefined || parsed.fireAt === fireAt) &&
    (kind !== "manual" || parsed.kind === "manual");
  if (!isOfRun) throw invalidState("isn't the id of a run of this job and time", { line, path });
}
