import { describe, expect, test } from "vitest";
import { at, clockText, TestFleet } from "../helpers/test-fleet.ts";

describe("startDate, endDate: both inclusive; without an offset they are in the job's zone", () => {
  test("the first and the last instant fire, and the job is finished", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    await fleet.add({
      id: "job",
      trigger: "interval",
      seconds: 10,
      startDate: "2026-03-01 12:00:00",
      endDate: "2026-03-01 12:00:20",
    });
    await fleet.events();
    await fleet.workTo("13:00");
    expect(fleet.fired).toEqual(["12:00:00", "12:00:10", "12:00:20"]);
    expect((await fleet.find("job"))?.state).toBe("finished");
    expect(await fleet.eventNames("JOB_FINISHED", "JOB_EXECUTED")).toEqual([
      "JOB_EXECUTED",
      "JOB_EXECUTED",
      "JOB_EXECUTED",
      "JOB_FINISHED",
    ]);
    expect(await fleet.queueJobs()).toEqual([]);
  });

  test("cron: both ends inclusive", async () => {
    await using fleet = await TestFleet.open();
    await fleet.add({
      id: "job",
      trigger: "cron",
      minute: "*/10",
      startDate: "2026-03-01 12:10",
      endDate: "2026-03-01 12:30",
    });
    await fleet.workTo("14:00");
    expect(fleet.fired).toEqual(["12:10:00", "12:20:00", "12:30:00"]);
  });

  test("without an offset in the job's zone, with one where the offset says", async () => {
    await using fleet = await TestFleet.open();
    const zoned = { trigger: "interval", hours: 1, timezone: "America/New_York" } as const;
    await fleet.add({ id: "local", ...zoned, startDate: "2026-03-01 09:00" });
    await fleet.add({ id: "offset", ...zoned, startDate: "2026-03-01T09:00:00+02:00" });
    await fleet.add({ id: "utc", ...zoned, startDate: new Date(at("12:30")) });
    expect(await fleet.next("local")).toBe("14:00:00");
    // 07:00 UTC is over: the phase is kept.
    expect(await fleet.next("offset")).toBe("12:00:00");
    expect(await fleet.next("utc")).toBe("12:30:00");
  });

  test("a startDate in the past gives the phase and no backlog", async () => {
    await using fleet = await TestFleet.open();
    await fleet.add({ id: "job", trigger: "interval", minutes: 7, startDate: "2026-03-01 11:00" });
    await fleet.work();
    expect(fleet.fired).toEqual([]);
    expect(await fleet.next("job")).toBe("12:03:00");
  });

  test("an endDate that lets nothing fire is an error", async () => {
    await using fleet = await TestFleet.open();
    const add = fleet.add({
      id: "job",
      trigger: "interval",
      minutes: 7,
      startDate: "2026-03-01 11:00",
      endDate: "2026-03-01 11:59",
    });
    await expect(add).rejects.toMatchObject({ code: "INVALID_TRIGGER" });
    expect((await fleet.jobs()).jobs).toEqual([]);
  });

  test("an endDate between two occurrences ends with the one before", async () => {
    await using fleet = await TestFleet.open();
    await fleet.add({
      id: "job",
      trigger: "interval",
      seconds: 10,
      endDate: "2026-03-01 12:00:25",
    });
    await fleet.workTo("13:00");
    const last = fleet.started.at(-1)?.fireTime ?? new Date(0);
    expect(clockText(last)).toBe("12:00:20");
    expect((await fleet.find("job"))?.state).toBe("finished");
  });
});
