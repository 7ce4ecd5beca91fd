import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import { Pipeline, PipelineScheduler } from "../../src/index.ts";
import { arena } from "../helpers/arena.ts";
import { at, EngineBench } from "../helpers/engine-bench.ts";

class Noop extends Pipeline {
  run(): void {}
}

const AUDIT = { horizonMs: 0, offset: 0, limit: 100, overdueMs: 10_000 };

describe("exhausted trigger: job becomes finished, stays visible with its history until retention removes it", () => {
  test("a date job: finished when its only occurrence is decided; JOB_FINISHED once", async () => {
    await using bench = await EngineBench.open({ start: "2026-03-01 11:59:59" });
    await bench.add({ id: "job", trigger: "date", runDate: "2026-03-01 12:00" });
    await bench.events();
    bench.isHolding = true;
    await bench.workTo("12:00:00");
    expect(await bench.find("job")).toMatchObject({
      state: "finished",
      nextFireAt: null,
      running: 1,
    });
    await bench.release();
    expect(await bench.find("job")).toMatchObject({ state: "finished", running: 0 });
    await bench.workTo("13:00");
    const names = await bench.eventNames("JOB_FINISHED", "JOB_EXECUTED");
    expect(names).toEqual(["JOB_EXECUTED", "JOB_FINISHED"]);
    expect(await bench.verdicts("job")).toEqual(["12:00:00 succeeded"]);
  });

  test("an application that declares its jobs again at its start finds them as they are, though they are over", async () => {
    await using bench = await EngineBench.open({ start: "2026-03-01 11:59:59" });
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
    for (const job of jobs) await bench.add(job);
    await bench.workTo("13:00");
    const before = await bench.jobs();
    for (const job of jobs) await bench.add(job);
    for (const job of jobs) await bench.add({ ...job, replaceExisting: true });
    expect(await bench.jobs()).toEqual(before);
    const other = { ...jobs[0], seconds: 20 };
    await expect(bench.add(other)).rejects.toThrow(/"ended" would never fire/);
    await expect(bench.add({ ...jobs[0], id: "new" })).rejects.toThrow(/"new" would never fire/);
  });

  test("it is in getJobs, at the end and by its state", async () => {
    await using bench = await EngineBench.open({ start: "2026-03-01 11:59:59" });
    await bench.add({ id: "done", trigger: "date", runDate: "2026-03-01 12:00" });
    await bench.add({ id: "later", trigger: "date", runDate: "2026-03-01 14:00" });
    await bench.workTo("13:00");
    const { jobs } = await bench.jobs();
    expect(jobs.map(({ id, state, nextRunTime }) => [id, state, nextRunTime])).toEqual([
      ["later", "active", new Date(at("14:00"))],
      ["done", "finished", null],
    ]);
    expect((await bench.jobs({ state: "finished" })).jobs.map(({ id }) => id)).toEqual(["done"]);
  });

  test("missed or skipped, the last occurrence ends the job as well", async () => {
    await using bench = await EngineBench.open({ start: "2026-03-01 11:59:59" });
    const once = { trigger: "date", runDate: "2026-03-01 12:00" } as const;
    await bench.add({ id: "late", ...once, misfireGraceTime: 1 });
    bench.moveTo("12:00:05");
    await bench.work();
    expect(await bench.verdicts("late")).toEqual(["12:00:00 missed"]);
    expect((await bench.find("late"))?.state).toBe("finished");
  });

  test("after an outage past the end: decided, then finished", async () => {
    await using bench = await EngineBench.open({ start: "2026-03-01 11:59:59" });
    await bench.add({
      id: "job",
      trigger: "interval",
      seconds: 10,
      startDate: "2026-03-01 12:00",
      endDate: "2026-03-01 12:01",
    });
    bench.moveTo("18:00");
    await bench.work();
    expect(await bench.verdicts("job")).toEqual([
      "12:00:00..12:00:50 coalesced x6",
      "12:01:00 succeeded",
    ]);
    expect((await bench.find("job"))?.state).toBe("finished");
  });

  test("retention finds it after its time and not before, and never a job that goes on", async () => {
    await using bench = await EngineBench.open({ start: "2026-03-01 11:59:59" });
    await bench.add({ id: "done", trigger: "date", runDate: "2026-03-01 12:00" });
    await bench.add({ id: "active", trigger: "interval", hours: 1 });
    await bench.add({ id: "paused", trigger: "interval", hours: 1, nextRunTime: null });
    await bench.workTo("12:00:00");
    const audit = { ...AUDIT, finishedRetentionMs: 3_600_000 };
    const expired = async (): Promise<string[]> =>
      (await bench.engine.healing.audit(audit))
        .filter(({ kind }) => kind === "expired")
        .map(({ jobId }) => jobId);
    bench.moveTo("12:59:59");
    expect(await expired()).toEqual([]);
    await bench.workTo("13:00:01");
    expect(await expired()).toEqual(["done"]);
  });

  test("and the reconciler removes it, with JOB_REMOVED; its ledger stays", async () => {
    const connection = arena().connection();
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
