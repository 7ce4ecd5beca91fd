import { CronduitError } from "../../core/errors.ts";

/** Lets few do something at once, and few wait for that. */
export class Turns {
  readonly #atOnce: number;
  readonly #maxWaiting: number;
  #active = 0;
  readonly #waiting: (() => void)[] = [];

  constructor({ atOnce, maxWaiting }: { readonly atOnce: number; readonly maxWaiting: number }) {
    this.#atOnce = atOnce;
    this.#maxWaiting = maxWaiting;
  }

  /** @throws {@link CronduitError} `TOO_MANY_ATTEMPTS` if too many wait. */
  async take<T>(work: () => Promise<T>): Promise<T> {
    if (this.#active >= this.#atOnce) await this.#wait();
    else this.#active += 1;
    try {
      return await work();
    } finally {
      // Whoever waits longest gets this place.
      const next = this.#waiting.shift();
      if (next) next();
      else this.#active -= 1;
    }
  }

  #wait(): Promise<void> {
    if (this.#waiting.length >= this.#maxWaiting)
      throw new CronduitError(
        "TOO_MANY_ATTEMPTS",
        "Too many passwords are being checked at the moment.",
        {
          data: { retryAfterSeconds: 1 },
        },
      );
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}
