import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TriggerError } from "../../src/core/errors.ts";
import { dueTime, jitterSchema, parseJitter } from "../../src/triggers/jitter.ts";
import { errorOf, specOf } from "./ask.ts";

describe("jitter", () => {
  it("reads seconds, durations and percentages", () => {
    expect(parseJitter(undefined)).toEqual({ kind: "ms", ms: 0 });
    expect(parseJitter(1.5)).toEqual({ kind: "ms", ms: 1500 });
    expect(parseJitter("2m")).toEqual({ kind: "ms", ms: 120_000 });
    expect(parseJitter("12.5%")).toEqual({ kind: "percent", percent: 12.5 });
    for (const wrong of ["101%", "-1", "much", "", -3, Number.NaN, "%"])
      expect(() => parseJitter(wrong)).toThrow(TriggerError);
    expect(errorOf({ trigger: "cron", hour: 9, jitter: "200%" }).data["field"]).toBe("jitter");
  });

  it("is no part of the spec", () => {
    expect(specOf({ trigger: "cron", hour: 9, jitter: "30s" })).toEqual(
      specOf({ trigger: "cron", hour: 9 }),
    );
  });

  it("is fixed by job and fire time, at least 0, at most itself, and below the next occurrence", () => {
    const jitters = fc.oneof(
      fc.integer({ min: 0, max: 1e9 }).map((ms) => ({ kind: "ms" as const, ms })),
      fc.integer({ min: 0, max: 100 }).map((percent) => ({ kind: "percent" as const, percent })),
    );
    fc.assert(
      fc.property(
        fc.string(),
        fc.integer({ min: 0, max: 4e12 }),
        fc.integer({ min: 1, max: 1e8 }),
        jitters,
        (jobId, fireAt, gap, jitter) => {
          const due = dueTime({ jobId, fireAt, nextFireAt: fireAt + gap, jitter });
          expect(due).toBe(
            dueTime({
              jobId,
              fireAt,
              nextFireAt: fireAt + gap,
              jitter: jitterSchema.parse(jitter),
            }),
          );
          expect(Number.isSafeInteger(due)).toBe(true);
          expect(due).toBeGreaterThanOrEqual(fireAt);
          expect(due).toBeLessThan(fireAt + gap);
          const limit = jitter.kind === "ms" ? jitter.ms : (gap * jitter.percent) / 100;
          expect(due - fireAt).toBeLessThanOrEqual(limit);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it("spreads jobs evenly", () => {
    const tenths = Array.from({ length: 10 }, () => 0);
    for (let i = 0; i < 10_000; i++) {
      const due = dueTime({
        jobId: `job-${i}`,
        fireAt: 0,
        nextFireAt: 3_600_000,
        jitter: { kind: "ms", ms: 999 },
      });
      const tenth = Math.floor(due / 100);
      tenths[tenth] = (tenths[tenth] ?? 0) + 1;
    }
    for (const n of tenths) expect(Math.abs(n - 1000)).toBeLessThan(150);
  });

  it("has no percentage of nothing", () => {
    expect(dueTime({ jobId: "a", fireAt: 5, jitter: { kind: "percent", percent: 50 } })).toBe(5);
    expect(
      dueTime({ jobId: "a", fireAt: 5, jitter: { kind: "ms", ms: 1000 } }),
    ).toBeGreaterThanOrEqual(5);
    expect(dueTime({ jobId: "a", fireAt: 5 })).toBe(5);
  });
});
