import { DEFAULT_QUEUE } from "../../jobs/queue.ts";
import type { ConsumeOptions, Consumer, QueueJob } from "../port/queue-job.ts";
import type { QueuePort } from "../port/queue.ts";
import type { Queues } from "./queues.ts";

/** Queue jobs, each on its queue; taken here from the default one. */
export class MultiQueueQueue implements QueuePort {
  readonly #queues: Queues;

  constructor(queues: Queues) {
    this.#queues = queues;
  }

  async add(queueJobs: readonly QueueJob[]): Promise<void> {
    for (const queue of new Set(queueJobs.map(({ queue: of = DEFAULT_QUEUE }) => of))) {
      const own = queueJobs.filter(({ queue: of = DEFAULT_QUEUE }) => of === queue);
      const engine = await this.#queues.open(queue);
      await engine.queue.add(own);
    }
  }

  consume(options: ConsumeOptions): Consumer {
    return this.#queues.home.queue.consume(options);
  }

  setPaused(paused: boolean): Promise<void> {
    return this.#queues.setPaused(paused);
  }

  isPaused(): Promise<boolean> {
    return this.#queues.home.queue.isPaused();
  }
}
