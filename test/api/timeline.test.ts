// What was and what comes of many jobs over the HTTP API: the same occurrences as each job's own list has, of one owner or of all.
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { createClient } from "../../src/api/client/create-client.ts";
import { type Api, createApi } from "../../src/api/create-api.ts";
import type { Contract } from "../../src/api/contract.ts";
import type { AnswerOf } from "../../src/api/contract/route.ts";
import { silentLogger } from "../../src/core/log.ts";
import { defineJob } from "../../src/pipeline/define-job.ts";
import { PipelineScheduler } from "../../src/scheduler/pipeline-scheduler.ts";
import { callApi } from "./call-api.ts";

type Timeline = AnswerOf<Contract["getTimeline"]>;

const Work = defineJob({
  name: "work",
  async run({ params }) {
    if ((params as { fails?: boolean } | undefined)?.fails === true) throw new Error("disk full");
  },
});
const scheduler = new PipelineScheduler({
  connection: "memory:",
  pipelines: [Work],
  logger: silentLogger,
  worker: {},
});
const api = createApi({ scheduler });
const whole = api.as({ kind: "cli", id: "ana" });
// Whose rights an authenticator would find.
const ada = api.as({ kind: "user", id: "ada", role: "viewer", owners: ["ada"] } as never);
const HOUR = 3_600_000;

async function timelineOf(of: Pick<Api, "fetch">, query = ""): Promise<Timeline> {
  const { status, body } = await callApi(of, `/timeline?${query}`);
  expect(status).toBe(200);
  return body as Timeline;
}

beforeAll(async () => {
  await scheduler.start();
  const hourly = { trigger: "interval", hours: 1, nextRunTime: new Date() } as const;
  await scheduler.addJob(Work, { id: "hourly", ...hourly, owner: "ada", tags: ["t"] });
  await scheduler.addJob(Work, { id: "bad", params: { fails: true }, ...hourly });
  await scheduler.addJob(Work, { id: "often", trigger: "interval", seconds: 1 });
  await scheduler.pauseJob("often", { reason: "INC-1" });
  await vi.waitFor(
    async () => {
      const { runs } = await scheduler.getRuns({ verdict: ["succeeded", "failed"] });
      if (new Set(runs.map(({ jobId }) => jobId)).size < 2) throw new Error("not yet");
    },
    { timeout: 10_000 },
  );
  const { nextRunTime } = (await scheduler.getJob("hourly")) ?? {};
  await scheduler.skipOccurrence("hourly", nextRunTime ?? "");
});

afterAll(() => scheduler.shutdown());

test("it is what each job's own list says", async () => {
  const { items, from, to, now } = await timelineOf(whole, "order=id");
  expect(Date.parse(to) - Date.parse(from)).toBe(24 * HOUR);
  expect(Date.parse(now) - Date.parse(from)).toBe(12 * HOUR);
  expect(items.map(({ jobId }) => jobId)).toEqual(["bad", "hourly", "often"]);
  for (const { jobId, decided, planned, decidedFrom, plannedTo } of items.slice(0, 2)) {
    expect([decidedFrom, plannedTo]).toEqual([null, null]);
    const path = `/jobs/${jobId}/occurrences?from=${from}&to=${to}`;
    const { body } = await callApi(whole, path);
    const list = (body as AnswerOf<Contract["listOccurrences"]>).items;
    expect([
      ...decided.map(({ runId, fireTime, verdict: state, promise, startedAt, finishedAt }) => ({
        fireTime,
        state,
        run: { id: runId, promise, startedAt, finishedAt },
      })),
      ...planned.map(({ fireTime, state }) => ({ fireTime, state, run: null })),
    ]).toEqual(
      list.map(({ fireTime, state, run }) => ({
        fireTime,
        state,
        run: run && {
          id: run.id,
          promise: run.promise,
          startedAt: run.startedAt,
          finishedAt: run.finishedAt,
        },
      })),
    );
  }
  const states = items.find(({ jobId }) => jobId === "hourly")?.planned.map(({ state }) => state);
  expect(states?.slice(0, 2)).toEqual(["will-skip", "future"]);
});

test("what comes every second is counted, under the pause that it falls into", async () => {
  const [often, ...others] = (await timelineOf(whole, "text=often")).items;
  expect(others).toEqual([]);
  expect(often).toMatchObject({ state: "paused", pausedReason: "INC-1", owner: null });
  expect(new Set(often?.planned.map(({ state }) => state))).toEqual(new Set(["paused"]));
  const count = often?.planned.reduce((sum, each) => sum + each.count, 0) ?? 0;
  expect(Math.abs(count - 12 * 3_600)).toBeLessThan(60);
  expect(often?.planned.length).toBeLessThanOrEqual(120);
});

test("of others nothing is told, and filters are those of the list of jobs", async () => {
  const mine = await timelineOf(ada);
  expect(mine.items.map(({ jobId, owner }) => [jobId, owner])).toEqual([["hourly", "ada"]]);
  expect(JSON.stringify(mine)).not.toMatch(/bad|often|INC-1/);
  expect((await timelineOf(ada, "text=bad")).items).toEqual([]);
  expect((await timelineOf(whole, "tag=t")).items.map(({ jobId }) => jobId)).toEqual(["hourly"]);
  expect((await timelineOf(whole, "lastVerdict=failed")).items).toMatchObject([{ jobId: "bad" }]);
});

test("pages go on in the window of the first", async () => {
  const client = createClient({ url: "http://localhost/api", fetch: whole.fetch });
  const first = await client.getTimeline({ query: { limit: 2, order: "id" } });
  const { from, to, nextCursor } = first;
  const next = await client.getTimeline({
    query: { limit: 2, order: "id", from, to, cursor: nextCursor ?? "" },
  });
  expect([...first.items, ...next.items].map(({ jobId }) => jobId)).toEqual([
    "bad",
    "hourly",
    "often",
  ]);
  expect([next.from, next.to, next.nextCursor]).toEqual([from, to, null]);
});

test("a paused fleet says so", async () => {
  expect((await timelineOf(whole)).isPaused).toBe(false);
  await scheduler.pause();
  expect((await timelineOf(ada)).isPaused).toBe(true);
  await scheduler.resume();
});

test.each([
  "limit=101",
  "marks=59",
  "from=tomorrow-ish",
  "from=2026-01-01&to=2026-03-01",
  "from=2026-01-02&to=2026-01-01",
  "cursor=x",
  "jobId=hourly",
])("%s is refused", async (query) => {
  expect(await callApi(whole, `/timeline?${query}`)).toMatchObject({
    status: 400,
    body: { code: "INVALID_OPTION" },
  });
});

test.each(["from=9999-12-31", "from=9999-12-31T23:30:00-00:30", "to=1970-01-01T00:00:00Z"])(
  "with %s, the window can be asked for again",
  async (query) => {
    const { from, to } = await timelineOf(whole, query);
    const again = await timelineOf(whole, `from=${from}&to=${to}`);
    expect([again.from, again.to]).toEqual([from, to]);
  },
);
