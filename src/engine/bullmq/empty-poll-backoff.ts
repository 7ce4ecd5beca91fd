import { type Clock, sleep } from "../../core/clock.ts";

/** A look that is over within this time, with the wait for a sign after it, did not wait. */
const QUICK_MS = 10;
/** So many quick looks in a row may find nothing: of several that are called, one finds something. */
const FREE_LOOKS = 3;
const LONGEST_MS = 50;

/**
 * Slows down whoever looks at once again and again, and finds nothing: what there is to be found is in other hands, may be
 * for long. Each such look is work for the server, and in one process with it nothing else would go on.
 */
export class EmptyPollBackoff {
  readonly #clock: Clock;
  #fruitless = 0;
  #from = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A look begins. */
  begin(): void {
    this.#from = this.#clock.elapsed();
  }

  /** A look and the wait that followed it are over. Resolves when the next look may begin. */
  async end(hasFound: boolean): Promise<void> {
    const isQuick = this.#clock.elapsed() - this.#from < QUICK_MS;
    this.#fruitless = isQuick && !hasFound ? this.#fruitless + 1 : 0;
    const more = this.#fruitless - FREE_LOOKS;
    if (more > 0) await sleep(this.#clock, Math.min(2 ** more, LONGEST_MS));
  }
}
