// The fleet at a glance over the HTTP API: promises with an exact sum, what needs somebody, what comes next, strips; of two owners.
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type Api, createApi } from "../../src/api/create-api.ts";
import { silentLogger } from "../../src/core/log.ts";
import { defineJob } from "../../src/pipeline/define-job.ts";
import { PipelineScheduler } from "../../src/scheduler/pipeline-scheduler.ts";
import { callApi } from "./call-api.ts";

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
const ada = api.as({
  kind: "user",
  id: "ada",
  role: "viewer",
  owners: ["ada"],
} as never);

interface Overview {
  readonly promise: Record<"due" | "kept" | "late" | "excused" | "broken" | "inFlight", number>;
  readonly attention: readonly { kind: string; jobId: string | null; reason: string | null }[];
  readonly next: readonly { jobId: string }[];
}
const overviewOf = async (of: Pick<Api, "fetch">): Promise<Overview> => {
  const { status, body } = await callApi(of, "/overview");
  expect(status).toBe(200);
  return body as Overview;
};

beforeAll(async () => {
  await scheduler.start();
  const soon = new Date(Date.now() + 200);
  const once = { trigger: "date", runDate: soon } as const;
  await scheduler.addJob(Work, { id: "good", ...once, owner: "ada" });
  await scheduler.addJob(Work, {
    id: "bad",
    params: { fails: true },
    trigger: "interval",
    seconds: 1,
    endDate: new Date(Date.now() + 86_400_000),
  });
  await scheduler.addJob(Work, { id: "skipped", ...once });
  await scheduler.skipOccurrence("skipped", soon);
  await scheduler.addJob(Work, { id: "nightly", trigger: "cron", hour: 3, owner: "ada" });
  await scheduler.addJob(Work, { id: "glue", trigger: "manual", queue: "windows" });
  await scheduler.addJob(Work, { id: "halted", trigger: "interval", hours: 1 });
  await scheduler.pauseJob("halted", { reason: "source down", until: "2099-01-01T00:00:00Z" });
  await vi.waitFor(
    async () => {
      const { promise } = await overviewOf(whole);
      if (promise.kept < 1 || promise.excused < 1 || promise.broken < 1) throw new Error("not yet");
    },
    { timeout: 10_000 },
  );
  await scheduler.modifyJob("bad", { trigger: "interval", hours: 9 });
});

afterAll(() => scheduler.shutdown());

test("the sum of promises is exact", async () => {
  for (const of of [whole, ada]) {
    const { due, kept, late, excused, broken, inFlight } = (await overviewOf(of)).promise;
    expect(due).toBe(kept + late + excused + broken + inFlight);
  }
});

test("what needs somebody comes with its reason", async () => {
  const { attention } = await overviewOf(whole);
  expect(attention).toMatchObject([
    { kind: "failing", jobId: "bad", reason: "disk full" },
    { kind: "no-worker", jobId: null, reason: 'no worker serves queue "windows", which has 1 job' },
    { kind: "paused", jobId: "halted", reason: "source down", until: "2099-01-01T00:00:00.000Z" },
  ]);
});

test("what comes next is in the order of time, without what is paused", async () => {
  const { next } = await overviewOf(whole);
  expect(next.map(({ jobId }) => jobId).toSorted()).toEqual(["bad", "nightly"]);
});

test("of others nothing is told or counted", async () => {
  const mine = await overviewOf(ada);
  expect(mine).toMatchObject({
    promise: { kept: 1, broken: 0, excused: 0, jobs: { count: 2, isAll: true } },
    hours: [],
    attention: [],
  });
  expect(mine.next.map(({ jobId }) => jobId)).toEqual(["nightly"]);
  expect(JSON.stringify(mine)).not.toMatch(/bad|glue|halted|windows/);
});

test("strips have the last decisions of jobs, also of those that did not run", async () => {
  const { status, body } = await callApi(whole, "/strips?jobId=good&jobId=skipped&jobId=nope");
  expect({ status, body }).toMatchObject({
    status: 200,
    body: {
      items: [
        {
          jobId: "good",
          cells: [{ verdict: "succeeded", promise: "kept", reason: null, count: 1 }],
        },
        {
          jobId: "skipped",
          cells: [{ verdict: "skipped", promise: "excused", reason: "requested" }],
        },
        { jobId: "nope", cells: [] },
      ],
    },
  });
  expect((await callApi(ada, "/strips?jobId=bad")).body).toMatchObject({ items: [{ cells: [] }] });
  expect(await callApi(whole, "/strips")).toMatchObject({ status: 400 });
});

test("an occurrence that nobody takes is overdue, and says why", { timeout: 30_000 }, async () => {
  await using alone = new PipelineScheduler({
    connection: "memory:",
    pipelines: [Work],
    logger: silentLogger,
    worker: false,
  });
  const past = new Date(Date.now() - 60_000);
  await alone.addJob(Work, {
    id: "late",
    trigger: "interval",
    minutes: 5,
    startDate: past,
    nextRunTime: past,
  });
  const { attention } = await overviewOf(
    createApi({ scheduler: alone }).as({ kind: "cli", id: "x" }),
  );
  expect(attention[0]).toMatchObject({ kind: "overdue", jobId: "late" });
  expect(attention[0]?.reason).toMatch(/^due for 1m.*: no worker is running$/);
});
