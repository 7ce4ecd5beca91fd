import { describe, expect, test } from "vitest";
import { EngineBench } from "../helpers/engine-bench.ts";

const everyTenSeconds = {
  trigger: "interval",
  seconds: 10,
  startDate: "2026-03-01 12:00",
} as const;

describe("maxInstances, default 1: over the whole fleet; a further occurrence is skipped: max-instances and emits JOB_MAX_INSTANCES", () => {
  test("the default is one run at a time, whichever worker takes the next occurrence", async () => {
    await using bench = await EngineBench.open({ start: "2026-03-01 11:59:59", workers: 3 });
    await bench.add({ id: "job", ...everyTenSeconds });
    await bench.events();
    bench.isHolding = true;
    await bench.workTo("12:00:25");
    expect(bench.held).toHaveLength(1);
    expect((await bench.find("job"))?.running).toBe(1);
    expect(await bench.verdicts("job")).toEqual([
      "12:00:00 running",
      "12:00:10 skipped: max-instances",
      "12:00:20 skipped: max-instances",
    ]);
    expect(await bench.eventNames()).toEqual([
      "JOB_SUBMITTED",
      "JOB_STARTED",
      "JOB_MAX_INSTANCES",
      "JOB_MAX_INSTANCES",
    ]);
    await bench.release();
    await bench.workTo("12:00:30");
    expect(bench.fired).toEqual(["12:00:00", "12:00:30"]);
    expect((await bench.find("job"))?.counts).toEqual({ succeeded: 1, skipped: 2 });
  });

  test("maxInstances 2: two at once, a third is skipped, and one more when one has ended", async () => {
    await using bench = await EngineBench.open({ start: "2026-03-01 11:59:59", workers: 2 });
    await bench.add({ id: "job", ...everyTenSeconds, maxInstances: 2 });
    bench.isHolding = true;
    await bench.workTo("12:00:20");
    expect(bench.fired).toEqual(["12:00:00", "12:00:10"]);
    await bench.release();
    await bench.workTo("12:00:30");
    expect(bench.fired).toEqual(["12:00:00", "12:00:10", "12:00:30"]);
    expect(await bench.verdicts("job")).toEqual([
      "12:00:00 succeeded",
      "12:00:10 running",
      "12:00:20 skipped: max-instances",
      "12:00:30 running",
    ]);
  });

  test("without coalesce a backlog of five fills two instances and the others wait their turn", async () => {
    await using bench = await EngineBench.open({ start: "2026-03-01 11:59:59" });
    await bench.add({ id: "job", ...everyTenSeconds, maxInstances: 2, coalesce: false });
    bench.isHolding = true;
    bench.moveTo("12:00:45");
    await bench.work();
    expect(bench.fired).toEqual(["12:00:00", "12:00:10"]);
    expect((await bench.find("job"))?.running).toBe(2);
    while (bench.held.length > 0) {
      expect(bench.held.length).toBeLessThanOrEqual(2);
      await bench.release();
      await bench.work();
    }
    expect(bench.fired).toEqual(["12:00:00", "12:00:10", "12:00:20", "12:00:30", "12:00:40"]);
  });

  test("the instances of other jobs do not count", async () => {
    await using bench = await EngineBench.open({ start: "2026-03-01 11:59:59" });
    await bench.add({ id: "one", ...everyTenSeconds });
    await bench.add({ id: "two", ...everyTenSeconds });
    bench.isHolding = true;
    await bench.workTo("12:00:00");
    expect(bench.held).toHaveLength(2);
  });

  test("a lower bound given while runs go on counts them", async () => {
    await using bench = await EngineBench.open({ start: "2026-03-01 11:59:59" });
    await bench.add({ id: "job", ...everyTenSeconds, maxInstances: 3 });
    bench.isHolding = true;
    await bench.workTo("12:00:10");
    await bench.desk.modify("job", { maxInstances: 1 }, "modifyJob");
    await bench.workTo("12:00:20");
    await bench.release();
    await bench.workTo("12:00:30");
    expect(bench.fired).toEqual(["12:00:00", "12:00:10"]);
    await bench.release();
    await bench.workTo("12:00:40");
    expect(bench.fired).toEqual(["12:00:00", "12:00:10", "12:00:40"]);
  });

  test("a failed run lets its instance go", async () => {
    await using bench = await EngineBench.open({ start: "2026-03-01 11:59:59" });
    await bench.add({ id: "job", ...everyTenSeconds });
    bench.act = () => {
      throw new Error("no luck");
    };
    await bench.workTo("12:00:20");
    expect(await bench.verdicts("job")).toEqual([
      "12:00:00 failed",
      "12:00:10 failed",
      "12:00:20 failed",
    ]);
    expect((await bench.find("job"))?.running).toBe(0);
  });
});
