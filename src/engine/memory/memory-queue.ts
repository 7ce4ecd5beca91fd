import type { ConsumeOptions, QueueJob } from "../port/queue-job.ts";
import type { QueuePort } from "../port/queue.ts";
import { MemoryConsumer } from "./memory-consumer.ts";
import type { MemoryLink } from "./memory-link.ts";

/** Queue jobs in memory. */
export class MemoryQueue implements QueuePort {
  readonly #link: MemoryLink;

  constructor(link: MemoryLink) {
    this.#link = link;
  }

  async add(queueJobs: readonly QueueJob[]): Promise<void> {
    const { line } = this.#link.ready();
    // What is due goes by the machine's clock here, as on servers, and not by the one that decisions are made by.
    const now = this.#link.options.clock.now();
    for (const { id, pipeline, dueAt } of queueJobs) line.add({ id, pipeline, dueAt }, now);
  }

  consume(options: ConsumeOptions): MemoryConsumer {
    const { line, dispatcher } = this.#link.ready();
    const { fleet } = this.#link;
    const { clock } = this.#link.options;
    fleet.consumers += 1;
    return new MemoryConsumer({ line, dispatcher, clock, name: `${fleet.consumers}`, options });
  }

  async setPaused(paused: boolean): Promise<void> {
    this.#link.ready().dispatcher.isPaused = paused;
  }

  async isPaused(): Promise<boolean> {
    return this.#link.ready().dispatcher.isPaused;
  }
}
