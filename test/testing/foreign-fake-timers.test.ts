// Users' test runners replace the globals by their own: a test scheduler goes on by the real ones.
import { afterEach, expect, test, vi } from "vitest";
import { defineJob } from "../../src/index.ts";
import { createRunContext, createTestScheduler } from "../../src/testing.ts";

afterEach(() => void vi.useRealTimers());

/** What jest replaces unless told otherwise. `nextTick` vitest itself needs. */
const JEST_DEFAULT = [
  "Date",
  "performance",
  "queueMicrotask",
  "setImmediate",
  "clearImmediate",
  "setInterval",
  "clearInterval",
  "setTimeout",
  "clearTimeout",
] as const;

const waits = defineJob({
  name: "waits",
  run: async ({ sleep, step }) => {
    await sleep("10m");
    return step("count", () => 3);
  },
});

test("jobs run while every global timer is replaced", async () => {
  vi.useFakeTimers({ toFake: [...JEST_DEFAULT] });
  await using t = await createTestScheduler({ pipelines: [waits], now: "2027-01-01T00:30Z" });
  await t.addJob(waits, { id: "waits", trigger: "cron", minute: 0, retry: 2 });
  await t.advanceBy("2h");
  expect(t.runs("waits").map(({ verdict, result }) => [verdict, result])).toEqual([
    ["succeeded", 3],
    ["succeeded", 3],
  ]);
  await t.outage("1h");
  await t.advanceBy("20m");
  expect(await t.runJob("waits", { wait: true })).toMatchObject({ verdict: "succeeded" });
  t.assertAllAccountedFor();
});

test("a run alone goes on, too", async () => {
  vi.useFakeTimers({ toFake: [...JEST_DEFAULT] });
  const context = createRunContext({ pipeline: waits });
  await context.sleep("1h");
  expect(await context.step("count", () => 2)).toBe(2);
});
