import type { BullMqQueue } from "../bullmq/bullmq-queue.ts";
import type { ConsumeOptions, Consumer, QueueJob } from "../port/queue-job.ts";
import type { QueuePort } from "../port/queue.ts";
import type { RedisCalls } from "./redis-calls.ts";

/** Queue jobs on Redis. */
export class RedisQueue implements QueuePort {
  readonly #calls: RedisCalls;
  readonly #queue: BullMqQueue;

  constructor(calls: RedisCalls, queue: BullMqQueue) {
    this.#calls = calls;
    this.#queue = queue;
  }

  /** Without a deadline: it sends many commands. */
  add(queueJobs: readonly QueueJob[]): Promise<void> {
    return this.#queue.add(queueJobs);
  }

  consume(options: ConsumeOptions): Consumer {
    return this.#queue.consume(options);
  }

  setPaused(paused: boolean): Promise<void> {
    return this.#calls.bounded("setPaused", () => this.#queue.setPaused(paused));
  }

  isPaused(): Promise<boolean> {
    return this.#calls.bounded("isPaused", () => this.#queue.isPaused());
  }
}
