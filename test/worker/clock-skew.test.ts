import { describe, expect, inject, test } from "vitest";
import { ProcessFleet, soon } from "../crash/fleet.ts";

const SKEW_MS = 3_000;
/** The worker's clock, and whatever a busy machine adds. */
const BOUND_MS = SKEW_MS + 15_000;

describe.concurrent("workers whose clock is wrong", () => {
  test.for([
    { name: "fast", offsets: [SKEW_MS] },
    { name: "slow", offsets: [-SKEW_MS] },
    { name: "fast, slow and right together", offsets: [SKEW_MS, -SKEW_MS, 0] },
  ])("$name: nothing starts early, and each once", { timeout: 120_000 }, async ({ offsets }) => {
    await using fleet = await ProcessFleet.start(inject("redisUrl"));
    const programs = await Promise.all(
      offsets.map((clockOffsetMs) => fleet.program({ clockOffsetMs })),
    );
    await Promise.all(programs.map((program) => fleet.go(program)));
    // Long enough ahead that a fast clock is over the due time before it has come.
    const { options, fireTimes } = soon(5, 300, 1_500);
    await fleet.add("job", { ...options, coalesce: false, maxInstances: 5, params: { ms: 1 } });
    await fleet.decided("job", fireTimes);
    const rows = await fleet.account("job", fireTimes, { maxInstances: 5 });
    expect(rows.map(({ verdict, attempt }) => [verdict, attempt])).toEqual(
      fireTimes.map(() => ["succeeded", 1]),
    );
    const starts = new Map(fleet.lines("start").map(({ run, at }) => [run, at]));
    for (const { id, fireTime, startedAt } of rows) {
      // The server's word, and the run's own: both on this machine's right clock.
      const lateMs = [startedAt?.getTime() ?? 0, starts.get(id) ?? 0].map(
        (at) => at - fireTime.getTime(),
      );
      expect(Math.min(...lateMs)).toBeGreaterThanOrEqual(-2);
      expect(Math.max(...lateMs)).toBeLessThan(BOUND_MS);
    }
  });
});
