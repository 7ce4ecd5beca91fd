import {
  type BackendFactory,
  DelayedError,
  type IQueueBackend,
  type Job,
  type Processor,
  Worker,
  type WorkerOptions,
} from "bullmq";
import { type Clock, sleep } from "../../core/clock.ts";
import { Batcher } from "../calls/batcher.ts";
import { WakeSignal } from "./wake-signal.ts";
import { backendOf, type BullMqQueueOptions, serverClockBackendOf } from "./bullmq-options.ts";
import { EmptyPollBackoff } from "./empty-poll-backoff.ts";
import type { LockedJob, QueueBatches, TakenJob } from "./queue-batches.ts";
import type { BegunRun, ConsumeOptions } from "../port/queue-job.ts";

/**
 * Queue jobs that are taken in one call. Those that were taken together go on together: in few large groups the server
 * waits while the worker works and the other way round. 16 to 25 began 1.4 times as many runs as 100.
 */
const TAKEN_AT_ONCE = 16;
/** Queue jobs that are let go in one call. */
const ENDED_AT_ONCE = 100;
/** For so many seconds the server is asked to tell of something to take; then the worker looks anyway. */
const BLOCK_S = 5;
/** How long to wait after a call that failed before the next. */
const RETRY_MS = 1_000;

/** A queue job in the hands of a worker. */
export interface HeldJob {
  readonly id: string;
  readonly name: string;
  /** How often it was taken, with this time. */
  readonly takes: number;
  /** Its lock, if it may be ended by others who know that. */
  readonly lock?: string;
  readonly begun?: BegunRun | undefined;
  /** Ends the hold: others may take it at once. Rejects if the lock was lost. */
  handBack(): Promise<void>;
  /** Ends the hold: it becomes due again after so many ms. Rejects if the lock was lost. */
  park(delayMs: number): Promise<void>;
}

/** Handles a queue job. */
export type HandleJob = (job: HeldJob) => Promise<"done" | "ended" | "put-back">;

function heldOf(job: Job, token: string, clock: Clock): HeldJob {
  return {
    id: job.id ?? "",
    name: job.name,
    takes: job.attemptsStarted,
    handBack: async () => void (await job.moveToWait(token)),
    park: (delayMs) => job.moveToDelayed(clock.now() + delayMs, token),
  };
}

/**
 * Redis ends a blocking command by its own timer, which ticks ten times a second by default, so an idle worker would
 * wake up 50 to 100 ms late. Any command that arrives makes it look at once: we send one when a job becomes due.
 */
export class BullMqWorker extends Worker<unknown, unknown, string, IQueueBackend> {
  protected readonly clock: Clock;
  private readonly nudge: (() => void) | undefined;

  constructor(
    handle: HandleJob,
    options: WorkerOptions,
    queueOptions: BullMqQueueOptions,
    backend: BackendFactory = backendOf(queueOptions),
  ) {
    const processor: Processor = async (job: Job, token = "") => {
      const end = await handle(heldOf(job, token, queueOptions.clock));
      if (end === "put-back") throw new DelayedError();
      return 0;
    };
    super(queueOptions.name, processor, options, backend);
    this.clock = queueOptions.clock;
    this.nudge = queueOptions.nudge;
  }

  protected override getBlockTimeout(blockUntil: number): number {
    const seconds = super.getBlockTimeout(blockUntil);
    if (this.nudge && blockUntil > 0 && seconds > 0) {
      const dueInMs = blockUntil - this.clock.now();
      if (dueInMs <= seconds * 1_000) this.clock.after(dueInMs + 1, this.nudge);
    }
    return seconds;
  }

  /**
   * Closes the connections whatever runs. `close(true)` does that too, but not after `close()`: BullMQ answers the second
   * call with the promise of the first, which waits for what runs.
   */
  async cutConnections(): Promise<void> {
    await this.lockManager.close();
    await this.backend.close(true);
  }
}

/**
 * A worker with another main loop: it takes as many queue jobs in one call as it has room for, and ends them together.
 * Locks, the check for stalled ones, waiting and closing are BullMQ's. Decision 0013 tells why.
 */
export class BatchingWorker extends BullMqWorker {
  readonly #handle: HandleJob;
  readonly #batches: QueueBatches;
  readonly #wakeSignal: WakeSignal;
  readonly #backoff: EmptyPollBackoff;
  readonly #ends: Batcher<LockedJob, true>;
  readonly #owner: ConsumeOptions["taker"];
  #turn = 1;
  #running = 0;
  #isDisconnected = false;
  #onRoom: () => void = () => undefined;

  constructor(
    handle: HandleJob,
    options: WorkerOptions,
    queueOptions: BullMqQueueOptions,
    batches: QueueBatches,
    owner: ConsumeOptions["taker"],
  ) {
    super(handle, { ...options, autorun: false }, queueOptions, serverClockBackendOf(queueOptions));
    this.#handle = handle;
    this.#batches = batches;
    this.#owner = owner;
    this.#wakeSignal = new WakeSignal(
      () => this.backend.waitForJob(BLOCK_S),
      this.clock,
      () => this.#passOnIfFull(),
    );
    this.#backoff = new EmptyPollBackoff(this.clock);
    this.#ends = new Batcher(async (jobs) => {
      await batches.end(jobs);
      return jobs.map(() => true as const);
    }, ENDED_AT_ONCE);
  }

  /** Whether nothing more is to be taken. */
  get #isEnding(): boolean {
    return this.#isDisconnected || this.closing !== undefined;
  }

  override async cutConnections(): Promise<void> {
    this.#isDisconnected = true;
    this.#onRoom();
    await super.cutConnections();
  }

  /** Begins to take queue jobs. */
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

  /** Until it is closed, and all that was taken has ended. */
  async #loop(): Promise<void> {
    while (!this.#isEnding) {
      const room = Math.min(this.concurrency - this.#running, TAKEN_AT_ONCE);
      if (room <= 0) {
        if (this.#wakeSignal.isSet) this.#passOnIfFull();
        await this.#untilRoom();
        continue;
      }
      this.#wakeSignal.reset();
      this.#backoff.begin();
      try {
        const { jobs, token, untilNextMs, isMore } = await this.#batches.take({
          taker: this.id,
          turn: this.#turn,
          lockMs: this.opts.lockDuration ?? 0,
          count: room,
          owner: this.#owner,
        });
        this.#turn += 1;
        for (const job of jobs) void this.#process(job, token);
        if (!isMore && !this.#isEnding) await this.#wakeSignal.wait(untilNextMs);
        await this.#backoff.end(jobs.length > 0);
      } catch (error) {
        await this.#failed(error);
      }
    }
    while (this.#running > 0 && !this.#isDisconnected) await this.#untilRoom();
  }

  /** The server tells one worker of what there is to take; one that can't take it tells another. */
  #passOnIfFull(): void {
    if (this.#running < (this.#isEnding ? 1 : this.concurrency)) return;
    this.#wakeSignal.reset();
    this.#batches.passOn().catch((error: unknown) => this.#tell(error));
  }

  #untilRoom(): Promise<void> {
    return new Promise((resolve) => {
      this.#onRoom = resolve;
    });
  }

  async #failed(error: unknown): Promise<void> {
    if (this.#isEnding) return;
    this.#tell(error);
    try {
      await this.backend.reconnectBlocking();
    } catch {
      // It is asked for again after the next call that fails.
    }
    await sleep(this.clock, RETRY_MS);
  }

  async #process(job: TakenJob, token: string): Promise<void> {
    const { id } = job;
    this.#running += 1;
    this.lockManager.trackJob(id, token, this.clock.now());
    try {
      const end = await this.#handle(this.#held(job, { id, token }));
      if (end === "done") await this.#end({ id, token });
    } catch (error) {
      this.#tell(error);
    } finally {
      this.lockManager.untrackJob(id);
      this.#running -= 1;
      this.#onRoom();
    }
  }

  #held({ id, name, takes, begun }: TakenJob, job: LockedJob): HeldJob {
    return {
      id,
      name,
      takes,
      begun,
      lock: job.token,
      handBack: async () => void (await this.backend.moveJobFromActiveToWait(job.id, job.token)),
      park: async (delayMs) => {
        if (!(await this.#batches.park(job, delayMs))) throw new Error("Lock mismatch");
      },
    };
  }

  /** As often as it takes: one that is left unended is taken again when its lock has ended. */
  async #end(job: LockedJob): Promise<void> {
    for (;;) {
      try {
        await this.#ends.add(job);
        return;
      } catch (error) {
        if (this.#isEnding) return;
        this.#tell(error);
        await sleep(this.clock, RETRY_MS);
      }
    }
  }

  #tell(error: unknown): void {
    this.emit("error", error instanceof Error ? error : new Error(String(error)));
  }
}
