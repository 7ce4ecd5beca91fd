import { type Clock, within } from "./clock.ts";

/** Reserved at the end of a stop for aborting what hasn't finished and closing its resources. */
export const HURRY_MS = 5_000;

/**
 * The time budget of a stop. Work in progress may finish on its own until {@link HURRY_MS} before the end; the rest is
 * for aborting what has not. The budget can be cut short while it runs.
 */
export class Ending {
  readonly #clock: Clock;
  readonly #hurried: Promise<void>;
  #patienceUntil: number;
  #overAt: number;
  #isHurried = false;
  #tellHurried: () => void = () => undefined;

  /** @param wholeMs The whole budget; at least {@link HURRY_MS}. */
  constructor(clock: Clock, wholeMs: number) {
    this.#clock = clock;
    const now = clock.elapsed();
    this.#overAt = now + Math.max(wholeMs, HURRY_MS);
    this.#patienceUntil = this.#overAt - HURRY_MS;
    this.#hurried = new Promise((resolve) => (this.#tellHurried = resolve));
  }

  /** What is left of the whole budget. */
  get leftMs(): number {
    return Math.max(0, this.#overAt - this.#clock.elapsed());
  }

  /** Stops waiting for work to finish on its own: at most {@link HURRY_MS} remain. */
  hurry(): void {
    if (this.#isHurried) return;
    this.#isHurried = true;
    const now = this.#clock.elapsed();
    this.#patienceUntil = now;
    this.#overAt = Math.min(this.#overAt, now + HURRY_MS);
    this.#tellHurried();
  }

  /** Resolves to `work`, or to `undefined` once the time for work to finish on its own is over. */
  patiently<T>(work: Promise<T>): Promise<T | undefined> {
    return this.#until(() => this.#patienceUntil, work);
  }

  /** Resolves to `work`, or to `undefined` once only `reserveMs` of the budget are left. */
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
