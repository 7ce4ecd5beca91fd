import { type Clock, sleep } from "../../core/clock.ts";

/** A poll that returns this fast, including its wait for a signal, counts as immediate. */
const QUICK_MS = 10;
/** This many immediate polls in a row may be empty: of several workers that are signalled, one finds something. */
const FREE_POLLS = 3;
const LONGEST_MS = 50;

/**
 * Backs off a worker whose polls keep coming back empty because other workers hold the jobs. Each empty poll costs the server
 * time and, with an in-process database, starves everything else.
 */
export class EmptyPollBackoff {
  readonly #clock: Clock;
  #empty = 0;
  #from = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A poll begins. */
  begin(): void {
    this.#from = this.#clock.elapsed();
  }

  /** A poll and its wait are over. Resolves when the next poll may begin. */
  async end(hasFound: boolean): Promise<void> {
    const isQuick = this.#clock.elapsed() - this.#from < QUICK_MS;
    this.#empty = isQuick && !hasFound ? this.#empty + 1 : 0;
    const more = this.#empty - FREE_POLLS;
    if (more > 0) await sleep(this.#clock, Math.min(2 ** more, LONGEST_MS));
  }
}
