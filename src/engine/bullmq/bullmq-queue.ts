import { type IQueueBackend, type JobsOptions, Queue } from "bullmq";
import { sleep, within } from "../../core/clock.ts";
import { parseQueueJobId } from "../../jobs/occurrence-id.ts";
import { backendOf, type BullMqQueueOptions, redisOptions } from "./bullmq-options.ts";
import { BatchingWorker, type HandleJob, type HeldJob, BullMqWorker } from "./bullmq-worker.ts";
import type { ConsumeOptions, Consumer, QueueJob } from "../port/engine.ts";

/** BullMQ's name of the default queue, and on Redis, where the hash tag tells them apart, of each. No key of ours begins like that. */
export const QUEUE_NAME = "runs";

/** BullMQ keeps an event stream of its own, which nobody reads here. */
const BULL_EVENTS_KEPT = 100;
/** How long to wait before a queue job that could not be parked is parked again. */
const PARK_RETRY_MS = 1_000;
/** How long BullMQ waits after a lost connection before it asks for work again. */
const RECONNECT_DELAY_MS = 1_000;
/** BullMQ's words for "somebody else has this queue job"; a database's "deadlock" is something else. */
const LOST = /Missing (?:lock|key)|Lock mismatch|is not in the active state/i;
const NOT_RENEWED = /^could not renew lock for job (.+)$/s;
/** How long a run whose end was sent to the server may wait for the answer. */
const ENDING_MS = 1_000;
/** How long letting go of connections may take when a server does not answer. */
const LET_GO_LIMIT_MS = 2_000;
/** How long a worker without runs may take to let go of its connections before they are cut. */
const STOP_LIMIT_MS = 5_000;
/** Queue jobs a round trip. */
const ADD_CHUNK = 1_000;

/** BullMQ counts stalls in 32 bits on Postgres. */
const NEVER = 2 ** 31 - 1;
/** On Postgres the worker's option to keep none looks through all finished jobs; this one looks at the job alone. */
const KEEP_NONE: JobsOptions = { removeOnComplete: true, removeOnFail: true };

/** The queue jobs of one queue: adding, taking, pausing. */
export class BullMqQueue {
  readonly #options: BullMqQueueOptions;
  readonly #queue: Queue<unknown, unknown, string, unknown, unknown, string, IQueueBackend>;
  readonly #jobOptions: JobsOptions;

  constructor(options: BullMqQueueOptions) {
    this.#options = options;
    this.#jobOptions = "backend" in options.place ? KEEP_NONE : {};
    this.#queue = new Queue(
      options.name,
      { ...redisOptions(options), streams: { events: { maxLen: BULL_EVENTS_KEPT } } },
      backendOf(options),
    );
    this.#queue.on("error", (error) => options.onError(error));
  }

  async waitUntilReady(): Promise<void> {
    await this.#queue.waitUntilReady();
  }

  /** Adds queue jobs in few round trips; those that exist stay as they are. */
  async add(queueJobs: readonly QueueJob[]): Promise<void> {
    const now = this.#options.clock.now();
    for (let at = 0; at < queueJobs.length; at += ADD_CHUNK) {
      await this.#queue.addBulk(
        queueJobs.slice(at, at + ADD_CHUNK).map(({ id, pipeline, dueAt }) => {
          const delay = Math.max(0, dueAt - now);
          // The due time is timestamp + delay, to the millisecond, whenever the command arrives.
          const due = { jobId: id, timestamp: dueAt - delay, delay };
          return { name: pipeline, data: 0, opts: { ...this.#jobOptions, ...due } };
        }),
      );
    }
  }

  async setPaused(paused: boolean): Promise<void> {
    await (paused ? this.#queue.pause() : this.#queue.resume());
  }

  isPaused(): Promise<boolean> {
    return this.#queue.isPaused();
  }

  consume(options: ConsumeOptions): Consumer {
    return new BullMqConsumer(this.#options, options);
  }

  async close(): Promise<void> {
    await this.#queue.close();
  }
}

/** A queue job that is being handled here. */
interface Taken {
  readonly job: HeldJob;
  /** Aborted when the lock is lost. */
  readonly lost: AbortController;
  /** When its lock ends unless it is renewed, on this process's monotonic clock. */
  lockedUntil: number;
}

class BullMqConsumer implements Consumer {
  readonly #queueOptions: BullMqQueueOptions;
  readonly #options: ConsumeOptions;
  readonly #worker: BullMqWorker;
  readonly #taken = new Map<string, Taken>();
  #isStopping = false;
  #isWatching = false;

  constructor(queueOptions: BullMqQueueOptions, options: ConsumeOptions) {
    this.#queueOptions = queueOptions;
    this.#options = options;
    const workerOptions = {
      ...redisOptions(queueOptions),
      concurrency: options.concurrency,
      lockDuration: options.lockMs,
      stalledInterval: options.stalledCheckMs,
      // How often a run may crash is decided at admission, where it gets its verdict.
      maxStalledCount: NEVER,
      removeOnComplete: { count: 0 },
      removeOnFail: { count: 0 },
      runRetryDelay: RECONNECT_DELAY_MS,
      ...(options.limit
        ? { limiter: { max: options.limit.max, duration: options.limit.perMs } }
        : {}),
    };
    const handle: HandleJob = (job) => this.#process(job);
    const { batches } = queueOptions;
    // How many may start in a while is counted by BullMQ, one by one.
    this.#worker =
      batches && !options.limit
        ? new BatchingWorker(handle, workerOptions, queueOptions, batches, options.taker)
        : new BullMqWorker(handle, workerOptions, queueOptions);
    this.#worker.on("error", (error) => this.#tell(error));
    // BullMQ goes on with a job whose lock it lost; somebody else may start it, so it must end here.
    this.#worker.on("lockRenewalFailed", (ids: string[]) => {
      for (const id of ids) this.#taken.get(id)?.lost.abort();
    });
    this.#worker.on("locksRenewed", ({ jobIds }: { jobIds: string[] }) => {
      const lockedUntil = this.#lockEnd();
      for (const id of jobIds) {
        const taken = this.#taken.get(id);
        if (taken) taken.lockedUntil = lockedUntil;
      }
    });
    if (this.#worker instanceof BatchingWorker) this.#worker.begin();
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    const { clock } = this.#queueOptions;
    const closed = this.#worker.close().then(() => true);
    // BullMQ asks the server for work until it has an answer, which a server that is gone never gives.
    while (!(await within(clock, STOP_LIMIT_MS, closed))) {
      if (this.#taken.size > 0) continue;
      await within(clock, LET_GO_LIMIT_MS, this.#worker.cutConnections());
      return;
    }
  }

  async abandon(limitMs: number): Promise<void> {
    this.#isStopping = true;
    const { clock } = this.#queueOptions;
    const moves = [...this.#taken.values()].map(({ job }) => job.handBack());
    const eachMs = Math.min(LET_GO_LIMIT_MS, limitMs / 2);
    await within(clock, eachMs, Promise.allSettled(moves));
    await within(clock, eachMs, this.#worker.cutConnections());
  }

  /**
   * A run's queue job may end with it while its lock is being renewed, and BullMQ tells of a lock that is gone. Only where the
   * run still goes on some time later is it news.
   */
  #tell(error: Error): void {
    if (this.#isStopping) return;
    const id = NOT_RENEWED.exec(error.message)?.[1];
    if (id === undefined) {
      this.#options.onError(error);
      return;
    }
    const taken = this.#taken.get(id);
    this.#queueOptions.clock.after(ENDING_MS, () => {
      if (taken && this.#taken.get(id) === taken) this.#options.onError(error);
    });
  }

  #lockEnd(): number {
    return this.#queueOptions.clock.elapsed() + this.#options.lockMs;
  }

  /**
   * While the server can't be reached nobody is told that a lock ended, and others have the run by then: a lock that
   * was not renewed in time counts as lost.
   */
  #watchLocks(): void {
    if (this.#isWatching) return;
    this.#isWatching = true;
    const { clock } = this.#queueOptions;
    clock.after(this.#options.lockMs / 4, () => {
      this.#isWatching = false;
      const now = clock.elapsed();
      for (const { lockedUntil, lost } of this.#taken.values()) if (lockedUntil < now) lost.abort();
      if (this.#taken.size > 0) this.#watchLocks();
    });
  }

  async #process(job: HeldJob): ReturnType<HandleJob> {
    const { id } = job;
    if (!parseQueueJobId(id)) {
      this.#options.onError(
        new Error(`queue job "${id.slice(0, 100)}" is not one of ours; dropped`),
      );
      return "done";
    }
    const earlier = this.#taken.get(id);
    if (earlier) {
      // Its lock was lost, and it came back to this very worker. BullMQ and we know what is being handled by its id, so
      // two of one id can't be told apart: others may take this one until the first has ended.
      earlier.lost.abort();
      await this.#park(job, PARK_RETRY_MS);
      return "put-back";
    }
    const lost = new AbortController();
    this.#taken.set(id, { job, lost, lockedUntil: this.#lockEnd() });
    this.#watchLocks();
    try {
      const { name: pipeline, takes, lock, begun } = job;
      const { signal } = lost;
      const end = await this.#options.handle({ id, pipeline, takes, lock, begun, signal });
      if (end === "done" || end === "ended") return end;
      if (end === "hand-back") await job.handBack();
      else await this.#park(job, end.againInMs);
    } catch (error) {
      // A queue job that fails is removed by BullMQ, and with it the only call to run what is due.
      this.#options.onError(error);
      await this.#park(job, PARK_RETRY_MS);
    } finally {
      this.#taken.delete(id);
    }
    return "put-back";
  }

  async #park(job: HeldJob, delayMs: number): Promise<void> {
    const { clock } = this.#queueOptions;
    // Once at least: a queue job that is left as it is waits until its lock ends.
    for (;;) {
      try {
        await job.park(delayMs);
        return;
      } catch (error) {
        // Whoever has the lock now has the queue job; there is nothing left to park.
        if (error instanceof Error && LOST.test(error.message)) return;
        this.#options.onError(error);
        if (this.#isStopping) return;
        await sleep(clock, PARK_RETRY_MS);
      }
    }
  }
}
