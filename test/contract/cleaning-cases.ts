import { expect, test } from "vitest";
import { TESTER } from "../helpers/tester.ts";
import { at, type CaseJob } from "./test-engine.ts";
import type { CaseContext } from "./suite.ts";

/** Deleting rows of the ledger on request. */
export function cleaningCases({ bench, another, tested }: CaseContext): void {
  /** A run with a log and a step. */
  async function ranWithTexts(job: CaseJob): Promise<string> {
    const b = bench();
    b.now += 1_000;
    const { runId } = await b.run(job, b.now);
    await note(job, runId);
    await b.settle(job, runId);
    return runId;
  }
  async function note(job: CaseJob, runId: string): Promise<void> {
    const b = bench();
    const line = { at: b.now, level: "info", message: "hello", attempt: 1 } as const;
    const retention = { runs: 100_000, ageMs: 1e9 };
    const write = { jobId: job.id, runId, lines: [line], maxBytes: 1_000, retention };
    await b.engine.logs.append([write]);
    const end = { startedAt: b.now, finishedAt: b.now, tries: 1, attempt: 1 };
    const step = { name: "load", kind: "step" as const, ...end, resultJson: "1" };
    const saved = await b.engine.steps.save(b.hold(job, runId), step);
    expect(saved).toBe("saved");
  }
  const textsOf = async (job: CaseJob, runId: string): Promise<number[]> => {
    const { lines } = await bench().engine.logs.read({
      jobId: job.id,
      runId,
      after: undefined,
      limit: 10,
    });
    return [lines.length, (await bench().engine.steps.read(job.id, runId)).length];
  };

  test("rows before a fire time go with their logs and steps, and the time is noted", async () => {
    const b = bench();
    const job = await b.addJob();
    const first = await ranWithTexts(job);
    const second = await ranWithTexts(job);
    const third = await ranWithTexts(job);
    expect(await b.engine.ledger.cleanedTo(job.id)).toBeUndefined();
    const before = b.now;
    expect(await b.engine.ledger.clean({ jobId: job.id, before })).toEqual({
      deleted: 2,
      isDone: true,
    });
    expect((await b.ledger(job)).map(({ id }) => id)).toEqual([third]);
    expect(await textsOf(job, first)).toEqual([0, 0]);
    expect(await textsOf(job, second)).toEqual([0, 0]);
    expect(await textsOf(job, third)).toEqual([1, 1]);
    expect(await b.engine.ledger.cleanedTo(job.id)).toBe(before);
    expect((await b.stored(job)).counts).toEqual({ succeeded: 3 });
    expect((await b.stored(job)).lastRun?.id).toBe(third);
    // Again, and less: nothing is taken back.
    expect(await b.engine.ledger.clean({ jobId: job.id, before: before - 1 })).toEqual({
      deleted: 0,
      isDone: true,
    });
    expect(await b.engine.ledger.cleanedTo(job.id)).toBe(before);
  });

  test("a run without a verdict keeps its log and its steps, and is recorded when it ends", async () => {
    const b = bench();
    const job = await b.addJob();
    b.now += 1_000;
    const { runId } = await b.run(job, b.now);
    await note(job, runId);
    b.now += 1_000;
    await b.engine.ledger.clean({ jobId: job.id, before: b.now });
    expect(await textsOf(job, runId)).toEqual([1, 1]);
    await b.settle(job, runId);
    expect((await b.ledger(job)).map(({ id }) => id)).toEqual([runId]);
    await b.engine.ledger.clean({ jobId: job.id, before: b.now });
    expect(await b.ledger(job)).toEqual([]);
    expect(await textsOf(job, runId)).toEqual([0, 0]);
  });

  test("logs and steps of runs whose rows went before go, too", async () => {
    const b = bench();
    const job = await b.addJob({ retention: { count: 1_000 } });
    const first = await ranWithTexts(job);
    b.now += 1_000;
    const { runId } = await b.run(job, b.now);
    await b.settle(job, runId, 1, { retention: { count: 1, ageMs: 1e9 } });
    expect((await b.ledger(job)).map(({ id }) => id)).toEqual([runId]);
    expect(await textsOf(job, first)).toEqual([1, 1]);
    await b.engine.ledger.clean({ jobId: job.id, before: b.now });
    expect(await textsOf(job, first)).toEqual([0, 0]);
  });

  test("one call deletes a bounded number, and the next one continues", async () => {
    const b = bench();
    const job = await b.addJob({
      policy: { misfireGraceMs: 0, coalesce: false },
      retention: { count: 10_000 },
    });
    for (let i = 0; i < 6; i += 1) {
      b.now += 100;
      const late = Array.from({ length: 99 }, (_, k) => at(b.now - 99 + k));
      await b.admit(job, late);
    }
    expect(await b.ledger(job)).toHaveLength(594);
    const cleanup = { jobId: job.id, before: b.now };
    const first = await b.engine.ledger.clean(cleanup);
    expect(first.isDone).toBe(false);
    expect(first.deleted).toBeGreaterThan(0);
    expect(first.deleted).toBeLessThan(594);
    const second = await b.engine.ledger.clean(cleanup);
    expect(first.deleted + second.deleted).toBe(594);
    expect(second.isDone).toBe(true);
    // Retention counts what is left.
    b.now += 1_000;
    const { runId } = await b.run(job, b.now);
    await b.settle(job, runId, 1, { retention: { count: 1, ageMs: 1e9 } });
    expect((await b.ledger(job)).map(({ id }) => id)).toEqual([runId]);
  });

  test("a time in the future means now: what is yet to be decided is not excused", async () => {
    const b = bench();
    const job = await b.addJob();
    await b.ranOnce(job);
    await b.engine.ledger.clean({ jobId: job.id, before: b.now + 1e9 });
    expect(await b.ledger(job)).toEqual([]);
    expect(await b.engine.ledger.cleanedTo(job.id)).toBe(b.now + 1);
  });

  test("the ledger of a removed job is cleaned, too; nothing is noted of one that never was", async () => {
    const b = bench();
    const job = await b.addJob();
    await b.ranOnce(job);
    await b.ranOnce(job);
    await b.engine.jobs.remove({
      jobId: job.id,
      by: TESTER,
      expectedWatermark: undefined,
      skipped: [],
    });
    const cleanup = { jobId: job.id, before: b.now };
    expect(await b.engine.ledger.clean(cleanup)).toEqual({ deleted: 1, isDone: true });
    expect(await b.engine.ledger.cleanedTo(job.id)).toBe(b.now);
    await b.addJob({ id: job.id });
    expect(await b.engine.ledger.cleanedTo(job.id)).toBe(b.now);
    const nobody = { jobId: `${job.id}-nobody`, before: b.now };
    expect(await b.engine.ledger.clean(nobody)).toEqual({ deleted: 0, isDone: true });
    expect(await b.engine.ledger.cleanedTo(nobody.jobId)).toBeUndefined();
  });

  test.runIf(tested.isShared)("rows that come while others are deleted are counted", async () => {
    const b = bench();
    const other = await another();
    const job = await b.addJob({
      policy: { misfireGraceMs: 0, coalesce: false },
      retention: { count: 99 },
    });
    for (let i = 0; i < 10; i += 1) {
      b.now += 100;
      const late = Array.from({ length: 20 }, (_, k) => at(b.now - 100 + k));
      await Promise.all([
        b.admit(job, late),
        other.engine.ledger.clean({ jobId: job.id, before: b.now - 95 }),
      ]);
    }
    await b.engine.ledger.clean({ jobId: job.id, before: b.now });
    expect(await b.ledger(job)).toEqual([]);
    for (let i = 0; i < 3; i += 1) {
      b.now += 100;
      await b.admit(
        job,
        Array.from({ length: 90 }, (_, k) => at(b.now - 100 + k)),
      );
    }
    expect(await b.ledger(job)).toHaveLength(99);
  });
}
