import { TESTER } from "../helpers/tester.ts";
import { expect, test } from "vitest";
import { at, type CaseJob, type TestEngine } from "./test-engine.ts";
import type { CaseContext } from "./suite.ts";

/** Runs that somebody wants to end. */
export function cancelCases({ bench }: CaseContext): void {
  const reason = "not needed any more";
  const error = { name: "CronduitError", code: "RUN_CANCELLED", message: reason };
  const cancel = (b: TestEngine, job: CaseJob, runId: string) =>
    b.engine.requests.cancel({ by: TESTER, jobId: job.id, runId, reason });
  const reads = (b: TestEngine, job: CaseJob, queueJobId: string, start = 1) =>
    b.engine.runs.readCancels([b.hold(job, queueJobId, start)]);
  const sleep = (b: TestEngine, job: CaseJob, queueJobId: string, start = 1) =>
    b.engine.runs.suspend({
      ...b.hold(job, queueJobId, start),
      kind: "sleep",
      until: { inMs: 60_000 },
      worker: "worker-1",
      error: undefined,
    });

  test("a run that was asked for and has not begun is cancelled, and its queue job is void", async () => {
    const b = bench();
    const cursor = await b.engine.events.latestCursor();
    const job = await b.addJob();
    const asked = await b.engine.requests.run({ by: TESTER, jobId: job.id, sequence: 1 });
    const runId = asked === "missing" ? "" : asked.runId;
    expect(await cancel(b, job, runId)).toBe("cancelled");
    expect(await b.ledger(job)).toEqual([
      {
        id: runId,
        state: "cancelled",
        kind: "manual",
        fireAt: b.now,
        dueAt: b.now,
        decidedAt: b.now,
        error,
        by: TESTER,
        cancelledBy: TESTER,
      },
    ]);
    expect((await b.events(cursor, job)).at(-1)).toEqual({
      name: "JOB_CANCELLED",
      at: b.now,
      jobId: job.id,
      runId,
      fireAt: b.now,
      count: 1,
      error,
      by: TESTER,
    });
    expect(await b.stored(job)).toMatchObject({ counts: { cancelled: 1 }, lastRun: null });
    const manual = { kind: "manual", queueJobId: runId, knowsSchedule: false } as const;
    expect((await b.admit(job, [], manual)).outcome).toBe("none");
    expect(await cancel(b, job, runId)).toBe("unknown");
    expect(await b.audit(job)).toEqual([]);
  });

  test("a queued run is cancelled, and the others stay", async () => {
    const b = bench();
    const job = await b.addJob({ policy: { overlap: "queue-all" } });
    const from = b.now;
    b.now += 1_000;
    const { runId } = await b.run(job, b.now);
    await b.tick(job);
    await b.tick(job);
    expect(await cancel(b, job, b.queueJobId(job, from + 2_000))).toBe("cancelled");
    expect(await b.ledger(job)).toMatchObject([
      { state: "cancelled", kind: "scheduled", fireAt: from + 2_000, decidedAt: b.now, error },
    ]);
    await b.settle(job, runId);
    expect(await b.answerCall(job)).toMatchObject({
      outcome: "run",
      run: { fireAt: from + 3_000 },
    });
  });

  test("cancelling the only one that waits for a condition takes its call back", async () => {
    const b = bench();
    const condition = { kind: "running", jobId: "nobody" } as const;
    const job = await b.addJob({ policy: { when: { condition, waitMs: 60_000 } } });
    await b.tick(job);
    expect(await cancel(b, job, b.queueJobId(job, b.now))).toBe("cancelled");
    expect(await b.wakeups(job)).toEqual([]);
    expect(await b.audit(job)).toEqual([]);
  });

  test("a run in progress is asked to end; its worker is told until it has ended", async () => {
    const b = bench();
    const job = await b.addJob();
    b.now += 1_000;
    const { runId } = await b.run(job, b.now);
    expect(await reads(b, job, runId)).toEqual([]);
    expect(await cancel(b, job, runId)).toBe("asked");
    expect(await cancel(b, job, runId)).toBe("asked");
    expect(await reads(b, job, runId)).toEqual([{ queueJobId: runId, reason }]);
    expect(await b.engine.runs.readCancels([])).toEqual([]);
    expect((await b.engine.ledger.readOpenRuns(job.id))[0]?.state).toBe("running");
    await b.settle(job, runId, 1, { verdict: "cancelled", error });
    expect(await reads(b, job, runId)).toEqual([]);
    expect(await b.ledger(job)).toMatchObject([{ state: "cancelled", attempt: 1, error }]);
    expect(await cancel(b, job, runId)).toBe("unknown");
  });

  test("one that succeeded nevertheless has succeeded", async () => {
    const b = bench();
    const job = await b.addJob();
    b.now += 1_000;
    const { runId } = await b.run(job, b.now);
    await cancel(b, job, runId);
    expect((await b.settle(job, runId)).outcome).toBe("settled");
    expect(await b.ledger(job)).toMatchObject([{ state: "succeeded" }]);
  });

  test("a run that sleeps, or was given back, has its verdict at once, and frees its instance", async () => {
    const b = bench();
    const job = await b.addJob({ policy: { overlap: "queue-one" } });
    const from = b.now;
    b.now += 1_000;
    const { runId } = await b.run(job, b.now);
    await sleep(b, job, runId);
    await b.tick(job);
    const cursor = await b.engine.events.latestCursor();
    expect(await cancel(b, job, runId)).toBe("cancelled");
    expect(await b.ledger(job)).toMatchObject([
      {
        id: runId,
        state: "cancelled",
        startedAt: from + 1_000,
        finishedAt: b.now,
        attempt: 1,
        error,
      },
    ]);
    expect((await b.events(cursor, job))[0]).toMatchObject({ name: "JOB_CANCELLED", runId, error });
    const [call = ""] = await b.wakeups(job);
    const next = await b.answer(job, call);
    expect(next).toMatchObject({ outcome: "run", run: { fireAt: from + 2_000 } });
    await b.engine.runs.handBack(b.hold(job, call));
    expect(await cancel(b, job, b.queueJobId(job, from + 2_000))).toBe("cancelled");
    expect(await b.engine.ledger.readOpenRuns(job.id)).toEqual([]);
    // The queue job of the first comes back; its occurrence was decided.
    expect((await b.admit(job, [at(from + 1_000)])).outcome).toBe("none");
    expect(await b.verdicts(job, from)).toEqual(["cancelled 1000", "cancelled 2000"]);
  });

  test("a run that was to end and wants to go on later has its verdict", async () => {
    const b = bench();
    const job = await b.addJob();
    b.now += 1_000;
    const { runId } = await b.run(job, b.now);
    await cancel(b, job, runId);
    expect(await sleep(b, job, runId)).toEqual({ outcome: "cancelled" });
    expect(await b.ledger(job)).toMatchObject([{ state: "cancelled", error }]);
    expect(await reads(b, job, runId)).toEqual([]);
    expect(await sleep(b, job, runId)).toEqual({ outcome: "fenced" });
  });

  test("a run that was to end and whose worker died is not started again", async () => {
    const b = bench();
    const job = await b.addJob();
    b.now += 1_000;
    const fireAt = b.now;
    const { runId } = await b.run(job, fireAt);
    await cancel(b, job, runId);
    b.now += 20_000;
    expect((await b.admit(job, [at(fireAt)])).outcome).toBe("none");
    expect(await b.ledger(job)).toMatchObject([
      { state: "cancelled", attempt: 1, finishedAt: b.now, error },
    ]);
    expect((await b.settle(job, runId)).outcome).toBe("fenced");
  });

  test("a queued run that began is found under its own id", async () => {
    const b = bench();
    const job = await b.addJob({ policy: { overlap: "queue-one" } });
    b.now += 1_000;
    const { runId } = await b.run(job, b.now);
    await b.tick(job);
    const second = b.queueJobId(job, b.now);
    await b.settle(job, runId);
    const [call = ""] = await b.wakeups(job);
    await b.answer(job, call);
    expect(await cancel(b, job, second)).toBe("asked");
    expect(await reads(b, job, call)).toEqual([{ queueJobId: call, reason }]);
  });

  test("a run of a removed job can be ended, one of a job that never was can't", async () => {
    const b = bench();
    const job = await b.addJob();
    b.now += 1_000;
    const { runId } = await b.run(job, b.now);
    await b.engine.jobs.remove({
      by: TESTER,
      jobId: job.id,
      expectedWatermark: undefined,
      skipped: [],
    });
    expect(await cancel(b, job, runId)).toBe("asked");
    await sleep(b, job, runId);
    expect(await b.ledger(job)).toMatchObject([{ state: "cancelled" }]);
    expect(await cancel(b, { id: "nobody", generation: 1 }, "nobody:1:5")).toBe("unknown");
    expect(await cancel(b, { id: "nobody", generation: 1 }, "no id")).toBe("unknown");
  });
}
