import { nextTurn, realElapsed } from "../core/clock.ts";

/** Others wait no longer than about this. */
const AT_ONCE_MS = 10;

/** How long a call may compute in all, with pauses in which others get their turn. */
export class ComputingTime {
  readonly #limitMs: number;
  readonly #elapsed: () => number;
  #usedMs = 0;
  #since: number;

  constructor(limitMs: number, elapsed: () => number = realElapsed) {
    this.#limitMs = limitMs;
    this.#elapsed = elapsed;
    this.#since = elapsed();
  }

  get isSpent(): boolean {
    return this.#usedMs + this.#elapsed() - this.#since >= this.#limitMs;
  }

  /** Lets others have their turn if they have waited long; call it often. */
  async rest(): Promise<void> {
    const now = this.#elapsed();
    if (now - this.#since < AT_ONCE_MS) return;
    this.#usedMs += now - this.#since;
    await nextTurn();
    this.#since = this.#elapsed();
  }
}
