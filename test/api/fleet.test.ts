// The fleet over the HTTP API: figures, workers, queues, changes, its pause, readiness; as two owners see it.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Api, createApi } from "../../src/api/create-api.ts";
import { silentLogger } from "../../src/core/log.ts";
import { defineJob } from "../../src/pipeline/define-job.ts";
import { PipelineScheduler } from "../../src/scheduler/pipeline-scheduler.ts";
import { callApi } from "./call-api.ts";

const Work = defineJob({ name: "work", run: async () => undefined });
const scheduler = new PipelineScheduler({
  connection: "memory:",
  pipelines: [Work],
  logger: silentLogger,
  worker: { queues: ["default", "mail"], concurrency: 3 },
});
let api: Pick<Api, "fetch">;

beforeAll(async () => {
  await scheduler.start();
  api = createApi({ scheduler }).as({ kind: "cli", id: "ana" });
  await scheduler.addJob(Work, { id: "nightly", trigger: "cron", hour: 3, owner: "ops" });
  await scheduler.addJob(Work, { id: "letters", trigger: "interval", hours: 1, queue: "mail" });
  await scheduler.addJob(Work, { id: "glue", trigger: "manual", queue: "windows" });
  await scheduler.runJob("nightly", { wait: true });
});

afterAll(() => scheduler.shutdown());

test("figures, by hour and of one job", async () => {
  expect(await callApi(api, "/stats?by=hour")).toMatchObject({
    status: 200,
    body: { total: { due: 0, late: 0, manual: { succeeded: 1 } }, jobs: null },
  });
  expect(await callApi(api, "/stats?jobId=nightly&by=day")).toMatchObject({
    body: { periods: [{ manual: { succeeded: 1 } }], jobs: { count: 1, isAll: true } },
  });
  expect(await callApi(api, "/stats?jobId=nightly&by=hour")).toMatchObject({ status: 400 });
});

test("the account of a range", async () => {
  expect(await callApi(api, "/account?from=2020-01-01")).toMatchObject({
    status: 200,
    body: { jobs: 3, due: 0, unaccounted: { count: 0 }, nextCursor: null },
  });
  expect(await callApi(api, "/account")).toMatchObject({ status: 400 });
});

test("the workers", async () => {
  expect(await callApi(api, "/workers")).toMatchObject({
    status: 200,
    body: { items: [{ pid: process.pid, pipelines: ["work"], concurrency: 3, running: [] }] },
  });
});

test("the queues: one that nobody serves has no workers", async () => {
  const { body } = await callApi(api, "/queues");
  expect(body).toMatchObject({
    isAll: true,
    items: [
      { name: "default", jobs: 1, workers: 1, capacity: 3, running: 0, waiting: 0 },
      { name: "mail", jobs: 1, workers: 1 },
      { name: "windows", jobs: 1, workers: 0, capacity: 0 },
    ],
  });
});

test("what was changed, newest first", async () => {
  await callApi(api, "/pause", { method: "POST" });
  await callApi(api, "/resume", { method: "POST" });
  expect(await callApi(api, "/changes?limit=2")).toMatchObject({
    status: 200,
    body: {
      items: [
        { what: "fleet-resumed", by: { kind: "cli", id: "ana" }, jobId: null },
        { what: "fleet-paused" },
      ],
      nextCursor: expect.any(String),
    },
  });
  expect(await callApi(api, "/changes?what=nonsense")).toMatchObject({ status: 400 });
});

test("pause and resume", async () => {
  expect(await callApi(api, "/pause", { method: "POST" })).toMatchObject({
    status: 200,
    body: { isPaused: true },
  });
  expect(await scheduler.isPaused()).toBe(true);
  expect(await callApi(api, "/resume", { method: "POST" })).toMatchObject({
    body: { isPaused: false },
  });
  expect(await scheduler.isPaused()).toBe(false);
});

describe("readiness", () => {
  test("says more to who has a credential", async () => {
    expect(await callApi(createApi({ scheduler }), "/health/ready")).toMatchObject({
      status: 200,
      body: { status: "ready" },
    });
    expect((await callApi(createApi({ scheduler }), "/health/ready")).body).toEqual({
      status: "ready",
    });
    expect(await callApi(api, "/health/ready")).toMatchObject({
      body: { status: "ready", engine: "memory" },
    });
  });

  test("is 503 once the scheduler has ended, without a detail", async () => {
    const ended = new PipelineScheduler({ connection: "memory:", logger: silentLogger });
    await ended.shutdown();
    const answer = await callApi(createApi({ scheduler: ended }), "/health/ready");
    expect(answer).toMatchObject({
      status: 503,
      body: { code: "NOT_READY", message: "The fleet's server does not answer." },
    });
  });
});

describe("createApi with only: machines", () => {
  test("serves health, and nothing else", async () => {
    const machines = createApi({ scheduler, only: "machines" });
    expect(await callApi(machines, "/health/live")).toMatchObject({ status: 200 });
    expect(await callApi(machines, "/health/ready")).toMatchObject({ status: 200 });
    expect(await callApi(machines, "/jobs")).toMatchObject({
      status: 404,
      body: { code: "ROUTE_NOT_FOUND" },
    });
  });
});
