import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import {
  Pipeline,
  PipelineScheduler,
  type PipelineSchedulerOptions,
  type RunContext,
  type SchedulerEvent,
} from "../../src/index.ts";
import { silent } from "../helpers/silent.ts";
import { testStores } from "../helpers/test-stores.ts";

/** A pipeline whose runs report themselves and continue until released. */
function held(): {
  Work: new () => Pipeline;
  begun: Promise<RunContext>;
  letGo: (result?: unknown) => void;
} {
  let tell: (context: RunContext) => void = () => undefined;
  let letGo: (result?: unknown) => void = () => undefined;
  const begun = new Promise<RunContext>((resolve) => {
    tell = resolve;
  });
  const end = new Promise<unknown>((resolve) => {
    letGo = resolve;
  });
  class Work extends Pipeline {
    run(context: RunContext): unknown {
      tell(context);
      return end;
    }
  }
  return { Work, begun, letGo };
}

function make(
  prefix: string,
  Work: new () => Pipeline,
  more: Partial<PipelineSchedulerOptions> = {},
): PipelineScheduler {
  const connection = testStores().connection();
  return new PipelineScheduler({
    ...(connection === undefined ? {} : { connection }),
    prefix,
    pipelines: [Work],
    logger: silent,
    ...more,
  });
}

const now = { id: "job", trigger: "date", in: "0s" } as const;
/** Whether two schedulers can coexist, and whether one finds what another left. */
const isShared = testStores().reach === "many";
const isKept = testStores().reach !== "one";

describe("shutdown({ wait }), default wait: second call is harmless", () => {
  test.runIf(isShared)("waits for what runs, and takes nothing more", async () => {
    const prefix = `shutdown-${randomUUID()}`;
    const { Work, begun, letGo } = held();
    await using observer = make(prefix, Work, { worker: false });
    await using scheduler = make(prefix, Work);
    await scheduler.start();
    await scheduler.addJob(Work, { ...now, maxInstances: 5 });
    const { runId, signal } = await begun;
    let isOver = false;
    const first = scheduler.shutdown().then(() => (isOver = true));
    const second = scheduler.shutdown();
    // Requested after the worker was told to stop: nobody takes this run.
    const later = await observer.runJob("job");
    expect(isOver).toBe(false);
    expect(signal.aborted).toBe(false);
    letGo({ rows: 1 });
    await Promise.all([first, second]);
    expect(await observer.getRun(runId)).toMatchObject({
      verdict: "succeeded",
      result: { rows: 1 },
    });
    expect(await observer.getRun(later)).toMatchObject({ verdict: "queued" });
    await scheduler.shutdown();
    expect(await observer.getWorkers()).toEqual([]);
  });

  test.runIf(isKept)(
    "wait: false aborts what runs and hands it to another worker: same run, next attempt",
    async () => {
      const prefix = `shutdown-${randomUUID()}`;
      const first = held();
      const second = held();
      await using scheduler = make(
        prefix,
        Object.defineProperty(first.Work, "name", { value: "Work" }),
      );
      await scheduler.start();
      await scheduler.addJob(first.Work, now);
      const before = await first.begun;
      before.signal.addEventListener("abort", () =>
        first.letGo(Promise.reject(before.signal.reason)),
      );
      await scheduler.shutdown({ wait: false });
      expect(before.signal.aborted).toBe(true);
      await using other = make(
        prefix,
        Object.defineProperty(second.Work, "name", { value: "Work" }),
      );
      await other.start();
      const after = await second.begun;
      expect(after).toMatchObject({ runId: before.runId, attempt: 2 });
      second.letGo();
      await other.shutdown();
    },
  );

  test.runIf(isShared)("the stronger call wins, whichever comes first", async () => {
    const prefix = `shutdown-${randomUUID()}`;
    const { Work, begun } = held();
    await using observer = make(prefix, Work, { worker: false });
    await using scheduler = make(prefix, Work, { drain: "10 min" });
    await scheduler.start();
    await scheduler.addJob(Work, now);
    const { runId, signal } = await begun;
    const waiting = scheduler.shutdown();
    expect(signal.aborted).toBe(false);
    await Promise.all([waiting, scheduler.shutdown({ wait: false })]);
    expect(signal.aborted).toBe(true);
    expect(await observer.getRun(runId)).toMatchObject({ verdict: "retrying" });
  });

  test("runs are told to stop in time for drain to hold", async () => {
    const prefix = `shutdown-${randomUUID()}`;
    const { Work, begun, letGo } = held();
    await using scheduler = make(prefix, Work, { drain: 5.5 });
    await scheduler.start();
    await scheduler.addJob(Work, now);
    const { signal } = await begun;
    signal.addEventListener("abort", () => letGo());
    await scheduler.shutdown();
    expect(signal.aborted).toBe(true);
  });

  test("inside a run it does not wait for that run, which ends as it would", async () => {
    const prefix = `shutdown-${randomUUID()}`;
    let tell: (context: RunContext) => void = () => undefined;
    const returned = new Promise<RunContext>((resolve) => (tell = resolve));
    class Work extends Pipeline {
      async run(context: RunContext): Promise<string> {
        await scheduler.shutdown();
        tell(context);
        return "whole";
      }
    }
    const scheduler = make(prefix, Work, { drain: "10 min" });
    await scheduler.start();
    await scheduler.addJob(Work, now);
    const { runId, signal } = await returned;
    await scheduler.shutdown();
    expect(signal.aborted).toBe(false);
    if (!isKept) return;
    await using other = make(prefix, Work, { worker: false });
    expect(await other.getRun(runId)).toMatchObject({ verdict: "succeeded", result: "whole" });
  });

  test.runIf(isKept)("the jobs stay", async () => {
    const prefix = `shutdown-${randomUUID()}`;
    const { Work } = held();
    const scheduler = make(prefix, Work, { worker: false });
    await scheduler.addJob(Work, { id: "job", trigger: "interval", hours: 1 });
    await scheduler.shutdown();
    await using other = make(prefix, Work, { worker: false });
    expect(await other.getJob("job")).toMatchObject({ id: "job", state: "active" });
  });

  test("before start; twice at once; and start, calls and start again after it are INVALID_STATE", async () => {
    const { Work } = held();
    const scheduler = make(`shutdown-${randomUUID()}`, Work);
    await Promise.all([scheduler.shutdown(), scheduler.shutdown()]);
    await scheduler.shutdown();
    const invalid = { code: "INVALID_STATE" };
    await expect(scheduler.start()).rejects.toMatchObject(invalid);
    await expect(scheduler.addJob(Work, now)).rejects.toMatchObject(invalid);
    await expect(scheduler.getJobs()).rejects.toMatchObject(invalid);
    expect(await scheduler.health()).toMatchObject({ ok: false });
  });

  test("start twice is INVALID_STATE and the first goes on", async () => {
    const prefix = `shutdown-${randomUUID()}`;
    const { Work, begun, letGo } = held();
    await using scheduler = make(prefix, Work);
    const starts = await Promise.allSettled([scheduler.start(), scheduler.start()]);
    expect(starts[0].status).toBe("fulfilled");
    expect(starts[1]).toMatchObject({ status: "rejected", reason: { code: "INVALID_STATE" } });
    await scheduler.addJob(Work, now);
    letGo();
    await begun;
  });

  test.runIf(isShared)("SCHEDULER_SHUTDOWN is heard by others", async () => {
    const prefix = `shutdown-${randomUUID()}`;
    const { Work } = held();
    await using observer = make(prefix, Work, { worker: false });
    const heard: string[] = [];
    const over = new Promise((resolve) => {
      observer.on("SCHEDULER_SHUTDOWN", resolve);
    });
    observer.addListener((event) => heard.push(event.name));
    await observer.start();
    const scheduler = make(prefix, Work);
    await scheduler.start();
    await scheduler.shutdown();
    await over;
    expect(heard.slice(-4)).toEqual([
      "SCHEDULER_STARTED",
      "WORKER_STARTED",
      "WORKER_STOPPED",
      "SCHEDULER_SHUTDOWN",
    ]);
  });
});

describe("the whole", () => {
  test("a run's context, and its events in order", async () => {
    const prefix = `whole-${randomUUID()}`;
    const { Work, begun, letGo } = held();
    letGo({ rows: 7 });
    await using scheduler = make(prefix, Work);
    const events: SchedulerEvent[] = [];
    scheduler.addListener((event) => events.push(event));
    const finished = new Promise((resolve) => {
      scheduler.on("JOB_FINISHED", resolve);
    });
    await scheduler.start();
    const runDate = new Date(Date.now() + 200);
    await scheduler.addJob(Work, { id: "job", trigger: "date", runDate, params: { a: [1] } });
    const context = await begun;
    await finished;
    expect(context).toMatchObject({
      jobId: "job",
      pipelineName: "Work",
      fireTime: runDate,
      scheduledAt: runDate,
      attempt: 1,
      params: { a: [1] },
      trigger: "scheduled",
      previous: undefined,
    });
    expect(context.startedAt.getTime()).toBeGreaterThanOrEqual(runDate.getTime());
    const ofJob = events.filter(({ jobId }) => jobId === "job");
    expect(ofJob.map(({ name }) => name)).toEqual([
      "JOB_ADDED",
      "JOB_SUBMITTED",
      "JOB_STARTED",
      "JOB_EXECUTED",
      "JOB_FINISHED",
    ]);
    expect(ofJob.at(-2)).toMatchObject({
      code: 4096,
      runId: context.runId,
      scheduledRunTime: runDate,
      retval: { rows: 7 },
    });
    expect(await scheduler.getRun(context.runId)).toMatchObject({ verdict: "succeeded" });
  });

  test("the next run is told of the one before", async () => {
    const prefix = `whole-${randomUUID()}`;
    const contexts: RunContext[] = [];
    let tell: () => void = () => undefined;
    const both = new Promise<void>((resolve) => {
      tell = resolve;
    });
    class Counting extends Pipeline {
      run(context: RunContext): unknown {
        contexts.push(context);
        if (contexts.length === 2) tell();
        return { n: contexts.length };
      }
    }
    await using scheduler = make(prefix, Counting);
    await scheduler.start();
    await scheduler.addJob(Counting, { id: "job", trigger: "interval", milliseconds: 200 });
    await both;
    expect(contexts[1]?.previous).toMatchObject({
      runId: contexts[0]?.runId,
      verdict: "succeeded",
      fireTime: contexts[0]?.fireTime,
    });
  });

  test("pause() stops the fleet; after resume() what was missed goes through coalesce", async () => {
    const prefix = `whole-${randomUUID()}`;
    const { Work, begun, letGo } = held();
    letGo();
    await using scheduler = make(prefix, Work);
    await scheduler.start();
    await scheduler.pause();
    expect(await scheduler.isPaused()).toBe(true);
    const start = Date.now();
    const coalesced = new Promise<SchedulerEvent>((resolve) => {
      scheduler.on("JOB_COALESCED", resolve);
    });
    await scheduler.addJob(Work, {
      id: "job",
      trigger: "interval",
      milliseconds: 100,
      startDate: new Date(start),
      endDate: new Date(start + 500),
    });
    await expect.poll(() => Date.now(), { timeout: 5_000 }).toBeGreaterThan(start + 600);
    expect((await scheduler.getRuns("job")).runs).toEqual([]);
    await scheduler.resume();
    await begun;
    const event = await coalesced;
    await expect
      .poll(async () => (await scheduler.getJob("job"))?.counts, { timeout: 20_000 })
      .toEqual({ coalesced: event.count, succeeded: 1 });
    expect(event.count).toBeGreaterThanOrEqual(4);
    expect((await scheduler.getJob("job"))?.state).toBe("finished");
  });
});
