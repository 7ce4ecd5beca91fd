import { type Clock, type EpochMs, systemClock, type TimerPurpose } from "../../core/clock.ts";

/** How time passes on it. */
export interface FastClockOptions {
  /** What time it is at the beginning. */
  readonly startAt: EpochMs;
  /** Seconds of it in one second of this machine. */
  readonly speed: number;
  readonly machine?: Clock;
}

/**
 * A clock that begins at another time, or goes faster: a night passes in minutes. Programs that jobs start take the time that they
 * take, so what bounds them stays in this machine's time.
 */
export class FastClock implements Clock {
  readonly #options: Required<FastClockOptions>;
  readonly #begin: number;

  constructor({ startAt, speed, machine = systemClock }: FastClockOptions) {
    this.#options = { startAt, speed, machine };
    this.#begin = machine.elapsed();
  }

  now(): EpochMs {
    return Math.floor(this.#options.startAt + this.#passed());
  }

  elapsed(): number {
    return this.#passed();
  }

  after(delayMs: number, action: () => void, purpose?: TimerPurpose): () => void {
    const { machine, speed } = this.#options;
    const isProgram = purpose === "limit";
    return machine.after(isProgram ? delayMs : delayMs / speed, action, purpose);
  }

  #passed(): number {
    const { machine, speed } = this.#options;
    return (machine.elapsed() - this.#begin) * speed;
  }
}
