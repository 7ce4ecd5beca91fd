import { describe, expect, test } from "vitest";
import { at, EngineBench } from "../helpers/engine-bench.ts";

const everyTenSeconds = {
  trigger: "interval",
  seconds: 10,
  startDate: "2026-03-01 12:00",
} as const;

describe("resumeJob: next occurrence from now; what fell in the pause is not run. A date job whose time passed in the pause is missed and ends", () => {
  test("the schedule keeps its phase, and the pause is one skipped row", async () => {
    await using bench = await EngineBench.open({ start: "2026-03-01 11:59:59" });
    await bench.add({ id: "job", ...everyTenSeconds });
    await bench.workTo("12:00:05");
    await bench.desk.pause("job", "for a while");
    await bench.workTo("12:00:34");
    await bench.events();
    const resumed = await bench.desk.resume("job");
    expect(resumed).toMatchObject({ state: "active", pausedAt: null, pausedReason: null });
    expect(await bench.next("job")).toBe("12:00:40");
    await bench.workTo("12:00:40");
    expect(await bench.verdicts("job")).toEqual([
      "12:00:00 succeeded",
      "12:00:10..12:00:30 skipped: paused x3",
      "12:00:40 succeeded",
    ]);
    expect((await bench.eventNames()).slice(0, 2)).toEqual(["JOB_SKIPPED x3", "JOB_RESUMED"]);
  });

  test("an occurrence at the very instant of resuming belongs to the pause", async () => {
    await using bench = await EngineBench.open({ start: "2026-03-01 11:59:59" });
    await bench.add({ id: "job", ...everyTenSeconds });
    await bench.desk.pause("job", undefined);
    bench.moveTo("12:00:00");
    await bench.desk.resume("job");
    await bench.workTo("12:00:10");
    expect(await bench.verdicts("job")).toEqual(["12:00:00 skipped: paused", "12:00:10 succeeded"]);
  });

  test("a date job whose time passed in the pause is missed, and finished", async () => {
    await using bench = await EngineBench.open({ start: "2026-03-01 11:59:59" });
    await bench.add({ id: "job", trigger: "date", runDate: "2026-03-01 12:00" });
    await bench.desk.pause("job", undefined);
    bench.moveTo("12:30");
    await bench.events();
    expect((await bench.desk.resume("job")).state).toBe("finished");
    await bench.work();
    expect(bench.fired).toEqual([]);
    expect(await bench.verdicts("job")).toEqual(["12:00:00 missed"]);
    expect(await bench.eventNames()).toEqual(["JOB_MISSED", "JOB_RESUMED", "JOB_FINISHED"]);
  });

  test("a date job whose time is still to come runs", async () => {
    await using bench = await EngineBench.open({ start: "2026-03-01 11:59:59" });
    await bench.add({ id: "job", trigger: "date", runDate: "2026-03-01 13:00" });
    await bench.desk.pause("job", undefined);
    bench.moveTo("12:30");
    await bench.desk.resume("job");
    await bench.workTo("13:00");
    expect(await bench.verdicts("job")).toEqual(["13:00:00 succeeded"]);
  });

  test("a job whose last occurrence fell in the pause ends", async () => {
    await using bench = await EngineBench.open({ start: "2026-03-01 11:59:59" });
    await bench.add({ id: "job", ...everyTenSeconds, endDate: "2026-03-01 12:00:30" });
    await bench.workTo("12:00:05");
    await bench.desk.pause("job", undefined);
    bench.moveTo("12:30");
    expect((await bench.desk.resume("job")).state).toBe("finished");
    expect(await bench.verdicts("job")).toEqual([
      "12:00:00 succeeded",
      "12:00:10..12:00:30 skipped: paused x3",
    ]);
  });

  test("resuming an active job does nothing; a finished one can't be resumed or paused", async () => {
    await using bench = await EngineBench.open({ start: "2026-03-01 11:59:59" });
    await bench.add({ id: "job", ...everyTenSeconds });
    await bench.add({ id: "done", trigger: "date", runDate: "2026-03-01 12:00" });
    await bench.workTo("12:00:00");
    await bench.events();
    const before = await bench.find("job");
    expect(await bench.desk.resume("job")).toEqual(before);
    expect(await bench.eventNames()).toEqual([]);
    const calls = [() => bench.desk.resume("done"), () => bench.desk.pause("done", undefined)];
    for (const call of calls)
      await expect(call()).rejects.toMatchObject({
        code: "INVALID_STATE",
        data: { jobId: "done", state: "finished" },
      });
    await expect(bench.desk.resume("none")).rejects.toMatchObject({ code: "JOB_NOT_FOUND" });
  });

  test("pausing and resuming again and again leaves one chain of wake-ups", async () => {
    await using bench = await EngineBench.open({ start: "2026-03-01 11:59:59" });
    await bench.add({ id: "job", ...everyTenSeconds });
    for (let i = 0; i < 5; i += 1) {
      await bench.desk.pause("job", undefined);
      await bench.desk.resume("job");
    }
    await bench.workTo("12:00:20");
    expect(bench.fired).toEqual(["12:00:00", "12:00:10", "12:00:20"]);
    expect(await bench.next("job")).toBe("12:00:30");
    // Void wake-ups were taken and are gone; the next occurrence waits.
    const waiting = (await bench.queueJobs()).map((id) => Number(id.split(":")[2]));
    expect(waiting).toEqual([at("12:00:30")]);
  });
});
