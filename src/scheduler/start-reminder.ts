import type { CancelTimer, Clock } from "../core/clock.ts";
import type { Logger } from "../core/log.ts";

const AFTER_MS = 10_000;
const WORDS =
  "jobs were added, and start() was not called: nothing is run, watched over or heard by this scheduler. Call `await scheduler.start()`; or `await scheduler.shutdown()` where others of the fleet do that.";

/** Reminders that wait for the process to end. They share one listener, because Node warns of a leak from eleven on. */
const waiting = new Set<() => void>();

/** Warns once if a scheduler has jobs and was never started: after ten seconds, or when its process has nothing left to do. */
export class StartReminder {
  readonly #clock: Clock;
  readonly #logger: Logger;
  #cancel: CancelTimer | undefined;
  #isOver = false;

  constructor(clock: Clock, logger: Logger) {
    this.#clock = clock;
    this.#logger = logger;
  }

  /** A job was added. */
  remind(): void {
    if (this.#isOver || this.#cancel) return;
    const tell = (): void => {
      this.forget();
      this.#logger.warn(WORDS);
    };
    const cancelTimer = this.#clock.after(AFTER_MS, tell);
    if (waiting.size === 0) process.on("beforeExit", tellAll);
    waiting.add(tell);
    this.#cancel = () => {
      cancelTimer();
      waiting.delete(tell);
      if (waiting.size === 0) process.off("beforeExit", tellAll);
    };
  }

  /** Cancels the reminder: the scheduler was started or shut down, or the warning was given. */
  forget(): void {
    this.#isOver = true;
    this.#cancel?.();
  }
}

function tellAll(): void {
  for (const tell of waiting) tell();
}
