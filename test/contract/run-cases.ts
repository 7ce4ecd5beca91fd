import { TESTER } from "../helpers/tester.ts";
import { expect, test } from "vitest";
import { at } from "./test-engine.ts";
import type { CaseContext } from "./suite.ts";

/** The fate of an admitted run: settled, taken over, handed back, crashed. */
export function runCases({ bench }: CaseContext): void {
  test("a settled run is in the ledger, in the counters, in the event, and is the next one's previous", async () => {
    const b = bench();
    const cursor = await b.engine.events.latestCursor();
    const job = await b.addJob();
    b.now += 1_000;
    const run = await b.run(job, b.now);
    const error = { name: "TypeError", message: "x is not a function", stack: "at y" };
    const failed = await b.settle(job, run.runId, 1, {
      verdict: "failed",
      error,
      durationMs: 12.6,
    });
    expect(failed).toEqual({ outcome: "settled", endedQueueJob: false, now: b.now });
    expect(await b.ledger(job)).toEqual([
      {
        id: run.runId,
        state: "failed",
        kind: "scheduled",
        fireAt: b.now,
        dueAt: b.now,
        startedAt: b.now,
        finishedAt: b.now + 13,
        attempt: 1,
        worker: "worker-1",
        error,
      },
    ]);
    expect(await b.stored(job)).toMatchObject({ running: 0, counts: { failed: 1 } });
    b.now += 1_000;
    const next = await b.run(job, b.now);
    expect(next.lastRun).toEqual({
      id: run.runId,
      verdict: "failed",
      fireAt: b.now - 1_000,
      startedAt: b.now - 1_000,
      finishedAt: b.now - 987,
    });
    await b.settle(job, next.runId, 1, { resultJson: '{"rows":3}' });
    const ends = (await b.events(cursor, job)).filter(({ name }) => /ERROR|EXECUTED/.test(name));
    expect(ends).toMatchObject([
      { name: "JOB_ERROR", error, attempt: 1, worker: "worker-1" },
      { name: "JOB_EXECUTED", result: { rows: 3 } },
    ]);
    expect((await b.stored(job)).lastRun).toMatchObject({ result: { rows: 3 } });
  });

  test("a run settles once", async () => {
    const b = bench();
    const job = await b.addJob();
    b.now += 1_000;
    const { runId } = await b.run(job, b.now);
    const [first, second] = await Promise.all([b.settle(job, runId), b.settle(job, runId)]);
    expect([first.outcome, second.outcome].toSorted()).toEqual(["fenced", "settled"]);
    expect((await b.settle(job, runId, 1, { verdict: "cancelled" })).outcome).toBe("fenced");
    expect(await b.ledger(job)).toHaveLength(1);
  });

  test("a request sent twice is answered alike and starts no second attempt", async () => {
    const b = bench();
    const cursor = await b.engine.events.latestCursor();
    const job = await b.addJob();
    b.now += 1_000;
    const request = b.request(job, [at(b.now)]);
    const [first, again] = [await b.engine.runs.admit(request), await b.engine.runs.admit(request)];
    expect(first.outcome === "run" && first.run).toEqual(again.outcome === "run" && again.run);
    const started = (await b.events(cursor, job)).filter(({ name }) => name === "JOB_STARTED");
    expect(started).toHaveLength(1);
  });

  test("a run whose worker died is taken over by the next attempt, and the old one is fenced", async () => {
    const b = bench();
    const cursor = await b.engine.events.latestCursor();
    const job = await b.addJob();
    b.now += 1_000;
    const fireAt = b.now;
    const { runId } = await b.run(job, fireAt);
    b.now += 20_000;
    const second = await b.run(job, fireAt, { worker: "worker-2" });
    expect(second).toMatchObject({ runId, attempt: 2, startedAt: b.now });
    expect((await b.settle(job, runId, 1)).outcome).toBe("fenced");
    expect((await b.settle(job, runId, 2, { worker: "worker-2" })).outcome).toBe("settled");
    expect(await b.ledger(job)).toMatchObject([{ attempt: 2, worker: "worker-2" }]);
    const started = (await b.events(cursor, job)).filter(({ name }) => name === "JOB_STARTED");
    expect(started.map(({ attempt, worker }) => [attempt, worker])).toEqual([
      [1, "worker-1"],
      [2, "worker-2"],
    ]);
  });

  test("a run that kills its process each time ends as crashed, after as many starts as are allowed", async () => {
    const b = bench();
    const cursor = await b.engine.events.latestCursor();
    const job = await b.addJob();
    b.now += 1_000;
    const { runId } = await b.run(job, b.now);
    expect((await b.run(job, b.now)).attempt).toBe(2);
    expect((await b.run(job, b.now)).attempt).toBe(3);
    expect((await b.admit(job, [at(b.now)])).outcome).toBe("none");
    expect(await b.ledger(job)).toMatchObject([
      { id: runId, state: "failed", attempt: 3, finishedAt: b.now, error: { code: "RUN_CRASHED" } },
    ]);
    expect((await b.ledger(job))[0]?.error?.message).toContain("3 starts");
    expect(await b.stored(job)).toMatchObject({ running: 0, counts: { failed: 1 } });
    expect((await b.events(cursor, job)).at(-1)).toMatchObject({ name: "JOB_ERROR", runId });
    expect((await b.settle(job, runId, 3)).outcome).toBe("fenced");
  });

  test("a run that is handed back is no crash", async () => {
    const b = bench();
    const cursor = await b.engine.events.latestCursor();
    const job = await b.addJob();
    b.now += 1_000;
    const { runId } = await b.run(job, b.now);
    for (let start = 1; start <= 5; start += 1) {
      await b.engine.runs.handBack(b.hold(job, runId, start));
      expect((await b.engine.ledger.readOpenRuns(job.id))[0]?.state).toBe("retrying");
      expect((await b.run(job, b.now)).attempt).toBe(start + 1);
    }
    // An attempt that has lost the run can't give it back.
    await b.engine.runs.handBack(b.hold(job, runId));
    expect((await b.engine.ledger.readOpenRuns(job.id))[0]?.state).toBe("running");
    const retrying = (await b.events(cursor, job)).filter(({ name }) => name === "JOB_RETRYING");
    expect(retrying).toHaveLength(5);
    expect(retrying[0]).toMatchObject({ runId, attempt: 1, reason: "handed back" });
  });

  test("a queue job may hold another run after its own: who lost the first has no say in that one", async () => {
    const b = bench();
    const job = await b.addJob({ policy: { coalesce: false } });
    b.now += 2_000;
    const [first, second] = [b.now - 1_000, b.now];
    const queueJobId = b.queueJobId(job, second);
    const { runId } = await b.run(job, second, { latest: [at(first), at(second)] });
    expect(runId).toBe(b.queueJobId(job, first));
    const lost = b.hold(job, queueJobId);
    // Taken over, and ended by an attempt that had lost the queue job: that one comes once more.
    expect((await b.run(job, second)).start).toBe(2);
    await b.settle(job, queueJobId, 2, { verdict: "failed" });
    expect(await b.run(job, second)).toMatchObject({ runId: queueJobId, start: 1 });
    const cursor = await b.engine.events.latestCursor();
    expect((await b.settle(job, queueJobId, 1, lost)).outcome).toBe("fenced");
    const sleep = { kind: "sleep", until: { inMs: 9_000 }, worker: "w", error: undefined } as const;
    expect(await b.engine.runs.suspend({ ...lost, ...sleep })).toEqual({ outcome: "fenced" });
    await b.engine.runs.handBack(lost);
    const step = { name: "a", kind: "step", startedAt: 1, finishedAt: 2, tries: 1 } as const;
    expect(await b.engine.steps.save(lost, { ...step, attempt: 1 })).toBe("fenced");
    expect(await b.events(cursor, job)).toEqual([]);
    expect(await b.engine.ledger.readOpenRuns(job.id)).toMatchObject([
      { id: queueJobId, state: "running" },
    ]);
    expect((await b.settle(job, queueJobId)).outcome).toBe("settled");
  });

  test("a run of a removed job goes on and settles; one that its worker left does not go on", async () => {
    const b = bench();
    const remove = (job: { id: string }) =>
      b.engine.jobs.remove({
        by: TESTER,
        jobId: job.id,
        expectedWatermark: undefined,
        skipped: [],
      });
    const job = await b.addJob();
    const left = await b.addJob();
    b.now += 1_000;
    const { runId } = await b.run(job, b.now);
    await b.run(left, b.now);
    await remove(job);
    await remove(left);
    expect(await b.settle(job, runId)).toMatchObject({ outcome: "settled" });
    expect(await b.ledger(job)).toMatchObject([{ id: runId, state: "succeeded" }]);
    expect((await b.admit(left, [at(b.now)])).outcome).toBe("none");
    expect(await b.ledger(left)).toMatchObject([
      { state: "cancelled", attempt: 1, error: { code: "RUN_CANCELLED" } },
    ]);
    expect(await b.engine.ledger.readOpenRuns(job.id)).toEqual([]);
    expect(await b.engine.ledger.readOpenRuns(left.id)).toEqual([]);
  });
}
