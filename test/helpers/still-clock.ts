import type { CancelTimer, Clock } from "../../src/core/clock.ts";

interface Timer {
  readonly at: number;
  readonly action: () => void;
}

/** A clock that stands still until it is moved. Its timers fire at their instants. */
export class StillClock implements Clock {
  readonly isExact = true;
  #now: number;
  #timers: Timer[] = [];

  constructor(now = 0) {
    this.#now = now;
  }

  /** When its timers are to fire. */
  get timers(): readonly number[] {
    return this.#timers.map(({ at }) => at);
  }

  now(): number {
    return this.#now;
  }

  elapsed(): number {
    return this.#now;
  }

  after(delayMs: number, action: () => void): CancelTimer {
    const timer = { at: this.#now + Math.max(0, delayMs), action };
    this.#timers = [...this.#timers, timer].toSorted((a, b) => a.at - b.at);
    return () => {
      this.#timers = this.#timers.filter((each) => each !== timer);
    };
  }

  /** Moves on by this long. What happens at each instant on the way is over before the next one. */
  async pass(ms: number): Promise<void> {
    const until = this.#now + ms;
    await settled();
    for (let first = this.#timers[0]; first && first.at <= until; first = this.#timers[0]) {
      this.#now = first.at;
      this.#timers = this.#timers.slice(1);
      first.action();
      await settled();
    }
    this.#now = until;
  }
}

/** Lets everything happen that needs no time. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
