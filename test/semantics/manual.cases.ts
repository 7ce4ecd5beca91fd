import { describe, expect, test } from "vitest";
import { systemClock } from "../../src/core/clock.ts";
import { Backfills } from "../../src/scheduler/backfill.ts";
import { toJob } from "../../src/scheduler/job.ts";
import { Reconciler } from "../../src/scheduler/reconciler.ts";
import { at, EngineBench } from "../helpers/engine-bench.ts";
import { comparable, exported, imported } from "../transfer/engines.ts";

const manual = { trigger: "manual" } as const;
const everyMinute = { trigger: "interval", minutes: 1, startDate: "2026-03-01 12:01" } as const;

function reconcilerOf(bench: EngineBench): Reconciler {
  const quiet = (): void => undefined;
  return new Reconciler({
    engine: bench.engine,
    clock: systemClock,
    logger: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    owner: "a case",
    everyMs: 2_000,
    overdueMs: 10_000,
    finishedRetentionMs: 1_000,
  });
}

describe('trigger: "manual": runs only when asked', () => {
  test("active without a next run; runJob runs it, as often as it is asked", async () => {
    await using bench = await EngineBench.open();
    const added = await bench.add({ id: "job", ...manual, params: { a: 1 } });
    expect(toJob(added)).toMatchObject({
      state: "active",
      nextRunTime: null,
      nextDueTime: null,
      schedule: "only on request, by runJob",
      scheduleKind: "manual",
      timezone: "UTC",
    });
    expect(await bench.queueJobs()).toEqual([]);
    await bench.workTo("2026-03-08 12:00");
    expect(bench.started).toEqual([]);
    await bench.ask("job");
    await bench.work();
    await bench.workTo("2026-03-08 13:00");
    await bench.ask("job", { params: { a: 2 } });
    await bench.work();
    expect(bench.started.map(({ trigger, params }) => [trigger, params])).toEqual([
      ["manual", { a: 1 }],
      ["manual", { a: 2 }],
    ]);
    expect(await bench.find("job")).toMatchObject({
      state: "active",
      nextFireAt: null,
      counts: { succeeded: 2 },
    });
    expect(await bench.eventNames("JOB_FINISHED")).toEqual([]);
    expect(await bench.queueJobs()).toEqual([]);
  });

  test("never overdue, repaired or removed, however long it waits", async () => {
    await using bench = await EngineBench.open();
    const reconciler = reconcilerOf(bench);
    await bench.add({ id: "job", ...manual });
    await bench.ask("job");
    await bench.work();
    for (const day of ["2026-03-02 12:00", "2027-03-01 12:00", "2036-03-01 12:00"]) {
      bench.moveTo(day);
      await reconciler.pass();
    }
    expect(await bench.eventNames("JOB_REPAIRED", "JOB_OVERDUE", "JOB_REMOVED")).toEqual([]);
    expect(await bench.next("job")).toBe("active");
  });

  test("declared again, equally, it stays as it is; the others of its kind stand beside it", async () => {
    await using bench = await EngineBench.open();
    await bench.add({ id: "job", ...manual });
    await bench.add({ id: "daily", trigger: "interval", days: 1 });
    await bench.ask("job");
    await bench.work();
    const before = await bench.jobs();
    await bench.add({ id: "job", ...manual });
    await bench.add({ id: "job", ...manual, replaceExisting: true });
    expect(await bench.jobs()).toEqual(before);
    expect(before.jobs.map(({ id }) => id).toSorted()).toEqual(["daily", "job"]);
    await expect(bench.add({ id: "job", ...everyMinute })).rejects.toMatchObject({
      code: "CONFLICTING_ID",
    });
    const { id } = (await bench.add(manual)).definition;
    expect((await bench.add(manual)).definition.id).toBe(id);
  });

  test("another schedule and back: what was due is decided, and nothing fires any more", async () => {
    await using bench = await EngineBench.open();
    await bench.add({ id: "job", ...manual });
    await bench.desk.modify("job", everyMinute, "rescheduleJob");
    expect(await bench.next("job")).toBe("12:01:00");
    await bench.workTo("12:01:30");
    bench.moveTo("12:03:30");
    await bench.desk.modify("job", manual, "rescheduleJob");
    expect(await bench.find("job")).toMatchObject({ state: "active", nextFireAt: null });
    expect(await bench.queueJobs()).toEqual([]);
    await bench.workTo("12:10");
    expect(await bench.verdicts("job")).toEqual([
      "12:01:00 succeeded",
      "12:02:00..12:03:00 skipped: rescheduled x2",
    ]);
    await bench.ask("job");
    await bench.work();
    expect(bench.started.at(-1)?.trigger).toBe("manual");
    await bench.add({ id: "job", ...everyMinute, replaceExisting: true });
    expect(await bench.next("job")).toBe("12:10:00");
    await bench.add({ id: "job", ...manual, replaceExisting: true });
    expect(await bench.next("job")).toBe("active");
  });

  test("a job that is over becomes one that waits to be asked", async () => {
    await using bench = await EngineBench.open();
    await bench.add({ id: "job", trigger: "date", runDate: "2026-03-01 12:01" });
    await bench.workTo("12:02");
    expect(await bench.next("job")).toBe("finished");
    await bench.desk.modify("job", manual, "rescheduleJob");
    expect(await bench.next("job")).toBe("active");
    await reconcilerOf(bench).pass();
    bench.moveTo("2026-03-05 12:00");
    await reconcilerOf(bench).pass();
    expect(await bench.next("job")).toBe("active");
  });

  test("pause and resume: as any job, and it is not over by that", async () => {
    await using bench = await EngineBench.open();
    await bench.add({ id: "job", ...manual, nextRunTime: null });
    expect(await bench.next("job")).toBe("paused");
    await bench.ask("job");
    await bench.work();
    expect(bench.started).toHaveLength(1);
    expect(await bench.next("job")).toBe("paused");
    bench.moveTo("13:00");
    await bench.desk.resume("job");
    expect(await bench.next("job")).toBe("active");
    await bench.desk.pause("job", "hold");
    await bench.desk.resume("job");
    expect(await bench.next("job")).toBe("active");
    expect(await bench.eventNames("JOB_FINISHED")).toEqual([]);
  });

  test("exported and imported it is what it was, and not over", async () => {
    await using bench = await EngineBench.open();
    await bench.add({ id: "job", ...manual, timezone: "Europe/Berlin" });
    await bench.add({ id: "paused", ...manual, nextRunTime: null });
    await bench.ask("job");
    await bench.work();
    const state = await exported(bench.engine);
    await using other = await EngineBench.open({ start: "2026-03-02 12:00:00" });
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
    await using bench = await EngineBench.open();
    await bench.add({ id: "job", ...manual });
    const { state, text } = await bench.explain("job", "12:30");
    expect(state).toBe("none");
    expect(text).toBe(
      "The job was not due at 2026-03-01T12:30:00.000Z: it has no schedule and runs only on request, by runJob.",
    );
    await bench.ask("job");
    await bench.work();
    expect((await bench.explain("job", bench.now)).state).toBe("succeeded");
  });

  test("backfill is refused: nothing was ever due", async () => {
    await using bench = await EngineBench.open();
    await bench.add({ id: "job", ...manual });
    bench.moveTo("13:00");
    const backfills = new Backfills(bench.engine, bench.desk.store);
    for (const dryRun of [true, false]) {
      const begun = backfills.start("job", { from: "2026-03-01 12:00", dryRun });
      await expect(begun).rejects.toMatchObject({
        code: "INVALID_STATE",
        message: expect.stringMatching(/"job" has no schedule.*runJob.*rescheduleJob/),
      });
    }
  });

  test("conditions see its runs, and its own holds for them", async () => {
    await using bench = await EngineBench.open();
    await bench.add({ id: "source", ...manual });
    await bench.add({ id: "job", ...manual, condition: "source.last_run_successful" });
    await bench.ask("job");
    await bench.work();
    expect(await bench.verdicts("job")).toEqual(["12:00:00 skipped: condition"]);
    await bench.ask("source");
    await bench.work();
    bench.moveTo("12:05");
    await bench.ask("job");
    await bench.work();
    expect(await bench.verdicts("job")).toEqual([
      "12:00:00 skipped: condition",
      "12:05:00 succeeded",
    ]);
  });

  test("a first run by nextRunTime is refused, when it is added and later", async () => {
    await using bench = await EngineBench.open();
    const refusal = {
      code: "INVALID_OPTION",
      message: expect.stringMatching(/nextRunTime.*"manual".*runJob/s),
      data: { path: "nextRunTime" },
    };
    const nextRunTime = new Date(at("13:00"));
    const mistaken = { id: "job", ...manual, nextRunTime } as unknown as typeof manual;
    await expect(bench.add(mistaken)).rejects.toMatchObject(refusal);
    expect(await bench.find("job")).toBeUndefined();
    await bench.add({ id: "job", ...manual });
    await expect(bench.desk.modify("job", { nextRunTime }, "modifyJob")).rejects.toMatchObject(
      refusal,
    );
    await expect(
      bench.desk.modify("job", { ...manual, nextRunTime }, "rescheduleJob"),
    ).rejects.toMatchObject(refusal);
    expect(await bench.next("job")).toBe("active");
  });
});
