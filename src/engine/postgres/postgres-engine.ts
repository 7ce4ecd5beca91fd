import type { Clock, EpochMs } from "../../core/clock.ts";
import { within } from "../../core/clock.ts";
import { CronduitError } from "../../core/errors.ts";
import type { StoredJob } from "../../jobs/definition.ts";
import type { StoredEvent } from "../../jobs/event.ts";
import type { LedgerRow } from "../../jobs/run.ts";
import { answerWithin } from "../answer-within.ts";
import { Batcher } from "../batcher.ts";
import { BullQueue } from "../bull-queue.ts";
import * as codec from "../decision-codec.ts";
import type * as Port from "../engine.ts";
import type { ExportPage, ImportAnswer, ImportStep } from "../state-port.ts";
import { toJson, type Written } from "../stored-json.ts";
import { decodeJob, decodeRows, encodeDefinition, type WrittenJob } from "./codec.ts";
import type { Database } from "./database.ts";
import { EventLog } from "./event-log.ts";
import { FunctionCaller } from "./functions.ts";
import { migrate } from "./migrate.ts";
import { persist } from "./persist.ts";
import { queueBackend } from "./queue-backend.ts";
import { Records } from "./records.ts";
import { schemasOf, type Schemas } from "./schema-name.ts";
import { StateStore } from "./state-store.ts";

/** Requests a call: bounds how long a call holds its locks. */
const BATCH = 100;
const PUT_CHUNK = 500;
const CLOSE_LIMIT_MS = 2_000;

/** How the Postgres engine is made. */
export interface PostgresEngineOptions {
  /** Connects; called once, by `open()`. */
  connect(schemas: Schemas): Promise<Database>;
  /** What the engine is called before it is connected. */
  readonly label: string;
  /** Names the schemas. */
  readonly prefix: string;
  readonly clock: Clock;
  /** How long a call waits for the server before it fails with `CONNECTION_FAILED`. */
  readonly timeoutMs: number;
  /** How long connecting may take, when that is more than waiting for an answer. @default `timeoutMs` */
  readonly openTimeoutMs?: number | undefined;
  /** About how many entries the event log keeps. */
  readonly maxEvents: number;
  /** Stands in for the server's clock, in tests that move time. */
  readonly serverNow?: (() => EpochMs) | undefined;
  readonly onError: (error: unknown) => void;
}

interface Connected {
  readonly database: Database;
  readonly functions: FunctionCaller;
  readonly queue: BullQueue;
  readonly events: EventLog;
  readonly records: Records;
  readonly state: StateStore;
}

/** The engine on PostgreSQL, as a server or inside this process: BullMQ's queue in one schema, our tables in another. */
export class PostgresEngine implements Port.Engine {
  readonly #options: PostgresEngineOptions;
  readonly #schemas: Schemas;
  readonly #admissions: Batcher<Port.AdmitRequest, Port.Admission>;
  readonly #settlements: Batcher<Port.SettleRequest, Port.Settlement>;
  #connected: Connected | undefined;
  #opening: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: PostgresEngineOptions) {
    this.#options = options;
    this.#schemas = schemasOf(options.prefix);
    this.#admissions = new Batcher(
      async (requests) =>
        codec.decodeAdmission(
          await this.#call("admit", ({ functions }) => functions.run("admit", requests)),
        ),
      BATCH,
    );
    this.#settlements = new Batcher(async (requests) => {
      const settlements = codec.encodeSettle(requests);
      return codec.decodeSettlement(
        await this.#call("settle", ({ functions }) => functions.run("settle", settlements)),
      );
    }, BATCH);
  }

  get label(): string {
    return this.#connected?.database.label ?? this.#options.label;
  }

  open(): Promise<void> {
    this.#opening ??= this.#open().catch((error: unknown) => {
      this.#opening = undefined;
      throw error;
    });
    return this.#opening;
  }

  async #open(): Promise<void> {
    const { clock, timeoutMs, openTimeoutMs = timeoutMs } = this.#options;
    const call = { clock, timeoutMs: openTimeoutMs, what: "connect", server: this.label };
    await answerWithin(call, async () => {
      const database = await this.#options.connect(this.#schemas);
      try {
        await persist(clock, openTimeoutMs, () => migrate(database.pool, this.#schemas));
        this.#connected = this.#assemble(database);
        await this.#connected.queue.waitUntilReady();
      } catch (error) {
        this.#connected = undefined;
        await database.close().catch(() => undefined);
        throw error;
      }
    });
  }

  #assemble(database: Database): Connected {
    const { clock, maxEvents, serverNow, onError } = this.#options;
    const { pool } = database;
    const functions = new FunctionCaller(pool, this.#schemas, () => ({
      nowMs: serverNow?.(),
      maxEntries: maxEvents,
    }));
    const queue = new BullQueue({
      place: { backend: queueBackend(pool, this.#schemas.queue) },
      clock,
      onError,
    });
    const schema = this.#schemas.own;
    const events = new EventLog({ pool, functions, schema, clock, onError });
    const records = new Records(pool, schema);
    return { database, functions, queue, events, records, state: new StateStore(functions) };
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#opening?.catch(() => undefined);
    const connected = this.#connected;
    if (!connected) return;
    const { clock } = this.#options;
    const { queue, events, database } = connected;
    await within(clock, CLOSE_LIMIT_MS, Promise.allSettled([queue.close(), events.close()]));
    await within(clock, CLOSE_LIMIT_MS, database.close().catch(this.#options.onError));
  }

  async health(): Promise<Port.EngineHealth> {
    const from = this.#options.clock.elapsed();
    try {
      await this.open();
      await this.#call("health", ({ database }) => database.pool.query("SELECT 1"));
      const roundTripMs = this.#options.clock.elapsed() - from;
      return { ok: true, roundTripMs, problem: undefined };
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      return { ok: false, roundTripMs: undefined, problem };
    }
  }

  async now(): Promise<EpochMs> {
    if (this.#options.serverNow) return this.#options.serverNow();
    return this.#call("now", ({ functions }) => functions.read<number>("server_now(NULL)", []));
  }

  async putJobs(puts: readonly Port.JobPut[]): Promise<Port.JobPutResult[]> {
    const results: Port.JobPutResult[] = [];
    for (let at = 0; at < puts.length; at += PUT_CHUNK) {
      const chunk = puts
        .slice(at, at + PUT_CHUNK)
        .map((put) => codec.encodePut(put, encodeDefinition));
      results.push(
        ...codec.decodePuts(
          await this.#call("putJobs", ({ functions }) => functions.run("put_jobs", chunk)),
        ),
      );
    }
    return results;
  }

  async changeJob(change: Port.JobChange): Promise<Port.JobChangeResult> {
    const encoded = codec.encodeChange(change, encodeDefinition);
    return codec.decodeChange(
      await this.#call("changeJob", ({ functions }) => functions.run("change_job", encoded)),
    );
  }

  async removeJob(removal: Port.JobRemoval): Promise<"removed" | "missing" | "undecided"> {
    const encoded = codec.encodeRemoval(removal);
    const answer = await this.#call("removeJob", ({ functions }) =>
      functions.run("remove_job", encoded),
    );
    const outcome = JSON.parse(String(answer)) as string;
    return outcome === "removed" || outcome === "undecided" ? outcome : "missing";
  }

  async getJobs(ids: readonly string[]): Promise<(StoredJob | undefined)[]> {
    if (ids.length === 0) return [];
    const jobs = await this.#read<WrittenJob[]>("getJobs", "read_jobs($1)", [ids]);
    const byId = new Map(jobs.map((job) => [job.id, decodeJob(job)]));
    return ids.map((id) => byId.get(id));
  }

  listJobIds(offset: number, limit: number): Promise<string[]> {
    return this.#call("listJobIds", ({ records }) => records.listJobIds(offset, limit));
  }

  countJobs(): Promise<number> {
    return this.#call("countJobs", ({ records }) => records.countJobs());
  }

  admit(request: Port.AdmitRequest): Promise<Port.Admission> {
    return this.#admissions.add(request);
  }

  settle(request: Port.SettleRequest): Promise<Port.Settlement> {
    return this.#settlements.add(request);
  }

  async handBack(run: Port.RunHold): Promise<void> {
    await this.#call("handBack", ({ functions }) => functions.run("hand_back", run));
  }

  async requestRun(request: Port.RunRequest): Promise<{ readonly runId: string } | "missing"> {
    const encoded = codec.encodeRunRequest(request);
    const answer = await this.#call("requestRun", ({ functions }) =>
      functions.run("request_run", encoded),
    );
    return answer === null ? "missing" : { runId: JSON.parse(answer) as string };
  }

  async readLedger(query: Port.LedgerQuery): Promise<LedgerRow[]> {
    const rows = await this.#read<Written<LedgerRow>[]>("readLedger", "read_ledger($1)", [
      toJson(query),
    ]);
    return decodeRows(rows);
  }

  async readOpenRuns(jobId: string): Promise<LedgerRow[]> {
    return decodeRows(
      await this.#read<Written<LedgerRow>[]>("readOpenRuns", "read_open_runs($1)", [jobId]),
    );
  }

  enqueue(wakeUps: readonly Port.WakeUp[]): Promise<void> {
    return this.#call("enqueue", ({ queue }) => queue.add(wakeUps));
  }

  consume(options: Port.ConsumeOptions): Port.Consumer {
    return this.#ready().queue.consume(options);
  }

  setPaused(paused: boolean): Promise<void> {
    return this.#call("setPaused", ({ queue }) => queue.setPaused(paused));
  }

  isPaused(): Promise<boolean> {
    return this.#call("isPaused", ({ queue }) => queue.isPaused());
  }

  appendEvents(told: readonly StoredEvent[]): Promise<void> {
    return this.#call("appendEvents", ({ events }) => events.append(told));
  }

  latestEventCursor(): Promise<string> {
    return this.#call("latestEventCursor", ({ events }) => events.latestCursor());
  }

  async readEvents(reader: string, cursor: string, waitMs: number): Promise<Port.EventBatch> {
    return this.#ready().events.read(reader, cursor, waitMs);
  }

  endReader(reader: string): void {
    this.#connected?.events.endReader(reader);
  }

  loadCursor(listener: string): Promise<string | undefined> {
    return this.#call("loadCursor", ({ records }) => records.loadCursor(listener));
  }

  saveCursor(listener: string, cursor: string): Promise<void> {
    return this.#call("saveCursor", ({ records }) => records.saveCursor(listener, cursor));
  }

  async holdLease(name: string, owner: string, ttlMs: number): Promise<boolean> {
    const lease = { name, owner, ttl: Math.round(ttlMs) };
    return (
      (await this.#call("holdLease", ({ functions }) => functions.run("hold_lease", lease))) === "1"
    );
  }

  async releaseLease(name: string, owner: string): Promise<void> {
    await this.holdLease(name, owner, 0);
  }

  heartbeat(record: Port.WorkerRecord, ttlMs: number): Promise<void> {
    return this.#call("heartbeat", ({ records }) => records.writeWorker(record, ttlMs));
  }

  forgetWorker(id: string): Promise<void> {
    return this.#call("forgetWorker", ({ records }) => records.forgetWorker(id));
  }

  async listWorkers(): Promise<Port.WorkerRecord[]> {
    const now = await this.now();
    return this.#call("listWorkers", ({ records }) => records.listWorkers(now));
  }

  async audit(request: Port.AuditRequest): Promise<Port.AuditFinding[]> {
    const answer = await this.#call("audit", ({ functions }) => functions.run("audit", request));
    return JSON.parse(String(answer)) as Port.AuditFinding[];
  }

  listTaken(limit: number): Promise<string[]> {
    return this.#call("listTaken", ({ state }) => state.listTaken(limit));
  }

  exportJobs(cursor: string | undefined, limit: number): Promise<ExportPage> {
    return this.#call("exportJobs", ({ state }) => state.exportJobs(cursor, limit));
  }

  importRecords(step: ImportStep): Promise<ImportAnswer> {
    return this.#call("importRecords", ({ state }) => state.importRecords(step));
  }

  #ready(): Connected {
    if (this.#connected && !this.#closing) return this.#connected;
    const why = this.#closing ? "was closed" : "is not open";
    throw new CronduitError("INVALID_STATE", `${this.label} ${why}.`);
  }

  #read<T>(what: string, call: string, params: readonly unknown[]): Promise<T> {
    return this.#call(what, ({ functions }) => functions.read<T>(call, params));
  }

  #call<T>(what: string, work: (connected: Connected) => Promise<T>): Promise<T> {
    const { clock, timeoutMs } = this.#options;
    return answerWithin({ clock, timeoutMs, what, server: this.label }, async () => {
      await this.open();
      const connected = this.#ready();
      return persist(clock, timeoutMs, () => work(connected));
    });
  }
}
