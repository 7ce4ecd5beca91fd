import type { EpochMs } from "../../core/clock.ts";
import { isCronduitError } from "../../core/errors.ts";
import type { EngineHealth } from "../port/engine.ts";
import type { QueueEngine } from "../port/queue-engine.ts";
import { MemoryBackfills } from "./memory-backfills.ts";
import { MemoryChanges } from "./memory-changes.ts";
import { MemoryDirectory } from "./memory-directory.ts";
import { MemoryDocuments } from "./memory-documents.ts";
import { MemoryEvents } from "./memory-events.ts";
import { MemoryHealing } from "./memory-healing.ts";
import { MemoryJobs } from "./memory-jobs.ts";
import { MemoryLedger } from "./memory-ledger.ts";
import { emptyFleet, MemoryLink, type MemoryEngineOptions } from "./memory-link.ts";
import { MemoryLogs } from "./memory-logs.ts";
import { MemoryMembers } from "./memory-members.ts";
import { MemoryQueue } from "./memory-queue.ts";
import { MemoryRequests } from "./memory-requests.ts";
import { MemoryRuns } from "./memory-runs.ts";
import { MemoryStats } from "./memory-stats.ts";
import { MemorySteps } from "./memory-steps.ts";
import { MemoryTransfer } from "./memory-transfer.ts";

/** One queue inside this process, with everything lost when it ends. Decisions are those of `src/jobs/decide`. */
export class MemoryEngine implements QueueEngine {
  readonly label = "memory";
  readonly jobs: MemoryJobs;
  readonly requests: MemoryRequests;
  readonly runs: MemoryRuns;
  readonly steps: MemorySteps;
  readonly logs: MemoryLogs;
  readonly backfills: MemoryBackfills;
  readonly ledger: MemoryLedger;
  readonly stats: MemoryStats;
  readonly changes: MemoryChanges;
  readonly queue: MemoryQueue;
  readonly events: MemoryEvents;
  readonly members: MemoryMembers;
  readonly healing: MemoryHealing;
  readonly documents: MemoryDocuments;
  readonly transfer: MemoryTransfer;
  readonly directory: MemoryDirectory;
  readonly #link: MemoryLink;

  /** @param fleet The fleet that this queue belongs to. Absent: a fleet of its own. */
  constructor(options: MemoryEngineOptions, fleet = emptyFleet()) {
    const link = new MemoryLink(options, fleet);
    this.#link = link;
    this.jobs = new MemoryJobs(link);
    this.requests = new MemoryRequests(link);
    this.runs = new MemoryRuns(link);
    this.steps = new MemorySteps(link);
    this.logs = new MemoryLogs(link);
    this.backfills = new MemoryBackfills(link);
    this.ledger = new MemoryLedger(link);
    this.stats = new MemoryStats(link);
    this.changes = new MemoryChanges(link);
    this.queue = new MemoryQueue(link);
    this.events = new MemoryEvents(link);
    this.members = new MemoryMembers(link);
    this.healing = new MemoryHealing(link);
    this.documents = new MemoryDocuments(link);
    this.transfer = new MemoryTransfer(link);
    this.directory = new MemoryDirectory(link);
  }

  sibling(queue: string): MemoryEngine {
    return new MemoryEngine({ ...this.#link.options, queue }, this.#link.fleet);
  }

  /** The queue jobs, and all else that is kept of this queue, for tests. */
  get store(): ReturnType<MemoryLink["ready"]> {
    return this.#link.ready();
  }

  async open(): Promise<void> {
    this.#link.open();
  }

  async close(): Promise<void> {
    this.#link.close();
    this.events.close();
  }

  async health(): Promise<EngineHealth> {
    try {
      this.#link.open();
      return { ok: true, roundTripMs: 0, problem: undefined };
    } catch (error) {
      if (!isCronduitError(error)) throw error;
      return { ok: false, roundTripMs: undefined, problem: error.message };
    }
  }

  async ask(): Promise<unknown> {
    return this.#link.ready();
  }

  async now(): Promise<EpochMs> {
    this.#link.ready();
    return this.#link.now();
  }
}
