import fc from "fast-check";
import { expect, test } from "vitest";
import { retryDelay } from "../../src/jobs/decide/retry-delay.ts";

const plain = { backoff: "exponential", delayMs: 100, maxDelayMs: 1_000, jitter: 0 } as const;

test("each delay is twice the one before, up to the longest; or all are the same", () => {
  const delays = [1, 2, 3, 4, 5, 999].map((failures) => retryDelay(plain, failures, "run"));
  expect(delays).toEqual([100, 200, 400, 800, 1_000, 1_000]);
  const fixed = [1, 2, 999].map((failures) =>
    retryDelay({ ...plain, backoff: "fixed" }, failures, "run"),
  );
  expect(fixed).toEqual([100, 100, 100]);
});

test("the random part is taken off, never added, and is the same each time", () => {
  fc.assert(
    fc.property(
      fc.string(),
      fc.integer({ min: 1, max: 1_000 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.integer({ min: 0, max: 86_400_000 }),
      (seed, failures, jitter, delayMs) => {
        const policy = { ...plain, delayMs, maxDelayMs: 3_600_000, jitter };
        const delay = retryDelay(policy, failures, seed);
        const whole = retryDelay({ ...policy, jitter: 0 }, failures, seed);
        expect(delay).toBeLessThanOrEqual(whole);
        expect(delay).toBeGreaterThanOrEqual(Math.floor(whole * (1 - jitter)));
        expect(retryDelay(policy, failures, seed)).toBe(delay);
      },
    ),
  );
  const delays = new Set(
    Array.from({ length: 100 }, (_, i) => retryDelay({ ...plain, jitter: 0.5 }, 3, `run ${i}`)),
  );
  expect(delays.size).toBeGreaterThan(50);
});
