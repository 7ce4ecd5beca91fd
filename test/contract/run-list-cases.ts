import { expect, test } from "vitest";
import { TESTER } from "../helpers/tester.ts";
import type { LedgerRow } from "../../src/jobs/ledger-row.ts";
import type { Scope } from "../../src/jobs/scope.ts";
import type { RunListQuery } from "../../src/jobs/run-list.ts";
import { at, type CaseJob, type TestEngine } from "./test-engine.ts";
import type { CaseContext } from "./suite.ts";

/** Lists of the runs of the whole fleet. */
export function runListCases({ bench, tested }: CaseContext): void {
  /** What these cases decide, and nothing that other cases did before. */
  const list = async (
    b: TestEngine,
    from: number,
    query: Partial<RunListQuery> = {},
    scope: Scope = "all",
  ) => b.engine.ledger.list({ fromAt: from, toAt: 8.64e15, limit: 100, ...query }, scope);
  const timesOf = (runs: readonly { readonly row: LedgerRow }[], from: number): number[] =>
    runs.map(({ row }) => (row.finishedAt ?? row.decidedAt ?? 0) - from);

  /** Goes far beyond what other cases have decided. */
  function leap(b: TestEngine): number {
    b.now += 1e9;
    return b.now;
  }
  async function fails(b: TestEngine, job: CaseJob, message: string): Promise<string> {
    b.now += 1_000;
    const { runId } = await b.run(job, b.now);
    await b.settle(job, runId, 1, { verdict: "failed", error: { name: "TypeError", message } });
    return runId;
  }
  async function miss(b: TestEngine, job: CaseJob): Promise<void> {
    b.now += 1_000;
    await b.admit(job, [at(b.now - 1)]);
  }

  test("decisions of all jobs, the latest first, page by page", async () => {
    const b = bench();
    const from = leap(b);
    const [one, two] = [await b.addJob(), await b.addJob({ policy: { misfireGraceMs: 0 } })];
    for (let i = 0; i < 4; i += 1) {
      await b.ranOnce(one);
      await miss(b, two);
    }
    const all = await list(b, from);
    expect(timesOf(all.runs, from)).toEqual([
      8_000, 7_040, 6_000, 5_040, 4_000, 3_040, 2_000, 1_040,
    ]);
    expect(all.next).toBeUndefined();
    expect(all.since).toBeUndefined();
    expect(all.runs.map(({ jobId, row }) => `${jobId === one.id} ${row.state}`)).toEqual(
      Array.from({ length: 4 }, () => ["false missed", "true succeeded"]).flat(),
    );
    const found: string[] = [];
    for (let before: string | undefined, isEnd = false; !isEnd;) {
      const page = await list(b, from, { before, limit: 3 });
      expect(page.runs.length).toBeLessThanOrEqual(3);
      found.push(...page.runs.map(({ row }) => row.id));
      before = page.next;
      isEnd = before === undefined;
    }
    expect(found).toEqual(all.runs.map(({ row }) => row.id));
  });

  test("filters, alone and together", async () => {
    const b = bench();
    const from = leap(b);
    const plain = await b.addJob({ policy: { misfireGraceMs: 0 } });
    const tagged = await b.addJob({ tags: ["nightly"], owner: "ann" });
    const succeeded = await b.ranOnce(plain);
    const failed = await fails(b, tagged, "Connection Refused");
    await miss(b, plain);
    const { runId: manual } = await b.manual(tagged);
    b.now += 1_000;
    await b.settle(tagged, manual);
    const ids = async (query: Partial<RunListQuery>) =>
      (await list(b, from, query)).runs.map(({ row }) => row.id);
    const [, missed = ""] = await ids({});
    expect(await ids({})).toEqual([manual, missed, failed, succeeded]);
    expect(await ids({ verdicts: ["failed"] })).toEqual([failed]);
    expect(await ids({ verdicts: ["failed", "missed"] })).toEqual([missed, failed]);
    expect(await ids({ verdicts: ["failed", "succeeded"] })).toEqual([manual, failed, succeeded]);
    expect(await ids({ owner: "ann" })).toEqual([manual, failed]);
    expect(await ids({ owner: "bob" })).toEqual([]);
    const seen = async (scope: Scope, query = {}) =>
      (await list(b, from, query, scope)).runs.map(({ row }) => row.id);
    expect(await seen(["ann", "bob"])).toEqual([manual, failed]);
    expect(await seen(["ann"], { verdicts: ["failed"] })).toEqual([failed]);
    expect(await seen(["bob"])).toEqual([]);
    expect(await seen([])).toEqual([]);
    expect(await ids({ tag: "nightly" })).toEqual([manual, failed]);
    expect(await ids({ pipeline: "Report" })).toEqual([manual, missed, failed, succeeded]);
    expect(await ids({ pipeline: "Other" })).toEqual([]);
    expect(await ids({ jobId: plain.id })).toEqual([missed, succeeded]);
    expect(await ids({ kind: "manual" })).toEqual([manual]);
    expect(await ids({ kind: "scheduled", verdicts: ["succeeded"] })).toEqual([succeeded]);
    expect(await ids({ worker: "worker-1" })).toEqual([manual, failed, succeeded]);
    expect(await ids({ worker: "nobody" })).toEqual([]);
    expect(await ids({ text: "connection ref" })).toEqual([failed]);
    expect(await ids({ text: "typeerror", verdicts: ["missed"] })).toEqual([]);
    expect(await ids({ toAt: from + 2_040 })).toEqual([failed, succeeded]);
    expect(await ids({ fromAt: from + 2_041 })).toEqual([manual, missed]);
    await b.engine.jobs.remove({
      by: TESTER,
      jobId: tagged.id,
      expectedWatermark: undefined,
      skipped: [{ fromAt: b.now, toAt: b.now, count: 1, verdict: "skipped", reason: "removed" }],
    });
    expect(await ids({ reason: "removed" })).toHaveLength(1);
    expect(await ids({ reason: "paused" })).toEqual([]);
    // What was decided then has the owner of then; what a job has, it has as long as it is there.
    expect(await ids({ owner: "ann", verdicts: ["failed"] })).toEqual([failed]);
    expect(await ids({ tag: "nightly" })).toEqual([]);
  });

  test("text that only JSON can hold is searched, and is no trouble", async () => {
    const b = bench();
    const from = leap(b);
    const job = await b.addJob();
    await fails(b, job, "a\u0000b \ud83d 100% 'quoted' \\u0000");
    await fails(b, job, "plain");
    const count = async (text: string) => (await list(b, from, { text })).runs.length;
    expect(await count("100% 'QUOTED'")).toBe(1);
    expect(await count("plain")).toBe(1);
    expect(await count("%")).toBe(1);
    expect(await count("message")).toBe(0);
  });

  test("pages stay right while runs are decided and rows are deleted", async () => {
    const b = bench();
    const from = leap(b);
    const job = await b.addJob({ policy: { misfireGraceMs: 0 } });
    const other = await b.addJob({ policy: { misfireGraceMs: 0 } });
    const kept: string[] = [];
    for (let i = 0; i < 12; i += 1) {
      kept.push(await b.ranOnce(job));
      await miss(b, other);
    }
    const seen: string[] = [];
    let page = await list(b, from, { limit: 5 });
    for (;;) {
      seen.push(...page.runs.map(({ row }) => row.id));
      if (page.next === undefined) break;
      // New ones come in front, and all of the other job goes: the place itself may be gone.
      await b.ranOnce(job);
      await b.engine.ledger.clean({ jobId: other.id, before: b.now });
      page = await list(b, from, { limit: 5, before: page.next });
    }
    const ofJob = seen.filter((id) => kept.includes(id));
    expect(ofJob).toEqual(kept.toReversed());
    expect(new Set(seen).size).toBe(seen.length);
  });

  test("rows that retention deleted, and those of a ledger that ended, are not listed", async () => {
    const b = bench();
    const from = leap(b);
    const job = await b.addJob({ retention: { count: 2 }, policy: { misfireGraceMs: 0 } });
    for (let i = 0; i < 5; i += 1) await miss(b, job);
    expect(timesOf((await list(b, from)).runs, from)).toEqual([5_000, 4_000]);
    const fast = await list(b, from, { jobId: job.id });
    expect(timesOf(fast.runs, from)).toEqual([5_000, 4_000]);
  });

  test("many decisions of one instant are told apart", async () => {
    const b = bench();
    const from = leap(b);
    const job = await b.addJob({
      policy: { misfireGraceMs: 0, coalesce: false },
      retention: { count: 10_000 },
      watermark: from,
    });
    b.now += 1_000;
    await b.admit(
      job,
      Array.from({ length: 90 }, (_, i) => at(from + 1 + i)),
    );
    const seen: string[] = [];
    let before: string | undefined;
    do {
      const page = await list(b, from, { before, limit: 7 });
      seen.push(...page.runs.map(({ row }) => row.id));
      before = page.next;
    } while (before !== undefined);
    expect(new Set(seen).size).toBe(90);
    expect(seen).toHaveLength(90);
  });

  test("runs without a verdict are listed job by job", async () => {
    const b = bench();
    const jobs = [await b.addJob(), await b.addJob(), await b.addJob()];
    const ids: string[] = [];
    for (const job of jobs) {
      b.now += 1_000;
      ids.push((await b.run(job, b.now)).runId);
    }
    const found: string[] = [];
    let after: string | undefined;
    do {
      const page = await b.engine.ledger.listOpen(after, 2);
      found.push(...page.runs.filter(({ row }) => ids.includes(row.id)).map(({ jobId }) => jobId));
      after = page.next;
    } while (after !== undefined);
    expect(found).toEqual(jobs.map(({ id }) => id).toSorted());
    for (const [i, job] of jobs.entries()) await b.settle(job, ids[i] ?? "");
    const left = await b.engine.ledger.listOpen(undefined, 1_000);
    expect(left.runs.filter(({ row }) => ids.includes(row.id))).toEqual([]);
  });

  test("the runs of all queues are one list", async () => {
    const b = bench();
    const named = await b.on("of-lists");
    const from = leap(b);
    const [here, there] = [await b.addJob(), await named.addJob()];
    const ids: string[] = [];
    for (let i = 0; i < 4; i += 1) {
      ids.unshift(await b.ranOnce(here));
      ids.unshift(await named.ranOnce(there));
    }
    expect((await list(b, from)).runs.map(({ row }) => row.id)).toEqual(ids);
    for (const limit of [1, 3]) {
      const seen: string[] = [];
      let before: string | undefined;
      do {
        const page = await list(b, from, { before, limit });
        seen.push(...page.runs.map(({ row }) => row.id));
        before = page.next;
      } while (before !== undefined);
      expect(seen).toEqual(ids);
    }
  });

  test.runIf(tested.name !== "memory")("a place of another list is none of rows", async () => {
    const b = bench();
    const from = leap(b);
    await b.ranOnce(await b.addJob());
    expect((await list(b, from, { before: `${from}:` })).runs).toEqual([]);
  });
}
