import type { Clock } from "./clock.ts";

const WINDOW_MS = 60_000;
/** Of each key in each window. */
const MOST_LINES = 5;
/** Keys that are remembered; beyond them all begin anew. */
const MOST_KEYS = 10_000;

interface Window {
  readonly endsAt: number;
  written: number;
  left: number;
}

/** Lets five lines of a kind through a minute, and tells at its end how many were left out. */
export class LineLimit {
  readonly #clock: Clock;
  readonly #windows = new Map<string, Window>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Calls `write`, unless enough was written under this key in the last minute.
   * @param count How many things the line tells of.
   * @param tellLeft Called at the end of a minute in which some were left out.
   */
  pass(key: string, count: number, write: () => void, tellLeft: (left: number) => void): void {
    const now = this.#clock.elapsed();
    let window = this.#windows.get(key);
    if (!window || window.endsAt <= now) {
      if (this.#windows.size >= MOST_KEYS) this.#windows.clear();
      window = { endsAt: now + WINDOW_MS, written: 0, left: 0 };
      this.#windows.set(key, window);
    }
    if (window.written < MOST_LINES) {
      window.written += 1;
      write();
      return;
    }
    window.left += count;
    if (window.left > count) return;
    const full = window;
    this.#clock.after(full.endsAt - now, () => tellLeft(full.left));
  }
}
