import { afterAll, beforeAll, expect, test } from "vitest";
import { onEachEngine, TestScheduler, stopped } from "./test-scheduler.ts";

const FAST = { backoff: "fixed", delay: "1ms" };

onEachEngine((connection) => {
  let fleet: TestScheduler;
  beforeAll(async () => {
    fleet = await TestScheduler.open(connection());
  }, 60_000);
  afterAll(() => fleet[Symbol.asyncDispose]());

  test("each attempt but the last is told by JOB_RETRYING, the end by one JOB_ERROR", async () => {
    const attempts: number[] = [];
    const id = await fleet.job(
      ({ attempt }) => {
        attempts.push(attempt);
        throw new Error(`attempt ${attempt}`);
      },
      { retry: { attempts: 3, ...FAST } },
    );
    const run = await fleet.scheduler.runJob(id, { wait: 20 });
    expect(run).toMatchObject({ verdict: "failed", attempt: 3, error: { message: "attempt 3" } });
    expect(attempts).toEqual([1, 2, 3]);
    const story = await fleet.story(id, "JOB_ERROR");
    expect(story.filter((name) => name !== "JOB_ADDED" && name !== "JOB_SUBMITTED")).toEqual([
      "JOB_STARTED",
      "JOB_RETRYING",
      "JOB_STARTED",
      "JOB_RETRYING",
      "JOB_STARTED",
      "JOB_ERROR",
    ]);
    const retrying = fleet.events.filter(
      ({ name, jobId }) => name === "JOB_RETRYING" && jobId === id,
    );
    expect(retrying.map(({ exception, attempt }) => [exception?.message, attempt])).toEqual([
      ["attempt 1", 1],
      ["attempt 2", 2],
    ]);
  });

  test("meanwhile the run is retrying, keeps its instance, and its worker is free", async () => {
    const id = await fleet.job(
      ({ attempt }) => {
        if (attempt === 1) throw new Error("first");
        return attempt;
      },
      { retry: { attempts: 2, backoff: "fixed", delay: "2s" } },
    );
    const runId = await fleet.scheduler.runJob(id);
    const retrying = await fleet.until(runId, ({ verdict }) => verdict === "retrying");
    expect(retrying.error?.message).toBe("first");
    const second = await fleet.scheduler.runJob(id, { wait: 20 });
    expect(second).toMatchObject({ verdict: "skipped", reason: "max-instances" });
    expect(await fleet.ended(runId)).toMatchObject({ verdict: "succeeded", attempt: 2, result: 2 });
  });

  test.for([
    { why: "the pipeline's retryOn says so", error: () => new RangeError("of no use") },
    {
      why: "the error says so",
      error: () => Object.assign(new Error("of no use"), { retryable: false }),
    },
  ])("not tried again: $why", async ({ error }) => {
    const thrown = await fleet.run(
      () => {
        throw error();
      },
      { retry: { attempts: 3, ...FAST } },
    );
    expect(thrown).toMatchObject({ verdict: "failed", attempt: 1 });
    const returned = await fleet.run(() => ({ success: false, error: error() }), {
      retry: { attempts: 3, ...FAST },
    });
    expect(returned).toMatchObject({
      verdict: "failed",
      attempt: 1,
      error: { code: "RUN_REPORTED_FAILURE" },
    });
  });

  test("a failure that is returned is tried again like one that is thrown", async () => {
    const run = await fleet.run(({ attempt }) => ({ success: attempt === 2, error: "not yet" }), {
      retry: { attempts: 2, ...FAST },
    });
    expect(run).toMatchObject({ verdict: "succeeded", attempt: 2 });
  });

  test("an attempt that times out is tried again, with the time to stop in between", async () => {
    const reasons: string[] = [];
    const run = await fleet.run(
      async ({ attempt, signal }) => {
        if (attempt === 2) return "in time";
        await stopped(signal);
        reasons.push((signal.reason as { code: string }).code);
        // Whatever it returns now: it may have stopped halfway.
        return "late";
      },
      { timeout: "50ms", retry: { attempts: 2, ...FAST } },
    );
    expect(run).toMatchObject({ verdict: "succeeded", attempt: 2, result: "in time" });
    expect(reasons).toEqual(["RUN_TIMED_OUT"]);
  });

  test("so many failed runs in a row pause the job, each with its retries used up", async () => {
    const id = await fleet.job(
      () => {
        throw new Error("as ever");
      },
      { retry: { attempts: 2, ...FAST }, pauseAfterFailures: 2 },
    );
    for (const state of ["active", "paused"]) {
      await fleet.scheduler.runJob(id, { wait: 20 });
      expect((await fleet.scheduler.getJob(id))?.state).toBe(state);
    }
    expect((await fleet.scheduler.getJob(id))?.pausedReason).toMatch(/as ever/);
  });
});
