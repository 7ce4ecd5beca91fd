import type { Clock, EpochMs } from "../../core/clock.ts";
import type { StoredJob } from "../../jobs/definition.ts";
import type { StoredEvent } from "../../jobs/event.ts";
import type { LedgerRow } from "../../jobs/run.ts";
import { DEFAULT_QUEUE } from "../../jobs/queue.ts";
import type * as Port from "../port/engine.ts";
import type { Outage } from "../calls/outage.ts";
import type { ExportPage, ImportAnswer, ImportStep } from "../port/transfer.ts";
import { auditAll } from "./audit-all.ts";
import { EventMerge } from "./event-merge.ts";
import { TransferAll } from "./transfer-all.ts";
import { JobClaims } from "./job-claims.ts";
import { mergeDue, mergeRows } from "./merge-rows.ts";
import type { QueueEngine } from "../port/queue-engine.ts";
import { Queues } from "./queues.ts";

/**
 * Several queues as one fleet. Each queue has all of its state in an engine of its own, so that a Redis Cluster spreads
 * them; the default one also keeps what is the fleet's: the list of queues, where each job is, leases, workers and
 * listeners. With the default queue alone this hands everything on.
 */
export class MultiQueueEngine implements Port.Engine {
  readonly #queues: Queues;
  readonly #home: QueueEngine;
  readonly #outage: Outage | undefined;
  readonly #claims: JobClaims;
  readonly #events: EventMerge;
  readonly #state: TransferAll;

  /**
   * @param home The default queue's engine.
   * @param outage Tells when the server can't be reached; none for one inside this process.
   */
  constructor(home: QueueEngine, clock: Clock, outage?: Outage) {
    this.#home = home;
    this.#outage = outage;
    this.#queues = new Queues(home, clock);
    this.#claims = new JobClaims(this.#queues, clock);
    this.#events = new EventMerge(this.#queues, clock);
    this.#state = new TransferAll(this.#queues, this.#claims);
  }

  get label(): string {
    return this.#home.label;
  }

  open(): Promise<void> {
    return this.#home.open();
  }

  close(limitMs?: number): Promise<void> {
    this.#outage?.end();
    return this.#queues.close(limitMs);
  }

  health(): Promise<Port.EngineHealth> {
    return this.#home.health();
  }

  takes(error: unknown): boolean {
    return this.#outage?.takes(error) ?? false;
  }

  now(): Promise<EpochMs> {
    return this.#home.now();
  }

  putJobs(puts: readonly Port.JobPut[]): Promise<Port.JobPutResult[]> {
    return this.#claims.put(puts);
  }

  changeJob(change: Port.JobChange): Promise<Port.JobChangeResult> {
    return this.#routed(
      change.jobId,
      (engine) => engine.changeJob(change),
      ({ outcome }) => outcome === "missing",
    );
  }

  async removeJob(removal: Port.JobRemoval): Promise<"removed" | "missing" | "undecided"> {
    const outcome = await this.#home.removeJob(removal);
    return outcome === "missing" ? this.#claims.remove(removal) : outcome;
  }

  async getJobs(ids: readonly string[]): Promise<(StoredJob | undefined)[]> {
    const jobs = await this.#home.getJobs(ids);
    const missing = ids.filter((_, i) => !jobs[i]);
    if (missing.length === 0) return jobs;
    const elsewhere = await this.#claims.getJobs(missing);
    return ids.map((id, i) => jobs[i] ?? elsewhere.get(id));
  }

  readDefinitions(ids: readonly string[]): Promise<(Port.StoredDefinition | undefined)[]> {
    return this.#home.readDefinitions(ids);
  }

  async listJobIds(offset: number, limit: number): Promise<string[]> {
    const others = await this.#queues.others();
    if (others.size === 0) return this.#home.listJobIds(offset, limit);
    const engines = [this.#home, ...others.values()];
    const lists = await Promise.all(
      engines.map(({ directory }) => directory.firstDue(offset + limit)),
    );
    return mergeDue(lists).slice(offset, offset + limit);
  }

  async countJobs(): Promise<number> {
    const [count, others] = await Promise.all([this.#home.countJobs(), this.#queues.others()]);
    const more = await Promise.all([...others.values()].map((engine) => engine.countJobs()));
    return more.reduce((sum, each) => sum + each, count);
  }

  admit(request: Port.AdmitRequest): Promise<Port.Admission> {
    return this.#home.admit(request);
  }

  settle(request: Port.SettleRequest): Promise<Port.Settlement> {
    return this.#home.settle(request);
  }

  handBack(run: Port.RunHold): Promise<void> {
    return this.#home.handBack(run);
  }

  noteAlive(run: Port.RunHold): Promise<void> {
    return this.#home.noteAlive(run);
  }

  requestRun(request: Port.RunRequest): Promise<{ readonly runId: string } | "missing"> {
    return this.#routed(
      request.jobId,
      (engine) => engine.requestRun(request),
      (answer) => answer === "missing",
    );
  }

  suspend(request: Port.SuspendRequest): Promise<Port.Suspension> {
    return this.#home.suspend(request);
  }

  cancelRun(request: Port.CancelRequest): Promise<Port.CancelOutcome> {
    return this.#first(
      (engine) => engine.cancelRun(request),
      (outcome) => outcome !== "unknown",
    );
  }

  readCancels(holds: readonly Port.RunHold[]): Promise<Port.NotedCancel[]> {
    return this.#home.readCancels(holds);
  }

  saveStep(hold: Port.RunHold, step: Port.StepRecord) {
    return this.#home.saveStep(hold, step);
  }

  readSteps(jobId: string, runId: string): Promise<Port.StepRecord[]> {
    return this.#first(
      (engine) => engine.readSteps(jobId, runId),
      (steps) => steps.length > 0,
    );
  }

  appendLogs(writes: readonly Port.LogWrite[]): Promise<void> {
    return this.#home.appendLogs(writes);
  }

  readLogs(query: Port.LogQuery): Promise<Port.LogPage> {
    return this.#first(
      (engine) => engine.readLogs(query),
      ({ lines }) => lines.length > 0,
    );
  }

  async deleteLogs(jobId: string, before: EpochMs): Promise<number> {
    const engines = [this.#home, ...(await this.#queues.others()).values()];
    const deleted = await Promise.all(engines.map((engine) => engine.deleteLogs(jobId, before)));
    return deleted.reduce((sum, each) => sum + each, 0);
  }

  addBackfill(plan: Port.BackfillPlan): Promise<"added" | "conflict" | "missing"> {
    return this.#routed(
      plan.jobId,
      (engine) => engine.addBackfill(plan),
      (answer) => answer === "missing",
    );
  }

  changeBackfill(jobId: string, change: Port.BackfillChange): Promise<"changed" | "missing"> {
    return this.#routed(
      jobId,
      (engine) => engine.changeBackfill(jobId, change),
      (answer) => answer === "missing",
    );
  }

  readBackfill(jobId: string): Promise<Port.BackfillState | undefined> {
    return this.#routed(
      jobId,
      (engine) => engine.readBackfill(jobId),
      (state) => state === undefined,
    );
  }

  /** Of all queues: a job that was removed leaves its ledger behind, and may be added again on another queue. */
  async readLedger(query: Port.LedgerQuery): Promise<LedgerRow[]> {
    const others = await this.#queues.others();
    if (others.size === 0) return this.#home.readLedger(query);
    const { offset, limit, order } = query;
    const all = { ...query, offset: 0, limit: offset + limit };
    const engines = [this.#home, ...others.values()];
    const lists = await Promise.all(engines.map((engine) => engine.readLedger(all)));
    return mergeRows(lists, order).slice(offset, offset + limit);
  }

  async readOpenRuns(jobId: string): Promise<LedgerRow[]> {
    const [rows, others] = await Promise.all([
      this.#home.readOpenRuns(jobId),
      this.#queues.others(),
    ]);
    const more = [...others.values()].map((engine) => engine.readOpenRuns(jobId));
    return [rows, ...(await Promise.all(more))].flat();
  }

  async enqueue(queueJobs: readonly Port.QueueJob[]): Promise<void> {
    for (const queue of new Set(queueJobs.map(({ queue: of = DEFAULT_QUEUE }) => of))) {
      const own = queueJobs.filter(({ queue: of = DEFAULT_QUEUE }) => of === queue);
      await (await this.#queues.open(queue)).enqueue(own);
    }
  }

  consume(options: Port.ConsumeOptions): Port.Consumer {
    return this.#home.consume(options);
  }

  serve(queue: string): Promise<Port.Engine> {
    return this.#queues.join(queue);
  }

  setPaused(paused: boolean): Promise<void> {
    return this.#queues.setPaused(paused);
  }

  isPaused(): Promise<boolean> {
    return this.#home.isPaused();
  }

  appendEvents(events: readonly StoredEvent[]): Promise<void> {
    return this.#home.appendEvents(events);
  }

  latestEventCursor(): Promise<string> {
    return this.#events.latestCursor();
  }

  readEvents(reader: string, cursor: string, waitMs: number): Promise<Port.EventBatch> {
    return this.#events.read(reader, cursor, waitMs);
  }

  endReader(reader: string): void {
    this.#events.endReader(reader);
  }

  loadCursor(listener: string): Promise<string | undefined> {
    return this.#home.loadCursor(listener);
  }

  saveCursor(listener: string, cursor: string): Promise<void> {
    return this.#home.saveCursor(listener, cursor);
  }

  holdLease(name: string, owner: string, ttlMs: number): Promise<boolean> {
    return this.#home.holdLease(name, owner, ttlMs);
  }

  releaseLease(name: string, owner: string): Promise<void> {
    return this.#home.releaseLease(name, owner);
  }

  heartbeat(record: Port.WorkerRecord, ttlMs: number): Promise<void> {
    return this.#home.heartbeat(record, ttlMs);
  }

  forgetWorker(id: string): Promise<void> {
    return this.#home.forgetWorker(id);
  }

  listWorkers(): Promise<Port.WorkerRecord[]> {
    return this.#home.listWorkers();
  }

  listTaken(limit: number): Promise<string[]> {
    return this.#state.listTaken(limit);
  }

  exportJobs(cursor: string | undefined, limit: number): Promise<ExportPage> {
    return this.#state.exportJobs(cursor, limit);
  }

  listStepRuns(jobId: string, offset: number, limit: number): Promise<string[]> {
    return this.#home.listStepRuns(jobId, offset, limit);
  }

  importRecords(step: ImportStep): Promise<ImportAnswer> {
    return this.#state.importRecords(step);
  }

  async audit(request: Port.AuditRequest): Promise<Port.AuditFinding[]> {
    return auditAll(request, this.#home, await this.#queues.others());
  }

  tellOverdue(told: Port.OverdueTold): Promise<Port.OverdueOutcome> {
    return this.#routed(
      told.jobId,
      (engine) => engine.tellOverdue(told),
      (answer) => answer === "missing",
    );
  }

  /**
   * Asks the default queue and then all others, until one knows: for what a job leaves behind that was removed. The answer of
   * none is that of the default queue.
   */
  async #first<T>(
    ask: (engine: Port.Engine) => Promise<T>,
    isKnown: (answer: T) => boolean,
  ): Promise<T> {
    const answer = await ask(this.#home);
    if (isKnown(answer)) return answer;
    for (const engine of (await this.#queues.others()).values()) {
      const other = await ask(engine);
      if (isKnown(other)) return other;
    }
    return answer;
  }

  /**
   * Asks the default queue, and then the one that the job is on: what is about one job costs nothing more while there is
   * no other queue. The answer to a job that is nowhere is that of the default queue.
   */
  async #routed<T>(
    jobId: string,
    ask: (engine: Port.Engine) => Promise<T>,
    isMissing: (answer: T) => boolean,
  ): Promise<T> {
    const answer = await ask(this.#home);
    const claim = isMissing(answer) ? await this.#claims.find(jobId) : undefined;
    return claim ? ask(await this.#queues.open(claim.queue)) : answer;
  }
}
