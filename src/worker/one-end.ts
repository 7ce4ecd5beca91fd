import { z } from "zod";
import { type Clock, keepAlive } from "../core/clock.ts";
import { Ending } from "../core/ending.ts";
import type { Logger } from "../core/log.ts";

/** Schema of the options that end a scheduler or a worker. */
export const endOptionsSchema = z.strictObject({ wait: z.boolean().default(true) });

/** How a scheduler or a worker ends. */
export interface OneEndParts {
  readonly clock: Clock;
  readonly logger: Logger;
  /** How long it takes at most if it waits for runs. */
  readonly drainMs: number;
  /** Names what is ended, for people. */
  readonly what: string;
  /** The run of this very scheduler or worker within which the call is made. */
  readonly runAround: () => string | undefined;
  readonly end: (ending: Ending) => Promise<void>;
}

/** The one end of a scheduler or a worker: the first call starts it, and a later, stronger one hurries it. */
export class OneEnd {
  readonly #parts: OneEndParts;
  #ending: Ending | undefined;
  #ended: Promise<void> | undefined;

  constructor(parts: OneEndParts) {
    this.#parts = parts;
  }

  get hasBegun(): boolean {
    return this.#ended !== undefined;
  }

  /** @returns Resolves when it is over; at once if called by a run that it waits for. */
  call(isWaiting: boolean): Promise<void> {
    const { clock, drainMs, end, logger, runAround, what } = this.#parts;
    this.#ending ??= new Ending(clock, isWaiting ? drainMs : 0);
    if (!isWaiting) this.#ending.hurry();
    this.#ended ??= keepAlive(end(this.#ending));
    const runId = runAround();
    if (runId === undefined) return this.#ended;
    // It would wait for the run, and the run for it.
    logger.info(`${what} was called inside a run: it goes on when that run has ended`, { runId });
    this.#ended.catch((error: unknown) => logger.error(`${what} failed`, { error }));
    return Promise.resolve();
  }
}
