import { TESTER } from "../helpers/tester.ts";
import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { queueJobIdOf } from "../../src/jobs/occurrence-id.ts";
import { exported, imported } from "../transfer/moved-state.ts";
import { type CaseJob, TestEngine } from "./test-engine.ts";
import { addEverySecond } from "./transfer-cases.ts";
import type { CaseContext } from "./suite.ts";

/** The last run of a job, and the last that the schedule began. */
export function lastRunCases({ bench, tested, prefix }: CaseContext): void {
  const lastOf = async (b: TestEngine, job: CaseJob) => {
    const { lastRun, lastScheduledRun } = await b.stored(job);
    return { last: lastRun?.id, scheduled: lastScheduledRun?.id };
  };
  const ranByHand = async (b: TestEngine, job: CaseJob) => {
    b.now += 1_000;
    const { runId } = await b.manual(job);
    await b.settle(job, runId);
    return runId;
  };

  test("a run by hand after a scheduled one, and a scheduled one after that", async () => {
    const b = bench();
    const job = await b.addJob({ id: `of two: ${randomUUID()}` });
    expect(await lastOf(b, job)).toEqual({ last: undefined, scheduled: undefined });
    const first = await b.ranOnce(job, "failed");
    const { lastRun } = await b.stored(job);
    expect(await lastOf(b, job)).toEqual({ last: first, scheduled: first });
    const byHand = await ranByHand(b, job);
    expect(await lastOf(b, job)).toEqual({ last: byHand, scheduled: first });
    expect((await b.stored(job)).lastScheduledRun).toEqual(lastRun);
    const again = await ranByHand(b, job);
    expect(await lastOf(b, job)).toEqual({ last: again, scheduled: first });
    const second = await b.ranOnce(job);
    expect(await lastOf(b, job)).toEqual({ last: second, scheduled: second });
    const last = await ranByHand(b, job);
    expect(await lastOf(b, job)).toEqual({ last, scheduled: second });
  });

  test("of a job that ran by hand only there is none; what was skipped is no run", async () => {
    const b = bench();
    const job = await b.addJob();
    const byHand = await ranByHand(b, job);
    expect(await lastOf(b, job)).toEqual({ last: byHand, scheduled: undefined });
    b.now += 1_000;
    const { runId } = await b.manual(job);
    expect((await b.tick(job)).outcome).toBe("none");
    expect(await b.stored(job)).toMatchObject({ counts: { skipped: 1 }, lastScheduledRun: null });
    await b.settle(job, runId, 1, { verdict: "failed" });
    expect(await lastOf(b, job)).toEqual({ last: runId, scheduled: undefined });
  });

  test("a run of a backfill is none; the result stays with the last run", async () => {
    const b = bench();
    const job = await b.addJob();
    b.now += 1_000;
    const { runId } = await b.run(job, b.now);
    await b.settle(job, runId, 1, { resultJson: '{"rows":3}' });
    expect(await b.stored(job)).toMatchObject({ lastRun: { id: runId, result: { rows: 3 } } });
    const id = queueJobIdOf({ jobId: job.id, kind: "backfill", sequence: 0, fireAt: 1_000 });
    await b.engine.backfills.add({
      by: TESTER,
      jobId: job.id,
      backfillId: "one",
      fireTimes: [1_000],
      concurrency: 1,
      order: "oldest",
      isComplete: true,
    });
    const asked = { queueJobId: id, kind: "backfill", knowsSchedule: false } as const;
    expect((await b.admit(job, [], asked)).outcome).toBe("run");
    await b.settle(job, id);
    expect(await lastOf(b, job)).toEqual({ last: id, scheduled: runId });
    expect((await b.stored(job)).lastScheduledRun).not.toHaveProperty("result");
  });

  test("it moves with the job", async () => {
    const connection = tested.schedulerConnection();
    const open = async (name: string) => {
      const b = new TestEngine(connection, `${prefix}-${name}`);
      await b.engine.open();
      return Object.assign(b, { [Symbol.asyncDispose]: () => b.engine.close() });
    };
    let text: string;
    let seen: unknown;
    {
      await using source = await open("last1");
      const byHand = await addEverySecond(source, { id: "by hand" });
      await source.ranOnce(byHand);
      await ranByHand(source, byHand);
      const alone = await addEverySecond(source, { id: "alone" });
      await source.ranOnce(alone);
      seen = [await lastOf(source, byHand), await lastOf(source, alone)];
      text = await exported(source.engine);
    }
    await using b = await open("last2");
    await imported(b.engine, text);
    const [byHand, alone] = [
      { id: "by hand", generation: 0 },
      { id: "alone", generation: 0 },
    ];
    expect([await lastOf(b, byHand), await lastOf(b, alone)]).toEqual(seen);
    expect(seen).toMatchObject([{ scheduled: expect.any(String) }, {}]);
  });
}
