// Who acts for owners of its own, and who may use pipelines whose params can execute code.
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { createApi } from "../../src/api/create-api.ts";
import { silentLogger } from "../../src/core/log.ts";
import { Pipeline } from "../../src/pipeline/pipeline.ts";
import { PipelineScheduler } from "../../src/scheduler/pipeline-scheduler.ts";
import type { LimitedActor } from "../../src/scheduler/rights.ts";
import { type Answered, type Asked, callApi } from "./call-api.ts";

class Report extends Pipeline {
  run(): void {}
}
class Shell extends Pipeline.with(z.object({ line: z.string() })) {
  static override readonly executesCode = true;
  run(): void {}
}

const scheduler = new PipelineScheduler({
  connection: "memory:",
  pipelines: [Report, Shell],
  logger: silentLogger,
  worker: false,
});
const api = createApi({ scheduler, allowCommands: ["user:root", "role:admin"] });
/** Stands for an authenticator: the rights are what counts here. */
const as = (actor: LimitedActor) => {
  const acting = api.as(actor as never);
  return (path: string, asked?: Asked): Promise<Answered> => callApi(acting, path, asked);
};
const ana = as({ kind: "user", id: "ana", role: "editor", owners: ["ana"] });
const bob = as({ kind: "user", id: "bob", role: "editor", owners: ["bob"] });
const eve = as({ kind: "user", id: "eve", role: "viewer", owners: ["ana"] });
const root = as({ kind: "user", id: "root", role: "editor", owners: ["ana"] });
const boss = as({ kind: "user", id: "boss", role: "admin" });
const liar = as({ kind: "user", id: "liar", role: "editor", owners: ["ana"], commands: true });

const daily = { pipeline: "Report", schedule: "daily at 03:00" };
const job = encodeURIComponent("ana/mine");

beforeAll(async () => {
  await ana("/jobs", { method: "POST", body: { ...daily, id: "mine" } });
});
afterAll(() => scheduler.shutdown());

test("what an editor adds is its owner's, and says which id it got", async () => {
  const answer = await ana("/jobs", { method: "POST", body: { ...daily, id: "mine" } });
  expect(answer).toMatchObject({ status: 201, body: { id: "ana/mine", owner: "ana" } });
  expect(answer.headers.get("location")).toBe(`jobs/${job}`);
});

const ROUTES: [string, string, unknown?][] = [
  ["GET", ""],
  ["PATCH", "", { description: "x" }],
  ["DELETE", ""],
  ["POST", "/run"],
  ["POST", "/pause"],
  ["POST", "/resume"],
  ["PUT", "/override", { paused: true }],
  ["DELETE", "/override"],
  ["GET", "/occurrences"],
  ["GET", "/paused-occurrences"],
  ["GET", "/changes"],
  ["GET", "/account?from=2026-01-01"],
  ["GET", "/backfill"],
  ["POST", "/backfill", { from: "2026-01-01", to: "2026-01-02" }],
  ["POST", "/backfill/pause"],
  ["POST", "/backfill/resume"],
  ["POST", "/backfill/cancel"],
  ["DELETE", "/logs?all=true"],
  ["DELETE", "/runs?all=true"],
  ["POST", "/occurrences/2030-01-01T03%3A00%3A00Z/skip"],
  ["DELETE", "/occurrences/2030-01-01T03%3A00%3A00Z/skip"],
];

test.each(ROUTES)(
  "%s …%s of somebody else's job is not there; who may only read is refused",
  async (method, path, body) => {
    const asked = { method, body };
    const before = await ana(`/jobs/${job}`);
    const theirs = await bob(`/jobs/${job}${path}`, asked);
    const ghost = await bob(`/jobs/bob%2Fnope${path}`, asked);
    expect(theirs).toMatchObject({ status: 404, body: { code: "JOB_NOT_FOUND" } });
    expect(ghost).toMatchObject({ status: 404, body: { code: "JOB_NOT_FOUND" } });
    if (method !== "GET") expect((await eve(`/jobs/${job}${path}`, asked)).status).toBe(403);
    expect(await ana(`/jobs/${job}`)).toEqual(before);
  },
);

test("explaining, comparing, counting and bulk calls know nothing of others", async () => {
  const at = "2030-01-01T03:00:00Z";
  expect((await bob(`/jobs/${job}/explain?at=${at}`)).body).toMatchObject({ state: "unknown" });
  const after = { schedule: "@daily" };
  const diff = await bob("/schedules/diff", { method: "POST", body: { jobId: "ana/mine", after } });
  expect(diff.status).toBe(404);
  expect((await bob("/jobs/count")).body).toMatchObject({ total: 0 });
  const all = await bob("/jobs/bulk", { method: "POST", body: { action: "remove", all: true } });
  expect(all.body).toMatchObject({ matched: 0 });
});

test("PUT and POST of an editor are of its own, and a revision of others is not told", async () => {
  const put = await bob(`/jobs/${job}`, { method: "PUT", body: daily });
  expect(put).toMatchObject({ status: 201, body: { id: "bob/ana/mine", owner: "bob" } });
  const again = await bob(`/jobs/${job}`, { method: "PUT", body: daily });
  expect(again).toMatchObject({ status: 200, body: { id: "bob/ana/mine" } });
  const foreign = await bob("/jobs", { method: "POST", body: { ...daily, owner: "ana" } });
  expect(foreign.status).toBe(403);
  expect((await eve("/jobs", { method: "POST", body: daily })).status).toBe(403);
});

const shell = { pipeline: "Shell", id: "shell", schedule: "@daily", params: { line: "ls" } };
const its = `/jobs/${encodeURIComponent("ana/shell")}`;

test.each([
  ["ana", ana],
  ["liar", liar],
] as const)(
  "%s may neither make nor change what executes code, and may start and stop it",
  async (_, call) => {
    const refused = { status: 403, body: { code: "NOT_ALLOWED" } };
    expect(await call("/jobs", { method: "POST", body: shell })).toMatchObject(refused);
    expect((await root("/jobs", { method: "POST", body: shell })).status).toBe(201);
    const { id: _id, ...whole } = shell;
    expect(await call(its, { method: "PUT", body: whole })).toMatchObject(refused);
    expect(await call(its, { method: "PATCH", body: { description: "x" } })).toMatchObject(refused);
    const params = { line: "rm -rf" };
    expect(await call(its, { method: "PATCH", body: { params } })).toMatchObject(refused);
    expect(await call(`${its}/override`, { method: "PUT", body: { params } })).toMatchObject(
      refused,
    );
    expect(await call(`${its}/run`, { method: "POST", body: { params } })).toMatchObject(refused);
    const range = { from: "2026-01-01", to: "2026-01-02" };
    expect(await call(`${its}/backfill`, { method: "POST", body: range })).toMatchObject(refused);
    expect((await call(`${its}/pause`, { method: "POST" })).status).toBe(200);
    expect((await call(`${its}/resume`, { method: "POST" })).status).toBe(200);
    expect((await call(`${its}/run`, { method: "POST" })).status).toBe(202);
    expect((await root(`${its}/override`, { method: "PUT", body: { params } })).status).toBe(200);
    expect((await boss(its, { method: "PATCH", body: { params } })).status).toBe(200);
    expect((await call(its, { method: "DELETE" })).status).toBe(204);
  },
);

test.each(["ana", "role:king", "user:", 5])("allowCommands: [%j] is refused", (name) => {
  expect(() => createApi({ scheduler, allowCommands: [name as string] })).toThrow(
    expect.objectContaining({ code: "INVALID_OPTION" }),
  );
});
