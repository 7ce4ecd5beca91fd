import { expect, test } from "vitest";
import type { Clock } from "../../src/core/clock.ts";
import { LineLimit } from "../../src/core/line-limit.ts";

test("five lines of a kind a minute, and how many were left out at its end", () => {
  let now = 0;
  const timers: { at: number; action: () => void }[] = [];
  const clock: Clock = {
    now: () => now,
    elapsed: () => now,
    after: (delayMs, action) => {
      timers.push({ at: now + delayMs, action });
      return () => undefined;
    },
  };
  const limit = new LineLimit(clock);
  let written = 0;
  const left: number[] = [];
  const pass = (key: string, count = 1): void =>
    limit.pass(
      key,
      count,
      () => (written += 1),
      (many) => left.push(many),
    );
  for (; now < 30_000; now += 1_000) pass("failed a", now === 29_000 ? 10 : 1);
  expect(written).toBe(5);
  pass("failed b");
  expect(written).toBe(6);
  expect(timers.map(({ at }) => at)).toEqual([60_000]);
  now = 60_000;
  for (const { action } of timers) action();
  expect(left).toEqual([34]);
  pass("failed a");
  expect(written).toBe(7);
});
