import { describe, expect, test } from "vitest";
import { at, TestFleet } from "../helpers/test-fleet.ts";

const everyTenSeconds = {
  trigger: "interval",
  seconds: 10,
  startDate: "2026-03-01 12:00",
} as const;

describe("pauseJob(id, reason?): nothing fires; running ones go on", () => {
  test("a run that goes on settles, and nothing follows", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    await fleet.add({ id: "job", ...everyTenSeconds });
    fleet.isHolding = true;
    await fleet.workTo("12:00:05");
    await fleet.events();
    const paused = await fleet.desk.pause("job", "maintenance");
    expect(paused).toMatchObject({
      state: "paused",
      nextFireAt: null,
      pausedAt: at("12:00:05"),
      pausedReason: "maintenance",
      running: 1,
    });
    await fleet.workTo("13:00:00");
    await fleet.release();
    await fleet.work();
    expect(fleet.fired).toEqual(["12:00:00"]);
    expect(await fleet.verdicts("job")).toEqual(["12:00:00 succeeded"]);
    expect(await fleet.events()).toMatchObject([
      { name: "JOB_PAUSED", jobId: "job", reason: "maintenance", at: at("12:00:05") },
      { name: "JOB_EXECUTED", jobId: "job" },
    ]);
  });

  test("queued occurrences are dropped as skipped: paused", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    await fleet.add({ id: "job", ...everyTenSeconds, coalesce: false });
    fleet.isHolding = true;
    fleet.moveTo("12:00:25");
    await fleet.work();
    await fleet.events();
    await fleet.desk.pause("job", undefined);
    expect(await fleet.verdicts("job")).toEqual([
      "12:00:00 running",
      "12:00:10 skipped: paused",
      "12:00:20 skipped: paused",
    ]);
    expect(await fleet.eventNames()).toEqual(["JOB_SKIPPED", "JOB_SKIPPED", "JOB_PAUSED"]);
    await fleet.release();
    await fleet.work();
    expect(fleet.fired).toEqual(["12:00:00"]);
    expect((await fleet.find("job"))?.counts).toEqual({ succeeded: 1, skipped: 2 });
  });

  test("what was due and not taken yet is skipped: paused, as one row", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    await fleet.add({ id: "job", ...everyTenSeconds });
    await fleet.events();
    fleet.moveTo("12:00:25");
    await fleet.desk.pause("job", undefined);
    await fleet.work();
    expect(await fleet.verdicts("job")).toEqual(["12:00:00..12:00:20 skipped: paused x3"]);
    expect(await fleet.eventNames()).toEqual(["JOB_SKIPPED x3", "JOB_PAUSED"]);
  });

  test("a second pause keeps the date and takes the new reason", async () => {
    await using fleet = await TestFleet.open();
    await fleet.add({ id: "job", ...everyTenSeconds });
    await fleet.desk.pause("job", "one");
    fleet.moveTo("12:10");
    const again = await fleet.desk.pause("job", "two");
    expect(again).toMatchObject({ pausedAt: at("12:00"), pausedReason: "two", state: "paused" });
  });

  test("a reason of 500 characters is kept, a longer one refused; an unknown job is an error", async () => {
    await using fleet = await TestFleet.open();
    await fleet.add({ id: "job", ...everyTenSeconds });
    await expect(fleet.desk.pause("job", "x".repeat(501))).rejects.toMatchObject({
      code: "INVALID_OPTION",
      data: { path: "reason" },
    });
    expect((await fleet.find("job"))?.state).toBe("active");
    expect((await fleet.desk.pause("job", "x".repeat(500))).pausedReason).toHaveLength(500);
    await expect(fleet.desk.pause("none", undefined)).rejects.toMatchObject({
      code: "JOB_NOT_FOUND",
      data: { jobId: "none" },
    });
  });

  test("a queued occurrence keeps its run's id to the end, after a new trigger too", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    await fleet.add({ id: "job", ...everyTenSeconds, coalesce: false });
    fleet.isHolding = true;
    fleet.moveTo("12:00:15");
    await fleet.work();
    const queued = (await fleet.runs("job", { verdict: "queued" })).map(({ id }) => id);
    expect(queued).toHaveLength(1);
    await fleet.desk.modify("job", { trigger: "cron", minute: 15 }, "rescheduleJob");
    await fleet.desk.pause("job", undefined);
    expect(await fleet.getRun(queued[0] ?? "")).toMatchObject({
      verdict: "skipped",
      reason: "paused",
    });
  });
});
