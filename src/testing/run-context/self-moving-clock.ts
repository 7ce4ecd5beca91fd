import {
  type CancelTimer,
  type Clock,
  type EpochMs,
  nextTurn,
  realDelay,
  type TimerPurpose,
} from "../../core/clock.ts";
import { VirtualTime } from "../virtual-time.ts";

/** Turns of the event loop after which code that waits for the clock has nothing else to do. */
const QUIET_TURNS = 3;

/**
 * Moves by itself to the end of each wait, so that none takes real time. What bounds other work fires only if that work
 * does not end within real time.
 */
export class SelfMovingClock implements Clock {
  readonly isExact = true;
  readonly #time: VirtualTime;
  readonly #patienceMs: number;

  constructor(now: EpochMs, patienceMs: number) {
    this.#time = new VirtualTime(now);
    this.#patienceMs = patienceMs;
  }

  now(): EpochMs {
    return this.#time.now;
  }

  elapsed(): number {
    return this.#time.elapsed;
  }

  after(delayMs: number, action: () => void, purpose?: TimerPurpose): CancelTimer {
    const cancel = this.#time.after(delayMs, action, purpose);
    const soon = purpose === "limit" ? realDelay(Math.min(delayMs, this.#patienceMs)) : quiet();
    void soon.then(() => this.#moveOn());
    return cancel;
  }

  /** Each timer that was set moves the clock once, to whichever is then the earliest. */
  #moveOn(): void {
    const timer = this.#time.next(({ purpose }) => purpose !== "limit") ?? this.#time.next();
    if (!timer) return;
    this.#time.moveTo(timer.at);
    this.#time.fire(timer);
  }
}

async function quiet(): Promise<void> {
  for (let turn = 0; turn < QUIET_TURNS; turn += 1) await nextTurn();
}
