import { describe, expect, test } from "vitest";
import { ANA, at, TestFleet } from "../helpers/test-fleet.ts";
import { skipOccurrence, unskipOccurrence } from "../../src/scheduler/skip-occurrence.ts";
import { nextRunOf } from "../../src/scheduler/job.ts";

const START = { start: "2026-03-01 11:59:59" } as const;
const everyTenSeconds = {
  trigger: "interval",
  seconds: 10,
  startDate: "2026-03-01 12:00",
} as const;
const everySecond = { trigger: "interval", seconds: 1, startDate: "2026-03-01 12:00" } as const;

describe("skipOccurrence(id, time, reason?): this one does not run, whatever else happens", () => {
  test("the others run; the row says who asked for it and why", async () => {
    await using fleet = await TestFleet.open(START);
    await fleet.add({ id: "job", ...everyTenSeconds });
    await fleet.skip("job", "12:00:10", "stocktaking");
    await fleet.workTo("12:00:25");
    expect(fleet.fired).toEqual(["12:00:00", "12:00:20"]);
    expect(await fleet.verdicts("job")).toEqual([
      "12:00:00 succeeded",
      "12:00:10 skipped: requested",
      "12:00:20 succeeded",
    ]);
    const [row] = await fleet.runs("job", { verdict: "skipped" });
    expect(row).toMatchObject({
      reason: "requested",
      requestedBy: ANA.by,
      note: "stocktaking",
      count: 1,
    });
  });

  test("the next run of the job is the next that is not skipped; the job shows its skips", async () => {
    await using fleet = await TestFleet.open(START);
    await fleet.add({ id: "job", ...everyTenSeconds });
    await fleet.skip("job", "12:00:10");
    await fleet.skip("job", "12:00:00", "no");
    const job = await fleet.desk.get("job");
    expect(nextRunOf(job)).toEqual({ fireAt: at("12:00:20"), dueAt: at("12:00:20") });
    const { jobs } = await fleet.jobs();
    expect(jobs).toMatchObject([
      {
        nextRunTime: new Date(at("12:00:20")),
        skips: [
          {
            fireTime: new Date(at("12:00:00")),
            reason: "no",
            by: ANA.by,
            requestedAt: new Date(at("11:59:59")),
          },
          { fireTime: new Date(at("12:00:10")), reason: undefined, by: ANA.by },
        ],
      },
    ]);
  });

  test("with coalesce, after an outage the latest that is not skipped runs, once for all that are not", async () => {
    await using fleet = await TestFleet.open(START);
    await fleet.add({ id: "job", ...everyTenSeconds });
    for (const time of ["12:00:20", "12:00:50"]) await fleet.skip("job", time);
    fleet.moveTo("12:00:55");
    await fleet.work();
    expect(fleet.fired).toEqual(["12:00:40"]);
    expect(await fleet.verdicts("job")).toEqual([
      "12:00:20 skipped: requested",
      "12:00:00..12:00:30 coalesced x3",
      "12:00:40 succeeded",
      "12:00:50 skipped: requested",
    ]);
  });

  test("if all that fell into an outage is skipped, nothing runs; what is late is skipped, not missed", async () => {
    await using fleet = await TestFleet.open(START);
    await fleet.add({ id: "job", ...everyTenSeconds, misfireGraceTime: 1 });
    for (const time of ["12:00:00", "12:00:10"]) await fleet.skip("job", time);
    fleet.moveTo("12:00:18");
    await fleet.work();
    expect(await fleet.verdicts("job")).toEqual([
      "12:00:00 skipped: requested",
      "12:00:10 skipped: requested",
    ]);
    expect(await fleet.next("job")).toBe("12:00:20");
  });

  test.for([true, false])("skips deep in a long outage hold (coalesce %s)", async (coalesce) => {
    await using fleet = await TestFleet.open(START);
    await fleet.add({ id: "job", ...everySecond, coalesce, maxCatchUp: 2, maxInstances: 9 });
    // At the beginning, in the middle, and around the border of what a worker lists singly.
    const skipped = ["12:00:00", "12:30:00", "12:59:49", "12:59:58", "13:00:00"];
    for (const time of skipped) await fleet.skip("job", time);
    fleet.moveTo("13:00:00");
    await fleet.work();
    const rows = await fleet.runs("job", { verdict: "skipped", limit: 100 });
    const times = rows.map(({ fireTime }) => fireTime.getTime()).toSorted((a, b) => a - b);
    expect(times).toEqual(skipped.map((time) => at(time)));
    expect((await fleet.find("job"))?.counts).toEqual(
      coalesce
        ? { skipped: 5, coalesced: 3_595, succeeded: 1 }
        : { skipped: 5, missed: 3_594, succeeded: 2 },
    );
    expect(fleet.fired).toEqual(coalesce ? ["12:59:59"] : ["12:59:57", "12:59:59"]);
  });

  test("with jitter, it is skipped when it would have been due", async () => {
    await using fleet = await TestFleet.open(START);
    await fleet.add({ id: "job", ...everyTenSeconds, jitter: 5 });
    await fleet.skip("job", "12:00:10");
    await fleet.workTo("12:01");
    const rows = await fleet.runs("job", { limit: 100 });
    const row = rows.find(({ verdict }) => verdict === "skipped");
    expect(row).toMatchObject({ fireTime: new Date(at("12:00:10")), count: 1 });
    expect(row?.dueTime).toEqual(row?.decidedAt);
    expect(fleet.fired).toHaveLength(5);
  });

  test("a run that waits for an instance is skipped at once", async () => {
    await using fleet = await TestFleet.open(START);
    await fleet.add({ id: "job", ...everyTenSeconds, coalesce: false });
    fleet.isHolding = true;
    fleet.moveTo("12:00:15");
    await fleet.work();
    await fleet.skip("job", "12:00:10");
    expect(await fleet.verdicts("job")).toEqual([
      "12:00:00 running",
      "12:00:10 skipped: requested",
    ]);
    fleet.isHolding = false;
    await fleet.release();
    await fleet.workTo("12:00:25");
    expect(fleet.fired).toEqual(["12:00:00", "12:00:20"]);
  });

  test("what has begun or is decided is refused, also as something to take back", async () => {
    await using fleet = await TestFleet.open(START);
    await fleet.add({ id: "job", ...everyTenSeconds });
    fleet.isHolding = true;
    await fleet.workTo("12:00:05");
    await expect(fleet.skip("job", "12:00:00")).rejects.toMatchObject({
      code: "OCCURRENCE_DECIDED",
      data: { jobId: "job", state: "running", time: "2026-03-01T12:00:00.000Z" },
    });
    await fleet.release();
    await expect(fleet.skip("job", "12:00:00")).rejects.toMatchObject({
      data: { state: "decided" },
    });
    await expect(fleet.unskip("job", "12:00:00")).rejects.toMatchObject({
      code: "OCCURRENCE_DECIDED",
    });
    expect(await fleet.verdicts("job")).toEqual(["12:00:00 succeeded"]);
  });

  test("taken back, it runs; without a skip nothing happens", async () => {
    await using fleet = await TestFleet.open(START);
    await fleet.add({ id: "job", ...everyTenSeconds });
    await fleet.skip("job", "12:00:00");
    await fleet.unskip("job", "12:00:00");
    await fleet.unskip("job", "12:00:10");
    await fleet.workTo("12:00:15");
    expect(fleet.fired).toEqual(["12:00:00", "12:00:10"]);
  });

  test("a time that is no fire time is refused with the nearest; a job without a schedule has none", async () => {
    await using fleet = await TestFleet.open(START);
    await fleet.add({ id: "job", ...everyTenSeconds });
    await fleet.add({ id: "by hand", trigger: "manual" });
    await expect(fleet.skip("job", "12:00:13")).rejects.toThrow(
      'skipOccurrence, option "time": 2026-03-01T12:00:13.000Z is no fire time of job "job"; the nearest: 2026-03-01T12:00:10.000Z and 2026-03-01T12:00:20.000Z.',
    );
    await expect(fleet.skip("by hand", "12:00:13")).rejects.toMatchObject({
      code: "INVALID_STATE",
      data: { jobId: "by hand" },
    });
    await expect(fleet.skip("nobody", "12:00:10")).rejects.toMatchObject({ code: "JOB_NOT_FOUND" });
    const read = unskipOccurrence(fleet.engine, { ...ANA.skips("job", "12:00"), time: "noon" });
    await expect(read).rejects.toMatchObject({ code: "INVALID_OPTION", data: { path: "time" } });
  });

  test("the last occurrence, skipped, ends the job", async () => {
    await using fleet = await TestFleet.open(START);
    await fleet.add({ id: "job", trigger: "date", runDate: "2026-03-01 12:00" });
    await fleet.skip("job", "12:00:00");
    await fleet.events();
    await fleet.workTo("12:01");
    expect(await fleet.eventNames()).toEqual(["JOB_SKIPPED", "JOB_FINISHED"]);
  });
});

describe("skips and changes of a job", () => {
  test("what falls into a pause is skipped: requested all the same, and skips after it hold", async () => {
    await using fleet = await TestFleet.open(START);
    await fleet.add({ id: "job", ...everyTenSeconds });
    for (const time of ["12:00:10", "12:00:30", "12:00:50"]) await fleet.skip("job", time);
    await fleet.desk.pause("job", undefined);
    fleet.moveTo("12:00:35");
    await fleet.desk.resume("job");
    await fleet.workTo("12:00:55");
    expect(await fleet.verdicts("job")).toEqual([
      "12:00:10 skipped: requested",
      "12:00:00..12:00:20 skipped: paused x2",
      "12:00:30 skipped: requested",
      "12:00:40 succeeded",
      "12:00:50 skipped: requested",
    ]);
  });

  test("of another schedule, skips of its fire times hold, and the others are dropped", async () => {
    await using fleet = await TestFleet.open(START);
    await fleet.add({ id: "job", ...everyTenSeconds });
    for (const time of ["12:00:00", "12:00:50", "12:01:00"]) await fleet.skip("job", time);
    fleet.moveTo("12:00:15");
    await fleet.desk.modify(
      "job",
      { trigger: "interval", seconds: 20, startDate: "2026-03-01 12:00" },
      "rescheduleJob",
    );
    expect(await fleet.verdicts("job")).toEqual([
      "12:00:00 skipped: requested",
      "12:00:10 skipped: rescheduled",
    ]);
    expect((await fleet.desk.get("job")).skips.map(({ fireAt }) => fireAt)).toEqual([at("12:01")]);
    await fleet.workTo("12:01:25");
    expect(fleet.fired).toEqual(["12:00:20", "12:00:40", "12:01:20"]);
  });

  test("other rules keep them; a removed job takes them along", async () => {
    await using fleet = await TestFleet.open(START);
    await fleet.add({ id: "job", ...everyTenSeconds });
    await fleet.skip("job", "12:00:00");
    await fleet.skip("job", "12:00:10");
    await fleet.desk.modify("job", { maxInstances: 3 }, "modifyJob");
    await fleet.workTo("12:00:05");
    expect(await fleet.verdicts("job")).toEqual(["12:00:00 skipped: requested"]);
    await fleet.desk.remove("job");
    await fleet.add({ id: "job", ...everyTenSeconds });
    await fleet.workTo("12:00:15");
    expect(fleet.fired).toEqual(["12:00:10"]);
  });

  test("a time that the clock skips is the occurrence that was moved from there, and no other", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-27 12:00" });
    const timezone = "Europe/Berlin";
    await fleet.add({ id: "moved", trigger: "daily", at: "02:30", timezone });
    await fleet.add({ id: "hourly", trigger: "cron", hour: "*", minute: 30, timezone });
    const skip = (jobId: string, time: string) =>
      skipOccurrence(fleet.engine, { where: "skipOccurrence", jobId, time, by: ANA.by }, undefined);
    await skip("moved", "2026-03-29 02:30");
    expect((await fleet.find("moved"))?.skips).toMatchObject([{ fireAt: at("2026-03-29 01:00") }]);
    const named = { where: "unskipOccurrence", jobId: "moved", time: "2026-03-29 02:30" };
    await unskipOccurrence(fleet.engine, { ...named, by: ANA.by });
    expect((await fleet.find("moved"))?.skips).toEqual([]);
    await expect(skip("moved", "2026-03-29 02:15")).rejects.toThrow(
      'the clock of Europe/Berlin skips "2026-03-29 02:15", and no occurrence of job "moved" was moved from there; the nearest: 2026-03-29T01:00:00.000Z',
    );
    // 03:30 is its own.
    await expect(skip("hourly", "2026-03-29 02:30")).rejects.toMatchObject({
      code: "INVALID_OPTION",
      data: { path: "time" },
    });
    await skip("hourly", "2026-03-29 03:30");
    // The first pass, of a time that comes twice.
    await skip("moved", "2026-10-25 02:30");
    expect((await fleet.find("moved"))?.skips).toMatchObject([{ fireAt: at("2026-10-25 00:30") }]);
  });
});
