import { AsyncResource } from "node:async_hooks";
import type { CancelTimer, Clock, EpochMs, TimerPurpose } from "../core/clock.ts";

/** Something that is to happen on the virtual clock. */
export interface VirtualTimer {
  readonly at: EpochMs;
  /** Timers of the same instant fire in the order in which they were set. */
  readonly order: number;
  readonly purpose: TimerPurpose | undefined;
  /** The run or the call of a listener whose code set it; `undefined` outside of them. */
  readonly owner: object | undefined;
  readonly action: () => void;
}

/** Timers beside the virtual time's own, such as those that replace the global ones. */
export interface OtherTimers {
  /** When the next one is due. */
  nextAt(): EpochMs | undefined;
  /** Moves to an instant, and fires what is due by then. */
  moveTo(at: EpochMs): void;
  /** The runs and the calls of listeners whose code waits for one. */
  owners(): readonly object[];
  /** Grows with every timer that is set. */
  readonly activity: number;
}

/** Time that stands still until it is moved. Setting a timer costs the same however far away it is. */
export class VirtualTime {
  readonly #startedAt: EpochMs;
  readonly #ownerOf: () => object | undefined;
  /** In the order in which they fire. */
  readonly #timers: VirtualTimer[] = [];
  #now: EpochMs;
  #order = 0;

  /** @param ownerOf Names the run, or the call of a listener, that the calling code belongs to. */
  constructor(now: EpochMs, ownerOf: () => object | undefined = () => undefined) {
    this.#startedAt = now;
    this.#now = now;
    this.#ownerOf = ownerOf;
  }

  get now(): EpochMs {
    return this.#now;
  }

  get elapsed(): number {
    return this.#now - this.#startedAt;
  }

  /** How many timers were ever set: while it grows, something is going on. */
  get activity(): number {
    return this.#order;
  }

  after(delayMs: number, action: () => void, purpose?: TimerPurpose): CancelTimer {
    // A test's time is counted in whole milliseconds, and nothing fires early.
    const at = this.#now + Math.max(0, Math.ceil(delayMs));
    const timer = {
      at,
      order: (this.#order += 1),
      purpose,
      owner: this.#ownerOf(),
      action: purpose === "upkeep" ? action : inPlace(action),
    };
    this.#timers.splice(this.#placeOf(timer), 0, timer);
    return () => void this.#remove(timer);
  }

  /** The earliest timer of those wanted. */
  next(isWanted: (timer: VirtualTimer) => boolean = () => true): VirtualTimer | undefined {
    return this.#timers.find(isWanted);
  }

  /** All timers that are set, the earliest first. */
  get pending(): readonly VirtualTimer[] {
    return this.#timers;
  }

  /** Moves the time; it never moves back. Fires nothing. */
  moveTo(at: EpochMs): void {
    this.#now = Math.max(this.#now, at);
  }

  /** Fires a timer, unless it was cancelled. */
  fire(timer: VirtualTimer): void {
    if (this.#remove(timer)) timer.action();
  }

  #remove(timer: VirtualTimer): boolean {
    const place = this.#placeOf(timer);
    if (this.#timers[place] !== timer) return false;
    this.#timers.splice(place, 1);
    return true;
  }

  #placeOf({ at, order }: Pick<VirtualTimer, "at" | "order">): number {
    let from = 0;
    let to = this.#timers.length;
    while (from < to) {
      const middle = (from + to) >> 1;
      const other = this.#timers[middle];
      if (other && (other.at < at || (other.at === at && other.order < order))) from = middle + 1;
      else to = middle;
    }
    return from;
  }
}

/** As with every timer, what follows belongs to whoever set it: to a run, and to what users keep in an AsyncLocalStorage. */
function inPlace(action: () => void): () => void {
  // `AsyncResource.bind` costs several times as much.
  const place = new AsyncResource("VirtualTimer");
  return () => place.runInAsyncScope(action);
}

/** The virtual time as one part of a fleet sees it: with its own wall clock, and until its process is killed. */
export class VirtualClock implements Clock {
  readonly isExact = true;
  readonly #time: VirtualTime;
  readonly #timers = new Set<CancelTimer>();
  #isEnded = false;
  /** How far this part's wall clock is ahead. */
  skewMs: number;

  constructor(time: VirtualTime, skewMs = 0) {
    this.#time = time;
    this.skewMs = skewMs;
  }

  now(): EpochMs {
    return this.#time.now + this.skewMs;
  }

  elapsed(): number {
    return this.#time.elapsed;
  }

  after(delayMs: number, action: () => void, purpose?: TimerPurpose): CancelTimer {
    if (this.#isEnded) return () => undefined;
    const cancel = (): void => {
      this.#timers.delete(cancel);
      cancelTimer();
    };
    const fire = (): void => {
      this.#timers.delete(cancel);
      action();
    };
    const cancelTimer = this.#time.after(delayMs, fire, purpose);
    this.#timers.add(cancel);
    return cancel;
  }

  /** As if the process were killed: none of its timers ever fires. */
  end(): void {
    this.#isEnded = true;
    for (const cancel of this.#timers) cancel();
  }
}
