import type { EpochMs } from "../../core/clock.ts";
import { BullMqQueue, QUEUE_NAME } from "../bullmq/bullmq-queue.ts";
import type { EngineHealth, ServerFact } from "../port/engine.ts";
import type { QueueEngine } from "../port/queue-engine.ts";
import { FastPath } from "./fast-path.ts";
import { RedisBackfills } from "./redis-backfills.ts";
import { RedisBatches } from "./redis-batches.ts";
import { RedisCalls } from "./redis-calls.ts";
import { RedisDirectory } from "./redis-directory.ts";
import { RedisDocuments } from "./redis-documents.ts";
import { RedisEvents } from "./redis-events.ts";
import { RedisHealing } from "./redis-healing.ts";
import { RedisJobs } from "./redis-jobs.ts";
import { RedisChanges } from "./redis-changes.ts";
import { RedisLedger } from "./redis-ledger.ts";
import { RedisLink, type RedisLinkOptions } from "./redis-link.ts";
import { RedisLogs } from "./redis-logs.ts";
import { RedisMembers } from "./redis-members.ts";
import { RedisQueue } from "./redis-queue.ts";
import { RedisRequests } from "./redis-requests.ts";
import { RedisRuns } from "./redis-runs.ts";
import { RedisStats } from "./redis-stats.ts";
import { RedisSteps } from "./redis-steps.ts";
import { RedisTransfer } from "./redis-transfer.ts";
import { readFacts } from "./server-check.ts";

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
  readonly jobs: RedisJobs;
  readonly requests: RedisRequests;
  readonly runs: RedisRuns;
  readonly steps: RedisSteps;
  readonly logs: RedisLogs;
  readonly backfills: RedisBackfills;
  readonly changes: RedisChanges;
  readonly ledger: RedisLedger;
  readonly stats: RedisStats;
  readonly queue: RedisQueue;
  readonly events: RedisEvents;
  readonly members: RedisMembers;
  readonly healing: RedisHealing;
  readonly documents: RedisDocuments;
  readonly transfer: RedisTransfer;
  readonly directory: RedisDirectory;
  readonly #options: RedisEngineOptions;
  readonly #link: RedisLink;
  readonly #calls: RedisCalls;
  readonly #bullmq: BullMqQueue;

  constructor(options: RedisEngineOptions) {
    this.#options = options;
    this.#link = new RedisLink(options);
    const { redis } = this.#link;
    const tell = (error: unknown): void => options.onError(error);
    const tag = `{${options.prefix}:${options.queue}}`;
    const calls = new RedisCalls({
      link: this.#link,
      tag,
      queuePrefix: `${tag}:${QUEUE_NAME}:`,
      maxEvents: options.maxEvents,
      serverNow: options.serverNow,
      tell,
    });
    this.#calls = calls;
    const fastPath = new FastPath(calls.scripts, tell);
    this.#bullmq = new BullMqQueue({
      place: { connection: redis, prefix: tag },
      name: QUEUE_NAME,
      clock: options.clock,
      batches: new RedisBatches(calls.scripts, fastPath),
      onError: tell,
    });
    this.jobs = new RedisJobs(calls);
    this.requests = new RedisRequests(calls);
    this.runs = new RedisRuns(calls, fastPath);
    this.steps = new RedisSteps(calls);
    this.logs = new RedisLogs(calls);
    this.backfills = new RedisBackfills(calls);
    this.changes = new RedisChanges(calls);
    this.ledger = new RedisLedger(calls);
    this.stats = new RedisStats(calls);
    this.queue = new RedisQueue(calls, this.#bullmq);
    this.events = new RedisEvents(calls);
    this.members = new RedisMembers(calls);
    this.healing = new RedisHealing(calls);
    this.documents = new RedisDocuments(calls);
    this.transfer = new RedisTransfer(calls);
    this.directory = new RedisDirectory(calls);
  }

  sibling(queue: string): RedisEngine {
    return new RedisEngine({ ...this.#options, queue, shared: this.#link });
  }

  get label(): string {
    return this.#link.label;
  }

  open(): Promise<void> {
    return this.#link.open(() => this.#bullmq.waitUntilReady());
  }

  close(limitMs?: number): Promise<void> {
    return this.#link.close(limitMs, () => {
      this.events.close();
      return this.#bullmq.close();
    });
  }

  health(): Promise<EngineHealth> {
    return this.#link.health(this.#calls.key("meta"));
  }

  facts(): Promise<readonly ServerFact[]> {
    return this.#link.bounded("facts", () => readFacts(this.#link.redis));
  }

  ask(): Promise<unknown> {
    return this.#link.redis.exists(this.#calls.key("meta"));
  }

  now(): Promise<EpochMs> {
    return this.#calls.now();
  }
}
