import type { EpochMs } from "../core/clock.ts";

/** The `concurrencyGroup` of jobs of one queue. @template J Such a job. */
export class SimulatedGroup<J> {
  readonly queue: string;
  readonly key: string;
  running = 0;
  /** The jobs whose runs wait for room, in the order of their turns. */
  readonly line: J[] = [];
  limit = 0;
  peak = 0;
  waited = 0;
  longestWaitMs = 0;
  fullMs = 0;
  #fullSince: EpochMs | null = null;

  constructor(queue: string, key: string) {
    this.queue = queue;
    this.key = key;
  }

  join(job: J): void {
    if (!this.line.includes(job)) this.line.push(job);
  }

  leave(job: J): void {
    const at = this.line.indexOf(job);
    if (at >= 0) this.line.splice(at, 1);
  }

  start(now: EpochMs, waitMs: number): void {
    this.running += 1;
    if (this.running > this.peak) this.peak = this.running;
    if (this.running === this.limit) this.#fullSince = now;
    if (waitMs <= 0) return;
    this.waited += 1;
    if (waitMs > this.longestWaitMs) this.longestWaitMs = waitMs;
  }

  end(now: EpochMs): void {
    if (this.running === this.limit) this.close(now);
    this.running -= 1;
  }

  close(now: EpochMs): void {
    if (this.#fullSince === null) return;
    this.fullMs += now - this.#fullSince;
    this.#fullSince = null;
  }
}
