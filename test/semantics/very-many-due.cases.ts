import { describe, expect, test } from "vitest";
import { TestFleet } from "../helpers/test-fleet.ts";

const everySecond = { trigger: "interval", seconds: 1, startDate: "2026-03-01 12:00" } as const;
const YEAR_S = 365 * 86_400;

describe("very many due: a ledger row may stand for a span, so a year's outage of a one-second job costs a few rows and bounded time; at most 100 single events per admission; without coalesce, maxCatchUp (default 1,000) bounds how many run, the older are missed", () => {
  test("a year's outage with coalesce: two rows", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    await fleet.add({ id: "job", ...everySecond });
    await fleet.events();
    fleet.moveTo("2027-03-01 12:00:00.500");
    await fleet.work();
    expect(await fleet.verdicts("job")).toEqual([
      `12:00:00..2027-03-01 11:59:59 coalesced x${YEAR_S}`,
      "2027-03-01 12:00:00 succeeded",
    ]);
    expect(await fleet.eventNames("JOB_COALESCED")).toEqual([`JOB_COALESCED x${YEAR_S}`]);
    expect((await fleet.find("job"))?.counts).toEqual({ coalesced: YEAR_S, succeeded: 1 });
  });

  test("a year's outage with coalesce and grace: one row", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    await fleet.add({ id: "job", ...everySecond, misfireGraceTime: 0 });
    fleet.moveTo("2027-03-01 12:00:00.500");
    await fleet.work();
    expect(await fleet.verdicts("job")).toEqual([
      `12:00:00..2027-03-01 12:00:00 missed x${YEAR_S + 1}`,
    ]);
  });

  test("a year's outage without coalesce, maxCatchUp 3: three run, the older are missed as one span", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    await fleet.add({ id: "job", ...everySecond, coalesce: false, maxCatchUp: 3 });
    fleet.moveTo("2027-03-01 12:00:00.500");
    await fleet.work();
    expect(await fleet.verdicts("job")).toEqual([
      `12:00:00..2027-03-01 11:59:57 missed x${YEAR_S - 2}`,
      "2027-03-01 11:59:58 succeeded",
      "2027-03-01 11:59:59 succeeded",
      "2027-03-01 12:00:00 succeeded",
    ]);
    expect(fleet.fired).toHaveLength(3);
  });

  test("the default of maxCatchUp is 1,000", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    const job = await fleet.add({ id: "job", ...everySecond, coalesce: false });
    expect(job.definition.policy.maxCatchUp).toBe(1_000);
    fleet.isHolding = true;
    // 1,101 are due.
    fleet.moveTo("12:18:20");
    await fleet.work();
    const open = await fleet.engine.ledger.readOpenRuns("job");
    expect(open).toHaveLength(1_000);
    expect((await fleet.find("job"))?.counts).toEqual({ missed: 101 });
    expect(fleet.fired).toEqual(["12:01:41"]);
  });

  test("100 single events an admission, the rest in one with its count", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    await fleet.add({ id: "job", ...everySecond, coalesce: false, misfireGraceTime: 0 });
    await fleet.events();
    // 351 are due, all of them late.
    fleet.moveTo("12:05:50.500");
    await fleet.work();
    const missed = await fleet.events("JOB_MISSED");
    expect(missed).toHaveLength(101);
    expect(missed[0]?.count).toBe(251);
    expect(new Set(missed.slice(1).map(({ count }) => count))).toEqual(new Set([1]));
    expect((await fleet.find("job"))?.counts).toEqual({ missed: 351 });
    const rows = await fleet.runs("job");
    expect(rows.reduce((sum, { count }) => sum + count, 0)).toBe(351);
    expect(rows).toHaveLength(101);
    expect(await fleet.next("job")).toBe("12:05:51");
  });

  test("the same bound holds for occurrences that find the job full", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    await fleet.add({ id: "job", ...everySecond, coalesce: false });
    fleet.isHolding = true;
    await fleet.workTo("12:00:00");
    await fleet.events();
    fleet.moveTo("12:05:00");
    await fleet.work();
    const told = await fleet.events("JOB_MAX_INSTANCES");
    expect(told.map(({ count }) => count)).toEqual([200, ...Array.from({ length: 100 }, () => 1)]);
  });
});
