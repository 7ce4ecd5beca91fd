import type { MovedBackfill } from "../../jobs/state-record.ts";
import { fireAtOf } from "../codec/steps-and-logs.ts";
import {
  cleaned,
  decodeImport,
  decodeRunning,
  decodeQueued,
  decodeRequest,
  encodeImport,
  jobRecord,
  type WrittenRunning,
  type WrittenQueued,
  type WrittenRequest,
} from "../codec/transfer-codec.ts";
import type {
  ExportedJob,
  ExportPage,
  ImportAnswer,
  ImportStep,
  TransferPort,
} from "../port/transfer.ts";
import { readEach } from "../codec/readable.ts";
import { toJson } from "../codec/stored-json.ts";
import { countsOf, decodeJob, encodeDefinition, optionalNumber, readLast } from "./job-codec.ts";
import type { RedisCalls } from "./redis-calls.ts";

/** The collections to export, one after the other. */
const STAGES = ["defs", "gone", "live"] as const;
type Stage = (typeof STAGES)[number];

/** What `export_jobs` says of a job. */
interface WrittenJob {
  readonly id: string;
  readonly definition?: string;
  readonly hash?: unknown;
  readonly running: unknown;
  readonly queued?: unknown;
  readonly requests?: unknown;
  readonly backfill?: unknown;
  readonly backfillTimes?: unknown;
  readonly backfillJobs?: unknown;
  readonly skips?: unknown;
  readonly keepUntil?: string | false;
  readonly cleanedTo?: string | false;
}

/** Export and import of one queue's state on Redis. */
export class RedisTransfer implements TransferPort {
  readonly #calls: RedisCalls;

  constructor(calls: RedisCalls) {
    this.#calls = calls;
  }

  async listTaken(limit: number): Promise<string[]> {
    return (await this.#calls.run("list_taken", { limit })) as string[];
  }

  async exportJobs(cursor: string | undefined, limit: number): Promise<ExportPage> {
    const [stage, place] = readCursor(cursor);
    const answer = await this.#calls.run("export_jobs", { stage, cursor: place, count: limit });
    const page = JSON.parse(String(answer)) as {
      cursor: string;
      sequence: number;
      jobs: unknown;
    };
    return {
      jobs: readEach(listOf<WrittenJob>(page.jobs), "job", decodeExported, this.#calls.tell),
      cursor: nextCursor(stage, page.cursor),
      sequence: page.sequence,
      stamp: String(page.sequence),
    };
  }

  async listStepRuns(jobId: string, offset: number, limit: number): Promise<string[]> {
    return (await this.#calls.run("list_step_runs", { jobId, offset, limit })) as string[];
  }

  async importRecords(step: ImportStep): Promise<ImportAnswer> {
    const encoded = toJson(encodeImport(step, encodeDefinition));
    return decodeImport(await this.#calls.run("import_records", { step: encoded }));
  }
}

function readCursor(cursor: string | undefined): [Stage, string] {
  const [name, place] = cursor?.split(" ") ?? [];
  return [STAGES.find((stage) => stage === name) ?? STAGES[0], place ?? "0"];
}

function nextCursor(stage: Stage, place: string): string | undefined {
  if (place !== "0") return `${stage} ${place}`;
  const next = STAGES[STAGES.indexOf(stage) + 1];
  return next && `${next} 0`;
}

/** `cjson` writes an empty list as an object. */
function listOf<T>(written: unknown): T[] {
  return Array.isArray(written) ? (written as T[]) : [];
}

/** Fields and values in turns, as entries. */
function entriesOf(written: unknown): [string, string][] {
  const flat = listOf<string>(written);
  return flat.flatMap((field, i): [string, string][] =>
    i % 2 === 0 ? [[field, flat[i + 1] ?? ""]] : [],
  );
}

function decodeExported(written: WrittenJob): ExportedJob {
  const { id, definition, keepUntil } = written;
  const runs = entriesOf(written.running).map(([queueJobId, text]) =>
    decodeRunning({ ...(JSON.parse(text) as WrittenRunning), queueJobId }),
  );
  const cleanedTo = written.cleanedTo ? Number(written.cleanedTo) : null;
  if (definition === undefined) {
    const endsAt = keepUntil ? Number(keepUntil) : null;
    const owner = { kind: "removed-job", jobId: id, keepUntil: endsAt, runs } as const;
    return { owner: { ...owner, ...cleaned(cleanedTo) }, requests: [] };
  }
  const hash = Object.fromEntries(entriesOf(written.hash));
  const last = readLast(hash["lp"]);
  const skips = listOf<string>(written.skips);
  const owner = jobRecord(decodeJob(id, definition, hash, runs.length, skips), {
    finishedAt: optionalNumber(hash["fin"]),
    lastSuccessAt: last?.lastSuccessAt ?? null,
    successStreak: last?.successStreak ?? 0,
    failuresInARow: last?.failuresInARow ?? 0,
    // Stored behind their ids.
    queued: listOf<string>(written.queued).map((member) =>
      decodeQueued(JSON.parse(member.slice(member.indexOf("\n") + 1)) as WrittenQueued),
    ),
    runs,
    backfill: decodeBackfill(written),
    cleanedTo,
  });
  const requests = entriesOf(written.requests).map(([runId, text]) =>
    decodeRequest(id, runId, JSON.parse(text) as WrittenRequest),
  );
  return { owner, requests };
}

function decodeBackfill(written: WrittenJob): MovedBackfill | null {
  const hash = Object.fromEntries(entriesOf(written.backfill));
  if (!hash["id"]) return null;
  const times = listOf<string>(written.backfillTimes).map(Number);
  const withQueueJobs = listOf<string>(written.backfillJobs).map(fireAtOf);
  return {
    backfillId: hash["id"],
    state: hash["st"] as MovedBackfill["state"],
    total: Number(hash["total"]),
    concurrency: Number(hash["con"]),
    order: hash["or"] === "latest" ? "latest" : "oldest",
    verdicts: countsOf(hash),
    createdAt: Number(hash["at"]),
    touchedAt: Number(hash["ta"]),
    fireTimes: [...times, ...withQueueJobs].toSorted((a, b) => a - b),
  };
}
