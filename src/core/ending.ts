import { type Clock, within } from "./clock.ts";

/** What is told to stop at once, and what lets go of it, takes no longer than this as a whole. */
export const HURRY_MS = 5_000;

/**
 * The time that an end may take as a whole: first what goes on may end by itself, and the last five seconds are for what
 * did not. It can be shortened while it passes.
 */
export class Ending {
  readonly #clock: Clock;
  readonly #hurried: Promise<void>;
  #patienceUntil: number;
  #overAt: number;
  #isHurried = false;
  #tellHurried: () => void = () => undefined;

  /** @param wholeMs Less than {@link HURRY_MS} counts as that. */
  constructor(clock: Clock, wholeMs: number) {
    this.#clock = clock;
    const now = clock.elapsed();
    this.#overAt = now + Math.max(wholeMs, HURRY_MS);
    this.#patienceUntil = this.#overAt - HURRY_MS;
    this.#hurried = new Promise((resolve) => (this.#tellHurried = resolve));
  }

  /** How much of the whole is left. */
  get leftMs(): number {
    return Math.max(0, this.#overAt - this.#clock.elapsed());
  }

  /** Nothing goes on by itself any more: from now on it takes {@link HURRY_MS} at most. */
  hurry(): void {
    if (this.#isHurried) return;
    this.#isHurried = true;
    const now = this.#clock.elapsed();
    this.#patienceUntil = now;
    this.#overAt = Math.min(this.#overAt, now + HURRY_MS);
    this.#tellHurried();
  }

  /** Resolves to `work`, or to `undefined` when nothing may go on by itself any more. */
  patiently<T>(work: Promise<T>): Promise<T | undefined> {
    return this.#until(() => this.#patienceUntil, work);
  }

  /** Resolves to `work`, or to `undefined` when so much is left of the whole. */
  before<T>(reserveMs: number, work: Promise<T>): Promise<T | undefined> {
    return this.#until(() => this.#overAt - reserveMs, work);
  }

  async #until<T>(dueAt: () => number, work: Promise<T>): Promise<T | undefined> {
    const done = work.then((value) => ({ value }));
    if (!this.#isHurried) {
      const leftMs = dueAt() - this.#clock.elapsed();
      const first = await within(this.#clock, leftMs, Promise.race([done, this.#hurried]));
      if (first) return first.value;
    }
    return (await within(this.#clock, dueAt() - this.#clock.elapsed(), done))?.value;
  }
}
