// Whatever is paused and overridden until whatever time: nothing is called lost, and nothing surplus.
import fc from "fast-check";
import { expect, test } from "vitest";
import { CronduitError, Pipeline } from "../../src/index.ts";
import { createTestScheduler, type TestScheduler } from "../../src/testing.ts";

class Quick extends Pipeline {
  async run(): Promise<void> {}
}

const seconds = fc.nat(60);
const stepArb = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant("advance" as const), seconds }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("outage" as const), seconds }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("pause" as const),
      until: fc.option(seconds, { nil: undefined }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("resume" as const),
      missed: fc.constantFrom("skip", "latest", "all" as const),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant("override" as const),
      every: fc.constantFrom(undefined, 7, 15),
      until: seconds,
    }),
  },
  { weight: 1, arbitrary: fc.constant({ do: "clear" as const }) },
);
type Step = typeof stepArb extends fc.Arbitrary<infer T> ? T : never;

async function perform(t: TestScheduler, step: Step): Promise<unknown> {
  const inSeconds = (n: number) => new Date(t.now().getTime() + n * 1_000 + 1);
  switch (step.do) {
    case "advance":
      return t.advanceBy(step.seconds);
    case "outage":
      return t.outage(step.seconds + 1);
    case "pause":
      return t.pauseJob("a", step.until === undefined ? {} : { until: inSeconds(step.until) });
    case "resume":
      return t.resumeJob("a", { missed: step.missed });
    case "override": {
      const schedule = step.every && ({ trigger: "interval", seconds: step.every } as const);
      const until = inSeconds(step.until);
      return t.overrideJob("a", { ...(schedule ? { schedule } : { paused: true }), until });
    }
    case "clear":
      return t.clearOverride("a");
  }
}

/** What is found wrong after each step. */
async function wrongAfter(steps: readonly Step[]): Promise<unknown[]> {
  await using t = await createTestScheduler({ pipelines: [Quick], now: "2027-01-01T00:00Z" });
  await t.addJob(Quick, { id: "a", trigger: "interval", seconds: 10, maxInstances: 2 });
  const wrong: unknown[] = [];
  for (const step of steps) {
    await perform(t, step).catch((error: unknown) => {
      if (!(error instanceof CronduitError)) throw error;
    });
    const { unaccounted, surplus } = await t.account({ from: "2026-12-31T00:00Z" });
    wrong.push(...unaccounted.rows, ...surplus.rows);
    t.assertAllAccountedFor();
  }
  return wrong;
}

test("the override of a pause ends, and the pause below it goes on", async () => {
  const wrong = await wrongAfter([
    { do: "advance", seconds: 33 },
    { do: "pause", until: 60 },
    { do: "override", every: undefined, until: 30 },
    { do: "advance", seconds: 45 },
    { do: "clear" },
    { do: "advance", seconds: 45 },
  ]);
  expect(wrong).toEqual([]);
});

test("the override of a pause ends long before anybody notices", async () => {
  const wrong = await wrongAfter([
    { do: "advance", seconds: 33 },
    { do: "override", every: undefined, until: 15 },
    { do: "outage", seconds: 60 },
    { do: "advance", seconds: 15 },
  ]);
  expect(wrong).toEqual([]);
});

test("whatever is overridden, and whatever is paused", async () => {
  const steps = fc.array(stepArb, { maxLength: 14, size: "max" });
  const property = fc.asyncProperty(steps, async (each) => {
    expect(await wrongAfter(each)).toEqual([]);
  });
  await fc.assert(property, { numRuns: 40 });
}, 120_000);
