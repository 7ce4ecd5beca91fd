import { TESTER } from "../helpers/tester.ts";
import { expect, test } from "vitest";
import type { SuspendRequest } from "../../src/engine/port/engine.ts";
import { at, type CaseJob, type TestEngine } from "./test-engine.ts";
import type { CaseContext } from "./suite.ts";

/** Runs that continue later, and jobs paused because their runs fail. */
export function retryCases({ bench }: CaseContext): void {
  const error = { name: "TypeError", message: "x is not a function", stack: "at y" };
  const suspend = (
    b: TestEngine,
    job: CaseJob,
    runId: string,
    more: Partial<SuspendRequest> = {},
  ) =>
    b.engine.runs.suspend({
      ...b.hold(job, runId),
      kind: "retry",
      until: { inMs: 5_000 },
      worker: "worker-1",
      error: more.kind === "sleep" ? undefined : error,
      ...more,
    });
  const running = async () => {
    const b = bench();
    const cursor = await b.engine.events.latestCursor();
    const job = await b.addJob();
    b.now += 1_000;
    const { runId } = await b.run(job, b.now);
    return { b, job, runId, cursor, fireAt: b.now };
  };

  test("a run that is to be retried keeps its instance, and is not started before its time", async () => {
    const { b, job, runId, cursor, fireAt } = await running();
    b.now += 100;
    expect(await suspend(b, job, runId)).toEqual({ outcome: "suspended", waitMs: 5_000 });
    expect(await b.engine.ledger.readOpenRuns(job.id)).toEqual([
      {
        id: runId,
        state: "retrying",
        kind: "scheduled",
        fireAt,
        dueAt: fireAt,
        startedAt: fireAt,
        attempt: 1,
        worker: "worker-1",
        error,
      },
    ]);
    expect((await b.stored(job)).running).toBe(1);
    b.now += 2_000;
    const early = { outcome: "early", waitMs: 3_000, now: b.now };
    expect(await b.admit(job, [at(fireAt)])).toEqual(early);
    expect(await b.admit(job, [at(fireAt)])).toEqual(early);
    b.now += 3_000;
    const again = await b.run(job, fireAt, { worker: "worker-2" });
    expect(again).toMatchObject({ runId, start: 2, attempt: 2, failures: 1, startedAt: b.now });
    expect(await b.engine.ledger.readOpenRuns(job.id)).toEqual([
      expect.objectContaining({ state: "running", attempt: 2, startedAt: b.now }),
    ]);
    expect((await b.engine.ledger.readOpenRuns(job.id))[0]?.error).toBeUndefined();
    expect((await b.settle(job, runId, 1)).outcome).toBe("fenced");
    expect((await b.settle(job, runId, 2)).outcome).toBe("settled");
    expect(await b.ledger(job)).toMatchObject([{ state: "succeeded", attempt: 2 }]);
    const events = (await b.events(cursor, job)).filter(({ name }) =>
      /STARTED|RETRYING/.test(name),
    );
    expect(events).toEqual([
      expect.objectContaining({ name: "JOB_STARTED", attempt: 1 }),
      {
        name: "JOB_RETRYING",
        at: fireAt + 100,
        jobId: job.id,
        runId,
        fireAt,
        attempt: 1,
        worker: "worker-1",
        reason: "retry",
        error,
      },
      expect.objectContaining({ name: "JOB_STARTED", attempt: 2, worker: "worker-2" }),
    ]);
  });

  test("another start can't put a run off, and one that is sent twice counts once", async () => {
    const { b, job, runId, cursor, fireAt } = await running();
    expect(await suspend(b, job, runId, { start: 2 })).toEqual({ outcome: "fenced" });
    await suspend(b, job, runId);
    b.now += 1_000;
    expect(await suspend(b, job, runId)).toEqual({ outcome: "suspended", waitMs: 4_000 });
    b.now += 4_000;
    expect(await b.run(job, fireAt)).toMatchObject({ failures: 1, attempt: 2 });
    expect(await suspend(b, job, runId)).toEqual({ outcome: "fenced" });
    const names = (await b.events(cursor, job)).map(({ name }) => name);
    expect(names.filter((name) => name === "JOB_RETRYING")).toHaveLength(1);
  });

  test("going on after a retry is no crash; the death of a process after it is one", async () => {
    const { b, job, runId, fireAt } = await running();
    for (let start = 1; start <= 4; start += 1) {
      await suspend(b, job, runId, { start, until: { inMs: 0 } });
      expect(await b.run(job, fireAt, { maxCrashes: 1 })).toMatchObject({
        start: start + 1,
        attempt: start + 1,
        failures: start,
      });
    }
    expect((await b.admit(job, [at(fireAt)], { maxCrashes: 1 })).outcome).toBe("none");
    expect(await b.ledger(job)).toMatchObject([
      { state: "failed", error: { code: "RUN_CRASHED" } },
    ]);
  });

  test("a run that sleeps goes on as the same attempt, and its row counts from the attempt's start", async () => {
    const { b, job, runId, cursor, fireAt } = await running();
    const until = { at: fireAt + 10_000 };
    b.now += 500;
    const asleep = await suspend(b, job, runId, { kind: "sleep", until });
    expect(asleep).toEqual({ outcome: "suspended", waitMs: 9_500 });
    expect(await b.engine.ledger.readOpenRuns(job.id)).toMatchObject([
      { id: runId, state: "sleeping", attempt: 1 },
    ]);
    expect(await b.admit(job, [at(fireAt)])).toMatchObject({ outcome: "early", waitMs: 9_500 });
    b.now = until.at;
    const run = await b.run(job, fireAt);
    expect(run).toMatchObject({ start: 2, attempt: 1, failures: 0, startedAt: b.now });
    expect(await b.engine.ledger.readOpenRuns(job.id)).toMatchObject([
      { state: "running", attempt: 1, startedAt: fireAt },
    ]);
    await b.settle(job, runId, 2, { durationMs: 30 });
    expect(await b.ledger(job)).toMatchObject([
      { attempt: 1, startedAt: fireAt, finishedAt: until.at + 30 },
    ]);
    const names = (await b.events(cursor, job)).map(({ name }) => name);
    expect(names.slice(1)).toEqual(["JOB_SUBMITTED", "JOB_STARTED", "JOB_EXECUTED"]);
  });

  test("an instant that has passed is no wait", async () => {
    const { b, job, runId, fireAt } = await running();
    const past = await suspend(b, job, runId, { kind: "sleep", until: { at: fireAt - 5_000 } });
    expect(past).toEqual({ outcome: "suspended", waitMs: 0 });
    expect(await b.run(job, fireAt)).toMatchObject({ start: 2 });
  });

  test("a death after a sleep is a take-over: another attempt, which begins anew", async () => {
    const { b, job, runId, fireAt } = await running();
    await suspend(b, job, runId, { kind: "sleep", until: { inMs: 1_000 } });
    b.now += 1_000;
    await b.run(job, fireAt);
    b.now += 1_000;
    expect(await b.run(job, fireAt)).toMatchObject({ start: 3, attempt: 2 });
    expect(await b.engine.ledger.readOpenRuns(job.id)).toMatchObject([
      { attempt: 2, startedAt: b.now },
    ]);
  });

  test("a run that waits to go on holds its instance, and is no run to give back", async () => {
    const { b, job, runId } = await running();
    await suspend(b, job, runId);
    await b.engine.runs.handBack(b.hold(job, runId));
    expect((await b.tick(job)).outcome).toBe("none");
    expect((await b.ledger(job)).at(-1)).toMatchObject({ reason: "max-instances" });
    b.now += 1_000;
    expect(await b.admit(job, [at(b.now - 2_000)])).toMatchObject({ outcome: "early" });
  });

  test("a run that waits to go on without its queue job is an orphan, and goes on by it in its time", async () => {
    const b = bench();
    const job = await b.addJob({ upcoming: [] });
    b.now += 1_000;
    const { runId } = await b.run(job, b.now, { upcoming: [] });
    await suspend(b, job, runId);
    const orphan = { id: runId, pipeline: "Report", dueAt: b.now };
    expect(await b.audit(job)).toEqual([
      { kind: "orphan-run", jobId: job.id, runId, queueJob: orphan },
    ]);
    await b.engine.queue.add([orphan]);
    expect(await b.audit(job)).toEqual([]);
    expect(await b.admit(job, [at(b.now)])).toMatchObject({ outcome: "early", waitMs: 5_000 });
  });

  test("so many failures in a row pause the job, and void what waits", async () => {
    const b = bench();
    const policy = { pauseAfterFailures: 3, overlap: "queue-one" } as const;
    const job = await b.addJob({ policy });
    const fail = async (message: string) => {
      b.now += 1_000;
      const { runId } = await b.run(job, b.now);
      const failure = { verdict: "failed", error: { name: "Error", message } } as const;
      return () => b.settle(job, runId, 1, failure);
    };
    await (
      await fail("one")
    )();
    await (
      await fail("two")
    )();
    await b.ranOnce(job);
    await (
      await fail("one")
    )();
    await b.ranOnce(job, "cancelled");
    await (
      await fail("two")
    )();
    expect((await b.stored(job)).state).toBe("active");
    const before = await b.stored(job);
    const end = await fail(`${"ä".repeat(199)}🚂🚂`);
    await b.tick(job);
    const { runId: manual } = await b.manual(job);
    const cursor = await b.engine.events.latestCursor();
    await end();
    const pausedReason = `3 runs failed in a row; the last: ${"ä".repeat(199)}🚂`;
    const stored = await b.stored(job);
    expect(stored).toMatchObject({
      state: "paused",
      pausedAt: b.now,
      pausedReason,
      nextFireAt: null,
      counts: { failed: 5, succeeded: 1, cancelled: 1, skipped: 1 },
    });
    expect(stored.generation).toBeGreaterThan(before.generation);
    expect(stored.revision).toBeGreaterThan(before.revision);
    expect((await b.events(cursor, job)).map(({ name, reason }) => [name, reason])).toEqual([
      ["JOB_ERROR", undefined],
      ["JOB_PAUSED", pausedReason],
    ]);
    // The manual run had replaced the occurrence, and runs.
    expect(await b.answerCall(job)).toMatchObject({ outcome: "run", run: { runId: manual } });
    expect((await b.tick(job)).outcome).toBe("none");
    expect((await b.stored(job)).watermark).toBe(stored.watermark);
  });

  test("the reason is told whatever the message holds", async () => {
    const b = bench();
    for (const [message, told] of [
      ['a\u0000b \ud800 \\u0000 "\ud83d\ude00"', 'a\ufffdb \ufffd \\u0000 "\ud83d\ude00"'],
      ["", ""],
    ] as const) {
      const job = await b.addJob({ policy: { pauseAfterFailures: 1 } });
      b.now += 1_000;
      const { runId } = await b.run(job, b.now);
      const failure = { name: "Error", message };
      await b.settle(job, runId, 1, { verdict: "failed", error: failure });
      const pausedReason = `1 run failed: ${told}`;
      expect(await b.stored(job)).toMatchObject({ state: "paused", pausedReason });
      expect((await b.ledger(job))[0]?.error).toEqual(failure);
    }
  });

  test("a run that crashed too often counts as a failure; what was queued is skipped as paused", async () => {
    const b = bench();
    const policy = { pauseAfterFailures: 1, overlap: "queue-one" } as const;
    const job = await b.addJob({ policy });
    const from = b.now;
    b.now += 1_000;
    await b.run(job, b.now);
    await b.tick(job);
    const cursor = await b.engine.events.latestCursor();
    await b.admit(job, [at(from + 1_000)], { maxCrashes: 1 });
    expect(await b.stored(job)).toMatchObject({ state: "paused" });
    expect((await b.stored(job)).pausedReason).toContain("1 run failed: crashed");
    expect(await b.verdicts(job, from)).toEqual(["failed 1000", "skipped: paused 2000"]);
    expect((await b.events(cursor, job)).map(({ name }) => name)).toEqual([
      "JOB_ERROR",
      "JOB_SKIPPED",
      "JOB_PAUSED",
    ]);
    expect(await b.wakeups(job)).toEqual([]);
  });

  test("resuming begins the count anew", async () => {
    const b = bench();
    const job = await b.addJob({ policy: { pauseAfterFailures: 2 } });
    await b.ranOnce(job, "failed");
    await b.ranOnce(job, "failed");
    const { revision, watermark, state } = await b.stored(job);
    expect(state).toBe("paused");
    const changed = await b.engine.jobs.change({
      by: TESTER,
      jobId: job.id,
      expectedRevision: revision,
      schedule: { state: "active", watermark, upcoming: [], expectedWatermark: watermark },
      event: { name: "JOB_RESUMED", at: b.now, jobId: job.id },
    });
    const generation = changed.outcome === "changed" ? changed.generation : 0;
    const resumed = { id: job.id, generation };
    await b.ranOnce(resumed, "failed");
    expect(await b.stored(job)).toMatchObject({ state: "active", pausedReason: null });
    await b.ranOnce(resumed, "failed");
    expect(await b.stored(job)).toMatchObject({ state: "paused" });
  });
}
