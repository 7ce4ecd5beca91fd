/** Milliseconds since 1970-01-01T00:00:00Z. */
export type EpochMs = number;

/** Longest delay that Node's timers take; a longer one would fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Ends a timer; calling it twice, or after the timer fired, does nothing. */
export type CancelTimer = () => void;

/**
 * The only source of time in this package. Nothing else reads the time or sets a timer, so a test can hand in a
 * clock that it moves itself.
 */
export interface Clock {
  /** The wall clock of this process. Scheduling decisions use the server's clock instead. */
  now(): EpochMs;
  /** Milliseconds on a clock that never jumps; only differences mean something. */
  elapsed(): number;
  /** Calls `action` once after `delayMs`. The timer does not keep the process alive. */
  after(delayMs: number, action: () => void): CancelTimer;
}

/** The clock of this machine. */
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

/** Shorter waits are so many that nothing is spent on their being exact. */
const SHORTEST_EXACT_MS = 20;

/**
 * Calls `action` once after `delayMs`, to a fraction of a millisecond: timers are up to two late. The last millisecond is spent
 * looking at the clock.
 */
export function exactlyAfter(clock: Clock, delayMs: number, action: () => void): CancelTimer {
  if (delayMs < SHORTEST_EXACT_MS) return clock.after(Math.ceil(delayMs), action);
  const until = clock.elapsed() + delayMs;
  let isCancelled = false;
  const look = (): void => {
    if (isCancelled) return;
    if (clock.elapsed() >= until) action();
    else setImmediate(look);
  };
  // A timer may also be called up to one early.
  const cancel = clock.after(Math.floor(delayMs) - 1, look);
  return () => {
    isCancelled = true;
    cancel();
  };
}

/** Resolves after `delayMs`, or at once when `signal` aborts; never rejects. */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
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
    const cancel = clock.after(delayMs, done);
    signal?.addEventListener("abort", done, { once: true });
  });
}

/** Keeps this process alive until the function that it returns is called: the timers of a {@link Clock} do not. */
export function stayAlive(): CancelTimer {
  const handle = setInterval(() => undefined, MAX_TIMER_MS);
  return () => clearInterval(handle);
}

/** Keeps this process alive until `work` has ended: somebody waits for it. */
export function keepAlive<T>(work: Promise<T>): Promise<T> {
  return work.finally(stayAlive());
}

/** Resolves once control has returned to the event loop, after pending I/O callbacks. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Resolves to `work`, or to `undefined` when `limitMs` passed first. A rejection of `work` passes through. */
export async function within<T>(
  clock: Clock,
  limitMs: number,
  work: Promise<T>,
): Promise<T | undefined> {
  let cancel: CancelTimer = () => undefined;
  const limit = new Promise<undefined>((resolve) => {
    cancel = clock.after(limitMs, () => resolve(undefined));
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    cancel();
  }
}
