import { expect, test } from "vitest";
import { at } from "./test-engine.ts";
import type { CaseContext } from "./suite.ts";

/** Many occurrences due together, with and without `coalesce`. */
export function catchUpCases({ bench }: CaseContext): void {
  const seconds = (from: number, count: number) =>
    Array.from({ length: count }, (_, i) => at(from + (i + 1) * 1_000));

  test("with coalesce the latest runs and the others are coalesced into it, spans included", async () => {
    const b = bench();
    const cursor = await b.engine.events.latestCursor();
    const job = await b.addJob();
    const from = b.now;
    b.now += 1_000_000;
    const older = { fromAt: from + 1_000, toAt: from + 990_000, count: 990 };
    const latest = seconds(from + 990_000, 10);
    const admission = await b.admit(job, latest, { older });
    const runId = b.queueJobId(job, b.now);
    expect(admission).toMatchObject({
      outcome: "run",
      run: { runId, count: 1_000, fromAt: from + 1_000, fireAt: b.now },
    });
    expect(await b.ledger(job)).toEqual([
      {
        id: b.queueJobId(job, b.now - 1_000),
        state: "coalesced",
        kind: "scheduled",
        fromAt: from + 1_000,
        fireAt: b.now - 1_000,
        dueAt: b.now - 1_000,
        count: 999,
        decidedAt: b.now,
        coalescedInto: runId,
      },
    ]);
    expect((await b.stored(job)).counts).toEqual({ coalesced: 999 });
    expect((await b.events(cursor, job)).slice(1)).toMatchObject([
      { name: "JOB_COALESCED", runId, count: 999 },
      { name: "JOB_SUBMITTED" },
      { name: "JOB_STARTED" },
    ]);
  });

  test("a span and one occurrence: the span alone is coalesced", async () => {
    const b = bench();
    const job = await b.addJob();
    const from = b.now;
    b.now += 5_000;
    const older = { fromAt: from + 1_000, toAt: from + 4_000, count: 4 };
    await b.admit(job, [at(b.now)], { older });
    expect(await b.ledger(job)).toMatchObject([
      { fromAt: from + 1_000, fireAt: from + 4_000, count: 4, state: "coalesced" },
    ]);
  });

  test.each([
    ["missed", { misfireGraceMs: 10 }, "JOB_MISSED"],
    ["skipped", { maxInstances: 1 }, "JOB_MAX_INSTANCES"],
  ] as const)(
    "with coalesce a group that does not run is %s as one",
    async (state, policy, name) => {
      const b = bench();
      const cursor = await b.engine.events.latestCursor();
      const job = await b.addJob({ policy });
      b.now += 1_000;
      if (state === "skipped") await b.run(job, b.now);
      const from = b.now;
      b.now += 3_100;
      const admission = await b.admit(job, seconds(from, 3));
      expect(admission.outcome).toBe("none");
      expect(await b.ledger(job)).toMatchObject([
        { state, fromAt: from + 1_000, fireAt: from + 3_000, count: 3 },
      ]);
      expect((await b.events(cursor, job)).at(-1)).toMatchObject({ name, count: 3 });
    },
  );

  const turn = { kind: "wakeup", knowsSchedule: false, generation: 0 } as const;
  let turns = 0;
  const call = (job: { id: string }) => ({ ...turn, queueJobId: `${job.id}:c${(turns += 1)}:9` });

  test("without coalesce each runs in its turn, oldest first, as instances become free", async () => {
    const b = bench();
    const job = await b.addJob({ policy: { coalesce: false, maxInstances: 2 } });
    const from = b.now;
    b.now += 4_000;
    const first = await b.admit(job, seconds(from, 4));
    expect(first).toMatchObject({ outcome: "run", run: { fireAt: from + 1_000, count: 1 } });
    const open = await b.engine.ledger.readOpenRuns(job.id);
    expect(open.map(({ state }) => state).toSorted()).toEqual([
      "queued",
      "queued",
      "queued",
      "running",
    ]);
    const second = await b.admit(job, [], call(job));
    expect(second).toMatchObject({
      outcome: "run",
      run: { fireAt: from + 2_000, runId: b.queueJobId(job, from + 2_000) },
    });
    expect((await b.admit(job, [], call(job))).outcome).toBe("none");
    await b.settle(job, b.queueJobId(job, b.now));
    const third = await b.admit(job, [], call(job));
    expect(third).toMatchObject({ outcome: "run", run: { fireAt: from + 3_000 } });
  });

  test("a call for the queued ones is in the queue whenever an instance is free", async () => {
    const b = bench();
    const job = await b.addJob({ policy: { coalesce: false } });
    const from = b.now;
    b.now += 3_000;
    const calls: string[] = [];
    const consumer = b.engine.queue.consume({
      concurrency: 5,
      lockMs: 30_000,
      stalledCheckMs: 30_000,
      onError: () => undefined,
      handle: async ({ id }) => {
        if (!id.startsWith(`${job.id}:c`)) return "done";
        calls.push(id);
        const admission = await b.admit(job, [], { ...turn, queueJobId: id });
        if (admission.outcome === "run") await b.settle(job, id);
        return "done";
      },
    });
    await b.admit(job, seconds(from, 3), { upcoming: [] });
    await b.settle(job, b.queueJobId(job, b.now));
    const options = { timeout: 20_000, interval: 10 };
    await expect.poll(async () => (await b.ledger(job)).length, options).toBe(3);
    await consumer.stop();
    expect(new Set(calls).size).toBe(2);
    expect((await b.ledger(job)).map(({ state }) => state)).toEqual(
      Array<string>(3).fill("succeeded"),
    );
  });

  test("a queued occurrence that has become too late is missed when its turn comes", async () => {
    const b = bench();
    const job = await b.addJob({ policy: { coalesce: false, misfireGraceMs: 5_000 } });
    const from = b.now;
    b.now += 3_000;
    expect((await b.admit(job, seconds(from, 3))).outcome).toBe("run");
    b.now += 4_500;
    await b.settle(job, b.queueJobId(job, from + 3_000));
    expect(await b.admit(job, [], call(job))).toMatchObject({
      outcome: "run",
      run: { fireAt: from + 3_000 },
    });
    const states = (await b.ledger(job)).map(({ state, fireAt }) => [state, fireAt - from]);
    expect(states).toEqual([
      ["succeeded", 1_000],
      ["missed", 2_000],
    ]);
  });

  test("without coalesce those that are due while all instances are taken are skipped each", async () => {
    const b = bench();
    const job = await b.addJob({ policy: { coalesce: false } });
    b.now += 1_000;
    await b.run(job, b.now);
    const from = b.now;
    b.now += 2_000;
    expect((await b.admit(job, seconds(from, 2))).outcome).toBe("none");
    expect(await b.ledger(job)).toMatchObject([
      { state: "skipped", reason: "max-instances", fireAt: from + 1_000 },
      { state: "skipped", reason: "max-instances", fireAt: from + 2_000 },
    ]);
  });

  test("maxCatchUp bounds how many run; the older are missed, the latest 100 of them singly", async () => {
    const b = bench();
    const cursor = await b.engine.events.latestCursor();
    const job = await b.addJob({ policy: { coalesce: false, maxCatchUp: 2 } });
    const from = b.now;
    b.now += 500_000;
    const older = { fromAt: from + 1_000, toAt: from + 250_000, count: 250 };
    const admission = await b.admit(job, seconds(from + 250_000, 250), { older });
    expect(admission).toMatchObject({ outcome: "run", run: { fireAt: b.now - 1_000 } });
    const rows = await b.ledger(job);
    expect(rows).toHaveLength(101);
    expect(rows[0]).toMatchObject({
      state: "missed",
      fromAt: from + 1_000,
      fireAt: from + 398_000,
      count: 398,
    });
    expect(rows[1]).toMatchObject({ state: "missed", fireAt: from + 399_000 });
    expect(rows[1]?.count).toBeUndefined();
    expect((await b.stored(job)).counts).toEqual({ missed: 498 });
    const missed = (await b.events(cursor, job)).filter(({ name }) => name === "JOB_MISSED");
    expect(missed.map(({ count }) => count)).toEqual([398, ...Array<number>(100).fill(1)]);
  });

  test("without coalesce and with nothing but a span, the span is missed and the next in line is looked at", async () => {
    const b = bench();
    const job = await b.addJob({ policy: { coalesce: false, misfireGraceMs: 0 } });
    const from = b.now;
    b.now += 10_000;
    const older = { fromAt: from + 1_000, toAt: from + 8_000, count: 8 };
    expect((await b.admit(job, [at(from + 9_000)], { older })).outcome).toBe("none");
    expect(await b.ledger(job)).toMatchObject([
      { state: "missed", count: 8, fireAt: from + 8_000 },
      { state: "missed", fireAt: from + 9_000 },
    ]);
  });
}
