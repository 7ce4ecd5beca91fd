import type { EpochMs } from "../../core/clock.ts";
import type { StoredJob } from "../../jobs/definition.ts";
import type { StoredEvent } from "../../jobs/event.ts";
import type { LedgerRow } from "../../jobs/run.ts";
import { Batcher } from "../calls/batcher.ts";
import { BullMqQueue, QUEUE_NAME } from "../bullmq/bullmq-queue.ts";
import * as codec from "../codec/decision-codec.ts";
import type * as Port from "../port/engine.ts";
import type { ExportPage, ImportAnswer, ImportStep } from "../port/transfer.ts";
import { toJson } from "../codec/stored-json.ts";
import type { QueueEngine } from "../port/queue-engine.ts";
import { RedisDirectory } from "./directory.ts";
import { EventStream } from "./event-stream.ts";
import { decodeDefinitions, encodeDefinition } from "./job-codec.ts";
import { RedisLink, type RedisLinkOptions } from "./redis-link.ts";
import { JobPuts } from "./job-puts.ts";
import { FastPath } from "./fast-path.ts";
import { RedisBatches } from "./redis-batches.ts";
import { RunStore } from "./run-store.ts";
import { type ScriptArguments, type ScriptName, ScriptRunner } from "./scripts.ts";
import { TransferStore } from "./transfer-store.ts";
import { StoredState } from "./stored-state.ts";
import { WorkerRegistry } from "./worker-registry.ts";

/** Requests a script call: keeps one call below a few milliseconds. */
const BATCH = 100;

/** How the Redis engine is made. */
export interface RedisEngineOptions extends RedisLinkOptions {
  /** Begins every key. */
  readonly prefix: string;
  /** Names the queue, part of every key's hash tag. */
  readonly queue: string;
  /** About how many entries the event stream keeps. */
  readonly maxEvents: number;
  /** Stands in for the server's clock, in tests that move time. */
  readonly serverNow?: (() => EpochMs) | undefined;
}

/** One queue on a Redis server: BullMQ's keys, and our own beside them in the same hash tag. */
export class RedisEngine implements QueueEngine {
  readonly directory: RedisDirectory;
  readonly #options: RedisEngineOptions;
  readonly #link: RedisLink;
  readonly #prefix: string;
  readonly #queue: BullMqQueue;
  readonly #scripts: ScriptRunner;
  readonly #state: StoredState;
  readonly #runs: RunStore;
  readonly #fastPath: FastPath;
  readonly #puts: JobPuts;
  readonly #events: EventStream;
  readonly #workers: WorkerRegistry;
  readonly #transfer: TransferStore;
  readonly #admissions: Batcher<Port.AdmitRequest, Port.Admission>;
  readonly #settlements: Batcher<Port.SettleRequest, Port.Settlement>;

  constructor(options: RedisEngineOptions) {
    this.#options = options;
    this.#link = new RedisLink(options);
    const { redis } = this.#link;
    const tell = (error: unknown): void => options.onError(error);
    const tag = `{${options.prefix}:${options.queue}}`;
    this.#prefix = `${tag}:`;
    this.#scripts = new ScriptRunner(redis, this.#key("meta"), () => [
      this.#prefix,
      `${tag}:${QUEUE_NAME}:`,
      options.serverNow?.() ?? "",
      options.maxEvents,
    ]);
    this.#puts = new JobPuts((name, input, more) => this.#run(name, input, more));
    this.#fastPath = new FastPath(this.#scripts, tell);
    this.#queue = new BullMqQueue({
      place: { connection: redis, prefix: tag },
      name: QUEUE_NAME,
      clock: options.clock,
      batches: new RedisBatches(this.#scripts, this.#fastPath),
      onError: tell,
    });
    this.directory = new RedisDirectory({
      redis,
      scripts: this.#scripts,
      key: (name) => this.#key(name),
      bounded: (what, work) => this.#bounded(what, work),
    });
    this.#state = new StoredState(redis, this.#prefix, tell);
    this.#transfer = new TransferStore(this.#scripts, tell);
    this.#runs = new RunStore(redis, this.#scripts, this.#prefix, tell);
    this.#events = new EventStream(redis, this.#key("events"), options.maxEvents, tell);
    this.#workers = new WorkerRegistry(redis, this.#key("workers"));
    this.#admissions = new Batcher(async (requests) => {
      const answer = await this.#scripts.run("admit", { requests: toJson(requests) });
      return codec.decodeAdmission(answer);
    }, BATCH);
    this.#settlements = new Batcher(async (requests) => {
      const settlements = toJson(codec.encodeSettle(requests));
      return codec.decodeSettlement(await this.#scripts.run("settle", { requests: settlements }));
    }, BATCH);
  }

  sibling(queue: string): RedisEngine {
    return new RedisEngine({ ...this.#options, queue, shared: this.#link });
  }

  get label(): string {
    return this.#link.label;
  }

  open(): Promise<void> {
    return this.#link.open(() => this.#queue.waitUntilReady());
  }

  close(limitMs?: number): Promise<void> {
    return this.#link.close(limitMs, () => {
      this.#events.close();
      return this.#queue.close();
    });
  }

  health(): Promise<Port.EngineHealth> {
    return this.#link.health(this.#key("meta"));
  }

  ask(): Promise<unknown> {
    return this.#link.redis.exists(this.#key("meta"));
  }

  async now(): Promise<EpochMs> {
    if (this.#options.serverNow) return this.#options.serverNow();
    return Number(await this.#run("now", {}));
  }

  async putJobs(puts: readonly Port.JobPut[]): Promise<Port.JobPutResult[]> {
    return this.#puts.put(puts);
  }

  async changeJob(change: Port.JobChange): Promise<Port.JobChangeResult> {
    const encoded = toJson(codec.encodeChange(change, encodeDefinition));
    return codec.decodeChange(await this.#run("change_job", { change: encoded }));
  }

  async removeJob(removal: Port.JobRemoval): Promise<"removed" | "missing" | "undecided"> {
    const encoded = toJson(codec.encodeRemoval(removal));
    const answer = await this.#run("remove_job", { removal: encoded });
    return answer === "removed" || answer === "undecided" ? answer : "missing";
  }

  getJobs(ids: readonly string[]): Promise<(StoredJob | undefined)[]> {
    return this.#bounded("getJobs", () => this.#state.jobs(ids));
  }

  async readDefinitions(ids: readonly string[]): Promise<(Port.StoredDefinition | undefined)[]> {
    if (ids.length === 0) return [];
    const answer = await this.#run("read_definitions", {}, ids);
    return decodeDefinitions(ids, answer, (error) => this.#options.onError(error));
  }

  listJobIds(offset: number, limit: number): Promise<string[]> {
    return this.#bounded("listJobIds", () => this.#state.jobIds(offset, limit));
  }

  countJobs(): Promise<number> {
    return this.#bounded("countJobs", () => this.#state.countJobs());
  }

  admit(request: Port.AdmitRequest): Promise<Port.Admission> {
    return this.#admissions.add(request);
  }

  async settle(request: Port.SettleRequest): Promise<Port.Settlement> {
    return (await this.#fastPath.settle(request)) ?? this.#settlements.add(request);
  }

  async handBack(run: Port.RunHold): Promise<void> {
    await this.#run("hand_back", { hold: toJson(run) });
  }

  async noteAlive(run: Port.RunHold): Promise<void> {
    await this.#run("note_alive", { hold: toJson(run) });
  }

  async requestRun(request: Port.RunRequest): Promise<{ readonly runId: string } | "missing"> {
    const encoded = toJson(codec.encodeRunRequest(request));
    const runId = await this.#run("request_run", { request: encoded });
    return typeof runId === "string" ? { runId } : "missing";
  }

  async suspend(request: Port.SuspendRequest): Promise<Port.Suspension> {
    const encoded = toJson(codec.encodeSuspend(request));
    return codec.decodeSuspension(await this.#run("suspend", { request: encoded }));
  }

  async cancelRun(request: Port.CancelRequest): Promise<Port.CancelOutcome> {
    return codec.decodeCancel(await this.#run("cancel_run", { request: toJson(request) }));
  }

  readCancels(
    holds: readonly Port.RunHold[],
  ): Promise<{ readonly queueJobId: string; readonly reason: string }[]> {
    return this.#bounded("readCancels", () => this.#state.cancels(holds));
  }

  saveStep(hold: Port.RunHold, step: Port.StepRecord) {
    return this.#bounded("saveStep", () => this.#runs.saveStep(hold, step));
  }

  readSteps(_jobId: string, runId: string): Promise<Port.StepRecord[]> {
    return this.#bounded("readSteps", () => this.#runs.steps(runId));
  }

  appendLogs(writes: readonly Port.LogWrite[]): Promise<void> {
    return this.#bounded("appendLogs", () => this.#runs.appendLogs(writes));
  }

  readLogs(query: Port.LogQuery): Promise<Port.LogPage> {
    return this.#bounded("readLogs", () => this.#runs.logs(query));
  }

  deleteLogs(jobId: string, before: EpochMs): Promise<number> {
    return this.#bounded("deleteLogs", () => this.#runs.deleteLogs(jobId, before));
  }

  addBackfill(plan: Port.BackfillPlan): Promise<"added" | "conflict" | "missing"> {
    return this.#bounded("addBackfill", () => this.#runs.addBackfill(plan));
  }

  changeBackfill(jobId: string, change: "pause" | "resume" | "cancel") {
    return this.#bounded("changeBackfill", () => this.#runs.changeBackfill(jobId, change));
  }

  readBackfill(jobId: string): Promise<Port.BackfillState | undefined> {
    return this.#bounded("readBackfill", () => this.#runs.backfill(jobId));
  }

  readLedger(query: Port.LedgerQuery): Promise<LedgerRow[]> {
    return this.#bounded("readLedger", () => this.#state.ledger(query));
  }

  readOpenRuns(jobId: string): Promise<LedgerRow[]> {
    return this.#bounded("readOpenRuns", () => this.#state.openRuns(jobId));
  }

  enqueue(queueJobs: readonly Port.QueueJob[]): Promise<void> {
    return this.#queue.add(queueJobs);
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
    const read = () => this.#link.redis.hget(this.#key("cursors"), listener);
    return (await this.#bounded("loadCursor", read)) ?? undefined;
  }

  async saveCursor(listener: string, cursor: string): Promise<void> {
    const write = () => this.#link.redis.hset(this.#key("cursors"), listener, cursor);
    await this.#bounded("saveCursor", write);
  }

  async holdLease(name: string, owner: string, ttlMs: number): Promise<boolean> {
    return (await this.#run("hold_lease", { name, owner, ttl: ttlMs })) === 1;
  }

  async releaseLease(name: string, owner: string): Promise<void> {
    await this.#run("hold_lease", { name, owner, ttl: 0 });
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
    const answer = await this.#run("audit", { request: toJson(request) });
    return JSON.parse(String(answer)) as Port.AuditFinding[];
  }

  async tellOverdue(told: Port.OverdueTold): Promise<Port.OverdueOutcome> {
    return (await this.#run("tell_overdue", { told: toJson(told) })) as Port.OverdueOutcome;
  }

  listTaken(limit: number): Promise<string[]> {
    return this.#bounded("listTaken", () => this.#transfer.listTaken(limit));
  }

  exportJobs(cursor: string | undefined, limit: number): Promise<ExportPage> {
    return this.#bounded("exportJobs", () => this.#transfer.exportJobs(cursor, limit));
  }

  listStepRuns(jobId: string, offset: number, limit: number): Promise<string[]> {
    return this.#bounded("listStepRuns", () => this.#transfer.listStepRuns(jobId, offset, limit));
  }

  importRecords(step: ImportStep): Promise<ImportAnswer> {
    return this.#bounded("importRecords", () => this.#transfer.importRecords(step));
  }

  #key(name: string): string {
    return this.#prefix + name;
  }

  /** One atomic step; only admissions and settlements, which workers repeat themselves, wait for as long as it takes. */
  #run<N extends ScriptName>(
    name: N,
    input: ScriptArguments<N>,
    more: readonly string[] = [],
  ): Promise<unknown> {
    const what = name.replaceAll(/_./g, (letters) => letters.charAt(1).toUpperCase());
    return this.#bounded(what, () => this.#scripts.run(name, input, more));
  }

  #bounded<T>(what: string, work: () => Promise<T>): Promise<T> {
    return this.#link.bounded(what, work);
  }
}
