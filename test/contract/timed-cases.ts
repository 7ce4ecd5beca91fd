import { expect, test } from "vitest";
import type { JobChange } from "../../src/engine/port/engine.ts";
import { TESTER } from "../helpers/tester.ts";
import type { CaseJob, TestEngine } from "./test-engine.ts";
import type { CaseContext } from "./suite.ts";

/** Jobs of which something changes by itself at an instant. */
export function timedCases({ bench }: CaseContext): void {
  const add = async (b: TestEngine, changesAt?: number): Promise<CaseJob> => {
    const put = b.put({});
    await b.engine.jobs.put([changesAt === undefined ? put : { ...put, changesAt }]);
    const [stored] = await b.engine.jobs.get([put.definition.id]);
    return { id: put.definition.id, generation: stored?.generation ?? 0 };
  };
  const change = async (b: TestEngine, job: CaseJob, more: Partial<JobChange>) => {
    const [stored] = await b.engine.jobs.get([job.id]);
    return b.engine.jobs.change({
      jobId: job.id,
      by: TESTER,
      expectedRevision: stored?.revision ?? 0,
      event: { name: "JOB_MODIFIED", at: b.now, jobId: job.id },
      ...more,
    });
  };
  /** What changes within the next second, with the milliseconds from now, of these jobs. */
  const soon = async (b: TestEngine, jobs: readonly CaseJob[]) => {
    const request = { horizonMs: 1_000, offset: 0, limit: 1, overdueMs: 1e12 };
    const findings = await b.engine.healing.audit({ ...request, finishedRetentionMs: 1e12 });
    return findings.flatMap((finding) => {
      const i = jobs.findIndex(({ id }) => id === finding.jobId);
      return finding.kind === "timed" && i >= 0 ? [`${i}: ${finding.changesAt - b.now}`] : [];
    });
  };

  test("an audit tells of which jobs something changes by itself soon, the earliest first", async () => {
    const b = bench();
    const jobs = [await add(b, b.now + 1_001), await add(b, b.now + 1_000), await add(b)];
    jobs.push(await add(b, b.now - 5));
    expect(await soon(b, jobs)).toEqual(["3: -5", "1: 1000"]);
    b.now += 2_000;
    expect(await soon(b, jobs)).toEqual(["3: -2005", "1: -1000", "0: -999"]);
    for (const job of jobs) await change(b, job, { changesAt: null });
    expect(await soon(b, jobs)).toEqual([]);
  });

  test("a change says when the next one comes, that none does, or leaves it as it was", async () => {
    const b = bench();
    const job = await add(b);
    const told = () => soon(b, [job]);
    await change(b, job, { changesAt: b.now + 500 });
    expect(await told()).toEqual(["0: 500"]);
    await change(b, job, {});
    expect(await told()).toEqual(["0: 500"]);
    expect(await change(b, job, { expectedRevision: 1, changesAt: b.now + 1 })).toEqual({
      outcome: "conflict",
    });
    expect(await told()).toEqual(["0: 500"]);
    await change(b, job, { changesAt: b.now + 300 });
    expect(await told()).toEqual(["0: 300"]);
    await change(b, job, { changesAt: null });
    expect(await told()).toEqual([]);
  });

  test("it goes with the job, and a job that is added again has none", async () => {
    const b = bench();
    const job = await add(b, b.now);
    expect(await soon(b, [job])).toEqual(["0: 0"]);
    await b.engine.jobs.remove({
      jobId: job.id,
      expectedWatermark: undefined,
      skipped: [],
      by: TESTER,
    });
    expect(await soon(b, [job])).toEqual([]);
    await b.engine.jobs.put([b.put({ id: job.id })]);
    expect(await soon(b, [job])).toEqual([]);
  });
}
