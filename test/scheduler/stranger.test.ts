// Somebody who may see only the things of one owner calls every public method about a job of another owner, and about one that
// does not exist: the answers are the same. A method without a row here fails.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isCronduitError } from "../../src/core/errors.ts";
import {
  EVENT_ALL,
  Pipeline,
  PipelineScheduler,
  type RunContext,
  type SchedulerEvent,
} from "../../src/index.ts";
import type { ActingScheduler } from "../../src/scheduler/pipeline-scheduler.ts";
import { silent } from "../helpers/silent.ts";

class Work extends Pipeline {
  run({ log }: RunContext): { secret: string } {
    log.info("of bob's run");
    return { secret: "bob's" };
  }
}

/** A job and its run, or what looks like them. */
interface Thing {
  readonly jobId: string;
  readonly runId: string;
}

const scheduler = new PipelineScheduler({ pipelines: [Work], logger: silent, worker: {} });
const stranger = scheduler.as({ kind: "user", id: "ada", role: "editor", owners: ["ada"] });
const heard: SchedulerEvent[] = [];
let theirs: Thing;
let ghost: Thing;

beforeAll(async () => {
  stranger.addListener((event) => heard.push(event));
  await scheduler.start();
  const bob = scheduler.as({ kind: "user", id: "bob", role: "editor", owners: ["bob"] });
  const job = await bob.addJob(Work, {
    id: "bill",
    trigger: "interval",
    hours: 1,
    tags: ["money"],
  });
  const { id: runId } = await bob.runJob(job.id, { wait: true });
  theirs = { jobId: job.id, runId };
  ghost = { jobId: "bob/nope", runId: runId.replace(/^[^:]+/, "bob/nope") };
  await stranger.addJob(Work, { id: "mine", trigger: "interval", hours: 1 });
  // Nobody's but the administrators'.
  await scheduler.addJob(Work, { id: "whole", trigger: "interval", hours: 1 });
});

afterAll(() => scheduler.shutdown({ wait: false }));

async function list<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

/** Without the instant of the call. */
async function statsOf(on: ActingScheduler, jobId: string): Promise<object> {
  expect((await scheduler.getStats({ jobId: theirs.jobId })).total.manual).toEqual({
    succeeded: 1,
  });
  // Nothing of others is in the sum of what is seen either.
  expect(await on.getStats()).toMatchObject({ total: { manual: {} }, jobs: { count: 1 } });
  expect((await on.getStats({ owner: "bob" })).total.manual).toEqual({});
  const { to: _, ...stats } = await on.getStats({ jobId });
  return stats;
}

type Call = (on: ActingScheduler, thing: Thing) => unknown;

/** Each public method about one job or run. */
const ABOUT_ONE: Readonly<Record<string, Call>> = {
  getJob: (on, { jobId }) => on.getJob(jobId),
  modifyJob: (on, { jobId }) => on.modifyJob(jobId, { description: "mine now" }),
  rescheduleJob: (on, { jobId }) => on.rescheduleJob(jobId, { trigger: "interval", minutes: 1 }),
  pauseJob: (on, { jobId }) => on.pauseJob(jobId),
  overrideJob: (on, { jobId }) => on.overrideJob(jobId, { paused: true }),
  clearOverride: (on, { jobId }) => on.clearOverride(jobId),
  resumeJob: (on, { jobId }) => on.resumeJob(jobId),
  getPausedOccurrences: (on, { jobId }) => on.getPausedOccurrences(jobId),
  removeJob: (on, { jobId }) => on.removeJob(jobId),
  runJob: (on, { jobId }) => on.runJob(jobId),
  cancelRun: (on, { runId }) => on.cancelRun(runId),
  retryRun: (on, { runId }) => on.retryRun(runId),
  getRuns: async (on, { jobId }) => [
    await on.getRuns(jobId),
    await on.getRuns({ jobId }),
    await on.getRuns({ jobId, verdict: ["running", "queued"] }),
  ],
  getOccurrences: (on, { jobId }) => on.getOccurrences(jobId),
  getRun: (on, { runId }) => on.getRun(runId),
  getStats: (on, { jobId }) => statsOf(on, jobId),
  getSteps: (on, { runId }) => on.getSteps(runId),
  skipOccurrence: (on, { jobId }) => on.skipOccurrence(jobId, new Date(0)),
  unskipOccurrence: (on, { jobId }) => on.unskipOccurrence(jobId, new Date(0)),
  explain: (on, { jobId, runId }) => on.explain(jobId, Number(runId.split(":").at(-1))),
  getLogs: (on, { runId }) => on.getLogs(runId),
  followLogs: (on, { runId }) => list(on.followLogs(runId)),
  cleanupLogs: (on, { jobId }) => on.cleanupLogs(jobId, { all: true }),
  cleanupRuns: (on, { jobId }) => on.cleanupRuns(jobId, { all: true }),
  backfill: (on, { jobId }) => on.backfill(jobId, { from: new Date(0), to: new Date(1) }),
  getBackfill: (on, { jobId }) => on.getBackfill(jobId),
  pauseBackfill: (on, { jobId }) => on.pauseBackfill(jobId),
  resumeBackfill: (on, { jobId }) => on.resumeBackfill(jobId),
  cancelBackfill: (on, { jobId }) => on.cancelBackfill(jobId),
};

/** Each public method about the fleet, and what it says to somebody with limited rights. */
const ABOUT_ALL: Readonly<Record<string, (on: ActingScheduler) => unknown>> = {
  pause: (on) => refused(on.pause()),
  resume: (on) => refused(on.resume()),
  removeAllJobs: (on) => refused(on.removeAllJobs()),
  exportState: (on) => refused((async () => list(on.exportState()))()),
  importState: (on) => refused(on.importState("")),
  as: (on) =>
    expect(() => on.as({ kind: "code", id: "x" })).toThrow(/may not act as somebody else/),
  isPaused: async (on) => expect(await on.isPaused()).toBe(false),
  health: async (on) => expect(await on.health()).toMatchObject({ ok: true }),
  getWorkers: async (on) => {
    const job = await scheduler.getJob(theirs.jobId);
    expect(job).toBeDefined();
    expect((await on.getWorkers()).flatMap(({ running }) => running)).toEqual([]);
  },
  getQueues: async (on) => {
    expect((await scheduler.getQueues()).queues).toMatchObject([{ name: "default", jobs: 3 }]);
    expect((await on.getQueues()).queues).toMatchObject([{ name: "default", jobs: 1 }]);
  },
  getJobs: async (on) => {
    expect((await on.getJobs()).jobs.map(({ id }) => id)).toEqual(["ada/mine"]);
    expect((await on.getJobs({ tag: "money" })).jobs).toEqual([]);
    expect((await on.getJobs({ text: "bill" })).jobs).toEqual([]);
  },
  getTimeline: async (on) => {
    expect((await on.getTimeline()).jobs.map(({ jobId }) => jobId)).toEqual(["ada/mine"]);
    expect((await on.getTimeline({ owner: "bob" })).jobs).toEqual([]);
  },
  getLatestRuns: async (on) => {
    expect((await scheduler.getLatestRuns({ jobIds: [theirs.jobId] }))[0]).toHaveLength(1);
    expect(await on.getLatestRuns({ jobIds: [theirs.jobId, ghost.jobId] })).toEqual([[], []]);
  },
  previewJob: async (on) =>
    expect(await on.previewJob({ trigger: "interval", hours: 1 })).toHaveProperty("next"),
  getChanges: async (on) => {
    const { changes } = await on.getChanges();
    expect(new Set(changes.map(({ owner }) => owner))).toEqual(new Set(["ada"]));
    expect((await on.getChanges({ actor: "bob" })).changes).toEqual([]);
    for (const { jobId } of [theirs, ghost])
      await expect(on.getChanges({ jobId })).rejects.toMatchObject({
        code: "JOB_NOT_FOUND",
        message: `There is no job "${jobId}".`,
      });
  },
  account: async (on) => {
    const { jobs, due } = await on.account({ from: new Date(0) });
    expect({ jobs, due }).toEqual({ jobs: 1, due: 0 });
    for (const { jobId } of [theirs, ghost])
      await expect(on.account({ from: new Date(0), jobId })).rejects.toMatchObject({
        code: "JOB_NOT_FOUND",
        message: `There is no job "${jobId}".`,
      });
  },
  countJobs: async (on) => {
    expect(await on.countJobs({ by: "owner" })).toEqual({
      total: 1,
      groups: [{ key: "ada", count: 1 }],
    });
    expect(await on.countJobs({ owner: "bob" })).toMatchObject({ total: 0 });
  },
  pauseJobs: async (on) => {
    const about = { ids: [theirs.jobId, ghost.jobId] };
    const both = {
      matched: 0,
      skipped: 2,
      problems: [{ code: "JOB_NOT_FOUND" }, { code: "JOB_NOT_FOUND" }],
    };
    expect(await on.pauseJobs(about)).toMatchObject(both);
    expect(await on.pauseJobs({ tag: "money" })).toMatchObject({ matched: 0, skipped: 0 });
    expect(await on.pauseJobs({ all: true }, { dryRun: true })).toMatchObject({
      ids: ["ada/mine"],
    });
  },
  resumeJobs: async (on) => {
    expect(await on.resumeJobs({ text: "bill" })).toMatchObject({ matched: 0, problems: [] });
  },
  runJobs: async (on) => {
    expect(await on.runJobs({ owner: "bob" })).toMatchObject({ matched: 0, problems: [] });
  },
  removeJobs: async (on) => {
    expect(await on.removeJobs({ ids: [theirs.jobId] })).toMatchObject({ changed: 0, skipped: 1 });
    expect(await scheduler.getJob(theirs.jobId)).toBeDefined();
  },
  addJob: async (on) => {
    // The id of somebody else's job is another id here, and so tells nothing.
    const job = await on.addJob(Work, { id: theirs.jobId, trigger: "interval", hours: 1 });
    expect(job).toMatchObject({ id: "ada/bob/bill", owner: "ada", source: "api" });
    await on.removeJob(job.id);
    const foreign = { trigger: "interval", hours: 1, owner: "bob" } as const;
    await refused(on.addJob(Work, foreign));
    await refused(on.modifyJob("ada/mine", { owner: "bob" }));
  },
  addJobs: async (on) => {
    const options = { id: "list", trigger: "interval", hours: 1 } as const;
    expect(await on.addJobs([{ pipeline: Work, options }])).toEqual(["ada/list"]);
    await on.removeJob("ada/list");
  },
  schedule: async (on) => {
    const job = await on.schedule("every 2 hours", Work);
    expect(job.id).toMatch(/^ada\//);
    await on.removeJob(job.id);
  },
  addListener: () => expectHeard(),
  followEvents: async (on) => {
    const news = { onNews: () => undefined, onEnd: () => undefined };
    const follower = await on.followEvents({ mask: EVENT_ALL }, news);
    await scheduler.modifyJob(theirs.jobId, { description: "followed" });
    await on.modifyJob("ada/mine", { description: "followed" });
    const seen: unknown[] = [];
    await expect
      .poll(() => {
        seen.push(...follower.take(10).events.map(({ event }) => event.jobId));
        return seen;
      })
      .toEqual(["ada/mine"]);
    follower.close();
  },
  on: async (on) => {
    const seen: string[] = [];
    on.on("JOB_MODIFIED", ({ jobId }) => void seen.push(jobId));
    await scheduler.modifyJob(theirs.jobId, { description: "changed" });
    await on.modifyJob("ada/mine", { description: "changed" });
    await expect.poll(() => seen).toEqual(["ada/mine"]);
  },
  removeListener: (on) => on.removeListener(() => undefined),
  engine: (on) => expect(on.engine).toBe("memory"),
};

async function refused(call: Promise<unknown>): Promise<void> {
  await expect(call).rejects.toMatchObject({ code: "NOT_ALLOWED" });
}

async function expectHeard(): Promise<void> {
  await expect.poll(() => heard.map(({ name }) => name)).toContain("JOB_ADDED");
  expect([...new Set(heard.map(({ owner }) => owner))]).toEqual(["ada"]);
}

/** What a call says, with the names of the thing replaced. */
async function said(call: Call, thing: Thing): Promise<string> {
  let answer: unknown;
  try {
    answer = { returned: await call(stranger, thing) };
  } catch (error) {
    if (!isCronduitError(error)) throw error;
    answer = { code: error.code, message: error.message, data: error.data };
  }
  return JSON.stringify(answer, (_, value: unknown) => (value === undefined ? null : value))
    .replaceAll(thing.runId, "<run>")
    .replaceAll(thing.jobId, "<job>");
}

/** What only ends or begins the scheduler itself. */
const OF_THE_SCHEDULER: ReadonlySet<string> = new Set(["start", "shutdown"]);

function publicMethods(): string[] {
  const found: string[] = [];
  for (
    let proto = PipelineScheduler.prototype as object;
    proto !== Object.prototype;
    proto = Object.getPrototypeOf(proto) as object
  )
    found.push(...Object.getOwnPropertyNames(proto));
  return found.filter((name) => name !== "constructor" && !OF_THE_SCHEDULER.has(name));
}

test("every public method has a row", () => {
  const rows = [...Object.keys(ABOUT_ONE), ...Object.keys(ABOUT_ALL)];
  expect(rows.toSorted()).toEqual([...new Set(publicMethods())].toSorted());
});

describe("what belongs to somebody else is as what does not exist", () => {
  test.each(Object.entries(ABOUT_ONE))("%s", async (_, call) => {
    expect(await said(call, theirs)).toBe(await said(call, ghost));
    // Nothing was changed by it.
    expect(await scheduler.getJob(theirs.jobId)).toMatchObject({ state: "active" });
    expect((await scheduler.getLogs(theirs.runId)).lines).not.toEqual([]);
  });
});

/** What asks whether there is such a job, counts what is on record of it, or explains that there is none. */
const ANSWERED: ReadonlySet<string> = new Set(["getJob", "getStats", "explain"]);
const OF_RUNS: ReadonlySet<string> = new Set([
  "cancelRun",
  "retryRun",
  "getRun",
  "getSteps",
  "getLogs",
  "followLogs",
]);

describe("a job or a run that never was is told as such to who sees everything, too", () => {
  test.each(Object.entries(ABOUT_ONE).filter(([name]) => !ANSWERED.has(name)))(
    "%s",
    async (name, call) => {
      const unknown = { jobId: "nope", runId: ghost.runId.replace("bob/nope", "nope") };
      const code = OF_RUNS.has(name) ? "RUN_NOT_FOUND" : "JOB_NOT_FOUND";
      await expect((async () => call(scheduler, unknown))()).rejects.toMatchObject({ code });
    },
  );

  test("getChanges and account", async () => {
    const jobId = "nope";
    const code = "JOB_NOT_FOUND";
    await expect(scheduler.getChanges({ jobId })).rejects.toMatchObject({ code });
    for (const from of ["2026-01-01", "2099-01-01"])
      await expect(scheduler.account({ jobId, from })).rejects.toMatchObject({ code });
  });
});

describe("the fleet to somebody with limited rights", () => {
  test.each(Object.entries(ABOUT_ALL))("%s", async (_, call) => {
    await call(stranger);
    // It is still the same fleet, and not paused.
    expect(await scheduler.isPaused()).toBe(false);
  });
});

test("a name that is too long with its owner is refused, and so stored by nobody", async () => {
  const refusal = { code: "INVALID_OPTION", message: expect.stringMatching(/128/) };
  const id = "x".repeat(128);
  await expect(stranger.addJob(Work, { id, trigger: "manual" })).rejects.toMatchObject(refusal);
  const concurrencyGroup = { key: id, limit: 1 };
  await expect(
    stranger.addJob(Work, { id: "grouped", trigger: "manual", concurrencyGroup }),
  ).rejects.toMatchObject(refusal);
});

test("jobDefaults of the program name no owner for others", async () => {
  await using other = new PipelineScheduler({
    pipelines: [Work],
    logger: silent,
    worker: false,
    jobDefaults: { owner: "bob" },
  });
  const ada = other.as({ kind: "user", id: "ada", role: "editor", owners: ["ada"] });
  expect(await ada.addJob(Work, { id: "z", trigger: "manual" })).toMatchObject({ owner: "ada" });
  expect(await other.addJob(Work, { id: "y", trigger: "manual" })).toMatchObject({ owner: "bob" });
});

test("a viewer sees its own things and changes none; visibility all sees the others' too", async () => {
  const viewer = scheduler.as({ kind: "user", id: "eve", role: "viewer", owners: ["bob"] });
  expect(await viewer.getJob(theirs.jobId)).toMatchObject({ owner: "bob" });
  expect((await viewer.getLogs(theirs.runId)).lines).not.toEqual([]);
  await refused(viewer.pauseJob(theirs.jobId));
  await refused(viewer.runJob(theirs.jobId));
  await refused(viewer.cleanupLogs(theirs.jobId, { all: true }));
  const open = {
    kind: "user",
    id: "ada",
    role: "editor",
    owners: ["ada"],
    visibility: "all",
  } as const;
  expect(await scheduler.as(open).getJob(theirs.jobId)).toMatchObject({ owner: "bob" });
  await refused(scheduler.as(open).removeJob(theirs.jobId));
});

test("a condition on a job that the author does not see is refused, whether there is one or not", async () => {
  const conditional = (jobId: string) =>
    stranger.addJob(Work, {
      id: "asks",
      trigger: "interval",
      hours: 1,
      condition: `"${jobId}".last_run_successful`,
    });
  for (const { jobId } of [theirs, ghost])
    await expect(conditional(jobId)).rejects.toMatchObject({ code: "INVALID_CONDITION" });
  expect(await conditional("ada/mine")).toMatchObject({ id: "ada/asks" });
});

test("an id of one's own that is somebody else's is taken, and tells nothing more", async () => {
  const hourly = { trigger: "interval", hours: 1 } as const;
  const taken = {
    code: "CONFLICTING_ID",
    message: 'The id "ada/theirs" is taken. Choose another one.',
  };
  const data = { jobId: "ada/theirs" };
  await scheduler.addJob(Work, { id: "ada/theirs", ...hourly, owner: "bob", tags: ["secret"] });
  for (const replaceExisting of [false, true]) {
    const again = { id: "theirs", ...hourly, replaceExisting };
    await expect(stranger.addJob(Work, again)).rejects.toMatchObject({ ...taken, data });
    const both = stranger.addJobs([
      { pipeline: Work, options: again },
      { pipeline: Work, options: { id: "beside", ...hourly } },
    ]);
    await expect(both).rejects.toMatchObject(taken);
    expect(await stranger.getJob("ada/beside")).toBeDefined();
    await stranger.removeJob("ada/beside");
  }
  // Nor if it was declared just so before it was given away.
  await stranger.addJob(Work, { id: "given", ...hourly });
  await scheduler.modifyJob("ada/given", { owner: "bob" });
  await expect(stranger.addJob(Work, { id: "given", ...hourly })).rejects.toMatchObject({
    code: "CONFLICTING_ID",
  });
  const job = await scheduler.getJob("ada/theirs");
  expect(job).toMatchObject({ owner: "bob", tags: ["secret"] });
  for (const id of ["ada/theirs", "ada/given"]) await scheduler.removeJob(id);
});

test("to a condition, a job that its author does not see does not exist, also once it is given away", async () => {
  const manual = { trigger: "manual" } as const;
  await scheduler.addJob(Work, { id: "ada/theirs", ...manual, owner: "bob" });
  const run = (id: string) => stranger.runJob(id, { wait: true });
  const asks = (id: string, named: string) =>
    stranger.addJob(Work, { id, ...manual, condition: `not "${named}".running` });
  await asks("asks-theirs", "ada/theirs");
  await asks("asks-ghost", "ada/ghost");
  await asks("asks-mine", "ada/mine");
  const ofGhost = await run("ada/asks-ghost");
  expect(ofGhost).toMatchObject({ verdict: "skipped", reason: "condition" });
  const ofTheirs = await run("ada/asks-theirs");
  expect(ofTheirs).toMatchObject({ verdict: "skipped", reason: "condition" });
  expect(await run("ada/asks-mine")).toMatchObject({ verdict: "succeeded" });
  await scheduler.modifyJob("ada/mine", { owner: "bob" });
  expect(await run("ada/asks-mine")).toMatchObject({ verdict: "skipped", reason: "condition" });
  await stranger.modifyJob("ada/asks-mine", { description: "of mine" });
  expect(await run("ada/asks-mine")).toMatchObject({ verdict: "skipped" });
  // Whoever sees it may write the same condition.
  await scheduler.modifyJob("ada/asks-mine", { condition: `not "ada/mine".running` });
  expect(await run("ada/asks-mine")).toMatchObject({ verdict: "succeeded" });
  await scheduler.modifyJob("ada/mine", { owner: "ada" });
  for (const id of ["theirs", "asks-theirs", "asks-ghost", "asks-mine"])
    await scheduler.removeJob(`ada/${id}`);
});

test("changes, their events and manual runs say who made them, and why", async () => {
  const events: SchedulerEvent[] = [];
  scheduler.addListener((event) => events.push(event));
  const cli = scheduler.as({ kind: "cli", id: "grace" }, "the disk is full");
  await cli.pauseJob("ada/mine", "disk");
  await cli.resumeJob("ada/mine");
  const run = await cli.runJob("ada/mine", { wait: true });
  const by = { kind: "cli", id: "grace", note: "the disk is full" };
  expect(run).toMatchObject({ owner: "ada", requestedBy: by });
  await expect
    .poll(() => events.filter(({ by: who }) => who?.id === "grace").map(({ name }) => name))
    .toEqual(["JOB_PAUSED", "JOB_RESUMED", "JOB_SUBMITTED"]);
  expect(events.every((event) => event.by === undefined || event.owner === "ada")).toBe(true);
});

test.each([
  [undefined],
  [{ kind: "user", id: "ada" }],
  [{ kind: "user", id: "ada", role: "editor" }],
  [{ kind: "user", id: "ada", role: "editor", owners: [] }],
  [{ kind: "user", id: "ada", role: "boss", owners: ["ada"] }],
  [{ kind: "user", id: "ada", role: "editor", owners: ["a/b"] }],
  [{ kind: "system", id: "me" }],
  [{ kind: "code", id: "" }],
  [{ kind: "code", id: "x", role: "admin" }],
])("as %j is refused", (actor) => {
  expect(() => scheduler.as(actor as never)).toThrow(
    expect.objectContaining({ code: "INVALID_OPTION" }),
  );
});
