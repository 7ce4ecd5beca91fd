// The rules of production hold in a test, and listeners hear what they hear there.
import { expect, test } from "vitest";
import { defineJob, type SchedulerEvent, when } from "../../src/index.ts";
import { createTestScheduler } from "../../src/testing.ts";

const nothing = defineJob({ name: "nothing", run: () => undefined });
const hour = defineJob({ name: "hour", run: ({ sleep }) => sleep("1h") });
const fails = defineJob({
  name: "fails",
  run: () => {
    throw new Error("no disk");
  },
});

test("conditions: a job waits for another, or is skipped", async () => {
  await using t = await createTestScheduler({
    pipelines: [nothing, hour, fails],
    now: "2027-01-01T00:00Z",
  });
  await t.addJob(hour, { id: "extract", trigger: "cron", hour: 1 });
  await t.addJob(nothing, {
    id: "load",
    trigger: "cron",
    hour: 1,
    minute: 30,
    condition: when.lastRunSuccessful("extract", { within: "1h" }),
    conditionPolicy: { wait: "2h" },
  });
  await t.addJob(nothing, {
    id: "never",
    trigger: "cron",
    hour: 1,
    minute: 30,
    condition: when.lastRunSuccessful("broken"),
  });
  await t.addJob(fails, { id: "broken", trigger: "cron", hour: 1 });
  await t.advanceTo("2027-01-01T01:45Z");
  expect(t.runs("load")).toMatchObject([{ verdict: "queued" }]);
  await t.advanceTo("2027-01-01T04:00Z");
  const [load] = t.runs("load");
  expect(load).toMatchObject({ verdict: "succeeded" });
  expect(load?.startedAt?.toISOString()).toBe("2027-01-01T02:00:00.000Z");
  expect(t.runs("never")).toMatchObject([{ verdict: "skipped", reason: "condition" }]);
  t.assertAllAccountedFor();
});

test("overlap: skipped, queued or replaced", async () => {
  await using t = await createTestScheduler({ pipelines: [hour], now: "2027-01-01T00:00Z" });
  const often = { trigger: "cron", minute: "0,30" } as const;
  await t.addJob(hour, { ...often, id: "skip" });
  await t.addJob(hour, { ...often, id: "queue", overlap: "queue-one" });
  await t.advanceTo("2027-01-01T03:15Z");
  expect(t.runs("skip").filter(({ verdict }) => verdict === "skipped").length).toBeGreaterThan(1);
  expect(t.runs("queue").map(({ verdict }) => verdict)).toEqual([
    // The queue has room for one: the latest takes the place of the one before.
    "succeeded",
    "skipped",
    "succeeded",
    "skipped",
    "succeeded",
    "skipped",
    "sleeping",
  ]);
  t.assertAllAccountedFor();
});

test("groups: jobs of one group take turns", async () => {
  await using t = await createTestScheduler({ pipelines: [hour], now: "2027-01-01T00:00Z" });
  for (const id of ["a", "b", "c"])
    await t.addJob(hour, {
      id,
      trigger: "cron",
      hour: 1,
      concurrencyGroup: { key: "database", limit: 1 },
      overlap: "queue-all",
    });
  await t.advanceTo("2027-01-01T06:00Z");
  const starts = ["a", "b", "c"].map((id) => t.runs(id)[0]?.startedAt?.getUTCHours());
  expect(new Set(starts)).toEqual(new Set([1, 2, 3]));
  t.assertAllAccountedFor();
});

test("named queues have runs of their own", async () => {
  await using t = await createTestScheduler({
    pipelines: [nothing],
    now: "2027-01-01T00:00Z",
    worker: { queues: ["default", "reports"] },
  });
  await t.addJob(nothing, { id: "plain", trigger: "cron", hour: 1 });
  await t.addJob(nothing, { id: "report", trigger: "cron", hour: 1, queue: "reports" });
  await t.advanceBy("1d");
  expect(t.runs("plain")).toHaveLength(1);
  expect(t.runs("report")).toHaveLength(1);
  t.assertAllAccountedFor();
});

test("listeners hear everything in order, with its fields, and are waited for", async () => {
  await using t = await createTestScheduler({
    pipelines: [nothing, fails],
    now: "2027-01-01T00:00Z",
  });
  const heard: string[] = [];
  t.addListener(({ name, jobId }: SchedulerEvent) => {
    if (jobId !== undefined) heard.push(`${name} ${jobId}`);
  });
  const errors: string[] = [];
  t.on("JOB_ERROR", async ({ exception, attempt, time }) => {
    await new Promise((resolve) => setTimeout(resolve, 20));
    errors.push(`${exception.message} in attempt ${attempt} at ${time.toISOString()}`);
  });
  await t.addJob(fails, { id: "fails", trigger: "date", runDate: "2027-01-01T01:00Z" });
  await t.advanceBy("2h");
  expect(errors).toEqual(["no disk in attempt 1 at 2027-01-01T01:00:00.000Z"]);
  expect(heard).toEqual([
    "JOB_ADDED fails",
    "JOB_SUBMITTED fails",
    "JOB_STARTED fails",
    "JOB_ERROR fails",
    "JOB_FINISHED fails",
  ]);
});

test("paused, resumed, rescheduled and removed: nothing is left without a decision", async () => {
  await using t = await createTestScheduler({ pipelines: [nothing], now: "2027-01-01T00:00Z" });
  await t.addJob(nothing, { id: "a", trigger: "interval", minutes: 10 });
  await t.advanceBy("1h");
  await t.pauseJob("a");
  await t.advanceBy("1h");
  t.assertAllAccountedFor();
  await t.resumeJob("a");
  await t.advanceBy("1h");
  await t.rescheduleJob("a", { trigger: "cron", minute: "*/15" });
  await t.advanceBy("1h");
  await t.removeJob("a");
  await t.advanceBy("1h");
  t.assertAllAccountedFor();
  const runs = t.runs("a");
  expect(runs.filter(({ verdict }) => verdict === "succeeded")).toHaveLength(6 + 6 + 4);
  expect(
    runs.filter(({ reason }) => reason === "paused").reduce((n, { count }) => n + count, 0),
  ).toBe(6);
});

test("a pause until a time ends at it, and skips hold, also for those who jump far", async () => {
  await using t = await createTestScheduler({ pipelines: [nothing], now: "2027-01-01T00:00Z" });
  await t.addJob(nothing, { id: "daily", trigger: "cron", hour: 9 });
  await t.pauseJob("daily", { until: "2027-01-04 09:00", reason: "holidays" });
  await t.skipOccurrence("daily", "2027-01-02 09:00", "no 2");
  await t.skipOccurrence("daily", "2027-01-06 09:00", "no 6");
  const ended: unknown[] = [];
  t.on("JOB_RESUMED", ({ time, by }) => void ended.push([time.toISOString(), by.id]));
  await t.advanceTo("2027-01-07T12:00Z");
  expect(ended).toEqual([["2027-01-04T09:00:00.000Z", "pause-until"]]);
  const told = t.runs("daily").map(({ fireTime, verdict, reason, count }) => {
    return `${fireTime.getUTCDate()} ${verdict} ${reason ?? ""} ${count}`;
  });
  expect(told).toEqual([
    "2 skipped requested 1",
    "3 skipped paused 2",
    "4 succeeded  1",
    "5 succeeded  1",
    "6 skipped requested 1",
    "7 succeeded  1",
  ]);
  t.assertAllAccountedFor();
});

test("after an outage, skips in the middle of what is coalesced are accounted for", async () => {
  await using t = await createTestScheduler({ pipelines: [nothing], now: "2027-01-01T00:00Z" });
  await t.addJob(nothing, { id: "hourly", trigger: "interval", hours: 1 });
  for (const at of ["02", "05", "23"]) await t.skipOccurrence("hourly", `2027-01-01 ${at}:00`);
  await t.pause();
  await t.advanceTo("2027-01-01T23:30Z");
  await t.resume();
  await t.advanceBy("1m");
  const verdicts = t.runs("hourly").map(({ verdict, count }) => `${verdict} ${count}`);
  expect(verdicts.toSorted()).toEqual([
    "coalesced 19",
    "skipped 1",
    "skipped 1",
    "skipped 1",
    "succeeded 1",
  ]);
  t.assertAllAccountedFor();
});
