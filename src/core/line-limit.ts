import type { Clock } from "./clock.ts";

const WINDOW_MS = 60_000;
/** Per key and window. */
const MAX_LINES = 5;
/** Keys to remember; beyond that, all of them start afresh. */
const MAX_KEYS = 10_000;

interface Window {
  readonly endsAt: number;
  written: number;
  omitted: number;
}

/** Lets five lines of a kind through per minute, and reports at the end of the minute how many it dropped. */
export class LineLimit {
  readonly #clock: Clock;
  readonly #windows = new Map<string, Window>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Calls `write`, unless this key has used up its lines for the minute.
   * @param count How many things the line reports.
   * @param reportOmitted Called at the end of a minute in which lines were dropped.
   */
  pass(
    key: string,
    count: number,
    write: () => void,
    reportOmitted: (omitted: number) => void,
  ): void {
    const now = this.#clock.elapsed();
    let window = this.#windows.get(key);
    if (!window || window.endsAt <= now) {
      if (this.#windows.size >= MAX_KEYS) this.#windows.clear();
      window = { endsAt: now + WINDOW_MS, written: 0, omitted: 0 };
      this.#windows.set(key, window);
    }
    if (window.written < MAX_LINES) {
      window.written += 1;
      write();
      return;
    }
    window.omitted += count;
    if (window.omitted > count) return;
    const full = window;
    this.#clock.after(full.endsAt - now, () => reportOmitted(full.omitted));
  }
}
