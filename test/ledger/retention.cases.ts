import { describe, expect, test } from "vitest";
import { EngineBench } from "../helpers/engine-bench.ts";

const everyMinute = { trigger: "interval", minutes: 1, startDate: "2026-03-01 12:00" } as const;

describe("retention: how much of a job's ledger is kept; what exceeds either bound goes", () => {
  test("by count: the latest rows", async () => {
    await using bench = await EngineBench.open({ start: "2026-03-01 11:59:59" });
    await bench.add({ id: "job", ...everyMinute, retention: { count: 3 } });
    await bench.workTo("12:05");
    expect(await bench.verdicts("job")).toEqual([
      "12:03:00 succeeded",
      "12:04:00 succeeded",
      "12:05:00 succeeded",
    ]);
    // The counts are of all, not of what is kept.
    expect((await bench.find("job"))?.counts).toEqual({ succeeded: 6 });
  });

  test("by age", async () => {
    await using bench = await EngineBench.open({ start: "2026-03-01 11:59:59" });
    await bench.add({ id: "job", ...everyMinute, retention: { age: "2m" } });
    await bench.workTo("12:05");
    expect(await bench.verdicts("job")).toEqual([
      "12:03:00 succeeded",
      "12:04:00 succeeded",
      "12:05:00 succeeded",
    ]);
  });

  test("rows of occurrences that did not run count as well", async () => {
    await using bench = await EngineBench.open({ start: "2026-03-01 11:59:59" });
    await bench.add({ id: "job", ...everyMinute, retention: { count: 2 } });
    bench.isHolding = true;
    await bench.workTo("12:04");
    expect(await bench.verdicts("job")).toEqual([
      "12:00:00 running",
      "12:03:00 skipped: max-instances",
      "12:04:00 skipped: max-instances",
    ]);
  });

  test("the defaults are 1,000 rows and 30 days", async () => {
    await using bench = await EngineBench.open();
    const job = await bench.add({ id: "job", ...everyMinute });
    expect(job.definition.retention).toEqual({ count: 1_000, ageMs: 30 * 86_400_000 });
  });

  test("what was decided long after its fire time can be read", async () => {
    await using bench = await EngineBench.open({ start: "2026-03-01 11:59:59" });
    await bench.add({
      id: "job",
      trigger: "date",
      runDate: "2026-03-01 12:00",
      misfireGraceTime: 1,
    });
    bench.moveTo("2026-06-01 12:00");
    await bench.work();
    expect(await bench.verdicts("job")).toEqual(["12:00:00 missed"]);
  });

  test("other jobs keep theirs", async () => {
    await using bench = await EngineBench.open({ start: "2026-03-01 11:59:59" });
    await bench.add({ id: "few", ...everyMinute, retention: { count: 1 } });
    await bench.add({ id: "many", ...everyMinute });
    await bench.workTo("12:03");
    expect(await bench.runs("few")).toHaveLength(1);
    expect(await bench.runs("many")).toHaveLength(4);
  });

  test("a smaller count given later takes effect with the next row", async () => {
    await using bench = await EngineBench.open({ start: "2026-03-01 11:59:59" });
    await bench.add({ id: "job", ...everyMinute });
    await bench.workTo("12:05");
    await bench.desk.modify("job", { retention: { count: 2 } }, "modifyJob");
    expect(await bench.runs("job")).toHaveLength(6);
    await bench.workTo("12:06");
    expect(await bench.runs("job")).toHaveLength(2);
  });
});
