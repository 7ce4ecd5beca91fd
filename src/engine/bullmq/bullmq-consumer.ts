import { afterThisStep, within } from "../../core/clock.ts";
import type { ConsumeOptions, Consumer } from "../port/queue-job.ts";
import type { BullMqQueueOptions } from "./bullmq-options.ts";
import { BullMqWorker } from "./bullmq-worker.ts";

/** How long a run whose end was sent to the server may wait for the answer. */
const ENDING_MS = 1_000;
/** How long closing the connections may take when a server does not answer. */
const CLOSE_LIMIT_MS = 2_000;
/** How long a worker that handles nothing may take to close before its connections are cut. */
const STOP_LIMIT_MS = 5_000;

/** A BullMQ worker: how it stops, and which of its errors to report. */
export class BullMqConsumer implements Consumer {
  readonly #queueOptions: BullMqQueueOptions;
  readonly #options: ConsumeOptions;
  readonly #worker: BullMqWorker;
  #isStopping = false;
  /** Errors that follow in this turn and repeat what `lockRenewalFailed` said. */
  #repeats = 0;

  constructor(queueOptions: BullMqQueueOptions, options: ConsumeOptions) {
    this.#queueOptions = queueOptions;
    this.#options = options;
    this.#worker = new BullMqWorker(queueOptions, options);
    this.#worker.on("error", (error) => this.#tell(error));
    this.#worker.on("lockRenewalFailed", (ids: string[]) => this.#lost(ids));
    this.#worker.on("locksRenewed", ({ jobIds }) => this.#worker.held.renewed(jobIds));
    this.#worker.begin();
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    const { clock } = this.#queueOptions;
    const closed = this.#worker.close().then(() => true);
    // BullMQ waits for the server's answer to its last request for work, which never comes from a server that is gone.
    while (!(await within(clock, STOP_LIMIT_MS, closed))) {
      if (this.#worker.held.size > 0) continue;
      await within(clock, CLOSE_LIMIT_MS, this.#worker.disconnect());
      return;
    }
  }

  async abandon(limitMs: number): Promise<void> {
    this.#isStopping = true;
    const { clock } = this.#queueOptions;
    const handBacks = [...this.#worker.held].map((job) => this.#worker.handBack(job));
    const eachMs = Math.min(CLOSE_LIMIT_MS, limitMs / 2);
    await within(clock, eachMs, Promise.allSettled(handBacks));
    await within(clock, eachMs, this.#worker.disconnect());
  }

  #tell(error: Error): void {
    if (this.#repeats > 0) this.#repeats -= 1;
    else if (!this.#isStopping) this.#options.onError(error);
  }

  /**
   * Another worker may take a queue job whose lock is lost, so its run must end here. A queue job may also have ended with
   * its run while BullMQ renewed its lock: the loss is news only if the run is still there some time later.
   */
  #lost(ids: readonly string[]): void {
    const { held } = this.#worker;
    for (const id of ids) {
      const job = held.get(id);
      if (!job) continue;
      job.lose();
      this.#queueOptions.clock.after(ENDING_MS, () => {
        if (held.get(id) === job) this.#tell(new Error(`could not renew lock for job ${id}`));
      });
    }
    // BullMQ emits an error for each of them too, at once.
    this.#repeats = ids.length;
    afterThisStep(() => (this.#repeats = 0));
  }
}
