import { AsyncResource } from "node:async_hooks";
import { syncBuiltinESMExports } from "node:module";
import type { EpochMs } from "../core/clock.ts";
import { CronduitError } from "../core/errors.ts";
import type { OtherTimers } from "./virtual-time.ts";

/** What programs use beside this package's clock. Not `setImmediate` and `nextTick`: real work needs them. */
const FAKED = [
  "setTimeout",
  "clearTimeout",
  "setInterval",
  "clearInterval",
  "Date",
  "performance",
] as const;

/** The global timers and the global `Date` of this process, moved with the virtual time. */
export interface GlobalTimers extends OtherTimers {
  /** Puts the real ones back. */
  restore(): void;
}

/**
 * Replaces the global timers, until they are restored.
 * @param ownerOf Names the run that the calling code belongs to.
 * @throws {@link CronduitError} `INVALID_STATE` if they are replaced already.
 */
export async function replaceGlobalTimers(
  now: EpochMs,
  ownerOf: () => object | undefined,
): Promise<GlobalTimers> {
  const { install } = await import("@sinonjs/fake-timers");
  const clock = refused(() => install({ now, toFake: [...FAKED] }));
  // For those who imported them from `node:timers`, or `node:timers/promises`.
  syncBuiltinESMExports();
  // It makes its list with the first timer.
  clock.clearTimeout(clock.setTimeout(() => undefined, 0));
  const heap = clock.timerHeap;
  if (!heap) throw new CronduitError("INTERNAL", "the global timers keep no list");
  const owners = new WeakMap<object, object>();
  // An interval is pushed again and again.
  const bound = new WeakSet<object>();
  let pushed = 0;
  const push = heap.push.bind(heap);
  heap.push = (timer) => {
    pushed += 1;
    if (!bound.has(timer)) {
      bound.add(timer);
      timer.func = AsyncResource.bind(timer.func);
      const owner = ownerOf();
      if (owner !== undefined) owners.set(timer, owner);
    }
    push(timer);
  };
  return {
    nextAt: () => heap.peek()?.callAt,
    moveTo: (at) => void clock.tick(Math.max(0, at - clock.now)),
    owners: () => heap.timers.map((timer) => owners.get(timer)).filter((one) => one !== undefined),
    get activity() {
      return pushed;
    },
    restore: () => {
      clock.uninstall();
      syncBuiltinESMExports();
    },
  };
}

function refused<T>(install: () => T): T {
  try {
    return install();
  } catch (cause) {
    throw new CronduitError(
      "INVALID_STATE",
      'createTestScheduler, option "fakeTimers": the global timers are replaced already. Only one test at a time can have them: close the other test scheduler first, or call vi.useRealTimers or jest.useRealTimers.',
      { cause },
    );
  }
}
