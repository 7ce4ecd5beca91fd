import { describe, expect, test } from "vitest";
import { at, EngineBench } from "../helpers/engine-bench.ts";

const everyTenSeconds = {
  trigger: "interval",
  seconds: 10,
  startDate: "2026-03-01 12:00",
} as const;

describe("pauseJob(id, reason?): nothing fires; running ones go on", () => {
  test("a run that goes on settles, and nothing follows", async () => {
    await using bench = await EngineBench.open({ start: "2026-03-01 11:59:59" });
    await bench.add({ id: "job", ...everyTenSeconds });
    bench.isHolding = true;
    await bench.workTo("12:00:05");
    await bench.events();
    const paused = await bench.desk.pause("job", "maintenance");
    expect(paused).toMatchObject({
      state: "paused",
      nextFireAt: null,
      pausedAt: at("12:00:05"),
      pausedReason: "maintenance",
      running: 1,
    });
    await bench.workTo("13:00:00");
    await bench.release();
    await bench.work();
    expect(bench.fired).toEqual(["12:00:00"]);
    expect(await bench.verdicts("job")).toEqual(["12:00:00 succeeded"]);
    expect(await bench.events()).toMatchObject([
      { name: "JOB_PAUSED", jobId: "job", reason: "maintenance", at: at("12:00:05") },
      { name: "JOB_EXECUTED", jobId: "job" },
    ]);
  });

  test("queued occurrences are dropped as skipped: paused", async () => {
    await using bench = await EngineBench.open({ start: "2026-03-01 11:59:59" });
    await bench.add({ id: "job", ...everyTenSeconds, coalesce: false });
    bench.isHolding = true;
    bench.moveTo("12:00:25");
    await bench.work();
    await bench.events();
    await bench.desk.pause("job", undefined);
    expect(await bench.verdicts("job")).toEqual([
      "12:00:00 running",
      "12:00:10 skipped: paused",
      "12:00:20 skipped: paused",
    ]);
    expect(await bench.eventNames()).toEqual(["JOB_SKIPPED", "JOB_SKIPPED", "JOB_PAUSED"]);
    await bench.release();
    await bench.work();
    expect(bench.fired).toEqual(["12:00:00"]);
    expect((await bench.find("job"))?.counts).toEqual({ succeeded: 1, skipped: 2 });
  });

  test("what was due and not taken yet is skipped: paused, as one row", async () => {
    await using bench = await EngineBench.open({ start: "2026-03-01 11:59:59" });
    await bench.add({ id: "job", ...everyTenSeconds });
    await bench.events();
    bench.moveTo("12:00:25");
    await bench.desk.pause("job", undefined);
    await bench.work();
    expect(await bench.verdicts("job")).toEqual(["12:00:00..12:00:20 skipped: paused x3"]);
    expect(await bench.eventNames()).toEqual(["JOB_SKIPPED x3", "JOB_PAUSED"]);
  });

  test("a second pause keeps the date and takes the new reason", async () => {
    await using bench = await EngineBench.open();
    await bench.add({ id: "job", ...everyTenSeconds });
    await bench.desk.pause("job", "one");
    bench.moveTo("12:10");
    const again = await bench.desk.pause("job", "two");
    expect(again).toMatchObject({ pausedAt: at("12:00"), pausedReason: "two", state: "paused" });
  });

  test("a reason of 500 characters is kept, a longer one refused; an unknown job is an error", async () => {
    await using bench = await EngineBench.open();
    await bench.add({ id: "job", ...everyTenSeconds });
    await expect(bench.desk.pause("job", "x".repeat(501))).rejects.toMatchObject({
      code: "INVALID_OPTION",
      data: { path: "reason" },
    });
    expect((await bench.find("job"))?.state).toBe("active");
    expect((await bench.desk.pause("job", "x".repeat(500))).pausedReason).toHaveLength(500);
    await expect(bench.desk.pause("none", undefined)).rejects.toMatchObject({
      code: "JOB_NOT_FOUND",
      data: { jobId: "none" },
    });
  });

  test("a queued occurrence keeps its run's id to the end, after a new trigger too", async () => {
    await using bench = await EngineBench.open({ start: "2026-03-01 11:59:59" });
    await bench.add({ id: "job", ...everyTenSeconds, coalesce: false });
    bench.isHolding = true;
    bench.moveTo("12:00:15");
    await bench.work();
    const queued = (await bench.runs("job", { verdict: "queued" })).map(({ id }) => id);
    expect(queued).toHaveLength(1);
    await bench.desk.modify("job", { trigger: "cron", minute: 15 }, "rescheduleJob");
    await bench.desk.pause("job", undefined);
    expect(await bench.getRun(queued[0] ?? "")).toMatchObject({
      verdict: "skipped",
      reason: "paused",
    });
  });
});
