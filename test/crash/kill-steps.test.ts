import { describe, expect, inject, test } from "vitest";
import { backlog, ProcessFleet } from "./fleet.ts";
import type { Step } from "./worker-program.ts";

/** Steps of a run, with what the killed attempt leaves: whether it counted, and how often the pipeline began. */
const STEPS = [
  { step: "take", attempt: 1, starts: [1] },
  { step: "admitted", attempt: 2, starts: [2] },
  { step: "mid-run", attempt: 2, starts: [1, 2] },
  { step: "before settle", attempt: 2, starts: [1, 2] },
  { step: "settled", attempt: 1, starts: [1] },
] as const;

/** Lets a worker take what there is, and die of it. */
async function killAt(fleet: ProcessFleet, step: Step, nth: number): Promise<void> {
  const victim = await fleet.program({ lockMs: 1_000, dieAt: { step, nth } });
  victim.send({ go: true });
  expect(await victim.exited()).toEqual({ code: null, signal: "SIGKILL" });
}

describe.concurrent("SIGKILL of a worker", () => {
  test.for(STEPS)("at the step: $step", { timeout: 120_000 }, async ({ step, attempt, starts }) => {
    await using fleet = await ProcessFleet.start(inject("redisUrl"));
    const { options, fireTimes } = backlog(5);
    await fleet.add("job", options);
    await killAt(fleet, step, 1);
    await fleet.worker();
    await fleet.decided("job", fireTimes);
    const rows = await fleet.account("job", fireTimes);
    // All were due at once: the latest runs, the others are part of it.
    expect(rows.map(({ verdict, count }) => [verdict, count])).toEqual([
      ["coalesced", 4],
      ["succeeded", 1],
    ]);
    expect(rows[1]).toMatchObject({ attempt });
    expect(fleet.lines("start", "job").map((line) => line.attempt)).toEqual(starts);
    // It is the taking up of stalled runs that does it, and not a repair.
    expect(fleet.heard("JOB_REPAIRED")).toEqual([]);
  });

  // Without coalesce occurrences wait in a queue, and each run that ends calls the next.
  test.for(STEPS)(
    "at the step: $step, of the third of seven queued runs, two at a time",
    { timeout: 120_000 },
    async ({ step }) => {
      await using fleet = await ProcessFleet.start(inject("redisUrl"));
      const { options, fireTimes } = backlog(7);
      const rules = { coalesce: false, maxInstances: 2, maxCatchUp: 100 };
      await fleet.add("job", { ...options, ...rules });
      await killAt(fleet, step, 3);
      await fleet.worker();
      await fleet.decided("job", fireTimes);
      const rows = await fleet.account("job", fireTimes, { maxInstances: 2 });
      // In this mode nothing is merged and nothing is skipped: all seven run.
      expect(rows.map(({ verdict }) => verdict)).toEqual(Array(7).fill("succeeded"));
      const attempts = rows.map((row) => row.attempt ?? 0);
      expect(Math.max(...attempts)).toBeLessThanOrEqual(2);
      expect(fleet.heard("JOB_REPAIRED")).toEqual([]);
    },
  );
});

describe.concurrent("a run whose process dies every time", () => {
  test("ends as failed after maxCrashes starts", { timeout: 120_000 }, async () => {
    await using fleet = await ProcessFleet.start(inject("redisUrl"));
    const maxCrashes = 2;
    const workers = await Promise.all(
      Array.from({ length: maxCrashes + 1 }, () => fleet.program({ lockMs: 1_000, maxCrashes })),
    );
    const { options, fireTimes } = backlog(1);
    await fleet.add("job", { ...options, params: { act: "die", firstOnly: false } });
    for (const worker of workers.slice(0, maxCrashes)) {
      worker.send({ go: true });
      expect(await worker.exited()).toEqual({ code: null, signal: "SIGKILL" });
    }
    const last = workers.at(-1);
    if (last) await fleet.go(last);
    await fleet.decided("job", fireTimes);
    const [row] = await fleet.account("job", fireTimes);
    expect(row).toMatchObject({
      verdict: "failed",
      attempt: maxCrashes,
      error: { code: "RUN_CRASHED" },
    });
    expect(fleet.lines("start", "job").map((line) => line.attempt)).toEqual([1, 2]);
    expect(last?.isRunning).toBe(true);
  });
});
