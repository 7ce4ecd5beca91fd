import { describe, expect, test } from "vitest";
import { reconcilerOf } from "../helpers/reconciler-of.ts";
import { at, TestFleet } from "../helpers/test-fleet.ts";

const START = { start: "2026-03-01 11:59:59" } as const;
const everyTenSeconds = {
  trigger: "interval",
  seconds: 10,
  startDate: "2026-03-01 12:00",
} as const;
const until = (time: string) => ({ until: new Date(at(time)) });

describe("pauseJob(id, { until }): the pause ends by itself", () => {
  test("what is due before is skipped, the rest runs, from the very instant on; the event says who ended it", async () => {
    await using fleet = await TestFleet.open(START);
    const reconciler = reconcilerOf(fleet.engine);
    await fleet.add({ id: "job", ...everyTenSeconds });
    await fleet.workTo("12:00:05");
    await fleet.events();
    const paused = await fleet.desk.pause("job", { reason: "stocktaking", ...until("12:00:30") });
    expect(paused).toMatchObject({
      state: "paused",
      pausedReason: "stocktaking",
      pausedUntil: at("12:00:30"),
    });
    await fleet.workTo("12:00:29");
    await reconciler.pass();
    expect(await fleet.find("job")).toMatchObject({ state: "paused" });
    fleet.moveTo("12:00:30");
    await reconciler.pass();
    expect(await fleet.find("job")).toMatchObject({
      state: "active",
      pausedAt: null,
      pausedReason: null,
      pausedUntil: null,
    });
    await fleet.workTo("12:00:45");
    expect(await fleet.verdicts("job")).toEqual([
      "12:00:00 succeeded",
      "12:00:10..12:00:20 skipped: paused x2",
      "12:00:30 succeeded",
      "12:00:40 succeeded",
    ]);
    const events = await fleet.events();
    expect(events.find(({ name }) => name === "JOB_PAUSED")).toMatchObject({
      reason: "stocktaking",
      until: at("12:00:30"),
    });
    expect(events.find(({ name }) => name === "JOB_RESUMED")).toMatchObject({
      at: at("12:00:30"),
      by: { kind: "system", id: "pause-until" },
    });
  });

  test("a late reconciler ends it as of that time: what was due since then is due, by the job's rules", async () => {
    await using fleet = await TestFleet.open(START);
    const reconciler = reconcilerOf(fleet.engine);
    await fleet.add({ id: "together", ...everyTenSeconds });
    await fleet.add({ id: "late", ...everyTenSeconds, misfireGraceTime: 1 });
    for (const id of ["together", "late"]) await fleet.desk.pause(id, until("12:00:25"));
    fleet.moveTo("12:01:03");
    await reconciler.pass();
    await fleet.work();
    expect(await fleet.verdicts("together")).toEqual([
      "12:00:00..12:00:20 skipped: paused x3",
      "12:00:30..12:00:50 coalesced x3",
      "12:01:00 succeeded",
    ]);
    expect(await fleet.verdicts("late")).toEqual([
      "12:00:00..12:00:20 skipped: paused x3",
      "12:00:30..12:01:00 missed x4",
    ]);
  });

  test("pausing again replaces its end, or takes it away; resuming by hand does, too", async () => {
    await using fleet = await TestFleet.open(START);
    const reconciler = reconcilerOf(fleet.engine);
    await fleet.add({ id: "job", ...everyTenSeconds });
    await fleet.desk.pause("job", { reason: "one", ...until("12:00:10") });
    await fleet.desk.pause("job", until("12:00:20"));
    expect(await fleet.find("job")).toMatchObject({
      pausedReason: "one",
      pausedUntil: at("12:00:20"),
    });
    fleet.moveTo("12:00:15");
    await reconciler.pass();
    expect((await fleet.find("job"))?.state).toBe("paused");
    await fleet.desk.pause("job", "two");
    fleet.moveTo("12:00:25");
    await reconciler.pass();
    expect(await fleet.find("job")).toMatchObject({ state: "paused", pausedUntil: null });
    await fleet.desk.pause("job", until("12:01"));
    await fleet.desk.resume("job");
    await fleet.desk.pause("job");
    fleet.moveTo("12:02");
    await reconciler.pass();
    expect(await fleet.find("job")).toMatchObject({ state: "paused", pausedUntil: null });
  });

  test("other rules, another schedule and nextRunTime: null leave its end", async () => {
    await using fleet = await TestFleet.open(START);
    const reconciler = reconcilerOf(fleet.engine);
    await fleet.add({ id: "job", ...everyTenSeconds });
    await fleet.desk.pause("job", until("12:00:30"));
    await fleet.desk.modify("job", { maxInstances: 2, nextRunTime: null }, "modifyJob");
    await fleet.desk.modify("job", { ...everyTenSeconds, seconds: 15 }, "rescheduleJob");
    expect(await fleet.find("job")).toMatchObject({ state: "paused", pausedUntil: at("12:00:30") });
    fleet.moveTo("12:00:31");
    await reconciler.pass();
    await fleet.workTo("12:00:50");
    expect(fleet.fired).toEqual(["12:00:30", "12:00:45"]);
  });

  test("an end that has passed, or is no time, is refused; in words it is in the job's zone", async () => {
    await using fleet = await TestFleet.open(START);
    await fleet.add({ id: "job", ...everyTenSeconds, timezone: "Europe/Berlin" });
    await expect(fleet.desk.pause("job", until("11:59:59"))).rejects.toMatchObject({
      code: "INVALID_OPTION",
      data: { path: "until" },
      message: expect.stringMatching(/^pauseJob, option "until": .* has passed; give a time to/),
    });
    for (const wrong of [{ until: "soon" }, { unti: 1 }, { reason: 5 }, 7])
      await expect(fleet.desk.pause("job", wrong)).rejects.toMatchObject({
        code: "INVALID_OPTION",
      });
    expect((await fleet.find("job"))?.state).toBe("active");
    const { pausedUntil } = await fleet.desk.pause("job", { until: "2026-03-02 09:00" });
    expect(pausedUntil).toBe(at("2026-03-02 08:00"));
    for (const inAnHour of ["1h", 3_600])
      expect(await fleet.desk.pause("job", { until: inAnHour })).toMatchObject({
        pausedUntil: fleet.now + 3_600_000,
      });
  });

  test("a date whose time passes in the pause is missed and ends the job", async () => {
    await using fleet = await TestFleet.open(START);
    const reconciler = reconcilerOf(fleet.engine);
    await fleet.add({ id: "job", trigger: "date", runDate: "2026-03-01 12:00" });
    await fleet.desk.pause("job", until("12:10"));
    fleet.moveTo("12:10");
    await fleet.events();
    await reconciler.pass();
    expect(await fleet.verdicts("job")).toEqual(["12:00:00 missed"]);
    expect(await fleet.eventNames()).toEqual(["JOB_MISSED", "JOB_RESUMED", "JOB_FINISHED"]);
  });

  test("a removed job is not looked for, and one that is added again is not paused", async () => {
    await using fleet = await TestFleet.open(START);
    const reconciler = reconcilerOf(fleet.engine);
    await fleet.add({ id: "job", ...everyTenSeconds });
    await fleet.desk.pause("job", until("12:00:10"));
    await fleet.desk.remove("job");
    await fleet.add({ id: "job", ...everyTenSeconds });
    await fleet.events();
    await fleet.workTo("12:00:15");
    await reconciler.pass();
    expect(fleet.fired).toEqual(["12:00:00", "12:00:10"]);
    expect(await fleet.eventNames()).not.toContain("JOB_RESUMED");
  });

  test("an override goes on beyond the end of the pause below, and resumes the job at its own", async () => {
    await using fleet = await TestFleet.open(START);
    const reconciler = reconcilerOf(fleet.engine);
    for (const id of ["short", "long"]) await fleet.add({ id, ...everyTenSeconds });
    await fleet.desk.pause("short", until("12:00:10"));
    await fleet.desk.pause("long", until("12:00:40"));
    for (const id of ["short", "long"])
      await fleet.desk.overrides.override(id, { paused: true, ...until("12:00:20") });
    await fleet.desk.pause("long", { reason: "longer", ...until("12:00:30") });
    for (const time of ["12:00:10", "12:00:20"]) {
      fleet.moveTo(time);
      await reconciler.pass();
    }
    expect(await fleet.find("short")).toMatchObject({ state: "active", pausedUntil: null });
    expect(await fleet.find("long")).toMatchObject({
      state: "paused",
      pausedReason: "longer",
      pausedUntil: at("12:00:30"),
    });
    fleet.moveTo("12:00:30");
    await reconciler.pass();
    await fleet.work();
    expect((await fleet.verdicts("short")).at(-1)).toBe("12:00:30 succeeded");
    expect(await fleet.verdicts("long")).toEqual([
      "12:00:00..12:00:20 skipped: paused x3",
      "12:00:30 succeeded",
    ]);
  });

  test("what comes to its end late ends in the order of the ends", async () => {
    await using fleet = await TestFleet.open(START);
    const reconciler = reconcilerOf(fleet.engine);
    await fleet.add({ id: "job", ...everyTenSeconds, coalesce: false, maxInstances: 9 });
    await fleet.desk.pause("job", until("12:00:10"));
    const schedule = { trigger: "interval", seconds: 5, startDate: "2026-03-01 12:00" };
    await fleet.desk.overrides.override("job", { schedule, ...until("12:00:20") });
    fleet.moveTo("12:00:35");
    await reconciler.pass();
    await fleet.work();
    await reconciler.pass();
    await fleet.work();
    expect(await fleet.verdicts("job")).toEqual([
      "12:00:00..12:00:05 skipped: paused x2",
      "12:00:10 succeeded",
      "12:00:15 succeeded",
      "12:00:20 succeeded",
      "12:00:30 succeeded",
    ]);
  });
});
