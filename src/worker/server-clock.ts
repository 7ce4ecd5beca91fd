import type { Clock, EpochMs } from "../core/clock.ts";

/** How much a new sample moves the estimate. */
const WEIGHT = 0.2;
/** An answer that took longer says too little about when the server read its clock. */
const MAX_ROUND_TRIP_MS = 1_000;

/** This process's estimate of the server's clock, from answers that it receives anyway. */
export class ServerClock {
  readonly #clock: Clock;
  #offsetMs: number | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Takes an answer's server time; `sentAt` is when the request left, by this process's clock. */
  observe(serverNow: EpochMs, sentAt: EpochMs): void {
    const now = this.#clock.now();
    const sampleMs = serverNow - (sentAt + now) / 2;
    const knownMs = this.#offsetMs;
    if (knownMs !== undefined && now - sentAt > MAX_ROUND_TRIP_MS) return;
    // A jump of this process's clock must not be averaged away slowly.
    const isJump = knownMs === undefined || Math.abs(sampleMs - knownMs) > 1_000;
    this.#offsetMs = isJump ? sampleMs : knownMs + (sampleMs - knownMs) * WEIGHT;
  }

  now(): EpochMs {
    return Math.round(this.#clock.now() + (this.#offsetMs ?? 0));
  }

  /** This process's clock minus the server's. */
  get skewMs(): number {
    return -Math.round(this.#offsetMs ?? 0);
  }
}
