import type { EpochMs } from "../core/clock.ts";

/** The line is moved to the front of its array when so many have left it. */
const TIDY_AFTER = 1_024;

/** What waits for a slot. */
export interface InLine {
  /** Since when only a slot is missing for a run to begin; `null`: nothing would begin. */
  ableAt: EpochMs | null;
  isTaken: boolean;
}

/**
 * What the workers of one or of all queues execute at once: workers times concurrency.
 * @template Q A queue job that is due and waits for a slot.
 */
export class WorkerSlots<Q extends InLine> {
  /** `null`: all queues share them. */
  readonly queue: string | null;
  readonly limit: number;
  taken = 0;
  peak = 0;
  peakAt: EpochMs | null = null;
  /** Something was decided later for want of a slot. */
  hasDelayed = false;
  waited = 0;
  longestWaitMs = 0;
  fullMs = 0;
  #fullSince: EpochMs | null = null;
  #line: Q[] = [];
  #first = 0;
  /** Those in line for which nothing would begin, even with a slot: they need one for a look only. */
  #unable: Q[] = [];

  constructor(queue: string | null, limit: number) {
    this.queue = queue;
    this.limit = limit;
  }

  get waiting(): number {
    return this.#line.length - this.#first;
  }

  /** Of these, the ones for which a run would begin. */
  get waitingRuns(): number {
    return this.waiting - this.#unable.length;
  }

  get hasRoom(): boolean {
    return this.taken < this.limit;
  }

  take(now: EpochMs): void {
    this.taken += 1;
    if (this.taken === this.limit) this.#fullSince = now;
    if (this.taken <= this.peak) return;
    this.peak = this.taken;
    this.peakAt = now;
  }

  release(now: EpochMs): void {
    if (this.#fullSince !== null && this.taken === this.limit) this.#closeFull(now);
    this.taken -= 1;
  }

  lineUp(queueJob: Q): void {
    this.#line.push(queueJob);
    this.#unable.push(queueJob);
  }

  /** These go before all that waits. */
  lineUpFirst(queueJobs: readonly Q[]): void {
    this.#line = [...queueJobs, ...this.#line.slice(this.#first)];
    this.#first = 0;
    this.#unable.push(...queueJobs);
  }

  /** Once an instant is over, what still waits has found no slot: from now on runs that could begin wait for one. */
  noteWaiting(now: EpochMs, canBegin: (queueJob: Q) => boolean): void {
    if (this.waiting > 0) this.hasDelayed = true;
    if (this.#unable.length === 0) return;
    this.#unable = this.#unable.filter((queueJob) => {
      if (queueJob.isTaken) return false;
      if (!canBegin(queueJob)) return true;
      queueJob.ableAt = now;
      return false;
    });
  }

  next(): Q | undefined {
    const next = this.#line[this.#first];
    if (next === undefined) return undefined;
    this.#first += 1;
    next.isTaken = true;
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
}
