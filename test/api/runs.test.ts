// Runs over the HTTP API: what became of them, their logs and steps, cancelling and retrying; as two owners see them.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Api, createApi } from "../../src/api/create-api.ts";
import { silentLogger } from "../../src/core/log.ts";
import { defineJob } from "../../src/pipeline/define-job.ts";
import type { RunContext } from "../../src/pipeline/run-context.ts";
import { PipelineScheduler } from "../../src/scheduler/pipeline-scheduler.ts";
import { callApi } from "./call-api.ts";

const opened = new Set<() => void>();
const Work = defineJob({
  name: "work",
  async run({ log, step, params }: RunContext) {
    log.info("begins (a.b)");
    log.warn("half way");
    await step("load", () => ({ rows: 3 }));
    if ((params as { fails?: boolean } | undefined)?.fails === true) throw new Error("disk full");
    return { rows: 3 };
  },
});
const Slow = defineJob({
  name: "slow",
  run: ({ signal }: { signal: AbortSignal }) =>
    new Promise<void>((resolve, reject) => {
      opened.add(resolve);
      signal.addEventListener("abort", () => reject(signal.reason as Error));
    }),
});
const scheduler = new PipelineScheduler({
  connection: "memory:",
  pipelines: [Work, Slow],
  logger: silentLogger,
  worker: {},
});
const IDS = ["plain", "a/b c", "100%", "with#hash", "über", "x:y"];
let api: Pick<Api, "fetch">;
let failedRun: string;

interface RunJson {
  readonly id: string;
  readonly jobId: string;
  readonly verdict: string;
}
interface PageJson {
  readonly items: readonly RunJson[];
  readonly nextCursor: string | null;
}

beforeAll(async () => {
  await scheduler.start();
  api = createApi({ scheduler }).as({ kind: "cli", id: "ana" });
  for (const id of IDS) {
    await scheduler.addJob(Work, { id, trigger: "interval", hours: 1, tags: [`tag-${id.length}`] });
    await scheduler.runJob(id, { wait: true });
  }
  await scheduler.addJob(Work, { id: "failing", trigger: "manual", params: { fails: true } });
  await scheduler.addJob(Slow, { id: "slow", trigger: "manual", maxInstances: 5 });
  failedRun = (await scheduler.runJob("failing", { wait: true })).id;
});

afterAll(async () => {
  for (const end of opened) end();
  await scheduler.shutdown();
});

describe.each(IDS)("job %s", (id) => {
  test("its runs, one run, its logs and its steps", async () => {
    const list = await callApi(api, `/jobs/${encodeURIComponent(id)}/runs`);
    expect(list).toMatchObject({
      status: 200,
      body: { items: [{ jobId: id, trigger: "manual" }] },
    });
    const run = encodeURIComponent((list.body as PageJson).items[0]?.id ?? "");
    expect(await callApi(api, `/runs/${run}`)).toMatchObject({
      status: 200,
      body: { jobId: id, verdict: "succeeded", promise: null, result: { rows: 3 }, error: null },
    });
    expect(await callApi(api, `/runs/${run}/logs`)).toMatchObject({
      status: 200,
      body: { items: [{ message: "begins (a.b)", level: "info" }, { message: "half way" }] },
    });
    expect(await callApi(api, `/runs/${run}/steps`)).toMatchObject({
      status: 200,
      body: { items: [{ name: "load", kind: "step", result: { rows: 3 } }] },
    });
  });
});

test("the runs of the fleet, filtered, page by page", async () => {
  const seen: string[] = [];
  let cursor = "";
  do {
    const { body } = await callApi(api, `/runs?limit=2&verdict=succeeded&trigger=manual${cursor}`);
    const page = body as PageJson;
    expect(page.items.length).toBeLessThanOrEqual(2);
    seen.push(...page.items.map(({ jobId }) => jobId));
    cursor = page.nextCursor === null ? "" : `&cursor=${encodeURIComponent(page.nextCursor)}`;
  } while (cursor !== "");
  expect(seen.toSorted()).toEqual(IDS.toSorted());
  expect(await callApi(api, "/runs?text=disk+full")).toMatchObject({
    body: { items: [{ jobId: "failing", verdict: "failed", error: { message: "disk full" } }] },
  });
  expect(await callApi(api, "/runs?tag=tag-4")).toMatchObject({
    body: { items: [{ jobId: "über" }, { jobId: "100%" }] },
  });
});

describe("a run's log", () => {
  const logs = async (query: string) => {
    const { body, status } = await callApi(
      api,
      `/runs/${encodeURIComponent(failedRun)}/logs${query}`,
    );
    expect(status).toBe(200);
    return body as {
      readonly items: readonly { readonly message: string }[];
      readonly nextCursor: string | null;
      readonly position: string | null;
    };
  };

  test("is searched literally, and by level", async () => {
    const found = async (query: string) => (await logs(query)).items.map(({ message }) => message);
    expect(await found("?text=(A.B)")).toEqual(["begins (a.b)"]);
    expect(await found("?text=a.*b")).toEqual([]);
    expect(await found("?level=warn")).toEqual(["half way"]);
    expect(await found("?level=info&level=warn")).toEqual(["begins (a.b)", "half way"]);
  });

  test("is read page by page, and on from its end", async () => {
    const first = await logs("?limit=1");
    expect(first).toMatchObject({ items: [{ message: "begins (a.b)" }] });
    const second = await logs(`?limit=1&cursor=${first.nextCursor}`);
    expect(second).toMatchObject({ items: [{ message: "half way" }] });
    const end = await logs(`?cursor=${second.position}`);
    expect(end).toMatchObject({ items: [], nextCursor: null, position: second.position });
    const filtered = await logs("?limit=1&text=a");
    const rest = await logs(`?text=a&cursor=${filtered.position}`);
    expect([...filtered.items, ...rest.items].map(({ message }) => message)).toEqual([
      "begins (a.b)",
      "half way",
    ]);
  });
});

test("a run is cancelled once", async () => {
  const runId = await scheduler.runJob("slow");
  await expect.poll(() => opened.size).toBe(1);
  const path = `/runs/${encodeURIComponent(runId)}`;
  const cancel = () =>
    callApi(api, `${path}/cancel`, { method: "POST", body: { reason: "enough" } });
  expect(await cancel()).toMatchObject({ status: 200, body: { outcome: "asked" } });
  await expect
    .poll(async () => (await callApi(api, path)).body)
    .toMatchObject({ verdict: "cancelled", cancelledBy: { kind: "cli", id: "ana" } });
  expect(await cancel()).toMatchObject({ status: 409, body: { code: "INVALID_STATE" } });
});

describe("retry", () => {
  const retry = (runId: string) =>
    callApi(api, `/runs/${encodeURIComponent(runId)}/retry`, { method: "POST", body: {} });

  test("a run that failed: the job runs now", async () => {
    const { status, body } = await retry(failedRun);
    expect({ status, body }).toMatchObject({ status: 202, body: { trigger: "manual" } });
    const { runId } = body as { runId: string };
    await expect
      .poll(async () => (await callApi(api, `/runs/${encodeURIComponent(runId)}`)).body)
      .toMatchObject({ jobId: "failing", verdict: "failed", requestedBy: { id: "ana" } });
  });

  test("an occurrence that was skipped: it is made up for, once", async () => {
    const runDate = new Date(Date.now() + 300);
    await scheduler.addJob(Work, { id: "made-up", trigger: "date", runDate });
    await scheduler.skipOccurrence("made-up", runDate);
    const skippedRuns = async () =>
      (await scheduler.getRuns("made-up", { verdict: "skipped" })).runs;
    await expect.poll(skippedRuns).toHaveLength(1);
    const [skipped] = await skippedRuns();
    const again = await retry(skipped?.id ?? "");
    expect(again).toMatchObject({ status: 202, body: { trigger: "backfill" } });
    const { runId } = again.body as { runId: string };
    await expect
      .poll(async () => (await callApi(api, `/runs/${encodeURIComponent(runId)}`)).body)
      .toMatchObject({ verdict: "succeeded", fireTime: skipped?.fireTime.toISOString() });
    expect(await retry(skipped?.id ?? "")).toMatchObject({
      status: 409,
      body: { code: "INVALID_STATE" },
    });
  });

  test("a run without a verdict is refused", async () => {
    const runId = await scheduler.runJob("slow");
    expect(await retry(runId)).toMatchObject({ status: 409, body: { code: "INVALID_STATE" } });
    await scheduler.cancelRun(runId);
  });
});

test.each([
  ["/runs/nope", "RUN_NOT_FOUND"],
  ["/runs/nope%3A1%3A2", "RUN_NOT_FOUND"],
  ["/runs/nope%3A1%3A2/logs", "RUN_NOT_FOUND"],
  ["/runs/nope%3A1%3A2/steps", "RUN_NOT_FOUND"],
  ["/jobs/nope/runs", "JOB_NOT_FOUND"],
])("GET %s is not found", async (path, code) => {
  expect(await callApi(api, path)).toMatchObject({ status: 404, body: { code } });
});

test.each([
  "/runs?verdict=gone",
  "/runs?cursor=x",
  "/runs?limit=0",
  "/runs?from=whenever",
  "/jobs/plain/runs?cursor=x",
])("GET %s is refused", async (path) => {
  expect(await callApi(api, path)).toMatchObject({ status: 400, body: { code: "INVALID_OPTION" } });
});
