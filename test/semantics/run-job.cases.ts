import { z } from "zod";
import { describe, expect, test } from "vitest";
import { Pipeline } from "../../src/index.ts";
import { at, EngineBench } from "../helpers/engine-bench.ts";

const everyTenSeconds = {
  trigger: "interval",
  seconds: 10,
  startDate: "2026-03-01 12:00",
} as const;
const inAnHour = { trigger: "date", runDate: "2026-03-01 13:00" } as const;

describe("runJob(id): runs now, schedule untouched, same policies, marked manual", () => {
  test("runs now; the next occurrence stays what it was", async () => {
    await using bench = await EngineBench.open();
    await bench.add({ id: "job", ...inAnHour, params: { a: 1 } });
    const before = await bench.find("job");
    await bench.events();
    const runId = await bench.ask("job");
    expect(await bench.getRun(runId)).toMatchObject({ verdict: "queued", trigger: "manual" });
    await bench.work();
    expect(bench.started).toHaveLength(1);
    expect(bench.started[0]).toMatchObject({
      runId,
      jobId: "job",
      trigger: "manual",
      attempt: 1,
      params: { a: 1 },
      fireTime: new Date(at("12:00")),
    });
    expect(await bench.getRun(runId)).toMatchObject({ verdict: "succeeded", trigger: "manual" });
    const after = await bench.find("job");
    expect(after).toMatchObject({
      nextFireAt: before?.nextFireAt,
      watermark: before?.watermark,
      generation: before?.generation,
      counts: { succeeded: 1 },
    });
    expect(await bench.eventNames()).toEqual(["JOB_SUBMITTED", "JOB_STARTED", "JOB_EXECUTED"]);
    await bench.workTo("13:00");
    expect(bench.started.map(({ trigger }) => trigger)).toEqual(["manual", "scheduled"]);
  });

  test("with params in place of the job's, for this run alone", async () => {
    await using bench = await EngineBench.open();
    await bench.add({ id: "job", ...inAnHour, params: { a: 1 } });
    await bench.ask("job", { params: { a: 2, deep: [null, "x"] } });
    await bench.work();
    await bench.ask("job");
    await bench.work();
    expect(bench.started.map(({ params }) => params)).toEqual([
      { a: 2, deep: [null, "x"] },
      { a: 1 },
    ]);
    expect((await bench.find("job"))?.definition.params).toEqual({ a: 1 });
  });

  test("params that do not fit the schema are refused, and nothing runs", async () => {
    await using bench = await EngineBench.open();
    const schema = z.object({ region: z.string() });
    class Typed extends Pipeline<typeof schema> {
      static override readonly params = schema;
      run(): void {}
    }
    await bench.desk.add([
      { pipeline: Typed, options: { id: "typed", ...inAnHour, params: { region: "eu" } } },
    ]);
    await expect(bench.ask("typed", { params: { region: 5 } })).rejects.toMatchObject({
      code: "INVALID_PARAMS",
      data: { path: "region" },
    });
    expect(await bench.runs("typed")).toEqual([]);
  });

  test("a paused job runs, and stays paused", async () => {
    await using bench = await EngineBench.open();
    await bench.add({ id: "job", ...inAnHour });
    await bench.desk.pause("job", "hold");
    await bench.ask("job");
    await bench.work();
    expect(bench.started).toHaveLength(1);
    expect(await bench.find("job")).toMatchObject({ state: "paused", pausedReason: "hold" });
  });

  test("a finished job runs, and stays finished", async () => {
    await using bench = await EngineBench.open();
    await bench.add({ id: "job", ...inAnHour });
    await bench.workTo("13:00");
    await bench.ask("job");
    await bench.work();
    expect(bench.started.map(({ trigger }) => trigger)).toEqual(["scheduled", "manual"]);
    expect((await bench.find("job"))?.state).toBe("finished");
  });

  test("a full job's manual run is skipped: max-instances, with its event", async () => {
    await using bench = await EngineBench.open({ start: "2026-03-01 11:59:59" });
    await bench.add({ id: "job", ...everyTenSeconds });
    bench.isHolding = true;
    await bench.workTo("12:00:05");
    await bench.events();
    const runId = await bench.ask("job");
    await bench.work();
    expect(await bench.getRun(runId)).toMatchObject({
      verdict: "skipped",
      reason: "max-instances",
      trigger: "manual",
    });
    expect(await bench.events()).toMatchObject([{ name: "JOB_MAX_INSTANCES", runId, count: 1 }]);
    expect((await bench.find("job"))?.counts).toEqual({ skipped: 1 });
  });

  test("a manual run holds an instance: a scheduled one meanwhile is skipped", async () => {
    await using bench = await EngineBench.open({ start: "2026-03-01 11:59:59" });
    await bench.add({ id: "job", ...everyTenSeconds });
    bench.isHolding = true;
    await bench.ask("job");
    await bench.workTo("12:00:00");
    expect(await bench.verdicts("job")).toEqual([
      "11:59:59 running",
      "12:00:00 skipped: max-instances",
    ]);
  });

  test("ten at once are ten runs", async () => {
    await using bench = await EngineBench.open();
    await bench.add({ id: "job", ...inAnHour, maxInstances: 10 });
    const ids = await Promise.all(Array.from({ length: 10 }, () => bench.ask("job")));
    await bench.work();
    expect(new Set(ids).size).toBe(10);
    expect(bench.started.map(({ runId }) => runId).toSorted()).toEqual(ids.toSorted());
  });

  test("an unknown job is an error", async () => {
    await using bench = await EngineBench.open();
    for (const params of [undefined, {}])
      await expect(bench.ask("none", { params })).rejects.toMatchObject({
        code: "JOB_NOT_FOUND",
        data: { jobId: "none" },
      });
  });
});
