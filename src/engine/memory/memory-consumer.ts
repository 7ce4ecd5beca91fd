import type { Clock, EpochMs } from "../../core/clock.ts";
import { parseQueueJobId } from "../../jobs/occurrence-id.ts";
import type {
  ConsumeOptions,
  Consumer,
  QueueJobOutcome,
  TakenQueueJob,
} from "../port/queue-job.ts";
import type { Dispatcher, Taker } from "./dispatcher.ts";
import type { JobLine, LineJob } from "./job-line.ts";

/** How long a queue job waits that could not be handled. */
const RETRY_MS = 1_000;

/** What a consumer works on. */
export interface ConsumerParts {
  readonly line: JobLine;
  readonly dispatcher: Dispatcher;
  readonly clock: Clock;
  /** Unique among the consumers of the fleet. */
  readonly name: string;
  readonly options: ConsumeOptions;
}

interface Held {
  readonly id: string;
  readonly lock: string;
  readonly takenAt: EpochMs;
}

/**
 * Takes queue jobs inside this process. Its locks need no renewal, however long the event loop is blocked: they hold as long
 * as it lives.
 */
export class MemoryConsumer implements Consumer, Taker {
  readonly #parts: ConsumerParts;
  readonly #held = new Set<Held>();
  #taken = 0;
  #isGone = false;
  #onIdle: (() => void)[] = [];

  constructor(parts: ConsumerParts) {
    this.#parts = parts;
    parts.dispatcher.join(this);
  }

  get hasRoom(): boolean {
    return this.#held.size < this.#parts.options.concurrency;
  }

  get limit(): ConsumeOptions["limit"] {
    return this.#parts.options.limit;
  }

  nextLock(): string {
    this.#taken += 1;
    return `${this.#parts.name}:${this.#taken}`;
  }

  receive({ id, pipeline, takes }: LineJob, lock: string): void {
    // Nobody aborts it: as long as there is somebody to tell, the lock holds.
    const { signal } = new AbortController();
    const held: Held = { id, lock, takenAt: this.#parts.clock.now() };
    this.#held.add(held);
    void this.#process(held, { id, pipeline, takes, lock, signal });
  }

  async stop(): Promise<void> {
    this.#parts.dispatcher.leave(this);
    if (this.#held.size === 0) return;
    await new Promise<void>((resolve) => this.#onIdle.push(resolve));
  }

  async abandon(): Promise<void> {
    const { line, dispatcher } = this.#parts;
    this.#isGone = true;
    dispatcher.leave(this);
    for (const { id, lock } of this.#held) line.handBack(id, lock);
    this.#clear();
  }

  /**
   * As if the process of this consumer died now: it takes and renews nothing any more, and what comes of what it handles is
   * lost. Others get its queue jobs when their locks end, as they would have been renewed until now.
   */
  kill(): void {
    const { dispatcher, clock, options } = this.#parts;
    const renewedMs = options.lockMs / 2;
    this.#isGone = true;
    dispatcher.leave(this);
    for (const { id, lock, takenAt } of this.#held) {
      const renewals = Math.floor((clock.now() - takenAt) / renewedMs);
      dispatcher.letEnd(id, lock, Math.ceil(takenAt + renewals * renewedMs + options.lockMs));
    }
    this.#clear();
  }

  async #process(held: Held, queueJob: TakenQueueJob): Promise<void> {
    const outcome = await this.#outcomeOf(queueJob);
    if (this.#isGone) return;
    this.#conclude(held, outcome);
    this.#held.delete(held);
    if (this.#held.size === 0) this.#tellIdle();
    this.#parts.dispatcher.look();
  }

  async #outcomeOf(queueJob: TakenQueueJob): Promise<QueueJobOutcome> {
    const { options } = this.#parts;
    if (!parseQueueJobId(queueJob.id)) {
      options.onError(
        new Error(`queue job "${queueJob.id.slice(0, 100)}" is not one of ours; dropped`),
      );
      return "done";
    }
    try {
      return await options.handle(queueJob);
    } catch (error) {
      // Ending it would remove the only queue job that wakes its job.
      if (!this.#isGone) options.onError(error);
      return { againInMs: RETRY_MS };
    }
  }

  /** What is not held by this lock any more is left as it is. */
  #conclude({ id, lock }: Held, outcome: QueueJobOutcome): void {
    const { line, clock } = this.#parts;
    if (outcome === "done") line.end(id, lock);
    else if (outcome === "hand-back") line.handBack(id, lock);
    else if (outcome !== "ended") {
      line.park(id, lock, clock.now() + Math.max(0, Math.ceil(outcome.againInMs)));
    }
  }

  #clear(): void {
    this.#held.clear();
    this.#tellIdle();
  }

  #tellIdle(): void {
    for (const tell of this.#onIdle.splice(0)) tell();
  }
}
