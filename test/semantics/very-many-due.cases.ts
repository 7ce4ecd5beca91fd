import { describe, expect, test } from "vitest";
import { EngineBench } from "../helpers/engine-bench.ts";

const everySecond = { trigger: "interval", seconds: 1, startDate: "2026-03-01 12:00" } as const;
const YEAR_S = 365 * 86_400;

describe("very many due: a ledger row may stand for a span, so a year's outage of a one-second job costs a few rows and bounded time; at most 100 single events per admission; without coalesce, maxCatchUp (default 1,000) bounds how many run, the older are missed", () => {
  test("a year's outage with coalesce: two rows", async () => {
    await using bench = await EngineBench.open({ start: "2026-03-01 11:59:59" });
    await bench.add({ id: "job", ...everySecond });
    await bench.events();
    bench.moveTo("2027-03-01 12:00:00.500");
    await bench.work();
    expect(await bench.verdicts("job")).toEqual([
      `12:00:00..2027-03-01 11:59:59 coalesced x${YEAR_S}`,
      "2027-03-01 12:00:00 succeeded",
    ]);
    expect(await bench.eventNames("JOB_COALESCED")).toEqual([`JOB_COALESCED x${YEAR_S}`]);
    expect((await bench.find("job"))?.counts).toEqual({ coalesced: YEAR_S, succeeded: 1 });
  });

  test("a year's outage with coalesce and grace: one row", async () => {
    await using bench = await EngineBench.open({ start: "2026-03-01 11:59:59" });
    await bench.add({ id: "job", ...everySecond, misfireGraceTime: 0 });
    bench.moveTo("2027-03-01 12:00:00.500");
    await bench.work();
    expect(await bench.verdicts("job")).toEqual([
      `12:00:00..2027-03-01 12:00:00 missed x${YEAR_S + 1}`,
    ]);
  });

  test("a year's outage without coalesce, maxCatchUp 3: three run, the older are missed as one span", async () => {
    await using bench = await EngineBench.open({ start: "2026-03-01 11:59:59" });
    await bench.add({ id: "job", ...everySecond, coalesce: false, maxCatchUp: 3 });
    bench.moveTo("2027-03-01 12:00:00.500");
    await bench.work();
    expect(await bench.verdicts("job")).toEqual([
      `12:00:00..2027-03-01 11:59:57 missed x${YEAR_S - 2}`,
      "2027-03-01 11:59:58 succeeded",
      "2027-03-01 11:59:59 succeeded",
      "2027-03-01 12:00:00 succeeded",
    ]);
    expect(bench.fired).toHaveLength(3);
  });

  test("the default of maxCatchUp is 1,000", async () => {
    await using bench = await EngineBench.open({ start: "2026-03-01 11:59:59" });
    const job = await bench.add({ id: "job", ...everySecond, coalesce: false });
    expect(job.definition.policy.maxCatchUp).toBe(1_000);
    bench.isHolding = true;
    // 1,101 are due.
    bench.moveTo("12:18:20");
    await bench.work();
    const open = await bench.engine.ledger.readOpenRuns("job");
    expect(open).toHaveLength(1_000);
    expect((await bench.find("job"))?.counts).toEqual({ missed: 101 });
    expect(bench.fired).toEqual(["12:01:41"]);
  });

  test("100 single events an admission, the rest in one with its count", async () => {
    await using bench = await EngineBench.open({ start: "2026-03-01 11:59:59" });
    await bench.add({ id: "job", ...everySecond, coalesce: false, misfireGraceTime: 0 });
    await bench.events();
    // 351 are due, all of them late.
    bench.moveTo("12:05:50.500");
    await bench.work();
    const missed = await bench.events("JOB_MISSED");
    expect(missed).toHaveLength(101);
    expect(missed[0]?.count).toBe(251);
    expect(new Set(missed.slice(1).map(({ count }) => count))).toEqual(new Set([1]));
    expect((await bench.find("job"))?.counts).toEqual({ missed: 351 });
    const rows = await bench.runs("job");
    expect(rows.reduce((sum, { count }) => sum + count, 0)).toBe(351);
    expect(rows).toHaveLength(101);
    expect(await bench.next("job")).toBe("12:05:51");
  });

  test("the same bound holds for occurrences that find the job full", async () => {
    await using bench = await EngineBench.open({ start: "2026-03-01 11:59:59" });
    await bench.add({ id: "job", ...everySecond, coalesce: false });
    bench.isHolding = true;
    await bench.workTo("12:00:00");
    await bench.events();
    bench.moveTo("12:05:00");
    await bench.work();
    const told = await bench.events("JOB_MAX_INSTANCES");
    expect(told.map(({ count }) => count)).toEqual([200, ...Array.from({ length: 100 }, () => 1)]);
  });
});
