import { describe, expect, test } from "vitest";
import { TestFleet } from "../helpers/test-fleet.ts";

const everyTenSeconds = {
  trigger: "interval",
  seconds: 10,
  startDate: "2026-03-01 12:00",
} as const;

async function busyBench(rules: object): Promise<TestFleet> {
  const fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
  await fleet.add({ id: "job", ...everyTenSeconds, ...rules });
  fleet.isHolding = true;
  await fleet.workTo("12:00:00");
  await fleet.events();
  // While the run of 12:00:00 executes, those of 12:00:10 to 12:00:40 become due and nobody takes them.
  fleet.moveTo("12:00:45");
  return fleet;
}

describe("order: coalesce, then grace, then maxInstances; with coalesce a group shares its verdict and one event carries the count; without it each is judged alone, oldest first", () => {
  test("a full job's group is skipped as one: nothing is coalesced into a run that does not come", async () => {
    await using fleet = await busyBench({ misfireGraceTime: 30 });
    await fleet.work();
    expect(await fleet.verdicts("job")).toEqual([
      "12:00:00 running",
      "12:00:10..12:00:40 skipped: max-instances x4",
    ]);
    expect(await fleet.eventNames()).toEqual(["JOB_MAX_INSTANCES x4"]);
  });

  test("grace goes before maxInstances: a late group of a full job is missed", async () => {
    await using fleet = await busyBench({ misfireGraceTime: 3 });
    await fleet.work();
    expect(await fleet.verdicts("job")).toEqual([
      "12:00:00 running",
      "12:00:10..12:00:40 missed x4",
    ]);
    expect(await fleet.eventNames()).toEqual(["JOB_MISSED x4"]);
  });

  test("coalesce goes before grace: the old ones of a group are coalesced, not missed", async () => {
    await using fleet = await busyBench({ misfireGraceTime: 6 });
    await fleet.release();
    await fleet.events();
    await fleet.work();
    expect(await fleet.verdicts("job")).toEqual([
      "12:00:00 succeeded",
      "12:00:10..12:00:30 coalesced x3",
      "12:00:40 running",
    ]);
    expect(await fleet.eventNames()).toEqual(["JOB_COALESCED x3", "JOB_SUBMITTED", "JOB_STARTED"]);
  });

  test("without coalesce, of a full job: the late ones are missed, the others skipped, each alone", async () => {
    await using fleet = await busyBench({ misfireGraceTime: 22, coalesce: false });
    await fleet.work();
    expect(await fleet.verdicts("job")).toEqual([
      "12:00:00 running",
      "12:00:10 missed",
      "12:00:20 missed",
      "12:00:30 skipped: max-instances",
      "12:00:40 skipped: max-instances",
    ]);
    expect(await fleet.eventNames()).toEqual([
      "JOB_MISSED",
      "JOB_MISSED",
      "JOB_MAX_INSTANCES",
      "JOB_MAX_INSTANCES",
    ]);
  });

  test("without coalesce: oldest first", async () => {
    await using fleet = await busyBench({ coalesce: false });
    fleet.isHolding = false;
    await fleet.release();
    await fleet.work();
    expect(fleet.fired).toEqual(["12:00:00", "12:00:10", "12:00:20", "12:00:30", "12:00:40"]);
    expect((await fleet.runs("job")).map(({ count }) => count)).toEqual([1, 1, 1, 1, 1]);
  });
});
