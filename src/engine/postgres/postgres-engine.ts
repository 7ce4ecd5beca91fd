import type { EpochMs } from "../../core/clock.ts";
import type { EngineHealth, ServerFact } from "../port/engine.ts";
import type { QueueEngine } from "../port/queue-engine.ts";
import { borrow, type Database } from "./database.ts";
import { PostgresBackfills } from "./postgres-backfills.ts";
import { PostgresDirectory } from "./postgres-directory.ts";
import { PostgresDocuments } from "./postgres-documents.ts";
import { PostgresEvents } from "./postgres-events.ts";
import { PostgresHealing } from "./postgres-healing.ts";
import { PostgresJobs } from "./postgres-jobs.ts";
import { PostgresChanges } from "./postgres-changes.ts";
import { PostgresLedger } from "./postgres-ledger.ts";
import { PostgresLink, type PostgresLinkOptions } from "./postgres-link.ts";
import { PostgresLogs } from "./postgres-logs.ts";
import { PostgresMembers } from "./postgres-members.ts";
import { PostgresQueue } from "./postgres-queue.ts";
import { PostgresRequests } from "./postgres-requests.ts";
import { PostgresRuns } from "./postgres-runs.ts";
import { PostgresStats } from "./postgres-stats.ts";
import { PostgresSteps } from "./postgres-steps.ts";
import { PostgresTransfer } from "./postgres-transfer.ts";
import { readFacts } from "./server-facts.ts";

/** How the Postgres engine is made. */
export type PostgresEngineOptions = PostgresLinkOptions;

/** One queue on PostgreSQL, as a server or inside this process: BullMQ's tables in one schema, ours in another. */
export class PostgresEngine implements QueueEngine {
  readonly jobs: PostgresJobs;
  readonly requests: PostgresRequests;
  readonly runs: PostgresRuns;
  readonly steps: PostgresSteps;
  readonly logs: PostgresLogs;
  readonly backfills: PostgresBackfills;
  readonly changes: PostgresChanges;
  readonly ledger: PostgresLedger;
  readonly stats: PostgresStats;
  readonly queue: PostgresQueue;
  readonly events: PostgresEvents;
  readonly members: PostgresMembers;
  readonly healing: PostgresHealing;
  readonly documents: PostgresDocuments;
  readonly transfer: PostgresTransfer;
  readonly directory: PostgresDirectory;
  readonly #options: PostgresEngineOptions;
  readonly #link: PostgresLink;

  constructor(options: PostgresEngineOptions) {
    const { clock, onError } = options;
    const link = new PostgresLink(options);
    this.#options = options;
    this.#link = link;
    this.jobs = new PostgresJobs(link, onError);
    this.requests = new PostgresRequests(link);
    this.runs = new PostgresRuns(link);
    this.steps = new PostgresSteps(link, onError);
    this.logs = new PostgresLogs(link, onError);
    this.backfills = new PostgresBackfills(link);
    this.changes = new PostgresChanges(link, onError);
    this.ledger = new PostgresLedger(link);
    this.stats = new PostgresStats(link);
    this.queue = new PostgresQueue(link);
    this.events = new PostgresEvents({ link, clock, onError });
    this.members = new PostgresMembers(link);
    this.healing = new PostgresHealing(link, clock);
    this.documents = new PostgresDocuments(link, onError);
    this.transfer = new PostgresTransfer(link, onError);
    this.directory = new PostgresDirectory(link, onError);
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
    return this.#link.close(limitMs, () => this.events.close());
  }

  health(): Promise<EngineHealth> {
    return this.#link.health();
  }

  async facts(): Promise<readonly ServerFact[]> {
    // Of the one in this process nothing can be set.
    if (this.#options.label !== "postgres") return [];
    return this.#link.call("facts", ({ database }) => readFacts(database.pool));
  }

  async ask(): Promise<unknown> {
    return this.#link.ready().database.pool.query("SELECT 1");
  }

  now(): Promise<EpochMs> {
    return this.#link.now();
  }
}
