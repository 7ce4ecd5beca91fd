import type { EpochMs } from "../core/clock.ts";

/** The line is moved to the front of its array when so many have left it. */
const TIDY_AFTER = 1_024;

/**
 * What the workers of one or of all queues execute at once: workers times concurrency.
 * @template Q A queue job that is due and waits for a slot.
 */
export class WorkerSlots<Q> {
  /** `null`: all queues share them. */
  readonly queue: string | null;
  readonly limit: number;
  taken = 0;
  /** Most runs that were executed or waited for a slot at one time. */
  wanted = 0;
  wantedAt: EpochMs | null = null;
  peak = 0;
  waited = 0;
  longestWaitMs = 0;
  fullMs = 0;
  #fullSince: EpochMs | null = null;
  #line: Q[] = [];
  #first = 0;

  constructor(queue: string | null, limit: number) {
    this.queue = queue;
    this.limit = limit;
  }

  get waiting(): number {
    return this.#line.length - this.#first;
  }

  get hasRoom(): boolean {
    return this.taken < this.limit;
  }

  take(now: EpochMs): void {
    this.taken += 1;
    if (this.taken > this.peak) this.peak = this.taken;
    if (this.taken === this.limit) this.#fullSince = now;
    this.#note(now);
  }

  release(now: EpochMs): void {
    if (this.#fullSince !== null && this.taken === this.limit) this.#closeFull(now);
    this.taken -= 1;
  }

  lineUp(queueJob: Q): void {
    this.#line.push(queueJob);
  }

  /** These go before all that waits. */
  lineUpFirst(queueJobs: readonly Q[]): void {
    this.#line = [...queueJobs, ...this.#line.slice(this.#first)];
    this.#first = 0;
  }

  /** Once an instant is over, what still waits has found no slot. */
  noteWaiting(now: EpochMs): void {
    this.#note(now);
  }

  next(): Q | undefined {
    const next = this.#line[this.#first];
    if (next === undefined) return undefined;
    this.#first += 1;
    if (this.#first === this.#line.length) {
      this.#line = [];
      this.#first = 0;
    } else if (this.#first === TIDY_AFTER) {
      this.#line.splice(0, this.#first);
      this.#first = 0;
    }
    return next;
  }

  /** A run began that had waited for a slot. */
  noteWait(waitMs: number): void {
    if (waitMs === 0) return;
    this.waited += 1;
    if (waitMs > this.longestWaitMs) this.longestWaitMs = waitMs;
  }

  close(at: EpochMs): void {
    this.#closeFull(at);
  }

  #closeFull(now: EpochMs): void {
    if (this.#fullSince === null) return;
    this.fullMs += now - this.#fullSince;
    this.#fullSince = null;
  }

  #note(now: EpochMs): void {
    const wanted = this.taken + this.waiting;
    if (wanted <= this.wanted) return;
    this.wanted = wanted;
    this.wantedAt = now;
  }
}
