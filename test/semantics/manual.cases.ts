import { describe, expect, test } from "vitest";
import { toJob } from "../../src/scheduler/job.ts";
import { reconcilerOf } from "../helpers/reconciler-of.ts";
import { at, TestFleet } from "../helpers/test-fleet.ts";
import { comparable, exported, imported } from "../transfer/moved-state.ts";

const manual = { trigger: "manual" } as const;
const everyMinute = { trigger: "interval", minutes: 1, startDate: "2026-03-01 12:01" } as const;

describe('trigger: "manual": runs only when asked', () => {
  test("active without a next run; runJob runs it, as often as it is asked", async () => {
    await using fleet = await TestFleet.open();
    const added = await fleet.add({ id: "job", ...manual, params: { a: 1 } });
    expect(toJob(added)).toMatchObject({
      state: "active",
      nextRunTime: null,
      nextDueTime: null,
      schedule: "only on request, by runJob",
      scheduleKind: "manual",
      timezone: "UTC",
    });
    expect(await fleet.queueJobs()).toEqual([]);
    await fleet.workTo("2026-03-08 12:00");
    expect(fleet.started).toEqual([]);
    await fleet.ask("job");
    await fleet.work();
    await fleet.workTo("2026-03-08 13:00");
    await fleet.ask("job", { params: { a: 2 } });
    await fleet.work();
    expect(fleet.started.map(({ trigger, params }) => [trigger, params])).toEqual([
      ["manual", { a: 1 }],
      ["manual", { a: 2 }],
    ]);
    expect(await fleet.find("job")).toMatchObject({
      state: "active",
      nextFireAt: null,
      counts: { succeeded: 2 },
    });
    expect(await fleet.eventNames("JOB_FINISHED")).toEqual([]);
    expect(await fleet.queueJobs()).toEqual([]);
  });

  test("never overdue, repaired or removed, however long it waits", async () => {
    await using fleet = await TestFleet.open();
    const reconciler = reconcilerOf(fleet.engine, 1_000);
    await fleet.add({ id: "job", ...manual });
    await fleet.ask("job");
    await fleet.work();
    for (const day of ["2026-03-02 12:00", "2027-03-01 12:00", "2036-03-01 12:00"]) {
      fleet.moveTo(day);
      await reconciler.pass();
    }
    expect(await fleet.eventNames("JOB_REPAIRED", "JOB_OVERDUE", "JOB_REMOVED")).toEqual([]);
    expect(await fleet.next("job")).toBe("active");
  });

  test("declared again, equally, it stays as it is; the others of its kind stand beside it", async () => {
    await using fleet = await TestFleet.open();
    await fleet.add({ id: "job", ...manual });
    await fleet.add({ id: "daily", trigger: "interval", days: 1 });
    await fleet.ask("job");
    await fleet.work();
    const before = await fleet.jobs();
    await fleet.add({ id: "job", ...manual });
    await fleet.add({ id: "job", ...manual, replaceExisting: true });
    expect(await fleet.jobs()).toEqual(before);
    expect(before.jobs.map(({ id }) => id).toSorted()).toEqual(["daily", "job"]);
    await expect(fleet.add({ id: "job", ...everyMinute })).rejects.toMatchObject({
      code: "CONFLICTING_ID",
    });
    const { id } = (await fleet.add(manual)).definition;
    expect((await fleet.add(manual)).definition.id).toBe(id);
  });

  test("another schedule and back: what was due is decided, and nothing fires any more", async () => {
    await using fleet = await TestFleet.open();
    await fleet.add({ id: "job", ...manual });
    await fleet.desk.modify("job", everyMinute, "rescheduleJob");
    expect(await fleet.next("job")).toBe("12:01:00");
    await fleet.workTo("12:01:30");
    fleet.moveTo("12:03:30");
    await fleet.desk.modify("job", manual, "rescheduleJob");
    expect(await fleet.find("job")).toMatchObject({ state: "active", nextFireAt: null });
    expect(await fleet.queueJobs()).toEqual([]);
    await fleet.workTo("12:10");
    expect(await fleet.verdicts("job")).toEqual([
      "12:01:00 succeeded",
      "12:02:00..12:03:00 skipped: rescheduled x2",
    ]);
    await fleet.ask("job");
    await fleet.work();
    expect(fleet.started.at(-1)?.trigger).toBe("manual");
    await fleet.add({ id: "job", ...everyMinute, replaceExisting: true });
    expect(await fleet.next("job")).toBe("12:10:00");
    await fleet.add({ id: "job", ...manual, replaceExisting: true });
    expect(await fleet.next("job")).toBe("active");
  });

  test("a job that is over becomes one that waits to be asked", async () => {
    await using fleet = await TestFleet.open();
    await fleet.add({ id: "job", trigger: "date", runDate: "2026-03-01 12:01" });
    await fleet.workTo("12:02");
    expect(await fleet.next("job")).toBe("finished");
    await fleet.desk.modify("job", manual, "rescheduleJob");
    expect(await fleet.next("job")).toBe("active");
    await reconcilerOf(fleet.engine, 1_000).pass();
    fleet.moveTo("2026-03-05 12:00");
    await reconcilerOf(fleet.engine, 1_000).pass();
    expect(await fleet.next("job")).toBe("active");
  });

  test("pause and resume: as any job, and it is not over by that", async () => {
    await using fleet = await TestFleet.open();
    await fleet.add({ id: "job", ...manual, nextRunTime: null });
    expect(await fleet.next("job")).toBe("paused");
    await fleet.ask("job");
    await fleet.work();
    expect(fleet.started).toHaveLength(1);
    expect(await fleet.next("job")).toBe("paused");
    fleet.moveTo("13:00");
    await fleet.desk.resume("job");
    expect(await fleet.next("job")).toBe("active");
    await fleet.desk.pause("job", "hold");
    await fleet.desk.resume("job");
    expect(await fleet.next("job")).toBe("active");
    expect(await fleet.eventNames("JOB_FINISHED")).toEqual([]);
  });

  test("exported and imported it is what it was, and not over", async () => {
    await using fleet = await TestFleet.open();
    await fleet.add({ id: "job", ...manual, timezone: "Europe/Berlin" });
    await fleet.add({ id: "paused", ...manual, nextRunTime: null });
    await fleet.ask("job");
    await fleet.work();
    const state = await exported(fleet.engine);
    await using other = await TestFleet.open({ start: "2026-03-02 12:00:00" });
    await imported(other.engine, state);
    expect(comparable(await exported(other.engine))).toEqual(comparable(state));
    expect(await other.find("job")).toMatchObject({
      state: "active",
      nextFireAt: null,
      definition: { trigger: { kind: "manual", timezone: "Europe/Berlin" } },
      counts: { succeeded: 1 },
    });
    expect(await other.next("paused")).toBe("paused");
    expect(await other.eventNames("JOB_FINISHED")).toEqual([]);
  });

  test("explain: it was not due, since it has no schedule", async () => {
    await using fleet = await TestFleet.open();
    await fleet.add({ id: "job", ...manual });
    const { state, text } = await fleet.explain("job", "12:30");
    expect(state).toBe("none");
    expect(text).toBe(
      "The job was not due at 2026-03-01T12:30:00.000Z: it has no schedule and runs only on request, by runJob.",
    );
    await fleet.ask("job");
    await fleet.work();
    expect((await fleet.explain("job", fleet.now)).state).toBe("succeeded");
  });

  test("backfill is refused: nothing was ever due", async () => {
    await using fleet = await TestFleet.open();
    await fleet.add({ id: "job", ...manual });
    fleet.moveTo("13:00");
    const { backfills } = fleet;
    for (const dryRun of [true, false]) {
      const begun = backfills.start("job", { from: "2026-03-01 12:00", dryRun });
      await expect(begun).rejects.toMatchObject({
        code: "INVALID_STATE",
        message: expect.stringMatching(/"job" has no schedule.*runJob.*rescheduleJob/),
      });
    }
  });

  test("conditions see its runs, and its own holds for them", async () => {
    await using fleet = await TestFleet.open();
    await fleet.add({ id: "source", ...manual });
    await fleet.add({ id: "job", ...manual, condition: "source.last_run_successful" });
    await fleet.ask("job");
    await fleet.work();
    expect(await fleet.verdicts("job")).toEqual(["12:00:00 skipped: condition"]);
    await fleet.ask("source");
    await fleet.work();
    fleet.moveTo("12:05");
    await fleet.ask("job");
    await fleet.work();
    expect(await fleet.verdicts("job")).toEqual([
      "12:00:00 skipped: condition",
      "12:05:00 succeeded",
    ]);
  });

  test("a first run by nextRunTime is refused, when it is added and later", async () => {
    await using fleet = await TestFleet.open();
    const refusal = {
      code: "INVALID_OPTION",
      message: expect.stringMatching(/nextRunTime.*"manual".*runJob/s),
      data: { path: "nextRunTime" },
    };
    const nextRunTime = new Date(at("13:00"));
    const mistaken = { id: "job", ...manual, nextRunTime } as unknown as typeof manual;
    await expect(fleet.add(mistaken)).rejects.toMatchObject(refusal);
    expect(await fleet.find("job")).toBeUndefined();
    await fleet.add({ id: "job", ...manual });
    await expect(fleet.desk.modify("job", { nextRunTime }, "modifyJob")).rejects.toMatchObject(
      refusal,
    );
    await expect(
      fleet.desk.modify("job", { ...manual, nextRunTime }, "rescheduleJob"),
    ).rejects.toMatchObject(refusal);
    expect(await fleet.next("job")).toBe("active");
  });
});
