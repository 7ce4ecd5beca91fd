import { expect, test } from "vitest";
import {
  lineLogger,
  Pipeline,
  PipelineScheduler,
  type RunContext,
  type SchedulerEvent,
} from "../../src/index.ts";
import type { Subject } from "./suite.ts";

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
export function schedulerCases({ contender, prefix }: Subject): void {
  test("jobs run, fail, overlap, pause, resume and run by hand, and the ledger accounts for all", async () => {
    const connection = contender.schedulerConnection();
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
    expect(await scheduler.getWorkers()).toHaveLength(1);

    // Each second of the tick has exactly one row, without a gap.
    await scheduler.pauseJob("tick");
    const { runs } = await scheduler.getRuns("tick", { limit: 100 });
    const covered = runs.reduce((sum, run) => sum + run.count, 0);
    const times = runs.map((run) => run.fireTime.getTime());
    const oldest = Math.min(...runs.map((run) => run.firstFireTime.getTime()));
    expect(covered).toBe((Math.max(...times) - oldest) / 1_000 + 1);
    expect(await scheduler.removeAllJobs()).toBe(4);
  }, 120_000);
}
