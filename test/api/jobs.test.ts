import { afterAll, beforeAll, expect, test } from "vitest";
import { type Api, createApi } from "../../src/api/create-api.ts";
import { defineJob } from "../../src/pipeline/define-job.ts";
import { PipelineScheduler } from "../../src/scheduler/pipeline-scheduler.ts";
import { silentLogger } from "../../src/core/log.ts";
import { callApi } from "./call-api.ts";

const Report = defineJob({ name: "report", run: async () => undefined });
const scheduler = new PipelineScheduler({
  connection: "memory:",
  pipelines: [Report],
  logger: silentLogger,
});
let api: Pick<Api, "fetch">;

beforeAll(async () => {
  api = createApi({ scheduler }).as({ kind: "cli", id: "ana" });
  for (const id of ["a/b c", "100%", "with#hash", "über", "plain"])
    await scheduler.addJob(Report, { id, trigger: "cron", hour: 3, timezone: "Europe/Berlin" });
});

afterAll(async () => {
  await scheduler.shutdown();
});

test.each(["a/b c", "100%", "with#hash", "über", "plain"])("GET /jobs/%s", async (id) => {
  const { status, body, headers } = await callApi(api, `/jobs/${encodeURIComponent(id)}`);
  expect(status).toBe(200);
  expect(body).toMatchObject({ id, status: "idle", scheduleType: "daily", isScheduled: true });
  expect(headers.get("etag")).toBe(`"${String((body as { revision: number }).revision)}"`);
});

test("a job that is not there is a problem with a code", async () => {
  const { status, body } = await callApi(api, "/jobs/nope");
  expect(status).toBe(404);
  expect(body).toMatchObject({ code: "JOB_NOT_FOUND", data: { jobId: "nope" } });
});

test("jobs page by page", async () => {
  const seen: string[] = [];
  let cursor: string | null = "";
  while (cursor !== null) {
    const at: string = cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`;
    const { body } = await callApi(api, `/jobs?limit=2&order=id${at}`);
    const page = body as { items: { id: string }[]; nextCursor: string | null };
    seen.push(...page.items.map(({ id }) => id));
    cursor = page.nextCursor;
  }
  expect(seen.toSorted()).toEqual(["100%", "a/b c", "plain", "with#hash", "über"]);
});

test.each([
  ["/jobs?limit=0", "INVALID_OPTION"],
  ["/jobs?nonsense=1", "INVALID_OPTION"],
  ["/jobs?state=gone", "INVALID_OPTION"],
  ["/jobs?cursor=x", "INVALID_OPTION"],
  ["/jobs/plain?x=1", "INVALID_OPTION"],
])("GET %s is refused", async (path, code) => {
  const { status, body } = await callApi(api, path);
  expect(status).toBe(400);
  expect(body).toMatchObject({ code });
});

test("without a credential only what is open is answered", async () => {
  const open = createApi({ scheduler });
  expect((await callApi(open, "/health/live")).body).toEqual({ status: "live" });
  expect((await callApi(open, "/jobs")).status).toBe(401);
});

test("a path or a method that is not there is told as such", async () => {
  expect(await callApi(api, "/nope")).toMatchObject({
    status: 404,
    body: { code: "ROUTE_NOT_FOUND" },
  });
  const wrong = await callApi(api, "/health/live", { method: "POST" });
  expect(wrong).toMatchObject({ status: 405, body: { code: "METHOD_NOT_ALLOWED" } });
  expect(wrong.headers.get("allow")).toBe("GET");
});

test.each([undefined, null, {}, { scheduler: {} }, { scheduler, nonsense: 1 }])(
  "createApi(%s) is refused",
  (options) => {
    expect(() => createApi(options as never)).toThrow(
      expect.objectContaining({ code: "INVALID_OPTION" }),
    );
  },
);

test("what `as` returned is no scheduler to serve", () => {
  const acting = scheduler.as({ kind: "cli", id: "ana" });
  expect(() => createApi({ scheduler: acting as PipelineScheduler })).toThrow(/not what `as`/);
});
