import type { ConsumeOptions, Consumer, QueueJob } from "../port/queue-job.ts";
import type { QueuePort } from "../port/queue.ts";
import type { PostgresLink } from "./postgres-link.ts";

/** Queue jobs on PostgreSQL. */
export class PostgresQueue implements QueuePort {
  readonly #link: PostgresLink;

  constructor(link: PostgresLink) {
    this.#link = link;
  }

  add(queueJobs: readonly QueueJob[]): Promise<void> {
    return this.#link.call("enqueue", ({ queue }) => queue.add(queueJobs));
  }

  consume(options: ConsumeOptions): Consumer {
    return this.#link.ready().queue.consume(options);
  }

  setPaused(paused: boolean): Promise<void> {
    return this.#link.call("setPaused", ({ queue }) => queue.setPaused(paused));
  }

  isPaused(): Promise<boolean> {
    return this.#link.call("isPaused", ({ queue }) => queue.isPaused());
  }
}
