import type { Clock } from "../../core/clock.ts";

/** Over which time requests are counted. */
const WINDOW_MS = 60_000;
/** Names that are remembered: more than that push out the oldest, so that no flood of addresses fills the memory. */
const MAX_NAMES = 50_000;

/** What became of a request. */
export interface RateVerdict {
  readonly isAllowed: boolean;
  /** Requests a minute. */
  readonly limit: number;
  /** Requests that would be allowed now. */
  readonly remaining: number;
  /** Until one more is allowed if none is, else until all are again. */
  readonly resetMs: number;
}

/**
 * Allows so many requests a minute for each name: all of them at once if it was quiet, and then as they come back, one
 * by one (the generic cell rate algorithm: one number for each name, and no timers).
 */
export class RateLimiter {
  readonly #clock: Pick<Clock, "elapsed">;
  readonly #limit: number;
  /** Until when the requests so far would last at the rate allowed. */
  readonly #usedUntil = new Map<string, number>();

  /** @param limit Requests a minute. */
  constructor(limit: number, clock: Pick<Clock, "elapsed">) {
    this.#limit = limit;
    this.#clock = clock;
  }

  /**
   * Counts a request. One that is not allowed costs nothing.
   * @param limit Requests a minute of this name; 0: none. @default those of all
   */
  take(name: string, limit: number = this.#limit): RateVerdict {
    const { verdict, now, next } = this.#look(name, limit);
    if (!verdict.isAllowed) return verdict;
    // Set anew, the name is the youngest.
    this.#usedUntil.delete(name);
    this.#makeRoom(now);
    this.#usedUntil.set(name, next);
    return verdict;
  }

  /** What `take` would say, without counting. */
  peek(name: string): RateVerdict {
    return this.#look(name, this.#limit).verdict;
  }

  #look(
    name: string,
    limit: number,
  ): {
    readonly verdict: RateVerdict;
    readonly now: number;
    readonly next: number;
  } {
    const now = this.#clock.elapsed();
    const everyMs = WINDOW_MS / limit;
    const used = Math.max(this.#usedUntil.get(name) ?? now, now);
    const next = used + everyMs;
    const isAllowed = next - now <= WINDOW_MS + 1e-6;
    const left = now + WINDOW_MS - (isAllowed ? next : used);
    const resetMs = Math.max(0, isAllowed ? next - now : next - now - WINDOW_MS);
    return {
      verdict: {
        isAllowed,
        limit,
        remaining: Math.max(0, Math.floor(left / everyMs + 1e-6)),
        resetMs: Math.min(WINDOW_MS, resetMs),
      },
      now,
      next,
    };
  }

  #makeRoom(now: number): void {
    for (const [name, until] of this.#usedUntil) {
      if (this.#usedUntil.size < MAX_NAMES && until > now) return;
      this.#usedUntil.delete(name);
    }
  }
}
