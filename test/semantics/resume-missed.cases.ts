import { describe, expect, test } from "vitest";
import { at, TestFleet } from "../helpers/test-fleet.ts";

const START = { start: "2026-03-01 11:59:59" } as const;
const everyTenSeconds = {
  trigger: "interval",
  seconds: 10,
  startDate: "2026-03-01 12:00",
} as const;
const times = (...texts: string[]) => texts.map((text) => new Date(at(text)));

/** A job that is paused from 12:00:05 on; it is 12:00:48. */
async function paused(fleet: TestFleet, more: object = {}): Promise<void> {
  await fleet.add({ id: "job", ...everyTenSeconds, ...more });
  await fleet.workTo("12:00:05");
  await fleet.desk.pause("job", "stocktaking");
  await fleet.workTo("12:00:48");
}

describe("resumeJob(id, { missed }): what fell into the pause runs after all", () => {
  test("latest: the latest runs, the others are skipped", async () => {
    await using fleet = await TestFleet.open(START);
    await paused(fleet);
    await fleet.desk.resume("job", { missed: "latest" });
    await fleet.workTo("12:00:55");
    expect(await fleet.verdicts("job")).toEqual([
      "12:00:00 succeeded",
      "12:00:10..12:00:30 skipped: paused x3",
      "12:00:40 succeeded",
      "12:00:50 succeeded",
    ]);
    const run = (await fleet.runs("job", { limit: 100 })).find(
      ({ fireTime }) => fireTime.getTime() === at("12:00:40"),
    );
    // It is due, and late, from then on.
    expect(run).toMatchObject({
      trigger: "scheduled",
      dueTime: new Date(at("12:00:48")),
      latenessMs: 0,
    });
    expect((await fleet.explain("job", "12:00:40")).text).not.toContain("jitter");
  });

  test("all: each runs once, oldest first, one after the other, coalesce or not, however late", async () => {
    await using fleet = await TestFleet.open(START);
    await paused(fleet, { misfireGraceTime: 1 });
    await fleet.desk.resume("job", { missed: "all" });
    await fleet.work();
    expect(fleet.fired).toEqual(["12:00:00", "12:00:10", "12:00:20", "12:00:30", "12:00:40"]);
    expect((await fleet.find("job"))?.counts).toEqual({ succeeded: 5 });
  });

  test("a list: those run, each once, and the rows of the others leave them out", async () => {
    await using fleet = await TestFleet.open(START);
    await paused(fleet);
    const missed = [...times("12:00:30", "12:00:10", "12:00:30"), "2026-03-01 12:00:30"];
    await fleet.desk.resume("job", { missed });
    await fleet.work();
    expect(await fleet.verdicts("job")).toEqual([
      "12:00:00 succeeded",
      "12:00:10 succeeded",
      "12:00:30 succeeded",
      "12:00:20..12:00:40 skipped: paused x2",
    ]);
  });

  test("skip, and nothing, run none; a job that is not paused stays as it is, so calling twice runs nothing twice", async () => {
    await using fleet = await TestFleet.open(START);
    await paused(fleet);
    await fleet.desk.resume("job", { missed: "skip" });
    await fleet.desk.resume("job", { missed: "all" });
    await fleet.work();
    expect(fleet.fired).toEqual(["12:00:00"]);
    await fleet.desk.pause("job");
    fleet.moveTo("12:01:05");
    const both = [1, 2].map(() => fleet.desk.resume("job", { missed: "latest" }));
    await Promise.all(both);
    await fleet.work();
    expect(fleet.fired).toEqual(["12:00:00", "12:01:00"]);
  });

  test("what is skipped on request does not run", async () => {
    await using fleet = await TestFleet.open(START);
    await paused(fleet);
    for (const time of ["12:00:20", "12:00:40"]) await fleet.skip("job", time);
    await expect(fleet.desk.resume("job", { missed: times("12:00:20") })).rejects.toMatchObject({
      code: "INVALID_OPTION",
      data: { path: "missed[0]" },
    });
    await fleet.desk.resume("job", { missed: "latest" });
    await fleet.work();
    expect(fleet.fired).toEqual(["12:00:00", "12:00:30"]);
    expect((await fleet.find("job"))?.counts).toEqual({ succeeded: 2, skipped: 3 });
  });

  test("the condition and the overlap rule are asked", async () => {
    await using fleet = await TestFleet.open(START);
    await fleet.add({ id: "other", trigger: "manual" });
    await paused(fleet, { condition: "other.last_run_successful" });
    await fleet.desk.resume("job", { missed: "all" });
    await fleet.work();
    expect(fleet.fired).toEqual([]);
    expect((await fleet.verdicts("job")).slice(1)).toEqual([
      "12:00:10 skipped: condition",
      "12:00:20 skipped: condition",
      "12:00:30 skipped: condition",
      "12:00:40 skipped: condition",
    ]);
  });

  test("with queue-one and a run that goes on, the latest waits and the others are replaced", async () => {
    await using fleet = await TestFleet.open(START);
    await fleet.add({ id: "job", ...everyTenSeconds, overlap: "queue-one" });
    fleet.isHolding = true;
    await fleet.workTo("12:00:05");
    await fleet.desk.pause("job");
    await fleet.workTo("12:00:38");
    await fleet.desk.resume("job", { missed: "all" });
    expect(await fleet.verdicts("job")).toEqual([
      "12:00:00 running",
      "12:00:10 skipped: overlap-replaced",
      "12:00:20 skipped: overlap-replaced",
      "12:00:30 queued",
    ]);
  });

  test("a date that passed in the pause runs and ends the job", async () => {
    await using fleet = await TestFleet.open(START);
    await fleet.add({ id: "job", trigger: "date", runDate: "2026-03-01 12:00" });
    await fleet.desk.pause("job");
    fleet.moveTo("12:30");
    await fleet.events();
    expect((await fleet.desk.resume("job", { missed: "latest" })).state).toBe("finished");
    await fleet.work();
    expect(await fleet.verdicts("job")).toEqual(["12:00:00 succeeded"]);
    const names = await fleet.eventNames();
    expect([names[0], names.at(-1)]).toEqual(["JOB_RESUMED", "JOB_FINISHED"]);
  });

  test("all is refused beyond maxCatchUp; other times, and none, are refused", async () => {
    await using fleet = await TestFleet.open(START);
    await paused(fleet, { maxCatchUp: 3 });
    await expect(fleet.desk.resume("job", { missed: "all" })).rejects.toMatchObject({
      code: "INVALID_OPTION",
      data: { path: "missed", count: 4, limit: 3 },
    });
    for (const wrong of ["12:00:00", "12:00:50", "12:00:13"])
      await expect(fleet.desk.resume("job", { missed: times(wrong) })).rejects.toMatchObject({
        code: "INVALID_OPTION",
        data: { path: "missed[0]" },
      });
    for (const missed of ["none", [], ["noon"], 5, null])
      await expect(fleet.desk.resume("job", { missed })).rejects.toMatchObject({
        code: "INVALID_OPTION",
      });
    expect((await fleet.find("job"))?.state).toBe("paused");
  });
});

describe("getPausedOccurrences(id): what fell into the pause so far", () => {
  test("counts them and lists the first, without those that are skipped on request", async () => {
    await using fleet = await TestFleet.open(START);
    await fleet.add({ id: "job", ...everyTenSeconds });
    expect(await fleet.desk.pausedOccurrences("job")).toEqual({ count: 0, fireTimes: [] });
    await fleet.desk.pause("job");
    expect(await fleet.desk.pausedOccurrences("job")).toEqual({ count: 0, fireTimes: [] });
    await fleet.skip("job", "12:00:10");
    fleet.moveTo("13:00:00");
    expect(await fleet.desk.pausedOccurrences("job", { limit: 2 })).toEqual({
      count: 360,
      fireTimes: times("12:00:00", "12:00:20"),
    });
    const { fireTimes } = await fleet.desk.pausedOccurrences("job");
    expect(fireTimes).toHaveLength(100);
    await expect(fleet.desk.pausedOccurrences("job", { limit: 0 })).rejects.toMatchObject({
      code: "INVALID_OPTION",
    });
    await expect(fleet.desk.pausedOccurrences("none")).rejects.toMatchObject({
      code: "JOB_NOT_FOUND",
    });
  });
});
