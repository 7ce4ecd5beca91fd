import { expect, test } from "vitest";
import { ASKED_MS } from "../../src/jobs/manual-requests.ts";
import { TESTER } from "../helpers/tester.ts";
import type { CaseContext } from "./suite.ts";
import type { CaseJob, TestEngine } from "./test-engine.ts";

const RACERS = 20;
const ROUNDS = 30;

/** Runs that are asked for by hand. */
export function requestCases({ bench, another }: CaseContext): void {
  const ask = async (b: TestEngine, job: CaseJob, sequence: number) => {
    const run = await b.engine.requests.run({ by: TESTER, jobId: job.id, sequence });
    if (run === "missing") throw new Error(`there is no job ${job.id}`);
    return run;
  };
  const admit = (b: TestEngine, job: CaseJob, queueJobId: string) =>
    b.admit(job, [], { kind: "manual", knowsSchedule: false, queueJobId });

  test("a request asked again finds its run while it waits, while it runs and when it has ended", async () => {
    const b = bench();
    const job = await b.addJob();
    const { runId, isNew } = await ask(b, job, 5);
    expect({ runId, isNew }).toEqual({ runId: `${job.id}:m5:${b.now}`, isNew: true });
    const again = { runId, isNew: false };
    b.now += 1_000;
    expect(await ask(b, job, 5)).toEqual(again);
    expect(await admit(b, job, runId)).toMatchObject({ outcome: "run", run: { runId } });
    b.now += 1_000;
    expect(await ask(b, job, 5)).toEqual(again);
    await b.settle(job, runId);
    b.now += 1_000;
    expect(await ask(b, job, 5)).toEqual(again);
    expect(await b.engine.ledger.readOpenRuns(job.id)).toEqual([]);
    expect(await b.ledger(job)).toHaveLength(1);
    expect(await b.audit(job)).toEqual([]);
    // Another number is another run.
    expect(await ask(b, job, 6)).toMatchObject({ isNew: true });
  });

  test(`${RACERS} callers ask with one number at once: the job runs once`, async () => {
    const b = bench();
    const others = await Promise.all(Array.from({ length: RACERS }, () => another()));
    const job = await b.addJob();
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const [i, other] of others.entries()) other.now = b.now + i;
      const asked = await Promise.all(others.map((other) => ask(other, job, round)));
      expect(new Set(asked.map(({ runId }) => runId)).size).toBe(1);
      expect(asked.filter(({ isNew }) => isNew)).toHaveLength(1);
    }
    expect(await b.engine.ledger.readOpenRuns(job.id)).toHaveLength(ROUNDS);
  });

  test("a number is known for a day, and as long as its job", async () => {
    const b = bench();
    const job = await b.addJob();
    const { runId } = await ask(b, job, 7);
    b.now += ASKED_MS - 1;
    expect(await ask(b, job, 7)).toEqual({ runId, isNew: false });
    b.now += 1;
    const second = await ask(b, job, 7);
    expect(second).toEqual({ runId: `${job.id}:m7:${b.now}`, isNew: true });
    const removal = { jobId: job.id, expectedWatermark: undefined, skipped: [], by: TESTER };
    expect(await b.engine.jobs.remove(removal)).toBe("removed");
    await b.addJob({ id: job.id });
    b.now += 1;
    expect(await ask(b, job, 7)).toMatchObject({ isNew: true });
  });

  test("of many numbers, at least the latest 1,000 are known", async () => {
    const b = bench();
    const job = await b.addJob();
    for (let from = 0; from < 1_200; from += 100) {
      b.now += 1;
      const numbers = Array.from({ length: 100 }, (_, i) => from + i);
      await Promise.all(numbers.map((number) => ask(b, job, number)));
    }
    b.now += 1;
    for (const number of [1_199, 700, 200])
      expect(await ask(b, job, number)).toMatchObject({ isNew: false });
    expect(await ask(b, job, 0)).toMatchObject({ isNew: true });
  });
}
