import type { EpochMs } from "../../core/clock.ts";
import type { StoredJob } from "../../jobs/definition.ts";
import type { StoredEvent } from "../../jobs/event.ts";
import type { LedgerRow } from "../../jobs/run.ts";
import { Batcher } from "../calls/batcher.ts";
import * as codec from "../codec/decision-codec.ts";
import type * as Port from "../port/engine.ts";
import type { ExportPage, ImportAnswer, ImportStep } from "../port/transfer.ts";
import type { QueueEngine } from "../port/queue-engine.ts";
import { readOne } from "../codec/readable.ts";
import { toJson, type Written } from "../codec/stored-json.ts";
import { decodeJob, decodeRows, encodeDefinition, type WrittenJob } from "./job-codec.ts";
import { borrow, type Database } from "./database.ts";
import { PostgresDirectory } from "./directory.ts";
import { PostgresLink, type PostgresLinkOptions } from "./postgres-link.ts";

/** Requests a call: bounds how long a call holds its locks. */
const BATCH = 100;
const PUT_CHUNK = 500;

/** How the Postgres engine is made. */
export type PostgresEngineOptions = PostgresLinkOptions;

/** One queue on PostgreSQL, as a server or inside this process: BullMQ's tables in one schema, ours in another. */
export class PostgresEngine implements QueueEngine {
  readonly directory: PostgresDirectory;
  readonly #options: PostgresEngineOptions;
  readonly #link: PostgresLink;
  readonly #admissions: Batcher<Port.AdmitRequest, Port.Admission>;
  readonly #settlements: Batcher<Port.SettleRequest, Port.Settlement>;

  constructor(options: PostgresEngineOptions) {
    this.#options = options;
    this.#link = new PostgresLink(options);
    this.directory = new PostgresDirectory(this.#link.schemas.own, (what, work) =>
      this.#link.call(what, ({ database, functions }) => work({ pool: database.pool, functions })),
    );
    this.#admissions = new Batcher(
      async (requests) => codec.decodeAdmission(await this.#link.run("admit", "admit", requests)),
      BATCH,
    );
    this.#settlements = new Batcher(async (requests) => {
      const settlements = codec.encodeSettle(requests);
      return codec.decodeSettlement(await this.#link.run("settle", "settle", settlements));
    }, BATCH);
  }

  sibling(queue: string): PostgresEngine {
    const connect = async (): Promise<Database> => borrow(this.#link.ready().database);
    return new PostgresEngine({ ...this.#options, queue, connect });
  }

  get label(): string {
    return this.#link.label;
  }

  open(): Promise<void> {
    return this.#link.open();
  }

  close(limitMs?: number): Promise<void> {
    return this.#link.close(limitMs);
  }

  health(): Promise<Port.EngineHealth> {
    return this.#link.health();
  }

  async ask(): Promise<unknown> {
    return this.#link.ready().database.pool.query("SELECT 1");
  }

  async now(): Promise<EpochMs> {
    if (this.#options.serverNow) return this.#options.serverNow();
    return this.#link.read<number>("now", "server_now(NULL)", []);
  }

  async putJobs(puts: readonly Port.JobPut[]): Promise<Port.JobPutResult[]> {
    const results: Port.JobPutResult[] = [];
    for (let at = 0; at < puts.length; at += PUT_CHUNK) {
      const chunk = puts
        .slice(at, at + PUT_CHUNK)
        .map((put) => codec.encodePut(put, encodeDefinition));
      results.push(...codec.decodePuts(await this.#link.run("putJobs", "put_jobs", chunk)));
    }
    return results;
  }

  async changeJob(change: Port.JobChange): Promise<Port.JobChangeResult> {
    const encoded = codec.encodeChange(change, encodeDefinition);
    return codec.decodeChange(await this.#link.run("changeJob", "change_job", encoded));
  }

  async removeJob(removal: Port.JobRemoval): Promise<"removed" | "missing" | "undecided"> {
    const encoded = codec.encodeRemoval(removal);
    const outcome = word(await this.#link.run("removeJob", "remove_job", encoded));
    return outcome === "removed" || outcome === "undecided" ? outcome : "missing";
  }

  async getJobs(ids: readonly string[]): Promise<(StoredJob | undefined)[]> {
    if (ids.length === 0) return [];
    const jobs = await this.#link.read<WrittenJob[]>("getJobs", "read_jobs($1)", [ids]);
    const byId = new Map(jobs.map((job) => [job.id, job]));
    return ids.map((id) => {
      const job = byId.get(id);
      const read = () => job && decodeJob(job);
      return readOne(`definition of job "${id}"`, read, this.#options.onError);
    });
  }

  readDefinitions(ids: readonly string[]): Promise<(Port.StoredDefinition | undefined)[]> {
    return this.getJobs(ids);
  }

  listJobIds(offset: number, limit: number): Promise<string[]> {
    return this.#link.call("listJobIds", ({ records }) => records.listJobIds(offset, limit));
  }

  countJobs(): Promise<number> {
    return this.#link.call("countJobs", ({ records }) => records.countJobs());
  }

  admit(request: Port.AdmitRequest): Promise<Port.Admission> {
    return this.#admissions.add(request);
  }

  settle(request: Port.SettleRequest): Promise<Port.Settlement> {
    return this.#settlements.add(request);
  }

  async handBack(run: Port.RunHold): Promise<void> {
    await this.#link.run("handBack", "hand_back", run);
  }

  async noteAlive(run: Port.RunHold): Promise<void> {
    await this.#link.run("noteAlive", "note_alive", run);
  }

  async requestRun(request: Port.RunRequest): Promise<{ readonly runId: string } | "missing"> {
    const encoded = codec.encodeRunRequest(request);
    const answer = await this.#link.run("requestRun", "request_run", encoded);
    return answer === null ? "missing" : { runId: word(answer) };
  }

  async suspend(request: Port.SuspendRequest): Promise<Port.Suspension> {
    const encoded = codec.encodeSuspend(request);
    return codec.decodeSuspension(await this.#link.run("suspend", "suspend", encoded));
  }

  async cancelRun(request: Port.CancelRequest): Promise<Port.CancelOutcome> {
    return codec.decodeCancel(word(await this.#link.run("cancelRun", "cancel_run", request)));
  }

  async readCancels(
    holds: readonly Port.RunHold[],
  ): Promise<{ readonly queueJobId: string; readonly reason: string }[]> {
    if (holds.length === 0) return [];
    return this.#link.read("readCancels", "read_cancels($1)", [toJson(holds)]);
  }

  saveStep(hold: Port.RunHold, step: Port.StepRecord) {
    return this.#link.call("saveStep", ({ runs }) => runs.saveStep(hold, step));
  }

  readSteps(_jobId: string, runId: string): Promise<Port.StepRecord[]> {
    return this.#link.call("readSteps", ({ runs }) => runs.steps(runId));
  }

  appendLogs(writes: readonly Port.LogWrite[]): Promise<void> {
    return this.#link.call("appendLogs", ({ runs }) => runs.appendLogs(writes));
  }

  readLogs(query: Port.LogQuery): Promise<Port.LogPage> {
    return this.#link.call("readLogs", ({ runs }) => runs.logs(query));
  }

  deleteLogs(jobId: string, before: EpochMs): Promise<number> {
    return this.#link.call("deleteLogs", ({ runs }) => runs.deleteLogs(jobId, before));
  }

  addBackfill(plan: Port.BackfillPlan): Promise<"added" | "conflict" | "missing"> {
    return this.#link.call("addBackfill", ({ runs }) => runs.addBackfill(plan));
  }

  changeBackfill(jobId: string, change: "pause" | "resume" | "cancel") {
    return this.#link.call("changeBackfill", ({ runs }) => runs.changeBackfill(jobId, change));
  }

  readBackfill(jobId: string): Promise<Port.BackfillState | undefined> {
    return this.#link.call("readBackfill", ({ runs }) => runs.backfill(jobId));
  }

  async readLedger(query: Port.LedgerQuery): Promise<LedgerRow[]> {
    const rows = await this.#link.read<Written<LedgerRow>[]>("readLedger", "read_ledger($1)", [
      toJson(query),
    ]);
    return decodeRows(rows);
  }

  async readOpenRuns(jobId: string): Promise<LedgerRow[]> {
    return decodeRows(await this.#link.read("readOpenRuns", "read_open_runs($1)", [jobId]));
  }

  enqueue(queueJobs: readonly Port.QueueJob[]): Promise<void> {
    return this.#link.call("enqueue", ({ queue }) => queue.add(queueJobs));
  }

  consume(options: Port.ConsumeOptions): Port.Consumer {
    return this.#link.ready().queue.consume(options);
  }

  setPaused(paused: boolean): Promise<void> {
    return this.#link.call("setPaused", ({ queue }) => queue.setPaused(paused));
  }

  isPaused(): Promise<boolean> {
    return this.#link.call("isPaused", ({ queue }) => queue.isPaused());
  }

  appendEvents(told: readonly StoredEvent[]): Promise<void> {
    return this.#link.call("appendEvents", ({ events }) => events.append(told));
  }

  latestEventCursor(): Promise<string> {
    return this.#link.call("latestEventCursor", ({ events }) => events.latestCursor());
  }

  async readEvents(reader: string, cursor: string, waitMs: number): Promise<Port.EventBatch> {
    return this.#link.ready().events.read(reader, cursor, waitMs);
  }

  endReader(reader: string): void {
    this.#link.connected?.events.endReader(reader);
  }

  loadCursor(listener: string): Promise<string | undefined> {
    return this.#link.call("loadCursor", ({ records }) => records.loadCursor(listener));
  }

  saveCursor(listener: string, cursor: string): Promise<void> {
    return this.#link.call("saveCursor", ({ records }) => records.saveCursor(listener, cursor));
  }

  async holdLease(name: string, owner: string, ttlMs: number): Promise<boolean> {
    const lease = { name, owner, ttl: Math.round(ttlMs) };
    return (await this.#link.run("holdLease", "hold_lease", lease)) === "1";
  }

  async releaseLease(name: string, owner: string): Promise<void> {
    await this.holdLease(name, owner, 0);
  }

  heartbeat(record: Port.WorkerRecord, ttlMs: number): Promise<void> {
    return this.#link.call("heartbeat", ({ records }) => records.writeWorker(record, ttlMs));
  }

  forgetWorker(id: string): Promise<void> {
    return this.#link.call("forgetWorker", ({ records }) => records.forgetWorker(id));
  }

  async listWorkers(): Promise<Port.WorkerRecord[]> {
    const now = await this.now();
    return this.#link.call("listWorkers", ({ records }) => records.listWorkers(now));
  }

  async audit(request: Port.AuditRequest): Promise<Port.AuditFinding[]> {
    const answer = await this.#link.run("audit", "audit", request);
    return JSON.parse(String(answer)) as Port.AuditFinding[];
  }

  async tellOverdue(told: Port.OverdueTold): Promise<Port.OverdueOutcome> {
    const answer = await this.#link.run("tellOverdue", "tell_overdue", told);
    return word(answer) as Port.OverdueOutcome;
  }

  listTaken(limit: number): Promise<string[]> {
    return this.#link.call("listTaken", ({ state }) => state.listTaken(limit));
  }

  exportJobs(cursor: string | undefined, limit: number): Promise<ExportPage> {
    return this.#link.call("exportJobs", ({ state }) => state.exportJobs(cursor, limit));
  }

  listStepRuns(jobId: string, offset: number, limit: number): Promise<string[]> {
    return this.#link.call("listStepRuns", ({ state }) => state.listStepRuns(jobId, offset, limit));
  }

  importRecords(step: ImportStep): Promise<ImportAnswer> {
    return this.#link.call("importRecords", ({ state }) => state.importRecords(step));
  }
}

/** An answer that is one JSON text. */
function word(answer: string | null): string {
  return String(JSON.parse(answer ?? "null"));
}
