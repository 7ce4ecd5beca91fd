import { type Clock, type EpochMs, within } from "../../core/clock.ts";
import type { StoredJob } from "../../jobs/definition.ts";
import type { StoredEvent } from "../../jobs/event.ts";
import type { LedgerRow } from "../../jobs/run.ts";
import { answerWithin } from "../answer-within.ts";
import { Batcher } from "../batcher.ts";
import { BullQueue, QUEUE_NAME } from "../bull-queue.ts";
import type * as Port from "../engine.ts";
import {
  addressOf,
  checkServer,
  connect,
  type RedisConnectionOptions,
  untilReady,
} from "./connection.ts";
import type { RedisClient } from "./redis-client.ts";
import * as codec from "../decision-codec.ts";
import { EventStream } from "./event-stream.ts";
import { encodeDefinition } from "./job-codec.ts";
import { readJobs } from "./job-reader.ts";
import { decodeRow, rowOfAsked, rowOfInstance, rowOfQueued } from "./ledger-codec.ts";
import type { ExportPage, ImportAnswer, ImportStep } from "../state-port.ts";
import { toJson } from "../stored-json.ts";
import { ScriptRunner } from "./scripts.ts";
import { StateStore } from "./state-store.ts";
import { WorkerBoard } from "./worker-board.ts";

/** Requests a script call: keeps one call below a few milliseconds. */
const BATCH = 100;
const PUT_CHUNK = 500;

/** How the Redis engine is made. */
export interface RedisEngineOptions {
  readonly connection: RedisConnectionOptions;
  /** Begins every key. */
  readonly prefix: string;
  /** Names the queue, part of every key's hash tag. */
  readonly queue: string;
  readonly clock: Clock;
  /** How long a call waits for the server before it fails with `CONNECTION_FAILED`. */
  readonly timeoutMs: number;
  /** About how many entries the event stream keeps. */
  readonly maxEvents: number;
  /** Stands in for the server's clock, in tests that move time. */
  readonly serverNow?: (() => EpochMs) | undefined;
  onWarning(message: string): void;
  onError(error: unknown): void;
}

/** The engine on a Redis server: BullMQ's queue, and our own keys beside it in the same hash tag. */
export class RedisEngine implements Port.Engine {
  readonly #options: RedisEngineOptions;
  readonly #redis: RedisClient;
  readonly #prefix: string;
  readonly #queue: BullQueue;
  readonly #scripts: ScriptRunner;
  readonly #events: EventStream;
  readonly #workers: WorkerBoard;
  readonly #state: StateStore;
  readonly #admissions: Batcher<Port.AdmitRequest, Port.Admission>;
  readonly #settlements: Batcher<Port.SettleRequest, Port.Settlement>;
  #label: string;
  #lastError: unknown;
  #opening: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: RedisEngineOptions) {
    this.#options = options;
    this.#redis = connect(options.connection);
    this.#redis.on("error", (error) => {
      this.#lastError = error;
      options.onError(error);
    });
    this.#redis.on("ready", () => (this.#lastError = undefined));
    this.#label = `redis at ${addressOf(this.#redis)}`;
    const tag = `{${options.prefix}:${options.queue}}`;
    this.#prefix = `${tag}:`;
    this.#queue = new BullQueue({
      place: { connection: this.#redis, prefix: tag },
      clock: options.clock,
      // A command with a key goes to the node that holds the queue, in a Cluster too.
      nudge: () => void this.#redis.exists(this.#key("meta")).catch(() => undefined),
      onError: (error) => options.onError(error),
    });
    this.#scripts = new ScriptRunner(this.#redis, this.#key("meta"), () => [
      this.#prefix,
      `${tag}:${QUEUE_NAME}:`,
      options.serverNow?.() ?? "",
      options.maxEvents,
    ]);
    this.#events = new EventStream(this.#redis, this.#key("events"), options.maxEvents);
    this.#workers = new WorkerBoard(this.#redis, this.#key("workers"));
    this.#state = new StateStore(this.#scripts);
    this.#admissions = new Batcher(async (requests) => {
      const answer = await this.#scripts.run("admit", { requests: toJson(requests) });
      return codec.decodeAdmission(answer);
    }, BATCH);
    this.#settlements = new Batcher(async (requests) => {
      const settlements = toJson(codec.encodeSettle(requests));
      return codec.decodeSettlement(await this.#scripts.run("settle", { requests: settlements }));
    }, BATCH);
  }

  get label(): string {
    return this.#label;
  }

  open(): Promise<void> {
    // A server that was away when it was first asked for may be there the next time.
    this.#opening ??= this.#open().catch((error: unknown) => {
      this.#opening = undefined;
      throw error;
    });
    return this.#opening;
  }

  async #open(): Promise<void> {
    const info = await this.#bounded("connect", async () => {
      await untilReady(this.#redis);
      await this.#queue.waitUntilReady();
      return checkServer(this.#redis);
    });
    this.#label = `redis ${info.version} at ${addressOf(this.#redis)}`;
    for (const warning of info.warnings) this.#options.onWarning(warning);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#events.close();
    await within(
      this.#options.clock,
      2_000,
      this.#queue.close().catch(() => undefined),
    );
    this.#redis.disconnect();
  }

  async health(): Promise<Port.EngineHealth> {
    const from = this.#options.clock.elapsed();
    try {
      await this.#bounded("ping", () => this.#redis.ping());
      return { ok: true, roundTripMs: this.#options.clock.elapsed() - from, problem: undefined };
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      return { ok: false, roundTripMs: undefined, problem };
    }
  }

  async now(): Promise<EpochMs> {
    if (this.#options.serverNow) return this.#options.serverNow();
    return Number(await this.#bounded("now", () => this.#scripts.run("now", {})));
  }

  async putJobs(puts: readonly Port.JobPut[]): Promise<Port.JobPutResult[]> {
    const results: Port.JobPutResult[] = [];
    for (let at = 0; at < puts.length; at += PUT_CHUNK) {
      const chunk = puts.slice(at, at + PUT_CHUNK);
      const jobs = toJson(chunk.map((put) => codec.encodePut(put, encodeDefinition)));
      const answer = await this.#bounded("putJobs", () => this.#scripts.run("put_jobs", { jobs }));
      results.push(...codec.decodePuts(answer));
    }
    return results;
  }

  async changeJob(change: Port.JobChange): Promise<Port.JobChangeResult> {
    const encoded = toJson(codec.encodeChange(change, encodeDefinition));
    const answer = await this.#bounded("changeJob", () =>
      this.#scripts.run("change_job", { change: encoded }),
    );
    return codec.decodeChange(answer);
  }

  async removeJob(removal: Port.JobRemoval): Promise<"removed" | "missing" | "undecided"> {
    const encoded = toJson(codec.encodeRemoval(removal));
    const answer = await this.#bounded("removeJob", () =>
      this.#scripts.run("remove_job", { removal: encoded }),
    );
    return answer === "removed" || answer === "undecided" ? answer : "missing";
  }

  getJobs(ids: readonly string[]): Promise<(StoredJob | undefined)[]> {
    return this.#bounded("getJobs", () => readJobs(this.#redis, (name) => this.#key(name), ids));
  }

  listJobIds(offset: number, limit: number): Promise<string[]> {
    return this.#bounded("listJobIds", () =>
      this.#redis.zrange(this.#key("next"), offset, offset + limit - 1),
    );
  }

  countJobs(): Promise<number> {
    return this.#bounded("countJobs", () => this.#redis.zcard(this.#key("next")));
  }

  admit(request: Port.AdmitRequest): Promise<Port.Admission> {
    return this.#admissions.add(request);
  }

  settle(request: Port.SettleRequest): Promise<Port.Settlement> {
    return this.#settlements.add(request);
  }

  async handBack(run: Port.RunHold): Promise<void> {
    await this.#bounded("handBack", () => this.#scripts.run("hand_back", { hold: toJson(run) }));
  }

  async requestRun(request: Port.RunRequest): Promise<{ readonly runId: string } | "missing"> {
    const encoded = toJson(codec.encodeRunRequest(request));
    const runId = await this.#bounded("requestRun", () =>
      this.#scripts.run("request_run", { request: encoded }),
    );
    return typeof runId === "string" ? { runId } : "missing";
  }

  async readLedger(query: Port.LedgerQuery): Promise<LedgerRow[]> {
    return this.#bounded("readLedger", async () => {
      const key = this.#key(`ledger:${query.jobId}`);
      const { fromAt, toAt, offset, limit } = query;
      const rows =
        query.order === "latest"
          ? await this.#redis.zrevrangebyscore(key, toAt, fromAt, "LIMIT", offset, limit)
          : await this.#redis.zrangebyscore(key, fromAt, toAt, "LIMIT", offset, limit);
      return rows.map(decodeRow);
    });
  }

  async readOpenRuns(jobId: string): Promise<LedgerRow[]> {
    return this.#bounded("readOpenRuns", async () => {
      const [held, queued, asked] = await Promise.all([
        this.#redis.hvals(this.#key(`inst:${jobId}`)),
        this.#redis.zrange(this.#key(`pend:${jobId}`), 0, -1),
        this.#redis.hgetall(this.#key(`asked:${jobId}`)),
      ]);
      return [
        ...held.map(rowOfInstance),
        ...queued.map((text) => rowOfQueued(jobId, text)),
        ...Object.entries(asked).map(([id, text]) => rowOfAsked(id, text)),
      ];
    });
  }

  enqueue(wakeUps: readonly Port.WakeUp[]): Promise<void> {
    return this.#queue.add(wakeUps);
  }

  consume(options: Port.ConsumeOptions): Port.Consumer {
    return this.#queue.consume(options);
  }

  setPaused(paused: boolean): Promise<void> {
    return this.#bounded("setPaused", () => this.#queue.setPaused(paused));
  }

  isPaused(): Promise<boolean> {
    return this.#bounded("isPaused", () => this.#queue.isPaused());
  }

  appendEvents(events: readonly StoredEvent[]): Promise<void> {
    return this.#bounded("appendEvents", () => this.#events.append(events));
  }

  latestEventCursor(): Promise<string> {
    return this.#bounded("latestEventCursor", () => this.#events.latestCursor());
  }

  readEvents(reader: string, cursor: string, waitMs: number): Promise<Port.EventBatch> {
    return this.#events.read(reader, cursor, waitMs);
  }

  endReader(reader: string): void {
    this.#events.endReader(reader);
  }

  async loadCursor(listener: string): Promise<string | undefined> {
    return (
      (await this.#bounded("loadCursor", () => this.#redis.hget(this.#key("cursors"), listener))) ??
      undefined
    );
  }

  async saveCursor(listener: string, cursor: string): Promise<void> {
    await this.#bounded("saveCursor", () =>
      this.#redis.hset(this.#key("cursors"), listener, cursor),
    );
  }

  async holdLease(name: string, owner: string, ttlMs: number): Promise<boolean> {
    return (
      (await this.#bounded("holdLease", () =>
        this.#scripts.run("hold_lease", { name, owner, ttl: ttlMs }),
      )) === 1
    );
  }

  async releaseLease(name: string, owner: string): Promise<void> {
    await this.#bounded("releaseLease", () =>
      this.#scripts.run("hold_lease", { name, owner, ttl: 0 }),
    );
  }

  heartbeat(record: Port.WorkerRecord, ttlMs: number): Promise<void> {
    return this.#bounded("heartbeat", () => this.#workers.write(record, ttlMs));
  }

  forgetWorker(id: string): Promise<void> {
    return this.#bounded("forgetWorker", () => this.#workers.forget(id));
  }

  async listWorkers(): Promise<Port.WorkerRecord[]> {
    const now = await this.now();
    return this.#bounded("listWorkers", () => this.#workers.list(now));
  }

  async audit(request: Port.AuditRequest): Promise<Port.AuditFinding[]> {
    const answer = await this.#bounded("audit", () =>
      this.#scripts.run("audit", { request: toJson(request) }),
    );
    return JSON.parse(String(answer)) as Port.AuditFinding[];
  }

  listTaken(limit: number): Promise<string[]> {
    return this.#bounded("listTaken", () => this.#state.listTaken(limit));
  }

  exportJobs(cursor: string | undefined, limit: number): Promise<ExportPage> {
    return this.#bounded("exportJobs", () => this.#state.exportJobs(cursor, limit));
  }

  importRecords(step: ImportStep): Promise<ImportAnswer> {
    return this.#bounded("importRecords", () => this.#state.importRecords(step));
  }

  #key(name: string): string {
    return this.#prefix + name;
  }

  #bounded<T>(what: string, work: () => Promise<T>): Promise<T> {
    const { clock, timeoutMs } = this.#options;
    const lastError = () => this.#lastError;
    return answerWithin({ clock, timeoutMs, what, server: this.#label, lastError }, work);
  }
}
