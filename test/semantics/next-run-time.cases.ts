import { describe, expect, test } from "vitest";
import { at, TestFleet } from "../helpers/test-fleet.ts";

const hourly = { trigger: "interval", hours: 1, startDate: "2026-03-01 13:00" } as const;

describe("nextRunTime, default the trigger's: a first time, or null to add paused", () => {
  test.each([
    ["a Date", new Date(at("12:17"))],
    ["text, in the job's zone", "2026-03-01 12:17"],
    ["text with an offset", "2026-03-01T14:17:00+02:00"],
  ])("%s: that one comes first, then the trigger's own", async (_, nextRunTime) => {
    await using fleet = await TestFleet.open();
    await fleet.add({ id: "job", ...hourly, nextRunTime });
    expect(await fleet.next("job")).toBe("12:17:00");
    await fleet.workTo("14:00");
    expect(fleet.fired).toEqual(["12:17:00", "13:00:00", "14:00:00"]);
  });

  test("a first time after some of the trigger's own: these do not fire", async () => {
    await using fleet = await TestFleet.open();
    await fleet.add({ id: "job", ...hourly, nextRunTime: "2026-03-01 14:30" });
    await fleet.workTo("15:00");
    expect(fleet.fired).toEqual(["14:30:00", "15:00:00"]);
  });

  test("a first time in the past is due at once, and misfireGraceTime judges it", async () => {
    await using fleet = await TestFleet.open();
    await fleet.add({ id: "fine", ...hourly, nextRunTime: "2026-03-01 11:59" });
    await fleet.add({
      id: "late",
      ...hourly,
      nextRunTime: "2026-03-01 11:59",
      misfireGraceTime: 30,
    });
    await fleet.work();
    expect(await fleet.verdicts("fine")).toEqual(["11:59:00 succeeded"]);
    expect(await fleet.verdicts("late")).toEqual(["11:59:00 missed"]);
    expect(await fleet.next("fine")).toBe("13:00:00");
  });

  test("null: paused, with nothing in the queue, until it is resumed", async () => {
    await using fleet = await TestFleet.open();
    const job = await fleet.add({ id: "job", ...hourly, nextRunTime: null });
    expect(job).toMatchObject({ state: "paused", nextFireAt: null, pausedAt: at("12:00") });
    expect(await fleet.queueJobs()).toEqual([]);
    await fleet.workTo("13:30");
    await fleet.desk.resume("job");
    await fleet.workTo("14:00");
    expect(await fleet.verdicts("job")).toEqual(["13:00:00 skipped: paused", "14:00:00 succeeded"]);
  });

  test("modifyJob with nextRunTime: null pauses, with a time gives the next run", async () => {
    await using fleet = await TestFleet.open();
    await fleet.add({ id: "job", ...hourly });
    const first = await fleet.desk.modify("job", { nextRunTime: "2026-03-01 12:20" }, "modifyJob");
    expect(first.state).toBe("active");
    expect(await fleet.next("job")).toBe("12:20:00");
    await fleet.workTo("13:00");
    expect(fleet.fired).toEqual(["12:20:00", "13:00:00"]);
    const paused = await fleet.desk.modify("job", { nextRunTime: null }, "modifyJob");
    expect(paused.state).toBe("paused");
    await fleet.workTo("16:00");
    expect(fleet.fired).toHaveLength(2);
  });
});
