import { type Clock, sleep, within } from "../../core/clock.ts";
import { formatDuration } from "../../core/durations.ts";
import type { Logger } from "../../core/log.ts";
import type { Engine } from "../port/engine.ts";
import { causeOfAbsence, isServerAway } from "./with-deadline.ts";

/** A connection that is back by then was never missed: one line tells of it instead of two. */
const BLIP_MS = 250;
/** For so long after the server is back, calls that were made before may still fail of its absence. */
const LATE_MS = 10_000;
/** How often the server is asked whether it is there, where the question fails at once. */
const ASK_EVERY_MS = 500;
/** How long the answer is waited for before it is asked anew. */
const ANSWER_MS = 30_000;
/** What drivers say of the calls that a lost connection took along; why it was lost is said elsewhere. */
const SAYS_NOTHING = /^connection (?:is|was)? ?(?:closed|terminated)\b/i;

/** What an outage is noticed with. */
export interface OutageParts {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Names the server, for people. */
  readonly server: () => string;
  /** Asks the server for any answer, for as long as it takes. */
  readonly ask: () => Promise<unknown>;
}

/**
 * Tells of a server that can't be reached: once that it is away, and once that it is back. Each connection, each loop and
 * each call that misses it says so too, and is hushed.
 */
export class Outage {
  readonly #parts: OutageParts;
  readonly #ended = new AbortController();
  #since: number | undefined;
  #backAt = -Infinity;
  #isTold = false;
  #reason = "";

  constructor(parts: OutageParts) {
    this.#parts = parts;
  }

  /** @returns Whether the error is of a server that can't be reached, so that nobody else need tell of it. */
  takes(error: unknown): boolean {
    if (!isServerAway(error)) return false;
    const reason = causeOfAbsence(error);
    if (this.#since === undefined) this.#begin(reason);
    else if (SAYS_NOTHING.test(this.#reason)) this.#reason = reason;
    return true;
  }

  /** From now on it is no news that there is no connection. */
  end(): void {
    this.#ended.abort();
  }

  #begin(reason: string): void {
    const { clock } = this.#parts;
    if (this.#ended.signal.aborted) return;
    const since = clock.elapsed();
    this.#since = since;
    this.#reason = reason;
    this.#isTold = false;
    clock.after(BLIP_MS, () => {
      if (this.#since === since && !this.#ended.signal.aborted) this.#tell();
    });
    void this.#untilBack(since);
  }

  #tell(): void {
    const { logger, server } = this.#parts;
    this.#isTold = true;
    logger.warn(
      `no connection to ${server()} (${this.#reason}). It connects again by itself; until then nothing starts here, and what is due waits.`,
    );
  }

  async #untilBack(since: number): Promise<void> {
    const { clock } = this.#parts;
    const { signal } = this.#ended;
    while (!signal.aborted && !(await this.#answers())) await sleep(clock, ASK_EVERY_MS, signal);
    if (signal.aborted) return;
    this.#since = undefined;
    this.#sayBack(clock.elapsed() - since);
  }

  async #answers(): Promise<boolean> {
    try {
      const answer = this.#parts.ask().then(() => true);
      return (await within(this.#parts.clock, ANSWER_MS, answer)) ?? false;
    } catch (error) {
      this.takes(error);
      return false;
    }
  }

  #sayBack(awayMs: number): void {
    const { clock, logger, server } = this.#parts;
    const now = clock.elapsed();
    const isLate = now - this.#backAt < LATE_MS;
    if (this.#isTold)
      logger.info(`${server()} is back after ${away(awayMs)}; what waited goes on.`);
    else if (!isLate) {
      logger.warn(
        `a connection to ${server()} broke (${this.#reason}) and was made again at once.`,
      );
    }
    this.#backAt = now;
  }
}

function away(ms: number): string {
  return formatDuration(ms < 1_000 ? Math.round(ms) : Math.round(ms / 1_000) * 1_000);
}

/** A logger for what misses the server itself: warnings of an absence that `takes` knows are left out. */
export function hushed(logger: Logger, engine: Pick<Engine, "takes">): Logger {
  return {
    debug: (message, fields) => logger.debug(message, fields),
    info: (message, fields) => logger.info(message, fields),
    warn(message, fields) {
      const error = fields?.["error"];
      if (error === undefined || !engine.takes?.(error)) logger.warn(message, fields);
    },
    error: (message, fields) => logger.error(message, fields),
  };
}
