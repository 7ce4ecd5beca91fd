import { type Clock, sleep, within } from "../../core/clock.ts";
import { formatDuration } from "../../core/durations.ts";
import type { Logger } from "../../core/log.ts";
import type { Engine } from "../port/engine.ts";
import { causeOfAbsence, isServerAway } from "./with-deadline.ts";

/** A connection that is back within this time was not missed: one line reports it instead of two. */
const BLIP_MS = 250;
/** For this long after the server is back, earlier calls may still fail because of its absence. */
const LATE_MS = 10_000;
/** How often to ask whether the server is there, if the question fails at once. */
const ASK_EVERY_MS = 500;
/** How long to wait for the answer before asking again. */
const ANSWER_MS = 30_000;
/** What drivers say about calls that a lost connection took along; the reason of the loss is in another error. */
const SAYS_NOTHING = /^connection (?:is|was)? ?(?:closed|terminated)\b/i;

/** What outages are detected with. */
export interface OutageParts {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Names the server, for people. */
  readonly server: () => string;
  /** Asks the server for any answer, for as long as it takes. */
  readonly ask: () => Promise<unknown>;
}

/**
 * Reports an unreachable server once when it is away and once when it is back. The warnings of each connection, loop and call
 * that misses it are suppressed.
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

  /** @returns Whether the error means that the server is unreachable, so that nobody else need report it. */
  takes(error: unknown): boolean {
    if (!isServerAway(error)) return false;
    const reason = causeOfAbsence(error);
    if (this.#since === undefined) this.#begin(reason);
    else if (SAYS_NOTHING.test(this.#reason)) this.#reason = reason;
    return true;
  }

  /** From now on a missing connection is no news. */
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

/** A logger for parts that need the server: it leaves out warnings about an absence that `takes` recognizes. */
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
