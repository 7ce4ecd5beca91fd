// The main ways through the HTTP API on each server, with two fleets' processes on it.
import { randomUUID } from "node:crypto";
import { describe, expect, inject, test, vi } from "vitest";
import { createClient } from "../../src/api/client/create-client.ts";
import { createApi } from "../../src/api/create-api.ts";
import { silentLogger } from "../../src/core/log.ts";
import { defineJob } from "../../src/pipeline/define-job.ts";
import { PipelineScheduler } from "../../src/scheduler/pipeline-scheduler.ts";

const Report = defineJob({
  name: "report",
  run: async ({ log }) => {
    log.info("three rows");
    return { rows: 3 };
  },
});

describe.each([
  ["redis", () => inject("redisUrl")],
  ["postgres", () => inject("postgresUrl")],
] as const)("%s", (_, connection) => {
  /** Two processes of one fleet; each has an API, and a client of it. */
  async function open() {
    const prefix = `api_${randomUUID().slice(0, 8)}`;
    const options = { connection: connection(), prefix, pipelines: [Report], logger: silentLogger };
    const schedulers = [new PipelineScheduler(options), new PipelineScheduler(options)];
    for (const scheduler of schedulers) await scheduler.start();
    const [one, two] = schedulers.map((scheduler) =>
      createClient({
        url: "http://localhost/api",
        fetch: createApi({ scheduler }).as({ kind: "cli", id: "ana" }).fetch,
      }),
    );
    if (!one || !two) throw new Error("there are two");
    return {
      one,
      two,
      [Symbol.asyncDispose]: async () => {
        for (const scheduler of schedulers) await scheduler.shutdown();
      },
    };
  }

  test("a job is added in one process and seen, changed, run and explained in the other", async () => {
    await using fleet = await open();
    const { one, two } = fleet;
    const body = {
      pipeline: "report",
      id: "weekly/report",
      schedule_type: "weekly",
      schedule_config: { day_of_week: "mon", hour: 9, minute: 30 },
      timezone: "Europe/Berlin",
    } as const;
    const added = await one.createJob({ body });
    expect(added).toMatchObject({ scheduleType: "weekly", is_scheduled: true });
    const path = { jobId: "weekly/report" };
    const read = await two.getJob({ path });
    expect(read).toEqual(added);
    const headers = { "if-match": `"${read.revision}"` };
    const changed = await two.updateJob({ path, body: { description: "for the board" }, headers });
    await expect(one.updateJob({ path, body: { tags: ["x"] }, headers })).rejects.toMatchObject({
      code: "REVISION_CHANGED",
      status: 412,
    });
    expect(changed.description).toBe("for the board");
    const { run } = await one.runJob({ path, body: { wait: 60 } });
    expect(run).toMatchObject({ verdict: "succeeded", result: { rows: 3 } });
    const runs = await two.listRuns({ query: { tag: "none" } });
    expect(runs.items).toEqual([]);
    expect((await two.listJobRuns({ path })).items.map(({ id }) => id)).toEqual([run?.id]);
    const logs = await two.getRunLogs({ path: { runId: run?.id ?? "" } });
    expect(JSON.stringify(logs)).toContain("three rows");
    const { items: changes } = await one.listJobChanges({ path });
    expect(changes.map(({ what }) => what)).toEqual(["modified", "added"]);
    const [next] = (await one.listOccurrences({ path })).items;
    expect(next).toBeDefined();
    await two.deleteJob({ path });
    await expect(one.getJob({ path })).rejects.toMatchObject({ code: "JOB_NOT_FOUND" });
  });

  test("a request that is repeated in another process is done once", async () => {
    await using fleet = await open();
    await fleet.one.createJob({ body: { pipeline: "report", id: "once", is_scheduled: false } });
    const path = { jobId: "once" };
    const headers = { "idempotency-key": randomUUID() };
    const first = await fleet.one.runJob({ path, body: {}, headers });
    const again = await fleet.two.runJob({ path, body: {}, headers });
    expect(again).toEqual(first);
    await expect(
      fleet.two.runJob({ path, body: { ignoreCondition: true }, headers }),
    ).rejects.toMatchObject({ code: "IDEMPOTENCY_KEY_REUSED" });
    await vi.waitFor(
      async () => {
        const { items } = await fleet.one.listJobRuns({ path });
        expect(items.map(({ verdict }) => verdict)).toEqual(["succeeded"]);
      },
      { timeout: 30_000, interval: 50 },
    );
  });

  test("many at once, by a filter; and the fleet at a glance", async () => {
    await using fleet = await open();
    const { one, two } = fleet;
    for (const id of ["a", "b", "c"])
      await one.createJob({
        body: { pipeline: "report", id, tags: ["t"], schedule: "every day at 9:00" },
      });
    const filter = { tag: "t" };
    const dry = await two.bulkJobs({ body: { action: "pause", filter, dryRun: true } });
    expect(dry).toMatchObject({ changed: 3, dryRun: true });
    expect(await two.bulkJobs({ body: { action: "pause", filter } })).toMatchObject({ changed: 3 });
    expect(await one.countJobs({ query: { by: "state" } })).toMatchObject({ total: 3 });
    const overview = await one.getOverview();
    expect(JSON.stringify(overview)).toContain("paused");
    expect((await two.ready()).status).toBe("ready");
  });

  test("timelines and strips of jobs on two queues, from the other process", async () => {
    await using fleet = await open();
    const { one, two } = fleet;
    await one.createJob({
      body: { pipeline: "report", id: "often", schedule: "every 1 second", tags: ["t"] },
    });
    await one.createJob({
      body: { pipeline: "report", id: "apart", tags: ["t"], is_scheduled: false, queue: "windows" },
    });
    await one.createJob({
      body: { pipeline: "report", id: "daily", schedule: "every day at 9:00" },
    });
    await vi.waitFor(
      async () => {
        const [strip] = (await two.listStrips({ query: { jobId: "often" } })).items;
        expect(strip?.cells.length).toBeGreaterThan(2);
      },
      { timeout: 30_000, interval: 100 },
    );
    await one.pauseJob({ path: { jobId: "often" }, body: { reason: "INC-1" } });
    await one.runJob({ path: { jobId: "apart" }, body: {} });
    const { items, from, to } = await two.getTimeline({ query: { tag: "t", order: "id" } });
    expect(items).toMatchObject([
      { jobId: "apart", decided: [{ verdict: "queued", trigger: "manual", promise: null }] },
      { jobId: "often", state: "paused", pausedReason: "INC-1", decidedFrom: null },
    ]);
    const often = items[1];
    const { items: runs } = await one.listJobRuns({ path: { jobId: "often" } });
    expect(often?.decided.map(({ runId }) => runId).toReversed()).toEqual(runs.map(({ id }) => id));
    const planned = often?.planned.reduce((sum, { count }) => sum + count, 0) ?? 0;
    const half = (Date.parse(to) - Date.parse(from)) / 2_000;
    expect(Math.abs(planned - half)).toBeLessThan(120);
    expect(new Set(often?.planned.map(({ state }) => state))).toEqual(new Set(["paused"]));
    const strips = await two.listStrips({ query: { jobId: ["daily", "nope", "apart"] } });
    expect(strips.items.map(({ cells }) => cells.length)).toEqual([0, 0, 1]);
  });
});

test("nobody is told which server does not answer, or where it is; the log is", async () => {
  const warned: unknown[] = [];
  const scheduler = new PipelineScheduler({
    connection: "redis://someone:hidden@127.0.0.1:1",
    timeout: 1,
    logger: { ...silentLogger, warn: (message, fields) => void warned.push([message, fields]) },
  });
  const api = createApi({ scheduler, auth: {} });
  const headers = { authorization: `Bearer cdt_${"0".repeat(64)}` };
  const request = new Request("http://127.0.0.1/api/jobs", { headers });
  const answer = await api.fetch(request, { address: "192.0.2.1" });
  const text = await answer.text();
  expect([answer.status, text]).toEqual([503, expect.stringContaining("CONNECTION_FAILED")]);
  expect(text).not.toMatch(/redis|127\.0\.0\.1|ECONNREFUSED|hidden/);
  expect(warned).toContainEqual([
    "a request to the HTTP API could not be answered",
    { error: expect.objectContaining({ code: "CONNECTION_FAILED" }) as unknown },
  ]);
  await scheduler.shutdown();
});
