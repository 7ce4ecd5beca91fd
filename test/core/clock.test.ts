import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import {
  type CancelTimer,
  type Clock,
  nextTurn,
  sleep,
  systemClock,
  within,
} from "../../src/core/clock.ts";

/** A clock whose only timer the test fires. */
class HandClock implements Clock {
  readonly timers = new Map<symbol, { delayMs: number; action: () => void }>();
  now(): number {
    return 0;
  }
  elapsed(): number {
    return 0;
  }
  after(delayMs: number, action: () => void): CancelTimer {
    const key = Symbol("timer");
    this.timers.set(key, { delayMs, action });
    return () => this.timers.delete(key);
  }
  fire(): void {
    for (const [key, { action }] of this.timers) {
      this.timers.delete(key);
      action();
    }
  }
}

describe("systemClock", () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: Date.UTC(2026, 0, 1) });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test("now is the wall clock; elapsed only grows", () => {
    expect(systemClock.now()).toBe(Date.UTC(2026, 0, 1));
    const before = systemClock.elapsed();
    vi.advanceTimersByTime(5);
    expect(systemClock.elapsed() - before).toBe(5);
  });

  test("a timer fires once, when its time has come", () => {
    const action = vi.fn<() => void>();
    systemClock.after(1_000, action);
    vi.advanceTimersByTime(999);
    expect(action).not.toHaveBeenCalled();
    vi.advanceTimersByTime(10_000);
    expect(action).toHaveBeenCalledOnce();
  });

  test("a delay below zero is none", () => {
    const action = vi.fn<() => void>();
    systemClock.after(-5, action);
    vi.advanceTimersByTime(1);
    expect(action).toHaveBeenCalledOnce();
  });

  test("a cancelled timer does not fire; cancelling again is harmless", () => {
    const action = vi.fn<() => void>();
    const cancel = systemClock.after(1_000, action);
    cancel();
    cancel();
    vi.advanceTimersByTime(10_000);
    expect(action).not.toHaveBeenCalled();
  });

  test("thirty days, more than Node's timers take, do not fire early", () => {
    const action = vi.fn<() => void>();
    const thirtyDaysMs = 30 * 86_400_000;
    systemClock.after(thirtyDaysMs, action);
    vi.advanceTimersByTime(thirtyDaysMs - 1);
    expect(action).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(action).toHaveBeenCalledOnce();
  });

  test("a long timer can be cancelled after its first part", () => {
    const action = vi.fn<() => void>();
    const cancel = systemClock.after(60 * 86_400_000, action);
    vi.advanceTimersByTime(30 * 86_400_000);
    cancel();
    vi.advanceTimersByTime(60 * 86_400_000);
    expect(action).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("sleep", () => {
  test("ends when its time has come", async () => {
    const clock = new HandClock();
    const slept = sleep(clock, 500);
    expect([...clock.timers.values()]).toMatchObject([{ delayMs: 500 }]);
    clock.fire();
    await slept;
  });

  test("ends on abort and leaves no timer and no listener", async () => {
    const clock = new HandClock();
    const controller = new AbortController();
    const remove = vi.spyOn(controller.signal, "removeEventListener");
    const slept = sleep(clock, 500, controller.signal);
    controller.abort();
    await slept;
    expect(clock.timers.size).toBe(0);
    expect(remove).toHaveBeenCalled();
  });

  test("does not begin when the signal has fired already", async () => {
    const clock = new HandClock();
    await sleep(clock, 500, AbortSignal.abort());
    expect(clock.timers.size).toBe(0);
  });
});

describe("within", () => {
  test("gives what the work gives, and leaves no timer", async () => {
    const clock = new HandClock();
    expect(await within(clock, 500, Promise.resolve("done"))).toBe("done");
    expect(clock.timers.size).toBe(0);
  });

  test("gives nothing when the limit passed first", async () => {
    const clock = new HandClock();
    const result = within(clock, 500, new Promise(() => undefined));
    clock.fire();
    expect(await result).toBeUndefined();
  });

  test("a rejection passes through, and leaves no timer", async () => {
    const clock = new HandClock();
    await expect(within(clock, 500, Promise.reject(new Error("no")))).rejects.toThrow("no");
    expect(clock.timers.size).toBe(0);
  });
});

test("nextTurn lets the event loop turn", async () => {
  const order: string[] = [];
  setImmediate(() => order.push("immediate"));
  await nextTurn();
  order.push("after");
  expect(order).toEqual(["immediate", "after"]);
});
