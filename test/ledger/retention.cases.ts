import { describe, expect, test } from "vitest";
import { TestFleet } from "../helpers/test-fleet.ts";

const everyMinute = { trigger: "interval", minutes: 1, startDate: "2026-03-01 12:00" } as const;

describe("retention: how much of a job's ledger is kept; what exceeds either bound goes", () => {
  test("by count: the latest rows", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    await fleet.add({ id: "job", ...everyMinute, retention: { count: 3 } });
    await fleet.workTo("12:05");
    expect(await fleet.verdicts("job")).toEqual([
      "12:03:00 succeeded",
      "12:04:00 succeeded",
      "12:05:00 succeeded",
    ]);
    // The counts cover all rows, not only those kept.
    expect((await fleet.find("job"))?.counts).toEqual({ succeeded: 6 });
  });

  test("by age", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    await fleet.add({ id: "job", ...everyMinute, retention: { age: "2m" } });
    await fleet.workTo("12:05");
    expect(await fleet.verdicts("job")).toEqual([
      "12:03:00 succeeded",
      "12:04:00 succeeded",
      "12:05:00 succeeded",
    ]);
  });

  test("rows of occurrences that did not run count as well", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    await fleet.add({ id: "job", ...everyMinute, retention: { count: 2 } });
    fleet.isHolding = true;
    await fleet.workTo("12:04");
    expect(await fleet.verdicts("job")).toEqual([
      "12:00:00 running",
      "12:03:00 skipped: max-instances",
      "12:04:00 skipped: max-instances",
    ]);
  });

  test("the defaults are 1,000 rows and 30 days", async () => {
    await using fleet = await TestFleet.open();
    const job = await fleet.add({ id: "job", ...everyMinute });
    expect(job.definition.retention).toEqual({ count: 1_000, ageMs: 30 * 86_400_000 });
  });

  test("what was decided long after its fire time can be read", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    await fleet.add({
      id: "job",
      trigger: "date",
      runDate: "2026-03-01 12:00",
      misfireGraceTime: 1,
    });
    fleet.moveTo("2026-06-01 12:00");
    await fleet.work();
    expect(await fleet.verdicts("job")).toEqual(["12:00:00 missed"]);
  });

  test("other jobs keep theirs", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    await fleet.add({ id: "few", ...everyMinute, retention: { count: 1 } });
    await fleet.add({ id: "many", ...everyMinute });
    await fleet.workTo("12:03");
    expect(await fleet.runs("few")).toHaveLength(1);
    expect(await fleet.runs("many")).toHaveLength(4);
  });

  test("a smaller count given later takes effect with the next row", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    await fleet.add({ id: "job", ...everyMinute });
    await fleet.workTo("12:05");
    await fleet.desk.modify("job", { retention: { count: 2 } }, "modifyJob");
    expect(await fleet.runs("job")).toHaveLength(6);
    await fleet.workTo("12:06");
    expect(await fleet.runs("job")).toHaveLength(2);
  });
});
