import { describe, expect, test } from "vitest";
import { at, TestFleet } from "../helpers/test-fleet.ts";

const everyTenSeconds = {
  trigger: "interval",
  seconds: 10,
  startDate: "2026-03-01 12:00",
} as const;

describe("resumeJob: next occurrence from now; what fell in the pause is not run. A date job whose time passed in the pause is missed and ends", () => {
  test("the schedule keeps its phase, and the pause is one skipped row", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    await fleet.add({ id: "job", ...everyTenSeconds });
    await fleet.workTo("12:00:05");
    await fleet.desk.pause("job", "for a while");
    await fleet.workTo("12:00:34");
    await fleet.events();
    const resumed = await fleet.desk.resume("job");
    expect(resumed).toMatchObject({ state: "active", pausedAt: null, pausedReason: null });
    expect(await fleet.next("job")).toBe("12:00:40");
    await fleet.workTo("12:00:40");
    expect(await fleet.verdicts("job")).toEqual([
      "12:00:00 succeeded",
      "12:00:10..12:00:30 skipped: paused x3",
      "12:00:40 succeeded",
    ]);
    expect((await fleet.eventNames()).slice(0, 2)).toEqual(["JOB_SKIPPED x3", "JOB_RESUMED"]);
  });

  test("an occurrence at the very instant of resuming belongs to the pause", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    await fleet.add({ id: "job", ...everyTenSeconds });
    await fleet.desk.pause("job", undefined);
    fleet.moveTo("12:00:00");
    await fleet.desk.resume("job");
    await fleet.workTo("12:00:10");
    expect(await fleet.verdicts("job")).toEqual(["12:00:00 skipped: paused", "12:00:10 succeeded"]);
  });

  test("a date job whose time passed in the pause is missed, and finished", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    await fleet.add({ id: "job", trigger: "date", runDate: "2026-03-01 12:00" });
    await fleet.desk.pause("job", undefined);
    fleet.moveTo("12:30");
    await fleet.events();
    expect((await fleet.desk.resume("job")).state).toBe("finished");
    await fleet.work();
    expect(fleet.fired).toEqual([]);
    expect(await fleet.verdicts("job")).toEqual(["12:00:00 missed"]);
    expect(await fleet.eventNames()).toEqual(["JOB_MISSED", "JOB_RESUMED", "JOB_FINISHED"]);
  });

  test("a date job whose time is still to come runs", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    await fleet.add({ id: "job", trigger: "date", runDate: "2026-03-01 13:00" });
    await fleet.desk.pause("job", undefined);
    fleet.moveTo("12:30");
    await fleet.desk.resume("job");
    await fleet.workTo("13:00");
    expect(await fleet.verdicts("job")).toEqual(["13:00:00 succeeded"]);
  });

  test("a job whose last occurrence fell in the pause ends", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    await fleet.add({ id: "job", ...everyTenSeconds, endDate: "2026-03-01 12:00:30" });
    await fleet.workTo("12:00:05");
    await fleet.desk.pause("job", undefined);
    fleet.moveTo("12:30");
    expect((await fleet.desk.resume("job")).state).toBe("finished");
    expect(await fleet.verdicts("job")).toEqual([
      "12:00:00 succeeded",
      "12:00:10..12:00:30 skipped: paused x3",
    ]);
  });

  test("resuming an active job does nothing; a finished one can't be resumed or paused", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    await fleet.add({ id: "job", ...everyTenSeconds });
    await fleet.add({ id: "done", trigger: "date", runDate: "2026-03-01 12:00" });
    await fleet.workTo("12:00:00");
    await fleet.events();
    const before = await fleet.find("job");
    expect(await fleet.desk.resume("job")).toEqual(before);
    expect(await fleet.eventNames()).toEqual([]);
    const calls = [() => fleet.desk.resume("done"), () => fleet.desk.pause("done", undefined)];
    for (const call of calls)
      await expect(call()).rejects.toMatchObject({
        code: "INVALID_STATE",
        data: { jobId: "done", state: "finished" },
      });
    await expect(fleet.desk.resume("none")).rejects.toMatchObject({ code: "JOB_NOT_FOUND" });
  });

  test("pausing and resuming again and again leaves one chain of wake-ups", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    await fleet.add({ id: "job", ...everyTenSeconds });
    for (let i = 0; i < 5; i += 1) {
      await fleet.desk.pause("job", undefined);
      await fleet.desk.resume("job");
    }
    await fleet.workTo("12:00:20");
    expect(fleet.fired).toEqual(["12:00:00", "12:00:10", "12:00:20"]);
    expect(await fleet.next("job")).toBe("12:00:30");
    // Void queue jobs were taken and are gone; the next occurrence waits.
    const waiting = (await fleet.queueJobs()).map((id) => Number(id.split(":")[2]));
    expect(waiting).toEqual([at("12:00:30")]);
  });
});
