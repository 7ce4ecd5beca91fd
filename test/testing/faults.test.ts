// Killed workers, outages and wrong clocks, in a line each.
import { expect, test } from "vitest";
import { defineJob } from "../../src/index.ts";
import {
  assertMissed,
  assertRan,
  createTestScheduler,
  type TestScheduler,
} from "../../src/testing.ts";

const nothing = defineJob({ name: "nothing", run: () => undefined });

test("a run whose worker is killed is taken up by another one after the lock, once", async () => {
  const steps: string[] = [];
  const copy = defineJob({
    name: "copy",
    run: async ({ step, attempt, runId }) => {
      await step("read", () => void steps.push(`read ${attempt}`));
      if (attempt === 1) await t.killWorker();
      await step("write", () => void steps.push(`write ${attempt}`));
      return { runId, attempt };
    },
  });
  await using t: TestScheduler = await createTestScheduler({
    pipelines: [copy],
    now: "2027-01-01T00:00Z",
  });
  await t.addJob(copy, { id: "copy", trigger: "date", runDate: "2027-01-01T01:00Z" });
  await t.advanceBy("2h");
  const [run, ...others] = t.runs("copy");
  expect(others).toEqual([]);
  expect(run).toMatchObject({ verdict: "succeeded", attempt: 2, result: { attempt: 2 } });
  // The step that was done is not done again.
  expect(steps).toEqual(["read 1", "write 2"]);
  expect(run?.startedAt?.getTime()).toBeGreaterThan(Date.parse("2027-01-01T01:00:10Z"));
  expect(run?.startedAt?.getTime()).toBeLessThan(Date.parse("2027-01-01T01:01Z"));
  t.assertAllAccountedFor();
});

test("a worker that is killed beside the run, in the middle of a wait", async () => {
  const waits = defineJob({
    name: "waits",
    run: ({ step, attempt }) =>
      step("wait", ({ number }) => (number === 1 ? Promise.reject(new Error("no")) : attempt), {
        retries: { attempts: 2, delay: "10s" },
      }),
  });
  await using t = await createTestScheduler({ pipelines: [waits], now: "2027-01-01T00:00Z" });
  await t.addJob(waits, { id: "waits", trigger: "date", runDate: "2027-01-01T00:01Z" });
  await t.advanceBy("65s");
  const [before] = t.runs("waits");
  expect(before?.verdict).toBe("running");
  expect(await t.killWorker()).toEqual([before?.id]);
  expect(await t.getWorkers()).toHaveLength(2);
  await t.advanceBy("2m");
  expect(t.runs("waits")).toMatchObject([{ verdict: "succeeded", attempt: 2, result: 2 }]);
  // The killed one is forgotten.
  expect(await t.getWorkers()).toHaveLength(1);
});

test("a run that kills its process each time ends", async () => {
  const kills = defineJob({ name: "kills", run: () => t.killWorker() });
  await using t: TestScheduler = await createTestScheduler({
    pipelines: [kills],
    worker: { maxCrashes: 2 },
  });
  await t.addJob(kills, { id: "kills", trigger: "manual" });
  await t.runJob("kills");
  await t.advanceBy("5m");
  expect(t.runs("kills")).toMatchObject([{ verdict: "failed", error: { code: "RUN_CRASHED" } }]);
});

test("after an outage, grace and coalesce decide about what was missed", async () => {
  await using t = await createTestScheduler({ pipelines: [nothing], now: "2027-01-01T00:00Z" });
  const every = { trigger: "interval", minutes: 30, coalesce: false } as const;
  await t.addJob(nothing, { ...every, id: "strict", misfireGraceTime: "45m", maxInstances: 9 });
  await t.addJob(nothing, { ...every, id: "all", maxInstances: 9 });
  await t.addJob(nothing, { ...every, id: "one", coalesce: true });
  await t.outage("2h");
  expect(t.now().toISOString()).toBe("2027-01-01T02:00:00.000Z");
  assertMissed(t, "strict", 2);
  assertRan(t, "strict", 2);
  assertRan(t, "all", 4);
  expect(t.runs("one").map(({ verdict, count }) => `${count} ${verdict}`)).toEqual([
    "3 coalesced",
    "1 succeeded",
  ]);
  for (const { startedAt } of t.runs("all")) expect(startedAt).toEqual(t.now());
  t.assertAllAccountedFor();
  await t.advanceBy("30m");
  assertRan(t, "one", 2);
});

test("a run in progress when the outage begins is taken up afterwards", async () => {
  const long = defineJob({
    name: "long",
    run: async ({ step, sleep, attempt }) => {
      await step("first", () => 1);
      await sleep("1.9s");
      return attempt;
    },
  });
  await using t = await createTestScheduler({ pipelines: [long], now: "2027-01-01T00:00Z" });
  await t.addJob(long, { id: "long", trigger: "date", runDate: "2027-01-01T00:01Z" });
  await t.advanceBy("61s");
  await t.outage("1h");
  await t.advanceBy("1m");
  expect(t.runs("long")).toMatchObject([{ verdict: "succeeded", attempt: 2, result: 2 }]);
});

test.each(["3s", "-3s", 90])("a worker's clock that is %s ahead changes nothing", async (skew) => {
  await using t = await createTestScheduler({ pipelines: [nothing], now: "2027-01-01T00:00Z" });
  t.skewClock(skew);
  await t.addJob(nothing, { id: "hourly", trigger: "cron", minute: 0 });
  await t.advanceBy("5h");
  const runs = t.runs("hourly");
  expect(runs).toHaveLength(6);
  for (const { startedAt, fireTime } of runs) expect(startedAt).toEqual(fireTime);
  t.assertAllAccountedFor();
});

test("without a worker there is nothing to kill, and what is due is reported", async () => {
  await using t = await createTestScheduler({ pipelines: [nothing], worker: false });
  await expect(t.killWorker()).rejects.toMatchObject({ code: "INVALID_STATE" });
  const overdue: string[] = [];
  t.on("JOB_OVERDUE", ({ jobId }) => void overdue.push(jobId));
  await t.addJob(nothing, { id: "lonely", trigger: "interval", hours: 1 });
  await t.advanceBy("2h");
  expect(overdue).toEqual(["lonely"]);
  expect(() => t.assertAllAccountedFor()).toThrow(/"lonely" at .*: no decision/);
});
