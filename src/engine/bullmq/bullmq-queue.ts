import { type IQueueBackend, type JobsOptions, Queue } from "bullmq";
import { BullMqConsumer } from "./bullmq-consumer.ts";
import { backendOf, type BullMqQueueOptions, redisOptions } from "./bullmq-options.ts";
import type { ConsumeOptions, Consumer, QueueJob } from "../port/engine.ts";

/**
 * BullMQ's name for the default queue, and on Redis, where the hash tag tells them apart, for every queue. No key of
 * ours begins with it.
 */
export const QUEUE_NAME = "runs";

/** BullMQ writes an event stream of its own, which nobody here reads. */
const BULL_EVENTS_KEPT = 100;
/** Queue jobs per round trip. */
const ADD_CHUNK = 1_000;

/** On PostgreSQL the worker's option to keep none searches all finished jobs; this one touches the job alone. */
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

  /** Adds queue jobs in a few round trips; existing ones stay as they are. */
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
