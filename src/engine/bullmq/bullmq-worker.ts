import { type IQueueBackend, Worker } from "bullmq";
import { type Clock, sleep } from "../../core/clock.ts";
import { parseQueueJobId } from "../../jobs/occurrence-id.ts";
import { Batcher } from "../calls/batcher.ts";
import type { ConsumeOptions, QueueJobOutcome } from "../port/queue-job.ts";
import { backendOf, type BullMqQueueOptions, redisOptions } from "./bullmq-options.ts";
import { EmptyPollBackoff } from "./empty-poll-backoff.ts";
import { HeldQueueJob, HeldQueueJobs } from "./held-queue-jobs.ts";
import type { LockedJob, QueueBatches } from "./queue-batches.ts";
import { WakeSignal } from "./wake-signal.ts";

/**
 * Queue jobs taken per call. Jobs taken together move on together: with a few large groups, server and worker wait for
 * each other. Groups of 16 to 25 started 1.4 times as many runs as groups of 100.
 */
const TAKEN_AT_ONCE = 16;
/** Queue jobs ended per call. */
const ENDED_AT_ONCE = 100;
/** How long a worker waits for the server's signal, or for the rate limit, before it polls anyway. */
const BLOCK_S = 5;
/** How long to wait after a failed call, and before a queue job that could not be handled becomes due again. */
const RETRY_MS = 1_000;
/** BullMQ counts stalls in 32 bits on PostgreSQL. */
const NEVER = 2 ** 31 - 1;

/**
 * A BullMQ worker with our own main loop: one call takes as many queue jobs as it has room for, and one call ends many.
 * Locks, the check for stalled queue jobs, the blocking wait and closing are BullMQ's. Decision 0013 says why.
 */
export class BullMqWorker extends Worker<unknown, unknown, string, IQueueBackend> {
  readonly held: HeldQueueJobs;
  readonly #clock: Clock;
  readonly #options: ConsumeOptions;
  readonly #batches: QueueBatches;
  readonly #wakeSignal: WakeSignal;
  readonly #backoff: EmptyPollBackoff;
  readonly #ends: Batcher<LockedJob, true>;
  readonly #ending = new AbortController();
  #turn = 1;
  #running = 0;
  #isDisconnected = false;
  #onRoom: () => void = () => undefined;

  constructor(queueOptions: BullMqQueueOptions, options: ConsumeOptions) {
    const { name, clock, batches } = queueOptions;
    const { concurrency, lockMs, stalledCheckMs } = options;
    super(
      name,
      null,
      {
        ...redisOptions(queueOptions),
        autorun: false,
        concurrency,
        lockDuration: lockMs,
        stalledInterval: stalledCheckMs,
        // Admission decides how often a run may crash: that is where it gets its verdict.
        maxStalledCount: NEVER,
        removeOnComplete: { count: 0 },
        removeOnFail: { count: 0 },
      },
      backendOf(queueOptions),
    );
    this.held = new HeldQueueJobs(clock, lockMs);
    this.#clock = clock;
    this.#options = options;
    this.#batches = batches;
    this.#wakeSignal = new WakeSignal(
      () => this.backend.waitForJob(BLOCK_S),
      clock,
      () => this.#passOnIfFull(),
    );
    this.#backoff = new EmptyPollBackoff(clock);
    this.#ends = new Batcher(async (jobs) => {
      await batches.end(jobs);
      return jobs.map(() => true as const);
    }, ENDED_AT_ONCE);
  }

  /** Starts taking queue jobs. */
  begin(): void {
    this.run().catch((error: unknown) => this.#tell(error));
  }

  override async run(): Promise<void> {
    this.running = true;
    try {
      await this.startStalledCheckTimer();
      this.lockManager.start();
      this.mainLoopRunning = this.#loop();
      await this.mainLoopRunning;
    } finally {
      this.running = false;
    }
  }

  override async close(force?: boolean): Promise<void> {
    this.#ending.abort();
    await super.close(force);
  }

  /**
   * Closes the connections whatever is running. `close(true)` does that too, but not after `close()`: BullMQ answers the
   * second call with the promise of the first, which waits for what is running.
   */
  override async disconnect(): Promise<void> {
    this.#isDisconnected = true;
    this.#ending.abort();
    this.#onRoom();
    await this.lockManager.close();
    await this.backend.close(true);
  }

  /** Ends the hold: others may take the queue job immediately. @throws BullMQ's error if the lock was lost */
  async handBack({ id, lock }: LockedJob): Promise<void> {
    await this.backend.moveJobFromActiveToWait(id, lock);
  }

  /** Takes queue jobs until the worker closes, then waits for those in hand. */
  async #loop(): Promise<void> {
    const { signal } = this.#ending;
    while (!signal.aborted) {
      const room = Math.min(this.concurrency - this.#running, TAKEN_AT_ONCE);
      if (room <= 0) {
        if (this.#wakeSignal.isSet) this.#passOnIfFull();
        await this.#untilRoom();
        continue;
      }
      this.#wakeSignal.reset();
      this.#backoff.begin();
      try {
        await this.#backoff.end(await this.#takeAndWait(room));
      } catch (error) {
        await this.#failed(error);
      }
    }
    while (this.#running > 0 && !this.#isDisconnected) await this.#untilRoom();
  }

  /** @returns Whether there was something to take; once there may be more. */
  async #takeAndWait(count: number): Promise<boolean> {
    const { lockMs, taker: owner, limit } = this.#options;
    const { id: taker } = this;
    const { signal } = this.#ending;
    const { jobs, lock, untilNextMs, isMore, isLimited } = await this.#batches.take({
      taker,
      turn: this.#turn,
      lockMs,
      count,
      owner,
      limit,
    });
    this.#turn += 1;
    const lockedUntil = this.held.lockEnd();
    for (const job of jobs) void this.#process(new HeldQueueJob(job, lock, lockedUntil));
    if (isLimited) {
      // A signal is of no use: the rate limit forbids taking anything yet.
      await sleep(this.#clock, Math.min(untilNextMs, BLOCK_S * 1_000), signal);
    } else if (!isMore && !signal.aborted) {
      await this.#wakeSignal.wait(untilNextMs);
    }
    return jobs.length > 0;
  }

  /** The server signals one worker that there is something to take; a worker without room signals the next. */
  #passOnIfFull(): void {
    if (this.#running < (this.#ending.signal.aborted ? 1 : this.concurrency)) return;
    this.#wakeSignal.reset();
    this.#batches.passOn().catch((error: unknown) => this.#tell(error));
  }

  #untilRoom(): Promise<void> {
    return new Promise((resolve) => {
      this.#onRoom = resolve;
    });
  }

  async #failed(error: unknown): Promise<void> {
    const { signal } = this.#ending;
    if (signal.aborted) return;
    this.#tell(error);
    try {
      await this.backend.reconnectBlocking();
    } catch {
      // The next failed call tries again.
    }
    await sleep(this.#clock, RETRY_MS, signal);
  }

  async #process(job: HeldQueueJob): Promise<void> {
    const { id, lock } = job;
    this.#running += 1;
    this.lockManager.trackJob(id, lock, this.#clock.now());
    try {
      await this.#conclude(job, await this.#outcomeOf(job));
    } catch (error) {
      this.#tell(error);
    } finally {
      this.held.drop(job);
      this.lockManager.untrackJob(id);
      this.#running -= 1;
      this.#onRoom();
    }
  }

  async #outcomeOf(job: HeldQueueJob): Promise<QueueJobOutcome> {
    const { id } = job;
    if (!parseQueueJobId(id)) {
      this.#options.onError(
        new Error(`queue job "${id.slice(0, 100)}" is not one of ours; dropped`),
      );
      return "done";
    }
    const earlier = this.held.get(id);
    if (earlier) {
      // Its lock was lost, and this very worker took it again. BullMQ and we know what is being handled by its id, so two
      // of one id can't be told apart: others may take this one until the first has ended.
      earlier.lose();
      return { againInMs: RETRY_MS };
    }
    this.held.add(job);
    try {
      return await this.#options.handle(job);
    } catch (error) {
      // Ending it would remove the only queue job that wakes its job.
      this.#options.onError(error);
      return { againInMs: RETRY_MS };
    }
  }

  async #conclude(job: HeldQueueJob, outcome: QueueJobOutcome): Promise<void> {
    if (outcome === "ended") return;
    if (outcome === "done") {
      this.held.drop(job);
      await this.#end(job);
    } else if (outcome === "hand-back") {
      await this.#handBackOrPark(job);
    } else {
      await this.#park(job, outcome.againInMs);
    }
  }

  /** Retries until it succeeds: a queue job that isn't ended is taken again once its lock expires. */
  async #end({ id, lock }: LockedJob): Promise<void> {
    for (;;) {
      try {
        await this.#ends.add({ id, lock });
        return;
      } catch (error) {
        if (this.#ending.signal.aborted) return;
        this.#tell(error);
        await sleep(this.#clock, RETRY_MS);
      }
    }
  }

  async #handBackOrPark(job: LockedJob): Promise<void> {
    try {
      await this.handBack(job);
    } catch (error) {
      this.#options.onError(error);
      await this.#park(job, RETRY_MS);
    }
  }

  /** Retries until it succeeds: a queue job that isn't parked waits until its lock expires. */
  async #park(job: LockedJob, delayMs: number): Promise<void> {
    for (;;) {
      try {
        // The current holder of the lock owns the queue job; without the lock there is nothing to park.
        await this.#batches.park(job, delayMs);
        return;
      } catch (error) {
        this.#options.onError(error);
        if (this.#ending.signal.aborted) return;
        await sleep(this.#clock, RETRY_MS);
      }
    }
  }

  #tell(error: unknown): void {
    this.emit("error", error instanceof Error ? error : new Error(String(error)));
  }
}
