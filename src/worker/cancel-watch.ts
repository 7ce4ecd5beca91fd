import type { Clock } from "../core/clock.ts";
import type { Logger } from "../core/log.ts";
import type { Engine } from "../engine/port/engine.ts";
import type { ActiveRun } from "./active-run.ts";

const EVERY_MS = 400;
/** Most runs end sooner, before anybody could want to cancel them. */
const YOUNG_MS = 250;

/** What a watch is made with. */
export interface CancelWatchParts {
  readonly engine: Pick<Engine, "runs">;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly active: () => Iterable<ActiveRun>;
}

/** Asks the server regularly which of the runs here are to be cancelled, as long as there are any. */
export class CancelWatch {
  readonly #parts: CancelWatchParts;
  #isWatching = false;
  #isOver = false;
  #hasFailed = false;

  constructor(parts: CancelWatchParts) {
    this.#parts = parts;
  }

  /** To be called when a run starts. */
  watch(): void {
    if (this.#isWatching || this.#isOver) return;
    this.#isWatching = true;
    this.#parts.clock.after(EVERY_MS, () => void this.#look(), "upkeep");
  }

  /** Stops asking, even for runs that were left behind. */
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
    // Checked again: runs that started meanwhile found this watch already running.
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
      // Only once: the connection's own warning says so anyway.
      if (!this.#hasFailed)
        logger.warn("whether a run was cancelled could not be asked", { error });
      this.#hasFailed = true;
    }
  }
}
