import { TESTER } from "../helpers/tester.ts";
import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { parseQueueJobId, queueJobIdOf } from "../../src/jobs/occurrence-id.ts";
import type { CaseJob } from "./test-engine.ts";
import type { CaseContext } from "./suite.ts";

/** The past of a job, run beside its schedule. */
export function backfillCases({ bench }: CaseContext): void {
  const idOf = (job: CaseJob, fireAt: number) =>
    queueJobIdOf({ jobId: job.id, kind: "backfill", sequence: 0, fireAt });
  const add = (job: CaseJob, fireTimes: number[], more: object = {}) =>
    bench().engine.backfills.add({
      by: TESTER,
      jobId: job.id,
      backfillId: "one",
      fireTimes,
      concurrency: 1,
      order: "oldest",
      isComplete: true,
      ...more,
    });
  const ask = (job: CaseJob, queueJobId: string) =>
    bench().request(job, [], {
      queueJobId,
      kind: "backfill",
      knowsSchedule: false,
      upcoming: [],
    });
  const start = async (job: CaseJob, fireAt: number) => {
    const answer = await bench().engine.runs.admit(ask(job, idOf(job, fireAt)));
    return answer.outcome === "run" ? answer.run : undefined;
  };
  const state = (job: CaseJob) => bench().engine.backfills.read(job.id);
  const end = (job: CaseJob, fireAt: number, more: object = {}) =>
    bench().settle(job, idOf(job, fireAt), 1, more);

  test("fire times run one after the other in their order, and the backfill ends with the last", async () => {
    const b = bench();
    const job = await b.addJob();
    expect(await state(job)).toBeUndefined();
    expect(await add(job, [3_000, 1_000, 2_000])).toBe("added");
    expect(await state(job)).toEqual({
      backfillId: "one",
      state: "active",
      total: 3,
      waiting: 3,
      running: 0,
      verdicts: {},
      concurrency: 1,
      order: "oldest",
      createdAt: b.now,
    });
    expect(await start(job, 2_000)).toBeUndefined();
    expect(await start(job, 1_000)).toMatchObject({
      runId: idOf(job, 1_000),
      kind: "backfill",
      fireAt: 1_000,
      count: 1,
      attempt: 1,
    });
    expect(await start(job, 2_000)).toBeUndefined();
    expect(await b.engine.ledger.readOpenRuns(job.id)).toMatchObject([
      { id: idOf(job, 1_000), kind: "backfill", state: "running" },
    ]);
    expect(await state(job)).toMatchObject({ waiting: 2, running: 1 });
    await end(job, 1_000);
    expect(await start(job, 2_000)).toBeDefined();
    await end(job, 2_000, { verdict: "failed", error: { name: "Error", message: "no" } });
    expect(await start(job, 3_000)).toBeDefined();
    await end(job, 3_000);
    expect(await state(job)).toMatchObject({
      state: "finished",
      waiting: 0,
      running: 0,
      verdicts: { succeeded: 2, failed: 1 },
    });
    expect(
      (await b.ledger(job)).map(({ id, kind, state: verdict }) => [id, kind, verdict]),
    ).toEqual([
      [idOf(job, 1_000), "backfill", "succeeded"],
      [idOf(job, 2_000), "backfill", "failed"],
      [idOf(job, 3_000), "backfill", "succeeded"],
    ]);
  });

  test("the latest come first if asked so, and as many at once as asked", async () => {
    const b = bench();
    const job = await b.addJob();
    await add(job, [1_000, 2_000, 3_000], { order: "latest", concurrency: 2 });
    expect(await start(job, 3_000)).toBeDefined();
    expect(await start(job, 2_000)).toBeDefined();
    expect(await start(job, 1_000)).toBeUndefined();
    await end(job, 3_000);
    expect(await start(job, 1_000)).toBeDefined();
  });

  test("nothing begins before its last part was added; parts may be sent twice; repeating it does nothing", async () => {
    const b = bench();
    const job = await b.addJob();
    expect(await add(job, [1_000, 2_000], { isComplete: false })).toBe("added");
    expect(await state(job)).toMatchObject({ state: "adding", waiting: 2 });
    expect(await start(job, 1_000)).toBeUndefined();
    expect(await add(job, [1_000, 2_000], { isComplete: false })).toBe("added");
    expect(await add(job, [5_000], { backfillId: "two" })).toBe("conflict");
    expect(await add(job, [3_000])).toBe("added");
    expect(await add(job, [3_000])).toBe("added");
    expect(await state(job)).toMatchObject({ state: "active", total: 3 });
    for (const fireAt of [1_000, 2_000, 3_000]) {
      expect(await start(job, fireAt)).toBeDefined();
      await end(job, fireAt);
    }
    expect(await add(job, [1_000, 2_000], { backfillId: "again" })).toBe("added");
    expect(await state(job)).toMatchObject({ state: "finished", total: 0, waiting: 0 });
    expect(await start(job, 1_000)).toBeUndefined();
  });

  test("an adding whose process died is replaced after a while", async () => {
    const b = bench();
    const job = await b.addJob();
    await add(job, [1_000], { isComplete: false });
    b.now += 61_000;
    expect(await add(job, [2_000], { backfillId: "two" })).toBe("added");
    expect(await state(job)).toMatchObject({ backfillId: "two", total: 1 });
  });

  test("it counts for no instance, runs while its job is paused, and leaves the schedule alone", async () => {
    const b = bench();
    const job = await b.addJob();
    await add(job, [1_000]);
    expect(await start(job, 1_000)).toBeDefined();
    b.now += 1_000;
    const live = await b.run(job, b.now);
    await b.settle(job, live.runId);
    expect((await b.ledger(job)).map(({ state: verdict }) => verdict)).toEqual(["succeeded"]);
    await end(job, 1_000);
    const paused = await b.addJob({ state: "paused" });
    await add(paused, [1_000]);
    expect(await start(paused, 1_000)).toBeDefined();
    await end(paused, 1_000);
    expect(await state(paused)).toMatchObject({ state: "finished" });
  });

  test("paused, it begins nothing more until it is resumed; cancelled, it never does", async () => {
    const b = bench();
    const job = await b.addJob();
    expect(await b.engine.backfills.change(job.id, "pause", TESTER)).toBe("missing");
    await add(job, [1_000, 2_000, 3_000, 4_000]);
    expect(await start(job, 1_000)).toBeDefined();
    expect(await b.engine.backfills.change(job.id, "pause", TESTER)).toBe("changed");
    await end(job, 1_000);
    expect(await start(job, 2_000)).toBeUndefined();
    expect(await state(job)).toMatchObject({ state: "paused", waiting: 3 });
    expect(await b.engine.backfills.change(job.id, "resume", TESTER)).toBe("changed");
    expect(await start(job, 2_000)).toBeDefined();
    expect(await b.engine.backfills.change(job.id, "cancel", TESTER)).toBe("changed");
    expect(await state(job)).toMatchObject({ state: "cancelled", waiting: 0, running: 1 });
    await end(job, 2_000);
    expect(await start(job, 3_000)).toBeUndefined();
    expect(await state(job)).toMatchObject({ state: "cancelled", running: 0 });
    expect(await b.engine.backfills.change(job.id, "resume", TESTER)).toBe("missing");
  });

  test("one of its runs can be cancelled before it begins", async () => {
    const b = bench();
    const job = await b.addJob();
    await add(job, [1_000, 2_000]);
    const cancel = (fireAt: number) =>
      b.engine.requests.cancel({
        by: TESTER,
        jobId: job.id,
        runId: idOf(job, fireAt),
        reason: "not this one",
      });
    expect(await cancel(2_000)).toBe("cancelled");
    expect(await cancel(2_000)).toBe("unknown");
    expect(await cancel(1_000)).toBe("cancelled");
    expect(await state(job)).toMatchObject({ state: "finished", verdicts: { cancelled: 2 } });
    expect(await b.ledger(job)).toMatchObject([
      { id: idOf(job, 1_000), state: "cancelled", error: { code: "RUN_CANCELLED" } },
      { id: idOf(job, 2_000), state: "cancelled" },
    ]);
  });

  test("the account of the last one is kept with the job, however short its retention, and goes with it", async () => {
    const b = bench();
    const put = b.put({ retention: { ageMs: 1 } });
    const putJob = async (): Promise<CaseJob> => {
      const [result] = await b.engine.jobs.put([put]);
      if (result?.outcome !== "created") throw new Error("the job was not created");
      return { id: put.definition.id, generation: result.generation };
    };
    const job = await putJob();
    await add(job, [1_000]);
    await start(job, 1_000);
    await end(job, 1_000);
    b.now += 1_000;
    expect(await state(job)).toMatchObject({ state: "finished", total: 1 });
    await b.engine.jobs.remove({
      by: TESTER,
      jobId: job.id,
      expectedWatermark: undefined,
      skipped: [],
    });
    expect(await state(job)).toBeUndefined();
    // Also of one that goes on, whose run settles later.
    const again = await putJob();
    expect(await state(again)).toBeUndefined();
    await add(again, [3_000, 4_000]);
    await start(again, 3_000);
    await b.engine.jobs.remove({
      by: TESTER,
      jobId: job.id,
      expectedWatermark: undefined,
      skipped: [],
    });
    await end(again, 3_000);
    expect(await state(again)).toBeUndefined();
    expect(await state(await putJob())).toBeUndefined();
  });

  test("a run whose worker died is taken over, and the job's removal ends the backfill", async () => {
    const b = bench();
    const job = await b.addJob();
    expect(await add({ id: "none", generation: 1 }, [1_000])).toBe("missing");
    await add(job, [1_000, 2_000]);
    expect(await start(job, 1_000)).toMatchObject({ start: 1 });
    expect(await start(job, 1_000)).toMatchObject({ start: 2, attempt: 2 });
    await b.engine.jobs.remove({
      by: TESTER,
      jobId: job.id,
      expectedWatermark: undefined,
      skipped: [],
    });
    expect(await b.settle(job, idOf(job, 1_000), 2)).toMatchObject({ outcome: "settled" });
    expect(await start(job, 2_000)).toBeUndefined();
  });

  test("live runs are taken before it, and lost queue jobs are found", async () => {
    const b = bench();
    const job = await b.addJob({ upcoming: [] });
    await add(job, [1_000, 2_000], { concurrency: 2 });
    const asked = await b.engine.requests.run({ by: TESTER, jobId: job.id, sequence: 7 });
    const manual = asked === "missing" ? "" : asked.runId;
    const order: string[] = [];
    const own = new Set([idOf(job, 1_000), idOf(job, 2_000), manual]);
    const consumer = b.engine.queue.consume({
      concurrency: 1,
      lockMs: 30_000,
      stalledCheckMs: 30_000,
      onError: () => undefined,
      handle: async ({ id }) => {
        if (own.has(id)) order.push(id);
        return "done";
      },
    });
    await expect.poll(() => order.length, { timeout: 20_000 }).toBe(3);
    await consumer.stop();
    expect(order).toEqual([manual, idOf(job, 1_000), idOf(job, 2_000)]);
    const findings = await b.engine.healing.audit({
      horizonMs: 0,
      offset: 0,
      limit: 1,
      overdueMs: 1e9,
      finishedRetentionMs: 1e12,
    });
    const lost = findings.flatMap((found) =>
      found.jobId === job.id && found.kind === "stranded" ? [found.queueJob.id] : [],
    );
    expect(lost.toSorted()).toEqual(order.toSorted());
  });

  test("one that found no room in its group comes again though its queue job has not ended yet", async () => {
    const b = bench();
    const group = { key: randomUUID(), limit: 1 };
    const job = await b.addJob({ upcoming: [], policy: { group } });
    await add(job, [1_000, 2_000], { concurrency: 2 });
    const begun: { runId: string; queueJobId: string }[] = [];
    const consumer = b.engine.queue.consume({
      concurrency: 1,
      lockMs: 30_000,
      stalledCheckMs: 30_000,
      onError: () => undefined,
      handle: async ({ id }) => {
        if (parseQueueJobId(id)?.jobId !== job.id) return "done";
        const admission = await b.engine.runs.admit(ask(job, id));
        if (admission.outcome === "run") begun.push({ runId: admission.run.runId, queueJobId: id });
        // There is room again before the queue job that found none has ended.
        else if (begun.length === 1) await b.settle(job, begun[0]?.queueJobId ?? "");
        return "done";
      },
    });
    await expect.poll(() => begun.length, { timeout: 20_000 }).toBe(2);
    await consumer.stop();
    expect(begun.map(({ runId }) => runId)).toEqual([idOf(job, 1_000), idOf(job, 2_000)]);
    expect(await state(job)).toMatchObject({ state: "active", waiting: 0, running: 1 });
    // It is the same run by whichever queue job: not added again, and cancelled by its id.
    const cancel = { by: TESTER, jobId: job.id, runId: idOf(job, 2_000), reason: "no" };
    expect(await b.engine.requests.cancel(cancel)).toBe("asked");
    await b.engine.backfills.change(job.id, "cancel", TESTER);
    expect(await add(job, [1_000, 2_000], { backfillId: "two" })).toBe("added");
    expect(await state(job)).toMatchObject({ total: 0 });
    const { runId = "", queueJobId = "" } = begun[1] ?? {};
    expect(await b.settle(job, queueJobId, 1, { runId, verdict: "cancelled" })).toMatchObject({
      outcome: "settled",
    });
  });

  test("one that stands in the line of a group goes on when its job leaves it, or the group grows", async () => {
    const b = bench();
    for (const group of [null, { key: randomUUID(), limit: 1 }, { key: "same", limit: 2 }]) {
      const key = group?.key === "same" ? "same" : randomUUID();
      const [holder, job] = [
        await b.addJob({ policy: { group: { key, limit: 1 } } }),
        await b.addJob({ policy: { group: { key, limit: 1 } } }),
      ];
      b.now += 1_000;
      const held = await b.run(holder, b.now);
      await add(job, [1_000]);
      expect(await start(job, 1_000)).toBeUndefined();
      const [stored] = await b.engine.jobs.get([job.id]);
      await b.engine.jobs.change({
        by: TESTER,
        jobId: job.id,
        expectedRevision: stored?.revision ?? 0,
        definition: b.definition({ id: job.id, policy: { group } }),
        skipped: [],
        event: { name: "JOB_MODIFIED", at: b.now, jobId: job.id },
      });
      expect(await start(job, 1_000)).toMatchObject({ runId: idOf(job, 1_000) });
      await end(job, 1_000);
      await b.settle(holder, held.runId);
    }
  });
}
