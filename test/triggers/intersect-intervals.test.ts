import fc from "fast-check";
import { expect, test } from "vitest";
import { createTrigger, type IntervalSpec, resolveTrigger } from "../../src/triggers.ts";

const T0 = Date.UTC(2026, 0, 1);
const interval = (everyMs: number, anchorAt: number, endAt?: number): IntervalSpec => ({
  kind: "interval",
  timezone: "UTC",
  everyMs,
  anchorAt,
  ...(endAt === undefined ? {} : { endAt }),
});
const both = (...triggers: IntervalSpec[]) => createTrigger({ kind: "and", triggers });

test("intervals meet where listing all of their fire times says that they meet", () => {
  const anyInterval = fc.record({
    every: fc.integer({ min: 1, max: 40 }),
    anchor: fc.integer({ min: 0, max: 60 }),
  });
  fc.assert(
    fc.property(
      fc.array(anyInterval, { minLength: 2, maxLength: 3 }),
      fc.integer({ min: -5, max: 300 }),
      (members, from) => {
        const trigger = both(...members.map(({ every, anchor }) => interval(every, T0 + anchor)));
        const fires = Array.from({ length: 1_000 }, (_, i) => i).filter((ms) =>
          members.every(({ every, anchor }) => ms >= anchor && (ms - anchor) % every === 0),
        );
        const after = fires.find((ms) => ms > from);
        const before = fires.findLast((ms) => ms < from);
        if (after !== undefined) expect(trigger.next(T0 + from)).toBe(T0 + after);
        expect(trigger.prev(T0 + from)).toBe(before === undefined ? undefined : T0 + before);
        expect(trigger.count(T0 - 1, T0 + 999)).toBe(fires.length);
      },
    ),
    { numRuns: 300 },
  );
});

test("long coprime intervals meet, however many candidates lie between", () => {
  const trigger = both(interval(104_723, T0), interval(104_729, T0));
  expect(trigger.next(T0)).toBe(T0 + 104_723 * 104_729);
  expect(trigger.prev(8.64e15)).toBeGreaterThan(T0);
});

test("intervals that never meet are refused, and those that meet only once are not", () => {
  const resolve = (a: number, b: number, apartMs: number) =>
    resolveTrigger(
      {
        trigger: "and",
        triggers: [
          { trigger: "interval", milliseconds: a, startDate: new Date(T0) },
          { trigger: "interval", milliseconds: b, startDate: new Date(T0 + apartMs) },
        ],
      },
      { now: T0, timezone: "UTC", jobId: "meeting" },
    );
  expect(() => resolve(10, 4, 1)).toThrow("never fire");
  expect(createTrigger(resolve(1_000_003, 1_000_033, 7)).next(T0)).toBeDefined();
});
