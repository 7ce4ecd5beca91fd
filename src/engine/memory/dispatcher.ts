import {
  afterThisStep,
  type CancelTimer,
  type Clock,
  type EpochMs,
  exactlyAfter,
} from "../../core/clock.ts";
import type { RateLimit } from "../port/queue-job.ts";
import type { JobLine, LineJob } from "./job-line.ts";

/**
 * A machine's wall clock may be set, or stand still while the machine sleeps, and timers do not follow it: it is looked
 * at again after this time. Clocks whose timers are exact have one time only.
 */
const LONGEST_WAIT_MS = 10_000;

/** Somebody who takes queue jobs. */
export interface Taker {
  readonly hasRoom: boolean;
  readonly limit: RateLimit | undefined;
  /** A token for the next queue job, used once. */
  nextLock(): string;
  receive(job: LineJob, lock: string): void;
}

/**
 * Hands the queue jobs of one queue to those who take them, in turns. While there is nothing to take, it has one timer,
 * for the instant at which that changes; none if it can't change by itself.
 */
export class Dispatcher {
  readonly #line: JobLine;
  readonly #clock: Clock;
  /** Whose turn is next comes first. */
  #takers: Taker[] = [];
  /** How many queue jobs the rate limit has counted since its time began. */
  #window = { used: 0, endsAt: 0 };
  /** When locks end whose holders are gone, and what they hold. */
  #ending: { readonly id: string; readonly lock: string; readonly at: EpochMs }[] = [];
  #isPaused = false;
  #isLooking = false;
  #cancelTimer: CancelTimer = () => undefined;

  constructor(line: JobLine, clock: Clock) {
    this.#line = line;
    this.#clock = clock;
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  set isPaused(isPaused: boolean) {
    this.#isPaused = isPaused;
    this.look();
  }

  join(taker: Taker): void {
    this.#takers.push(taker);
    this.look();
  }

  leave(taker: Taker): void {
    this.#takers = this.#takers.filter((each) => each !== taker);
    this.look();
  }

  /** Whoever holds a queue job is gone: others may have it when its lock ends. */
  letEnd(id: string, lock: string, at: EpochMs): void {
    this.#line.letEnd(id, lock, at);
    this.#ending.push({ id, lock, at });
    this.look();
  }

  /** Looks for something to take, once the step that goes on is over. */
  look(): void {
    if (this.#isLooking) return;
    this.#isLooking = true;
    afterThisStep(() => {
      this.#isLooking = false;
      this.#lookNow();
    });
  }

  close(): void {
    this.#takers = [];
    this.#ending = [];
    this.#cancelTimer();
  }

  #lookNow(): void {
    this.#cancelTimer();
    this.#endLocks();
    let until = this.#ending.reduce(
      (first, { at }) => Math.min(first, at),
      Number.POSITIVE_INFINITY,
    );
    if (!this.#isPaused) until = Math.min(until, this.#handOut());
    if (until < Number.POSITIVE_INFINITY) this.#lookAt(until);
  }

  #lookAt(instant: EpochMs): void {
    const look = (): void => this.#lookNow();
    const waitMs = Math.max(1, instant - this.#clock.now());
    const isLong = this.#clock.isExact !== true && waitMs > LONGEST_WAIT_MS;
    this.#cancelTimer = isLong
      ? this.#clock.after(LONGEST_WAIT_MS, look)
      : exactlyAfter(this.#clock, waitMs, look);
  }

  /** Hands out what is due, to each taker in turn. @returns when there may be more; `Infinity` if that is not known */
  #handOut(): EpochMs {
    const now = this.#clock.now();
    let limitedUntil = Number.POSITIVE_INFINITY;
    for (let passed = 0; passed < this.#takers.length;) {
      const taker = this.#takers[passed];
      const until = taker?.hasRoom === true ? this.#limitEnd(taker.limit, now) : undefined;
      if (taker?.hasRoom !== true || until !== undefined) {
        limitedUntil = Math.min(limitedUntil, until ?? limitedUntil);
        passed += 1;
        continue;
      }
      const lock = taker.nextLock();
      const job = this.#line.take(lock, now);
      if (!job) return Math.min(limitedUntil, this.#line.nextDueAt ?? limitedUntil);
      if (taker.limit) this.#count(taker.limit, now);
      this.#takers.splice(passed, 1);
      this.#takers.push(taker);
      taker.receive(job, lock);
      passed = 0;
    }
    return limitedUntil;
  }

  /** Until when the limit allows nothing; `undefined` if it does. */
  #limitEnd(limit: RateLimit | undefined, now: EpochMs): EpochMs | undefined {
    const { used, endsAt } = this.#window;
    if (!limit || endsAt <= now || used < limit.max) return undefined;
    // A time that began under a longer limit must not outlast a whole one of this limit.
    this.#window.endsAt = Math.min(endsAt, now + Math.floor(limit.perMs));
    return this.#window.endsAt;
  }

  #count({ perMs }: RateLimit, now: EpochMs): void {
    if (this.#window.endsAt <= now) this.#window = { used: 0, endsAt: now + Math.floor(perMs) };
    this.#window.used += 1;
  }

  #endLocks(): void {
    const now = this.#clock.now();
    for (const { id, lock, at } of this.#ending) if (at <= now) this.#line.handBack(id, lock);
    this.#ending = this.#ending.filter(({ at }) => at > now);
  }
}
