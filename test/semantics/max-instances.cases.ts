import { describe, expect, test } from "vitest";
import { TestFleet } from "../helpers/test-fleet.ts";

const everyTenSeconds = {
  trigger: "interval",
  seconds: 10,
  startDate: "2026-03-01 12:00",
} as const;

describe("maxInstances, default 1: over the whole fleet; a further occurrence is skipped: max-instances and emits JOB_MAX_INSTANCES", () => {
  test("the default is one run at a time, whichever worker takes the next occurrence", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59", workers: 3 });
    await fleet.add({ id: "job", ...everyTenSeconds });
    await fleet.events();
    fleet.isHolding = true;
    await fleet.workTo("12:00:25");
    expect(fleet.held).toHaveLength(1);
    expect((await fleet.find("job"))?.running).toBe(1);
    expect(await fleet.verdicts("job")).toEqual([
      "12:00:00 running",
      "12:00:10 skipped: max-instances",
      "12:00:20 skipped: max-instances",
    ]);
    expect(await fleet.eventNames()).toEqual([
      "JOB_SUBMITTED",
      "JOB_STARTED",
      "JOB_MAX_INSTANCES",
      "JOB_MAX_INSTANCES",
    ]);
    await fleet.release();
    await fleet.workTo("12:00:30");
    expect(fleet.fired).toEqual(["12:00:00", "12:00:30"]);
    expect((await fleet.find("job"))?.counts).toEqual({ succeeded: 1, skipped: 2 });
  });

  test("maxInstances 2: two at once, a third is skipped, and one more when one has ended", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59", workers: 2 });
    await fleet.add({ id: "job", ...everyTenSeconds, maxInstances: 2 });
    fleet.isHolding = true;
    await fleet.workTo("12:00:20");
    expect(fleet.fired).toEqual(["12:00:00", "12:00:10"]);
    await fleet.release();
    await fleet.workTo("12:00:30");
    expect(fleet.fired).toEqual(["12:00:00", "12:00:10", "12:00:30"]);
    expect(await fleet.verdicts("job")).toEqual([
      "12:00:00 succeeded",
      "12:00:10 running",
      "12:00:20 skipped: max-instances",
      "12:00:30 running",
    ]);
  });

  test("without coalesce a backlog of five fills two instances and the others wait their turn", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    await fleet.add({ id: "job", ...everyTenSeconds, maxInstances: 2, coalesce: false });
    fleet.isHolding = true;
    fleet.moveTo("12:00:45");
    await fleet.work();
    expect(fleet.fired).toEqual(["12:00:00", "12:00:10"]);
    expect((await fleet.find("job"))?.running).toBe(2);
    while (fleet.held.length > 0) {
      expect(fleet.held.length).toBeLessThanOrEqual(2);
      await fleet.release();
      await fleet.work();
    }
    expect(fleet.fired).toEqual(["12:00:00", "12:00:10", "12:00:20", "12:00:30", "12:00:40"]);
  });

  test("the instances of other jobs do not count", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    await fleet.add({ id: "one", ...everyTenSeconds });
    await fleet.add({ id: "two", ...everyTenSeconds });
    fleet.isHolding = true;
    await fleet.workTo("12:00:00");
    expect(fleet.held).toHaveLength(2);
  });

  test("a lower bound given while runs go on counts them", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    await fleet.add({ id: "job", ...everyTenSeconds, maxInstances: 3 });
    fleet.isHolding = true;
    await fleet.workTo("12:00:10");
    await fleet.desk.modify("job", { maxInstances: 1 }, "modifyJob");
    await fleet.workTo("12:00:20");
    await fleet.release();
    await fleet.workTo("12:00:30");
    expect(fleet.fired).toEqual(["12:00:00", "12:00:10"]);
    await fleet.release();
    await fleet.workTo("12:00:40");
    expect(fleet.fired).toEqual(["12:00:00", "12:00:10", "12:00:40"]);
  });

  test("a failed run lets its instance go", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    await fleet.add({ id: "job", ...everyTenSeconds });
    fleet.act = () => {
      throw new Error("no luck");
    };
    await fleet.workTo("12:00:20");
    expect(await fleet.verdicts("job")).toEqual([
      "12:00:00 failed",
      "12:00:10 failed",
      "12:00:20 failed",
    ]);
    expect((await fleet.find("job"))?.running).toBe(0);
  });
});
