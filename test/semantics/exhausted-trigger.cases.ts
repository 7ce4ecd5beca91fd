import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import { Pipeline, PipelineScheduler } from "../../src/index.ts";
import { testStores } from "../helpers/test-stores.ts";
import { at, TestFleet } from "../helpers/test-fleet.ts";

class Noop extends Pipeline {
  run(): void {}
}

const AUDIT = { horizonMs: 0, offset: 0, limit: 100, overdueMs: 10_000 };

describe("exhausted trigger: job becomes finished, stays visible with its history until retention removes it", () => {
  test("a date job: finished when its only occurrence is decided; JOB_FINISHED once", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    await fleet.add({ id: "job", trigger: "date", runDate: "2026-03-01 12:00" });
    await fleet.events();
    fleet.isHolding = true;
    await fleet.workTo("12:00:00");
    expect(await fleet.find("job")).toMatchObject({
      state: "finished",
      nextFireAt: null,
      running: 1,
    });
    await fleet.release();
    expect(await fleet.find("job")).toMatchObject({ state: "finished", running: 0 });
    await fleet.workTo("13:00");
    const names = await fleet.eventNames("JOB_FINISHED", "JOB_EXECUTED");
    expect(names).toEqual(["JOB_EXECUTED", "JOB_FINISHED"]);
    expect(await fleet.verdicts("job")).toEqual(["12:00:00 succeeded"]);
  });

  test("an application that declares its jobs again at its start finds them as they are, though they are over", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    const jobs = [
      {
        id: "ended",
        trigger: "interval",
        seconds: 10,
        startDate: "2026-03-01 12:00",
        endDate: "2026-03-01 12:01",
      },
      { id: "daily", trigger: "interval", days: 1 },
    ] as const;
    for (const job of jobs) await fleet.add(job);
    await fleet.workTo("13:00");
    const before = await fleet.jobs();
    for (const job of jobs) await fleet.add(job);
    for (const job of jobs) await fleet.add({ ...job, replaceExisting: true });
    expect(await fleet.jobs()).toEqual(before);
    const other = { ...jobs[0], seconds: 20 };
    await expect(fleet.add(other)).rejects.toThrow(/"ended" would never fire/);
    await expect(fleet.add({ ...jobs[0], id: "new" })).rejects.toThrow(/"new" would never fire/);
  });

  test("it is in getJobs, at the end and by its state", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    await fleet.add({ id: "done", trigger: "date", runDate: "2026-03-01 12:00" });
    await fleet.add({ id: "later", trigger: "date", runDate: "2026-03-01 14:00" });
    await fleet.workTo("13:00");
    const { jobs } = await fleet.jobs();
    expect(jobs.map(({ id, state, nextRunTime }) => [id, state, nextRunTime])).toEqual([
      ["later", "active", new Date(at("14:00"))],
      ["done", "finished", null],
    ]);
    expect((await fleet.jobs({ state: "finished" })).jobs.map(({ id }) => id)).toEqual(["done"]);
  });

  test("missed or skipped, the last occurrence ends the job as well", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    const once = { trigger: "date", runDate: "2026-03-01 12:00" } as const;
    await fleet.add({ id: "late", ...once, misfireGraceTime: 1 });
    fleet.moveTo("12:00:05");
    await fleet.work();
    expect(await fleet.verdicts("late")).toEqual(["12:00:00 missed"]);
    expect((await fleet.find("late"))?.state).toBe("finished");
  });

  test("after an outage past the end: decided, then finished", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    await fleet.add({
      id: "job",
      trigger: "interval",
      seconds: 10,
      startDate: "2026-03-01 12:00",
      endDate: "2026-03-01 12:01",
    });
    fleet.moveTo("18:00");
    await fleet.work();
    expect(await fleet.verdicts("job")).toEqual([
      "12:00:00..12:00:50 coalesced x6",
      "12:01:00 succeeded",
    ]);
    expect((await fleet.find("job"))?.state).toBe("finished");
  });

  test("retention finds it after its time and not before, and never a job that goes on", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    await fleet.add({ id: "done", trigger: "date", runDate: "2026-03-01 12:00" });
    await fleet.add({ id: "active", trigger: "interval", hours: 1 });
    await fleet.add({ id: "paused", trigger: "interval", hours: 1, nextRunTime: null });
    await fleet.workTo("12:00:00");
    const audit = { ...AUDIT, finishedRetentionMs: 3_600_000 };
    const expired = async (): Promise<string[]> =>
      (await fleet.engine.healing.audit(audit))
        .filter(({ kind }) => kind === "expired")
        .map(({ jobId }) => jobId);
    fleet.moveTo("12:59:59");
    expect(await expired()).toEqual([]);
    await fleet.workTo("13:00:01");
    expect(await expired()).toEqual(["done"]);
  });

  test("and the reconciler removes it, with JOB_REMOVED; its ledger stays", async () => {
    const connection = testStores().connection();
    await using scheduler = new PipelineScheduler({
      ...(connection === undefined ? {} : { connection }),
      prefix: `finished-${randomUUID()}`,
      pipelines: [Noop],
      reconcile: "100ms",
      finishedRetention: "300ms",
    });
    const removed = new Promise((resolve) => {
      scheduler.on("JOB_REMOVED", resolve);
    });
    await scheduler.start();
    await scheduler.addJob(Noop, { id: "job", trigger: "date", runDate: new Date() });
    expect(await removed).toMatchObject({ jobId: "job" });
    expect(await scheduler.getJob("job")).toBeUndefined();
    const { runs } = await scheduler.getRuns("job");
    expect(runs.map(({ verdict }) => verdict)).toEqual(["succeeded"]);
  });
});
