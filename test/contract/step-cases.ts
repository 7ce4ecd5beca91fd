import { TESTER } from "../helpers/tester.ts";
import { expect, test } from "vitest";
import type { StepRecord } from "../../src/engine/port/engine.ts";
import { queueJobIdOf } from "../../src/jobs/occurrence-id.ts";
import type { CaseJob } from "./test-engine.ts";
import type { CaseContext } from "./suite.ts";

function step(name: string, more: Partial<StepRecord> = {}): StepRecord {
  return { name, kind: "step", startedAt: 10, finishedAt: 20, tries: 1, attempt: 1, ...more };
}

/** The stored steps of runs. */
export function stepCases({ bench }: CaseContext): void {
  const hold = (job: CaseJob, queueJobId: string, start = 1) => ({
    jobId: job.id,
    queueJobId,
    runId: queueJobId,
    start,
  });

  test("steps are read in the order of their ends; one of the same name replaces the former", async () => {
    const b = bench();
    const job = await b.addJob();
    b.now += 1_000;
    const { runId } = await b.run(job, b.now);
    const save = (record: StepRecord) => b.engine.steps.save(hold(job, runId), record);
    const error = { name: "TypeError", message: "no \u0000 way \ud83d" };
    const second = step("second", { finishedAt: 30, error });
    expect(await save(second)).toBe("saved");
    expect(await save(step("first", { resultJson: '{"rows":[1,null,"ä\\u0000"]}' }))).toBe("saved");
    expect(await save(step("#progress", { kind: "progress", finishedAt: 25 }))).toBe("saved");
    expect(await save(step("#progress", { kind: "progress", finishedAt: 40 }))).toBe("saved");
    const read = await b.engine.steps.read(job.id, runId);
    expect(read).toEqual([
      step("first", { resultJson: '{"rows":[1,null,"ä\\u0000"]}' }),
      second,
      step("#progress", { kind: "progress", finishedAt: 40 }),
    ]);
    await b.settle(job, runId);
    expect(await b.engine.steps.read(job.id, runId)).toEqual(read);
  });

  test("a start that lost its run, or has ended, stores nothing", async () => {
    const b = bench();
    const job = await b.addJob();
    b.now += 1_000;
    const { runId } = await b.run(job, b.now);
    expect((await b.run(job, b.now)).start).toBe(2);
    expect(await b.engine.steps.save(hold(job, runId, 1), step("a"))).toBe("fenced");
    expect(await b.engine.steps.save(hold(job, runId, 2), step("b"))).toBe("saved");
    await b.settle(job, runId, 2);
    expect(await b.engine.steps.save(hold(job, runId, 2), step("c"))).toBe("fenced");
    expect((await b.engine.steps.read(job.id, runId)).map(({ name }) => name)).toEqual(["b"]);
  });

  test("a run has at most 1,000 steps; one that it has may still be replaced", async () => {
    const b = bench();
    const job = await b.addJob();
    b.now += 1_000;
    const { runId } = await b.run(job, b.now);
    const save = (i: number) => b.engine.steps.save(hold(job, runId), step(`step ${i}`));
    const saved = await Promise.all(Array.from({ length: 1_000 }, (_, i) => save(i)));
    expect(new Set(saved)).toEqual(new Set(["saved"]));
    expect(await save(1_000)).toBe("too-many");
    expect(await save(999)).toBe("saved");
    await b.settle(job, runId);
  });

  test("steps go with the ledger's oldest runs", async () => {
    const b = bench();
    const job = await b.addJob({ retention: { count: 3 } });
    const ids: string[] = [];
    for (let i = 0; i < 6; i += 1) {
      b.now += 1_000;
      const { runId } = await b.run(job, b.now);
      await b.engine.steps.save(hold(job, runId), step("only"));
      await b.settle(job, runId, 1, { retention: { count: 3, ageMs: 86_400_000 } });
      ids.push(runId);
    }
    const counts = await Promise.all(
      ids.map(async (id) => (await b.engine.steps.read(job.id, id)).length),
    );
    expect(counts).toEqual([0, 0, 0, 1, 1, 1]);
  });

  test("steps of a run that goes on stay, however long it takes and however many follow", async () => {
    const b = bench();
    const retention = { count: 1, ageMs: 30 };
    const job = await b.addJob({ retention, policy: { maxInstances: 3 } });
    const names = async (runId: string) =>
      (await b.engine.steps.read(job.id, runId)).map(({ name }) => name);
    const one = async (): Promise<string> => {
      b.now += 1_000;
      const { runId } = await b.run(job, b.now);
      expect(await b.engine.steps.save(hold(job, runId), step("only"))).toBe("saved");
      return runId;
    };
    const long = await one();
    for (let i = 0; i < 3; i += 1) await b.settle(job, await one(), 1, { retention });
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(await names(long)).toEqual(["only"]);
    expect(await b.engine.steps.save(hold(job, long), step("another"))).toBe("saved");
    await b.settle(job, long, 1, { retention });
    await new Promise((resolve) => setTimeout(resolve, 60));
    await b.settle(job, await one(), 1, { retention });
    await one();
    expect(await names(long)).toEqual([]);
  });

  test("a backfill's run has steps as well", async () => {
    const b = bench();
    const job = await b.addJob();
    const fireAt = b.now - 86_400_000;
    await b.engine.backfills.add({
      by: TESTER,
      jobId: job.id,
      backfillId: "one",
      fireTimes: [fireAt],
      concurrency: 1,
      order: "oldest",
      isComplete: true,
    });
    const runId = queueJobIdOf({ jobId: job.id, kind: "backfill", sequence: 0, fireAt });
    const ask = { queueJobId: runId, kind: "backfill", knowsSchedule: false } as const;
    expect(await b.admit(job, [], { ...ask, upcoming: [] })).toMatchObject({ outcome: "run" });
    expect(await b.engine.steps.save(hold(job, runId), step("only"))).toBe("saved");
    expect(await b.engine.steps.read(job.id, runId)).toEqual([step("only")]);
    await b.settle(job, runId);
    expect(await b.engine.steps.save(hold(job, runId), step("late"))).toBe("fenced");
  });
}
