import { z } from "zod";
import { describe, expect, test } from "vitest";
import { Pipeline } from "../../src/index.ts";
import { at, TestFleet } from "../helpers/test-fleet.ts";

const everyTenSeconds = {
  trigger: "interval",
  seconds: 10,
  startDate: "2026-03-01 12:00",
} as const;
const inAnHour = { trigger: "date", runDate: "2026-03-01 13:00" } as const;

describe("runJob(id): runs now, schedule untouched, same policies, marked manual", () => {
  test("runs now; the next occurrence stays what it was", async () => {
    await using fleet = await TestFleet.open();
    await fleet.add({ id: "job", ...inAnHour, params: { a: 1 } });
    const before = await fleet.find("job");
    await fleet.events();
    const runId = await fleet.ask("job");
    expect(await fleet.getRun(runId)).toMatchObject({ verdict: "queued", trigger: "manual" });
    await fleet.work();
    expect(fleet.started).toHaveLength(1);
    expect(fleet.started[0]).toMatchObject({
      runId,
      jobId: "job",
      trigger: "manual",
      attempt: 1,
      params: { a: 1 },
      fireTime: new Date(at("12:00")),
    });
    expect(await fleet.getRun(runId)).toMatchObject({ verdict: "succeeded", trigger: "manual" });
    const after = await fleet.find("job");
    expect(after).toMatchObject({
      nextFireAt: before?.nextFireAt,
      watermark: before?.watermark,
      generation: before?.generation,
      counts: { succeeded: 1 },
    });
    expect(await fleet.eventNames()).toEqual(["JOB_SUBMITTED", "JOB_STARTED", "JOB_EXECUTED"]);
    await fleet.workTo("13:00");
    expect(fleet.started.map(({ trigger }) => trigger)).toEqual(["manual", "scheduled"]);
  });

  test("with params in place of the job's, for this run alone", async () => {
    await using fleet = await TestFleet.open();
    await fleet.add({ id: "job", ...inAnHour, params: { a: 1 } });
    await fleet.ask("job", { params: { a: 2, deep: [null, "x"] } });
    await fleet.work();
    await fleet.ask("job");
    await fleet.work();
    expect(fleet.started.map(({ params }) => params)).toEqual([
      { a: 2, deep: [null, "x"] },
      { a: 1 },
    ]);
    expect((await fleet.find("job"))?.definition.params).toEqual({ a: 1 });
  });

  test("params that do not fit the schema are refused, and nothing runs", async () => {
    await using fleet = await TestFleet.open();
    const schema = z.object({ region: z.string() });
    class Typed extends Pipeline<typeof schema> {
      static override readonly params = schema;
      run(): void {}
    }
    await fleet.desk.add([
      { pipeline: Typed, options: { id: "typed", ...inAnHour, params: { region: "eu" } } },
    ]);
    await expect(fleet.ask("typed", { params: { region: 5 } })).rejects.toMatchObject({
      code: "INVALID_PARAMS",
      data: { path: "region" },
    });
    expect(await fleet.runs("typed")).toEqual([]);
  });

  test("a paused job runs, and stays paused", async () => {
    await using fleet = await TestFleet.open();
    await fleet.add({ id: "job", ...inAnHour });
    await fleet.desk.pause("job", "hold");
    await fleet.ask("job");
    await fleet.work();
    expect(fleet.started).toHaveLength(1);
    expect(await fleet.find("job")).toMatchObject({ state: "paused", pausedReason: "hold" });
  });

  test("a finished job runs, and stays finished", async () => {
    await using fleet = await TestFleet.open();
    await fleet.add({ id: "job", ...inAnHour });
    await fleet.workTo("13:00");
    await fleet.ask("job");
    await fleet.work();
    expect(fleet.started.map(({ trigger }) => trigger)).toEqual(["scheduled", "manual"]);
    expect((await fleet.find("job"))?.state).toBe("finished");
  });

  test("a full job's manual run is skipped: max-instances, with its event", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    await fleet.add({ id: "job", ...everyTenSeconds });
    fleet.isHolding = true;
    await fleet.workTo("12:00:05");
    await fleet.events();
    const runId = await fleet.ask("job");
    await fleet.work();
    expect(await fleet.getRun(runId)).toMatchObject({
      verdict: "skipped",
      reason: "max-instances",
      trigger: "manual",
    });
    expect(await fleet.events()).toMatchObject([{ name: "JOB_MAX_INSTANCES", runId, count: 1 }]);
    expect((await fleet.find("job"))?.counts).toEqual({ skipped: 1 });
  });

  test("a manual run holds an instance: a scheduled one meanwhile is skipped", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    await fleet.add({ id: "job", ...everyTenSeconds });
    fleet.isHolding = true;
    await fleet.ask("job");
    await fleet.workTo("12:00:00");
    expect(await fleet.verdicts("job")).toEqual([
      "11:59:59 running",
      "12:00:00 skipped: max-instances",
    ]);
  });

  test("ten at once are ten runs", async () => {
    await using fleet = await TestFleet.open();
    await fleet.add({ id: "job", ...inAnHour, maxInstances: 10 });
    const ids = await Promise.all(Array.from({ length: 10 }, () => fleet.ask("job")));
    await fleet.work();
    expect(new Set(ids).size).toBe(10);
    expect(fleet.started.map(({ runId }) => runId).toSorted()).toEqual(ids.toSorted());
  });

  test("an unknown job is an error", async () => {
    await using fleet = await TestFleet.open();
    for (const params of [undefined, {}])
      await expect(fleet.ask("none", { params })).rejects.toMatchObject({
        code: "JOB_NOT_FOUND",
        data: { jobId: "none" },
      });
  });
});
