import type { Clock, EpochMs } from "../../core/clock.ts";
import { DEFAULT_QUEUE } from "../../jobs/queue.ts";
import type { Outage } from "../calls/outage.ts";
import type * as Port from "../port/engine.ts";
import type { QueueEngine } from "../port/queue-engine.ts";
import type { TransferPort } from "../port/transfer.ts";
import { JobClaims } from "./job-claims.ts";
import { MultiQueueBackfills } from "./multi-queue-backfills.ts";
import { MultiQueueChanges } from "./multi-queue-changes.ts";
import { MultiQueueEvents } from "./multi-queue-events.ts";
import { MultiQueueHealing } from "./multi-queue-healing.ts";
import { MultiQueueJobs } from "./multi-queue-jobs.ts";
import { MultiQueueLedger } from "./multi-queue-ledger.ts";
import { MultiQueueLogs } from "./multi-queue-logs.ts";
import { MultiQueueQueue } from "./multi-queue-queue.ts";
import { MultiQueueRequests } from "./multi-queue-requests.ts";
import { MultiQueueStats } from "./multi-queue-stats.ts";
import { MultiQueueSteps } from "./multi-queue-steps.ts";
import { MultiQueueTransfer } from "./multi-queue-transfer.ts";
import { Queues } from "./queues.ts";

/**
 * Several queues as one fleet. Each queue has all of its state in an engine of its own, so that a Redis Cluster spreads
 * them; the default one also keeps what belongs to the fleet: the list of queues, where each job is, leases, workers,
 * listeners and documents. A worker's decisions need no routing and are the default queue's own.
 */
export class MultiQueueEngine implements Port.Engine {
  readonly jobs: Port.JobsPort;
  readonly requests: Port.RequestsPort;
  readonly runs: Port.RunsPort;
  readonly steps: Port.StepsPort;
  readonly logs: Port.LogsPort;
  readonly backfills: Port.BackfillsPort;
  readonly ledger: Port.LedgerPort;
  readonly stats: Port.StatsPort;
  readonly changes: Port.ChangesPort;
  readonly queue: Port.QueuePort;
  readonly events: Port.EventsPort;
  readonly members: Port.MembersPort;
  readonly healing: Port.HealingPort;
  readonly documents: Port.DocumentsPort;
  readonly transfer: TransferPort;
  readonly #home: QueueEngine;
  readonly #queues: Queues;
  readonly #outage: Outage | undefined;

  /**
   * @param home The default queue's engine.
   * @param outage Reports when the server can't be reached; absent for one inside this process.
   */
  constructor(home: QueueEngine, clock: Clock, outage?: Outage) {
    const queues = new Queues(home, clock);
    const claims = new JobClaims(queues, clock);
    this.#home = home;
    this.#queues = queues;
    this.#outage = outage;
    this.jobs = new MultiQueueJobs(queues, claims);
    this.requests = new MultiQueueRequests(queues);
    this.runs = home.runs;
    this.steps = new MultiQueueSteps(queues);
    this.logs = new MultiQueueLogs(queues);
    this.backfills = new MultiQueueBackfills(queues);
    this.ledger = new MultiQueueLedger(queues);
    this.stats = new MultiQueueStats(queues);
    this.changes = new MultiQueueChanges(queues);
    this.queue = new MultiQueueQueue(queues);
    this.events = new MultiQueueEvents(queues, clock);
    this.members = home.members;
    this.healing = new MultiQueueHealing(queues);
    this.documents = home.documents;
    this.transfer = new MultiQueueTransfer(queues, claims);
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

  async facts(): Promise<readonly Port.ServerFact[]> {
    return (await this.#home.facts?.()) ?? [];
  }

  now(): Promise<EpochMs> {
    return this.#home.now();
  }

  takes(error: unknown): boolean {
    return this.#outage?.takes(error) ?? false;
  }

  serve(queue: string): Promise<Port.Engine> {
    return this.#queues.join(queue);
  }

  async queueNames(): Promise<string[]> {
    return [DEFAULT_QUEUE, ...(await this.#queues.names())];
  }
}
