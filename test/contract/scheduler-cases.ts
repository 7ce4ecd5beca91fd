import { expect, test } from "vitest";
import {
  EVENT_JOB_ERROR,
  EVENT_JOB_EXECUTED,
  isCronduitError,
  lineLogger,
  Pipeline,
  PipelineScheduler,
  PipelineWorker,
  type RunContext,
  type SchedulerEvent,
} from "../../src/index.ts";
import type { EventException } from "../../src/events/event-fields.ts";
import type { CaseContext } from "./suite.ts";

class Quick extends Pipeline {
  async run({ params }: RunContext) {
    return { success: true, params };
  }
}

class Failing extends Pipeline {
  async run(): Promise<never> {
    throw new TypeError("always");
  }
}

class Unreachable extends Pipeline {
  async run(): Promise<never> {
    const refused = Object.assign(new Error("connect refused"), { code: "ECONNREFUSED" });
    const tried = Promise.any([
      Promise.reject(new TypeError("fetch failed", { cause: refused })),
      Promise.reject(new Error("b is full")),
    ]);
    throw new Error("sync failed", { cause: await tried.catch((error: unknown) => error) });
  }
}

class Odd extends Pipeline {
  run() {
    return { map: new Map([["a", new Set([1])]]), big: 12345678901234567890n, none: [undefined] };
  }
}

class Slow extends Pipeline {
  async run({ signal }: RunContext) {
    await new Promise((resolve) => {
      const timer = setTimeout(resolve, 2_500);
      signal.addEventListener("abort", () => resolve(clearTimeout(timer)), { once: true });
    });
    return { success: true };
  }
}

/** Whole schedulers with their own worker, on the machine's clock. */
export function schedulerCases({ tested, prefix }: CaseContext): void {
  test("started paused, no run begins until it is resumed", async () => {
    const connection = tested.schedulerConnection();
    await using scheduler = new PipelineScheduler({
      ...(connection === undefined ? {} : { connection }),
      prefix: `${prefix}-paused`,
      pipelines: [Quick],
      logger: lineLogger("error"),
    });
    const heard: string[] = [];
    scheduler.addListener(({ name }) => void heard.push(name));
    await scheduler.addJob(Quick, { id: "due", trigger: "date", runDate: "2020-01-01" });
    await scheduler.start({ paused: true });
    expect(await scheduler.isPaused()).toBe(true);
    const options = { timeout: 30_000, interval: 50 };
    await expect.poll(() => heard, options).toContain("SCHEDULER_PAUSED");
    expect((await scheduler.getRuns("due")).runs).toEqual([]);
    expect(heard).not.toContain("JOB_STARTED");
    await scheduler.resume();
    await expect.poll(() => heard, options).toContain("JOB_EXECUTED");
  });

  test("account tells what retention has dropped", async () => {
    const connection = tested.schedulerConnection();
    await using scheduler = new PipelineScheduler({
      ...(connection === undefined ? {} : { connection }),
      prefix: `${prefix}-kept`,
      pipelines: [Quick],
      logger: lineLogger("error"),
    });
    let ran = 0;
    scheduler.on("JOB_EXECUTED", () => void (ran += 1));
    await scheduler.start();
    const often = { trigger: "interval", milliseconds: 300, retention: { count: 1 } } as const;
    await scheduler.addJob(Quick, { id: "often", ...often });
    await expect.poll(() => ran, { timeout: 30_000, interval: 50 }).toBeGreaterThanOrEqual(3);
    await scheduler.pauseJob("often");
    const account = await scheduler.account({ jobId: "often", from: 0 });
    expect(account).toMatchObject({ unaccounted: { count: 0 }, surplus: { count: 0 } });
    expect(account.unknown.retention).toBeGreaterThanOrEqual(1);
  });

  test("what is asked of a job that never was is told as such; of a removed one it is not", async () => {
    const connection = tested.schedulerConnection();
    await using scheduler = new PipelineScheduler({
      ...(connection === undefined ? {} : { connection }),
      prefix: `${prefix}-known`,
      pipelines: [Quick],
      logger: lineLogger("error"),
    });
    const all = { all: true } as const;
    const calls: Readonly<Record<string, (jobId: string) => Promise<unknown>>> = {
      cleanupLogs: (id) => scheduler.cleanupLogs(id, all),
      cleanupRuns: (id) => scheduler.cleanupRuns(id, all),
      getRuns: (id) => scheduler.getRuns(id),
      getOccurrences: (id) => scheduler.getOccurrences(id),
      getChanges: (jobId) => scheduler.getChanges({ jobId }),
      getBackfill: (id) => scheduler.getBackfill(id),
    };
    const changes = {
      backfill: (id: string) => scheduler.backfill(id, { from: "2026-01-01", dryRun: true }),
      pauseBackfill: (id: string) => scheduler.pauseBackfill(id),
      resumeBackfill: (id: string) => scheduler.resumeBackfill(id),
      cancelBackfill: (id: string) => scheduler.cancelBackfill(id),
    };
    await scheduler.addJob(Quick, { id: "was", trigger: "interval", hours: 1 });
    await scheduler.removeJob("was");
    const codeOf = async (call: (jobId: string) => Promise<unknown>, jobId: string) =>
      call(jobId).then(
        () => "answered",
        (error: unknown) => (isCronduitError(error) ? error.code : error),
      );
    for (const [name, call] of Object.entries({ ...calls, ...changes }))
      expect([name, await codeOf(call, "never")]).toEqual([name, "JOB_NOT_FOUND"]);
    for (const [name, call] of Object.entries(calls))
      expect([name, await codeOf(call, "was")]).toEqual([name, "answered"]);
  });

  test("that rows and logs were deleted is heard, and who deleted them", async () => {
    const connection = tested.schedulerConnection();
    await using scheduler = new PipelineScheduler({
      ...(connection === undefined ? {} : { connection }),
      prefix: `${prefix}-deleted`,
      pipelines: [Quick],
      logger: lineLogger("error"),
    });
    const heard: SchedulerEvent[] = [];
    const hears = scheduler.as({ kind: "user", id: "bob", role: "viewer", owners: ["red"] });
    hears.on("JOB_MODIFIED", (event) => void heard.push(event));
    await scheduler.start();
    await scheduler.addJob(Quick, { id: "job", trigger: "manual", owner: "red" });
    for (let n = 0; n < 2; n += 1) await scheduler.runJob("job", { wait: "30s" });
    const ann = scheduler.as({ kind: "cli", id: "ann" }, "too many");
    const deleted = await ann.cleanupRuns("job", { all: true });
    expect(deleted).toBe(2);
    expect(await ann.cleanupRuns("job", { all: true })).toBe(0);
    await expect.poll(() => heard.length, { timeout: 30_000 }).toBe(1);
    const by = { kind: "cli", id: "ann", note: "too many" };
    expect(heard).toMatchObject([{ jobId: "job", by, reason: "runs-deleted", count: 2 }]);
    const [change] = (await scheduler.getChanges({ jobId: "job" })).changes;
    expect(change).toMatchObject({ what: "runs-deleted", by, count: 2, owner: "red" });
    expect(change?.fireTime).toEqual(heard[0]?.scheduledRunTime);
  });

  test("jobs run, fail, overlap, pause, resume and run by hand, and the ledger accounts for all", async () => {
    const connection = tested.schedulerConnection();
    await using scheduler = new PipelineScheduler({
      ...(connection === undefined ? {} : { connection }),
      prefix: `${prefix}-e2e`,
      pipelines: [Quick, Failing, Slow],
      logger: lineLogger("error"),
    });
    const heard: SchedulerEvent[] = [];
    const named: string[] = [];
    scheduler.addListener((event) => void heard.push(event));
    scheduler.on("JOB_EXECUTED", (event) => void named.push(event.jobId ?? ""), { name: "named" });
    await scheduler.start();
    await scheduler.addJob(Quick, { id: "tick", trigger: "interval", seconds: 1 });
    await scheduler.addJob(Failing, { id: "fail", trigger: "date", runDate: new Date() });
    await scheduler.addJob(Slow, { id: "slow", trigger: "interval", seconds: 1 });
    await scheduler.addJob(Quick, { id: "rest", trigger: "interval", seconds: 1 });
    await scheduler.pauseJob("rest", "not now");
    const runId = await scheduler.runJob("rest", { params: { by: "hand" } });

    const count = (name: string, jobId: string): number =>
      heard.filter((event) => event.name === name && event.jobId === jobId).length;
    const options = { timeout: 30_000, interval: 50 };
    await expect.poll(() => count("JOB_EXECUTED", "tick"), options).toBeGreaterThanOrEqual(3);
    await expect.poll(() => count("JOB_MAX_INSTANCES", "slow"), options).toBeGreaterThanOrEqual(1);
    await expect.poll(() => count("JOB_EXECUTED", "slow"), options).toBeGreaterThanOrEqual(1);
    await expect.poll(() => count("JOB_ERROR", "fail"), options).toBe(1);
    await expect.poll(() => count("JOB_EXECUTED", "rest"), options).toBe(1);
    await expect.poll(() => named.filter((id) => id === "tick").length, options).toBeGreaterThan(2);

    expect(await scheduler.getRun(runId)).toMatchObject({
      verdict: "succeeded",
      trigger: "manual",
      result: { params: { by: "hand" } },
    });
    expect((await scheduler.getRuns("fail")).runs).toMatchObject([
      { verdict: "failed", error: { name: "TypeError", message: "always" } },
    ]);
    expect((await scheduler.getJob("fail"))?.state).toBe("finished");
    await scheduler.resumeJob("rest");
    await expect.poll(() => count("JOB_EXECUTED", "rest"), options).toBeGreaterThanOrEqual(2);
    await scheduler.pause();
    expect(await scheduler.isPaused()).toBe(true);
    await scheduler.resume();
    const [worker] = await scheduler.getWorkers();
    expect(worker?.startedAt.getTime()).toBeLessThanOrEqual(worker?.seenAt.getTime() ?? 0);

    // Each second of the tick has exactly one row, without a gap.
    await scheduler.pauseJob("tick");
    const { runs } = await scheduler.getRuns("tick", { limit: 100 });
    const covered = runs.reduce((sum, run) => sum + run.count, 0);
    const times = runs.map((run) => run.fireTime.getTime());
    const oldest = Math.min(...runs.map((run) => run.firstFireTime.getTime()));
    expect(covered).toBe((Math.max(...times) - oldest) / 1_000 + 1);
    expect(await scheduler.removeAllJobs()).toBe(4);
  }, 120_000);

  test("what went wrong reaches listeners with all that stood behind it; a result is marked where JSON can't hold it", async () => {
    const connection = tested.schedulerConnection();
    await using scheduler = new PipelineScheduler({
      ...(connection === undefined ? {} : { connection }),
      prefix: `${prefix}-wrong`,
      pipelines: [Unreachable, Odd],
      logger: lineLogger("error"),
    });
    const heard: SchedulerEvent[] = [];
    scheduler.addListener((event) => void heard.push(event), EVENT_JOB_ERROR | EVENT_JOB_EXECUTED);
    await scheduler.start();
    const later = { trigger: "date", runDate: "2090-01-01" } as const;
    await scheduler.addJob(Unreachable, { id: "unreachable", ...later });
    await scheduler.addJob(Odd, { id: "odd", ...later });
    await scheduler.runJob("unreachable", { wait: true });
    const odd = await scheduler.runJob("odd", { wait: true });
    await expect.poll(() => heard.length, { timeout: 30_000 }).toBe(2);
    const [failed, done] = heard;
    expect(failed?.exception).toBeInstanceOf(Error);
    expect(failed?.reason).toBe("sync failed: connect refused (ECONNREFUSED); b is full");
    const cause = failed?.exception?.cause as EventException;
    expect(cause).toBeInstanceOf(Error);
    expect(cause.message).toBe("All promises were rejected");
    expect(cause.errors?.map(({ message }) => message)).toEqual(["fetch failed", "b is full"]);
    expect(cause.errors?.[0]?.cause).toMatchObject({ code: "ECONNREFUSED" });
    expect(done?.retval).toEqual({
      map: { $type: "Map", entries: [["a", { $type: "Set", values: [1] }]] },
      big: { $type: "bigint", value: "12345678901234567890" },
      none: [null],
    });
    expect(odd.result).toEqual(done?.retval);
    await scheduler.removeAllJobs();
  }, 60_000);

  test("a fleet that was away catches up without an alarm", async (context) => {
    const connection = tested.schedulerConnection();
    if (connection === undefined) return context.skip("what it keeps ends with it");
    const make = (worker: false | { concurrency: number }): PipelineScheduler =>
      new PipelineScheduler({
        connection,
        prefix: `${prefix}-restart`,
        pipelines: [Quick],
        logger: lineLogger("error"),
        worker,
        overdue: 3,
        reconcile: 0.1,
      });
    const ids = Array.from({ length: 10 }, (_, i) => `late-${i}`);
    const dueAt = Date.now() + 500;
    await using before = make(false);
    await before.start();
    for (const id of ids)
      await before.addJob(Quick, { id, trigger: "date", runDate: new Date(dueAt) });
    await before.shutdown();
    const patience = { timeout: 30_000, interval: 50 };
    await expect.poll(() => Date.now() - dueAt, patience).toBeGreaterThan(3_500);

    await using after = make({ concurrency: 1 });
    const heard: SchedulerEvent[] = [];
    after.addListener((event) => void heard.push(event));
    await after.start();
    const of = (name: string) => heard.filter((event) => event.name === name);
    await expect.poll(() => of("JOB_EXECUTED").length, patience).toBe(ids.length);
    expect(of("JOB_OVERDUE").map(({ reason }) => reason)).toEqual([]);
  }, 60_000);

  test("a job runs on workers of its queue; one that nobody serves is overdue, and says why", async () => {
    const connection = tested.schedulerConnection();
    const options = { prefix: `${prefix}-queues`, pipelines: [Quick], logger: lineLogger("error") };
    const isShared = tested.isShared && connection !== undefined;
    await using scheduler = new PipelineScheduler({
      ...(connection === undefined ? {} : { connection }),
      ...options,
      worker: isShared ? true : { queues: ["default", "mail"] },
      overdue: 0.5,
      reconcile: 0.2,
    });
    await using worker = isShared
      ? new PipelineWorker({ ...options, connection, queues: ["mail"], concurrency: 2 })
      : undefined;
    const heard: SchedulerEvent[] = [];
    scheduler.addListener((event) => void heard.push(event));
    await scheduler.start();
    await worker?.start();
    const second = { trigger: "interval", seconds: 1 } as const;
    const home = await scheduler.addJob(Quick, { id: "home", ...second });
    const mail = await scheduler.addJob(Quick, {
      id: "letters",
      queue: "mail",
      maxInstances: 9,
      ...second,
    });
    await scheduler.addJob(Quick, { id: "nobody", queue: "reports", ...second });
    expect([home.queue, mail.queue]).toEqual(["default", "mail"]);
    const runId = await scheduler.runJob("letters", { params: { by: "hand" } });

    const count = (name: string, jobId: string): number =>
      heard.filter((event) => event.name === name && event.jobId === jobId).length;
    const patience = { timeout: 30_000, interval: 50 };
    await expect.poll(() => count("JOB_EXECUTED", "home"), patience).toBeGreaterThanOrEqual(2);
    await expect.poll(() => count("JOB_EXECUTED", "letters"), patience).toBeGreaterThanOrEqual(3);
    await expect.poll(() => count("JOB_OVERDUE", "nobody"), patience).toBeGreaterThanOrEqual(1);
    expect(count("JOB_EXECUTED", "nobody")).toBe(0);
    const why = heard.find((e) => e.name === "JOB_OVERDUE" && e.jobId === "nobody")?.reason;
    expect(why).toMatch(
      /(none of the \d workers serves|the only worker does not serve) queue "reports"/,
    );

    const workers = await scheduler.getWorkers();
    expect(workers.map(({ queues }) => queues.join(" ")).toSorted()).toEqual(
      isShared ? ["default", "mail"] : ["default mail"],
    );
    const by = (id: string) =>
      heard.find((e) => e.jobId === id && e.name === "JOB_EXECUTED")?.worker;
    if (worker)
      expect([by("letters") === worker.id, by("home") === worker.id]).toEqual([true, false]);
    expect(await scheduler.getRun(runId)).toMatchObject({
      verdict: "succeeded",
      trigger: "manual",
    });
    const [last] = (await scheduler.getRuns("letters", { verdict: "succeeded" })).runs;
    const told = await scheduler.explain("letters", last?.fireTime ?? 0);
    expect(told.text).toMatch(/succeeded/);
    const ids = async (queue?: string) =>
      (await scheduler.getJobs(queue === undefined ? {} : { queue })).jobs.map(({ id }) => id);
    expect(await ids("mail")).toEqual(["letters"]);
    expect(await ids("default")).toEqual(["home"]);
    expect((await ids()).toSorted()).toEqual(["home", "letters", "nobody"]);

    const move = { code: "INVALID_OPTION", message: expect.stringContaining("add it again") };
    await expect(
      scheduler.addJob(Quick, { id: "home", queue: "mail", replaceExisting: true, ...second }),
    ).rejects.toMatchObject(move);
    const changes = { queue: "mail" } as unknown as { description: string };
    await expect(scheduler.modifyJob("home", changes)).rejects.toMatchObject(move);
    await expect(scheduler.addJob(Quick, { id: "home", queue: "bulk", ...second })).rejects.toThrow(
      expect.objectContaining({ code: "CONFLICTING_ID" }),
    );
    await scheduler.modifyJob("letters", { description: "of mail" });
    expect(await scheduler.getJob("letters")).toMatchObject({
      description: "of mail",
      queue: "mail",
    });
    expect(await scheduler.removeAllJobs()).toBe(3);
  }, 120_000);

  test("a condition on a job of another queue is warned of at once, and explain says why it is false", async () => {
    const connection = tested.schedulerConnection();
    const warned: string[] = [];
    const quiet = (): void => undefined;
    const warn = (message: string): void => void warned.push(message);
    await using scheduler = new PipelineScheduler({
      ...(connection === undefined ? {} : { connection }),
      prefix: `${prefix}-unseen`,
      pipelines: [Quick],
      worker: { queues: ["default", "mail"] },
      logger: { debug: quiet, info: quiet, warn, error: quiet },
    });
    await scheduler.start();
    await scheduler.addJob(Quick, {
      id: "report",
      trigger: "interval",
      seconds: 1,
      condition: "letters.never_ran",
    });
    const about = () => warned.filter((message) => message.includes(`job "report"`));
    expect(about()).toEqual([expect.stringMatching(/is added to queue "default"/)]);
    await scheduler.addJob(Quick, { id: "letters", queue: "mail", trigger: "cron", hour: 3 });
    await scheduler.modifyJob("report", { description: "of letters" });
    expect(about()[1]).toMatch(
      /names job "letters", which is on queue "mail": a condition sees the jobs of its own queue, "default"/,
    );

    const skipped = async () => (await scheduler.getRuns("report", { verdict: "skipped" })).runs[0];
    await expect.poll(skipped, { timeout: 30_000 }).toBeDefined();
    const { text } = await scheduler.explain("report", (await skipped())?.fireTime ?? 0);
    expect(text).toMatch(/Job "letters" is on queue "mail"; a condition sees the jobs of its own/);
    expect(about()).toHaveLength(2);
    await scheduler.removeAllJobs();
  }, 120_000);
}
