import { nextTurn, realElapsed } from "../core/clock.ts";

/** Others wait no longer than about this. */
const AT_ONCE_MS = 10;

/** How long a call may compute in all, with pauses in which others get their turn. */
export class ComputingTime {
  readonly #limitMs: number;
  readonly #elapsed: () => number;
  #usedMs = 0;
  /** Of whoever computes now. */
  #upToMs: number;
  #since: number;

  constructor(limitMs: number, elapsed: () => number = realElapsed) {
    this.#limitMs = limitMs;
    this.#upToMs = limitMs;
    this.#elapsed = elapsed;
    this.#since = elapsed();
  }

  /** Whether whoever computes now has had its share. */
  get isSpent(): boolean {
    return this.#soFarMs >= this.#upToMs;
  }

  /**
   * Begins with the next one, which gets its share of the time that is left: what one takes too much must not be missing for others.
   * @param left How many there are still, with this one.
   */
  share(left: number): void {
    const usedMs = this.#soFarMs;
    this.#upToMs = usedMs + Math.max(0, this.#limitMs - usedMs) / left;
  }

  /** Lets others have their turn if they have waited long; call it often. */
  async rest(): Promise<void> {
    const now = this.#elapsed();
    if (now - this.#since < AT_ONCE_MS) return;
    this.#usedMs += now - this.#since;
    await nextTurn();
    this.#since = this.#elapsed();
  }

  get #soFarMs(): number {
    return this.#usedMs + this.#elapsed() - this.#since;
  }
}
