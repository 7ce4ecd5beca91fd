// Users' own timers move with the test, if it asks for that. Tests that do have the process for themselves.
import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { defineJob } from "../../src/index.ts";
import { createTestScheduler } from "../../src/testing.ts";

const real = { setTimeout, Date };

test("a pipeline's timeouts, intervals and dates follow the virtual time", async () => {
  const own = defineJob({
    name: "own",
    run: async () => {
      const from = new Date();
      await new Promise((resolve) => setTimeout(resolve, 3_600_000));
      let ticks = 0;
      await new Promise<void>((resolve) => {
        const handle = setInterval(() => {
          ticks += 1;
          if (ticks < 3) return;
          clearInterval(handle);
          resolve();
        }, 60_000);
      });
      await delay(1_000);
      return { minutes: (Date.now() - from.getTime()) / 60_000, ticks };
    },
  });
  await using t = await createTestScheduler({
    pipelines: [own],
    fakeTimers: true,
    now: "2027-01-01T00:00Z",
  });
  expect(new Date().toISOString()).toBe("2027-01-01T00:00:00.000Z");
  await t.addJob(own, { id: "own", trigger: "date", runDate: "2027-01-01T01:00Z" });
  await t.advanceBy("90m");
  expect(t.runs("own")).toMatchObject([{ verdict: "running" }]);
  await t.advanceBy("90m");
  const [run] = t.runs("own");
  expect(run).toMatchObject({ verdict: "succeeded", attempt: 1, result: { ticks: 3 } });
  expect(run?.finishedAt?.toISOString()).toBe("2027-01-01T02:03:01.000Z");
  expect(Date.now()).toBe(t.now().getTime());
});

test("only one test scheduler at a time can have them", async () => {
  await using first = await createTestScheduler({ fakeTimers: true });
  await expect(createTestScheduler({ fakeTimers: true })).rejects.toMatchObject({
    code: "INVALID_STATE",
    message: expect.stringContaining("Only one test at a time") as string,
  });
  await first.close();
  await using second = await createTestScheduler({ fakeTimers: true });
  await second.advanceBy(1);
});

test("closing puts the real ones back", async () => {
  const t = await createTestScheduler({ fakeTimers: true });
  expect(Date).not.toBe(real.Date);
  await t.close();
  expect([setTimeout, Date]).toEqual([real.setTimeout, real.Date]);
  // A second time changes nothing.
  await t.close();
});

test("without asking, timers stay real", async () => {
  await using t = await createTestScheduler({ now: "2027-01-01T00:00Z" });
  expect(new Date().getTime()).not.toBe(t.now().getTime());
});
