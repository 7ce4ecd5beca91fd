import type { Clock } from "../core/clock.ts";
import type { Logger } from "../core/log.ts";
import type { Engine } from "../engine/port/engine.ts";
import type { ActiveRun } from "./active-run.ts";

const EVERY_MS = 400;
/** Most runs end sooner, and nobody has had the time to want them to. */
const YOUNG_MS = 250;

/** What a watch looks with. */
export interface CancelWatchParts {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly active: () => Iterable<ActiveRun>;
}

/** Asks the server every now and then which of the runs here somebody wants to end; not while there are none. */
export class CancelWatch {
  readonly #parts: CancelWatchParts;
  #isWatching = false;
  #isOver = false;
  #hasFailed = false;

  constructor(parts: CancelWatchParts) {
    this.#parts = parts;
  }

  /** To be called when a run begins. */
  watch(): void {
    if (this.#isWatching || this.#isOver) return;
    this.#isWatching = true;
    this.#parts.clock.after(EVERY_MS, () => void this.#look());
  }

  /** Looks no more, also not for runs that were left behind. */
  stop(): void {
    this.#isOver = true;
  }

  async #look(): Promise<void> {
    if (this.#isOver) return;
    const { clock, active } = this.#parts;
    const since = clock.elapsed() - YOUNG_MS;
    const runs = [...active()];
    const old = runs.filter((run) => run.since <= since && run.cause === undefined);
    if (old.length > 0) await this.#cancel(old);
    this.#isWatching = false;
    // Looked at anew: others may have begun meanwhile, and they found this watch at work.
    for (const _ of active()) {
      this.watch();
      return;
    }
  }

  async #cancel(runs: readonly ActiveRun[]): Promise<void> {
    const { engine, logger } = this.#parts;
    try {
      const cancels = await engine.runs.readCancels(runs.map(({ hold }) => hold));
      const reasons = new Map(cancels.map(({ queueJobId, reason }) => [queueJobId, reason]));
      for (const run of runs) {
        const reason = reasons.get(run.hold.queueJobId);
        if (reason !== undefined) run.abort("cancelled", reason);
      }
      this.#hasFailed = false;
    } catch (error) {
      // Once: whoever sees to the connection says so anyway.
      if (!this.#hasFailed)
        logger.warn("whether a run was cancelled could not be asked", { error });
      this.#hasFailed = true;
    }
  }
}
