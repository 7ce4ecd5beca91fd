import type { Clock } from "../../core/clock.ts";
import type { TakenQueueJob } from "../port/queue-job.ts";
import type { TakenJobs } from "./queue-batches.ts";

/** A queue job in this worker's hands. */
export class HeldQueueJob implements TakenQueueJob {
  readonly id: string;
  readonly pipeline: string;
  readonly takes: number;
  readonly lock: string;
  readonly begun: TakenQueueJob["begun"];
  /** When its lock ends unless it is renewed, on this process's monotonic clock. */
  lockedUntil: number;
  readonly #lost = new AbortController();

  constructor(taken: TakenJobs["jobs"][number], lock: string, lockedUntil: number) {
    this.id = taken.id;
    this.pipeline = taken.pipeline;
    this.takes = taken.takes;
    this.begun = taken.begun;
    this.lock = lock;
    this.lockedUntil = lockedUntil;
  }

  get signal(): AbortSignal {
    return this.#lost.signal;
  }

  /** Tells whoever handles it that the lock is lost. */
  lose(): void {
    this.#lost.abort();
  }
}

/** The queue jobs in this worker's hands, and how long their locks hold. */
export class HeldQueueJobs {
  readonly #jobs = new Map<string, HeldQueueJob>();
  readonly #clock: Clock;
  readonly #lockMs: number;
  #isWatching = false;

  constructor(clock: Clock, lockMs: number) {
    this.#clock = clock;
    this.#lockMs = lockMs;
  }

  get size(): number {
    return this.#jobs.size;
  }

  [Symbol.iterator](): Iterator<HeldQueueJob> {
    return this.#jobs.values();
  }

  get(id: string): HeldQueueJob | undefined {
    return this.#jobs.get(id);
  }

  /** When a lock ends that is taken or renewed now. */
  lockEnd(): number {
    return this.#clock.elapsed() + this.#lockMs;
  }

  add(job: HeldQueueJob): void {
    this.#jobs.set(job.id, job);
    this.#watch();
  }

  /** Forgets this queue job, but not another one of its id. */
  drop(job: HeldQueueJob): void {
    if (this.#jobs.get(job.id) === job) this.#jobs.delete(job.id);
  }

  renewed(ids: readonly string[]): void {
    const lockedUntil = this.lockEnd();
    for (const id of ids) {
      const job = this.#jobs.get(id);
      if (job) job.lockedUntil = lockedUntil;
    }
  }

  /**
   * While the server is unreachable nobody reports a lost lock, and by then other workers may have the run: a lock that was
   * not renewed in time counts as lost.
   */
  #watch(): void {
    if (this.#isWatching) return;
    this.#isWatching = true;
    this.#clock.after(this.#lockMs / 4, () => {
      this.#isWatching = false;
      const now = this.#clock.elapsed();
      for (const job of this.#jobs.values()) if (job.lockedUntil < now) job.lose();
      if (this.#jobs.size > 0) this.#watch();
    });
  }
}
