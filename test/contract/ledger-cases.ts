import { expect, test } from "vitest";
import { at } from "./test-engine.ts";
import type { CaseContext } from "./suite.ts";

/** Reading the ledger, and its retention. */
export function ledgerCases({ bench }: CaseContext): void {
  test("rows come in order, by range and by page", async () => {
    const b = bench();
    const job = await b.addJob({ policy: { misfireGraceMs: 0 } });
    const from = b.now;
    for (let i = 1; i <= 7; i += 1) {
      b.now += 1_000;
      await b.admit(job, [at(b.now - 1)], { base: 0 });
    }
    const query = { jobId: job.id, offset: 0, limit: 100, order: "oldest" } as const;
    const read = async (more: object): Promise<number[]> =>
      (await b.engine.ledger.read({ ...query, fromAt: 0, toAt: 8.64e15, ...more })).map(
        ({ fireAt }) => (fireAt + 1 - from) / 1_000,
      );
    expect(await read({})).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(await read({ order: "latest" })).toEqual([7, 6, 5, 4, 3, 2, 1]);
    expect(await read({ order: "latest", offset: 2, limit: 2 })).toEqual([5, 4]);
    expect(await read({ fromAt: from + 1_999, toAt: from + 3_999 })).toEqual([2, 3, 4]);
    expect(await b.ledger({ id: "nobody", generation: 0 })).toEqual([]);
  });

  test("those of several jobs are read together, with what has no verdict", async () => {
    const b = bench();
    const often = await b.addJob({ policy: { misfireGraceMs: 0 } });
    const once = await b.addJob();
    const from = b.now;
    for (let i = 1; i <= 3; i += 1) {
      b.now += 1_000;
      await b.admit(often, [at(b.now - 1)], { base: 0 });
    }
    const { runId } = await b.run(once, b.now);
    const read = async (limit: number, more: object = {}) => {
      const jobIds = [once.id, "nobody", often.id];
      const query = { jobIds, fromAt: 0, toAt: 8.64e15, limit, ...more };
      return (await b.engine.ledger.readMany(query)).map(({ rows, isAll, open }) => ({
        rows: rows.map(({ fireAt }) => (fireAt + 1 - from) / 1_000),
        isAll,
        open: open.map(({ id, state }) => `${id} ${state}`),
      }));
    };
    const none = { rows: [], isAll: true, open: [] };
    const running = { ...none, open: [`${runId} running`] };
    expect(await read(3)).toEqual([running, none, { ...none, rows: [3, 2, 1] }]);
    expect(await read(2)).toEqual([running, none, { rows: [3, 2], isAll: false, open: [] }]);
    const early = { fromAt: from, toAt: from + 1_999 };
    expect(await read(9, early)).toEqual([running, none, { ...none, rows: [2, 1] }]);
    expect(await b.engine.ledger.readMany({ jobIds: [], fromAt: 0, toAt: 1, limit: 1 })).toEqual(
      [],
    );
  });

  test("no more rows are kept than the job's retention says, the oldest go", async () => {
    const b = bench();
    const job = await b.addJob({ retention: { count: 3 }, policy: { misfireGraceMs: 0 } });
    const from = b.now;
    for (let i = 0; i < 6; i += 1) {
      b.now += 1_000;
      await b.admit(job, [at(b.now - 1)]);
    }
    expect((await b.ledger(job)).map(({ fireAt }) => fireAt + 1 - from)).toEqual([
      4_000, 5_000, 6_000,
    ]);
    expect((await b.stored(job)).counts).toEqual({ missed: 6 });
    // A run is recorded under the retention that it is settled with.
    b.now += 1_000;
    const { runId } = await b.run(job, b.now);
    await b.settle(job, runId, 1, { retention: { count: 2, ageMs: 1e9 } });
    expect(await b.ledger(job)).toHaveLength(2);
  });

  test("rows older than the job's retention go with the next", async () => {
    const b = bench();
    const job = await b.addJob({ retention: { ageMs: 10_000 }, policy: { misfireGraceMs: 0 } });
    b.now += 1_000;
    await b.admit(job, [at(b.now - 1)]);
    b.now += 10_000;
    await b.admit(job, [at(b.now - 1)]);
    expect(await b.ledger(job)).toHaveLength(2);
    b.now += 1;
    await b.admit(job, [at(b.now - 1)]);
    expect(await b.ledger(job)).toHaveLength(2);
  });

  test("what is decided long after its time can be read, however short the retention is", async () => {
    const b = bench();
    const job = await b.addJob({ retention: { ageMs: 1_000 }, policy: { misfireGraceMs: 0 } });
    const fireAt = b.now + 1_000;
    b.now += 50_000;
    await b.admit(job, [at(fireAt)], { upcoming: [at(b.now + 1_000)] });
    expect(await b.ledger(job)).toMatchObject([{ state: "missed", fireAt }]);
  });
}
