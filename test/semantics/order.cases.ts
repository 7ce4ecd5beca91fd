import { describe, expect, test } from "vitest";
import { EngineBench } from "../helpers/engine-bench.ts";

const everyTenSeconds = {
  trigger: "interval",
  seconds: 10,
  startDate: "2026-03-01 12:00",
} as const;

async function busyBench(rules: object): Promise<EngineBench> {
  const bench = await EngineBench.open({ start: "2026-03-01 11:59:59" });
  await bench.add({ id: "job", ...everyTenSeconds, ...rules });
  bench.isHolding = true;
  await bench.workTo("12:00:00");
  await bench.events();
  // While the run of 12:00:00 goes on, those of 12:00:10 to 12:00:40 become due and nobody takes them.
  bench.moveTo("12:00:45");
  return bench;
}

describe("order: coalesce, then grace, then maxInstances; with coalesce a group shares its verdict and one event carries the count; without it each is judged alone, oldest first", () => {
  test("a full job's group is skipped as one: nothing is coalesced into a run that does not come", async () => {
    await using bench = await busyBench({ misfireGraceTime: 30 });
    await bench.work();
    expect(await bench.verdicts("job")).toEqual([
      "12:00:00 running",
      "12:00:10..12:00:40 skipped: max-instances x4",
    ]);
    expect(await bench.eventNames()).toEqual(["JOB_MAX_INSTANCES x4"]);
  });

  test("grace goes before maxInstances: a late group of a full job is missed", async () => {
    await using bench = await busyBench({ misfireGraceTime: 3 });
    await bench.work();
    expect(await bench.verdicts("job")).toEqual([
      "12:00:00 running",
      "12:00:10..12:00:40 missed x4",
    ]);
    expect(await bench.eventNames()).toEqual(["JOB_MISSED x4"]);
  });

  test("coalesce goes before grace: the old ones of a group are coalesced, not missed", async () => {
    await using bench = await busyBench({ misfireGraceTime: 6 });
    await bench.release();
    await bench.events();
    await bench.work();
    expect(await bench.verdicts("job")).toEqual([
      "12:00:00 succeeded",
      "12:00:10..12:00:30 coalesced x3",
      "12:00:40 running",
    ]);
    expect(await bench.eventNames()).toEqual(["JOB_COALESCED x3", "JOB_SUBMITTED", "JOB_STARTED"]);
  });

  test("without coalesce, of a full job: the late ones are missed, the others skipped, each alone", async () => {
    await using bench = await busyBench({ misfireGraceTime: 22, coalesce: false });
    await bench.work();
    expect(await bench.verdicts("job")).toEqual([
      "12:00:00 running",
      "12:00:10 missed",
      "12:00:20 missed",
      "12:00:30 skipped: max-instances",
      "12:00:40 skipped: max-instances",
    ]);
    expect(await bench.eventNames()).toEqual([
      "JOB_MISSED",
      "JOB_MISSED",
      "JOB_MAX_INSTANCES",
      "JOB_MAX_INSTANCES",
    ]);
  });

  test("without coalesce: oldest first", async () => {
    await using bench = await busyBench({ coalesce: false });
    bench.isHolding = false;
    await bench.release();
    await bench.work();
    expect(bench.fired).toEqual(["12:00:00", "12:00:10", "12:00:20", "12:00:30", "12:00:40"]);
    expect((await bench.runs("job")).map(({ count }) => count)).toEqual([1, 1, 1, 1, 1]);
  });
});
