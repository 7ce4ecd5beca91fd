import perfHooks from "node:perf_hooks";
import timers from "node:timers";

/** Milliseconds since 1970-01-01T00:00:00Z. */
export type EpochMs = number;

/** The first and the last instant that a `Date` can have. */
export const START_OF_TIME: EpochMs = -8.64e15;
export const END_OF_TIME: EpochMs = 8.64e15;

/** Longest delay that Node's timers accept; they fire immediately for a longer one. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Cancels a timer. Does nothing when called twice or after the timer has fired. */
export type CancelTimer = () => void;

/**
 * Why code asks to be called back. `wait`: it goes on only then. `limit`: users' code is at work, and must not take longer.
 * `upkeep`: one of the checks that repeat as long as a process lives. `look`: to look again for what others may do meanwhile.
 */
export type TimerPurpose = "wait" | "limit" | "upkeep" | "look";

/**
 * The only source of time in this package: nothing else reads the time or sets a timer, so a test can hand in a clock
 * that it moves itself.
 */
export interface Clock {
  /** The wall clock of this process. Scheduling decisions use the server's clock instead. */
  now(): EpochMs;
  /** Milliseconds on a clock that never jumps; only differences are meaningful. */
  elapsed(): number;
  /**
   * Calls `action` once after `delayMs`. The timer doesn't keep the process alive.
   * @param purpose What it is for, which matters only to a clock that a test moves. @default something that is due then
   */
  after(delayMs: number, action: () => void, purpose?: TimerPurpose): CancelTimer;
  /** Whether its timers fire at their very instants, as a test's do. @default false */
  readonly isExact?: boolean;
}

/** This machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  after(delayMs, action) {
    let handle: NodeJS.Timeout;
    let leftMs = Math.max(0, delayMs);
    const arm = (): void => {
      const partMs = Math.min(leftMs, MAX_TIMER_MS);
      leftMs -= partMs;
      handle = setTimeout(() => (leftMs > 0 ? arm() : action()), partMs);
      handle.unref();
    };
    arm();
    return () => clearTimeout(handle);
  },
};

/** Shorter waits are too frequent to spend CPU on precision. */
const SHORTEST_EXACT_MS = 20;

/**
 * Calls `action` once after `delayMs`, accurate to a fraction of a millisecond, where plain timers are up to 2 ms late.
 * Polls the clock for the last millisecond.
 */
export function exactlyAfter(clock: Clock, delayMs: number, action: () => void): CancelTimer {
  if (clock.isExact === true || delayMs < SHORTEST_EXACT_MS)
    return clock.after(Math.ceil(delayMs), action);
  const until = clock.elapsed() + delayMs;
  let isCancelled = false;
  const look = (): void => {
    if (isCancelled) return;
    if (clock.elapsed() >= until) action();
    else setImmediate(look);
  };
  // A timer may also fire up to 1 ms early.
  const cancel = clock.after(Math.floor(delayMs) - 1, look);
  return () => {
    isCancelled = true;
    cancel();
  };
}

/** Resolves after `delayMs`, or as soon as `signal` aborts; never rejects. */
export function sleep(
  clock: Clock,
  delayMs: number,
  signal?: AbortSignal,
  purpose: TimerPurpose = "wait",
): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) {
      resolve();
      return;
    }
    const done = (): void => {
      cancel();
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const cancel = clock.after(delayMs, done, purpose);
    signal?.addEventListener("abort", done, { once: true });
  });
}

/** Keeps this process alive, which the timers of a {@link Clock} don't, until the returned function is called. */
export function stayAlive(): CancelTimer {
  const handle = setInterval(() => undefined, MAX_TIMER_MS);
  return () => clearInterval(handle);
}

/** Keeps this process alive until `work` settles, for a caller that is waiting for it. */
export function keepAlive<T>(work: Promise<T>): Promise<T> {
  return work.finally(stayAlive());
}

/**
 * As they are now: a test may replace the global ones later, and move its own only when all is quiet here. From the modules,
 * since a test runner may have replaced the globals before.
 */
const real = {
  setImmediate: timers.setImmediate,
  setTimeout: timers.setTimeout,
  performance: perfHooks.performance,
};

/** Calls `action` once the code that is running has returned, even while a test has replaced `queueMicrotask`. */
export function afterThisStep(action: () => void): void {
  void Promise.resolve().then(action);
}

/** Resolves once control has returned to the event loop, after pending I/O callbacks. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => real.setImmediate(resolve));
}

/** Resolves after `delayMs` of this machine's time, even while a test has replaced the global timers. */
export function realDelay(delayMs: number): Promise<void> {
  return new Promise((resolve) => real.setTimeout(resolve, delayMs));
}

/** Milliseconds of this machine's time; only differences are meaningful. */
export function realElapsed(): number {
  return real.performance.now();
}

/** Resolves to `work`, or to `undefined` if `limitMs` passes first. A rejection of `work` passes through. */
export async function within<T>(
  clock: Clock,
  limitMs: number,
  work: Promise<T>,
  purpose?: TimerPurpose,
): Promise<T | undefined> {
  let cancel: CancelTimer = () => undefined;
  const limit = new Promise<undefined>((resolve) => {
    cancel = clock.after(limitMs, () => resolve(undefined), purpose);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    cancel();
  }
}
