import { expect, test } from "vitest";
import type { JobChange, SkipRequest } from "../../src/engine/port/engine.ts";
import { imported } from "../transfer/moved-state.ts";
import { plainJob, stateText } from "../transfer/state-text.ts";
import { at, type CaseJob, type TestEngine } from "./test-engine.ts";
import type { CaseContext } from "./suite.ts";

const ANA = { kind: "user", id: "ana", note: "läuft \u{1f600}" } as const;

/** Skips on request: noted, decided when they are due, taken back, too late. */
export function skipCases({ bench }: CaseContext): void {
  const skip = async (
    b: TestEngine,
    job: CaseJob,
    fireAt: number,
    more: Partial<SkipRequest> = {},
  ) => {
    const { revision } = await b.stored(job);
    const request = { jobId: job.id, expectedRevision: revision, ...at(fireAt), by: ANA };
    return b.engine.jobs.changeSkip({ ...request, ...more });
  };
  const seconds = (from: number, ...which: number[]) => which.map((n) => at(from + n * 1_000));
  const skipsOf = async (b: TestEngine, job: CaseJob, from: number) =>
    (await b.stored(job)).skips.map(({ fireAt }) => fireAt - from);

  test("a skip is noted with who, when and why; when it is due, the occurrence does not run", async () => {
    const b = bench();
    const job = await b.addJob();
    const from = b.now;
    const before = await b.stored(job);
    const cursor = await b.engine.events.latestCursor();
    const fireAt = from + 1_000;
    expect(await skip(b, job, fireAt, { dueAt: fireAt + 50, reason: "holiday ü" })).toBe("changed");
    const noted = await b.stored(job);
    const known = { fireAt, dueAt: fireAt + 50, by: ANA, reason: "holiday ü", at: from };
    expect(noted.skips).toEqual([known]);
    expect(noted.revision).toBeGreaterThan(before.revision);
    expect(noted).toMatchObject({ generation: job.generation, nextFireAt: fireAt });
    const [definition] = await b.engine.jobs.readDefinitions([job.id]);
    expect(definition?.skips).toMatchObject([{ fireAt }]);
    b.now += 1_100;
    expect(await b.admit(job, [at(fireAt, 50)])).toEqual({ outcome: "none", now: b.now });
    const id = b.queueJobId(job, fireAt);
    expect(await b.ledger(job)).toEqual([
      {
        id,
        state: "skipped",
        kind: "scheduled",
        fireAt,
        dueAt: fireAt + 50,
        decidedAt: b.now,
        reason: "requested",
        by: ANA,
        note: "holiday ü",
      },
    ]);
    const asked = { by: ANA, note: "holiday ü", jobId: job.id, fireAt };
    expect(await b.events(cursor, job)).toEqual([
      { name: "JOB_MODIFIED", at: from, reason: "skip", ...asked },
      { name: "JOB_SKIPPED", at: b.now, reason: "requested", runId: id, count: 1, ...asked },
    ]);
    const after = { skips: [], counts: { skipped: 1 }, nextFireAt: fireAt + 1_000, running: 0 };
    expect(await b.stored(job)).toMatchObject({ ...after, watermark: fireAt });
    expect((await b.tick(job)).outcome).toBe("run");
  });

  test("with coalesce the latest that is not skipped runs, for the others that are not skipped", async () => {
    const b = bench();
    const job = await b.addJob();
    const from = b.now;
    for (const n of [2, 4, 5]) await skip(b, job, from + n * 1_000);
    b.now += 5_000;
    expect(await b.admit(job, seconds(from, 1, 2, 3, 4, 5))).toMatchObject({
      outcome: "run",
      run: { fireAt: from + 3_000, fromAt: from + 1_000, count: 2 },
    });
    expect(await b.verdicts(job, from)).toEqual([
      "coalesced 1000",
      "skipped: requested 2000",
      "skipped: requested 4000",
      "skipped: requested 5000",
    ]);
    expect(await b.stored(job)).toMatchObject({ watermark: from + 5_000, skips: [] });
  });

  test("if all that is due is skipped, nothing runs, and the schedule moves on", async () => {
    const b = bench();
    const job = await b.addJob();
    const from = b.now;
    for (const n of [1, 2]) await skip(b, job, from + n * 1_000);
    b.now += 2_000;
    expect((await b.admit(job, seconds(from, 1, 2))).outcome).toBe("none");
    expect(await b.verdicts(job, from)).toEqual([
      "skipped: requested 1000",
      "skipped: requested 2000",
    ]);
    const moved = { watermark: from + 2_000, nextFireAt: from + 3_000, skips: [] };
    expect(await b.stored(job)).toMatchObject(moved);
  });

  test("without coalesce the others run or are missed one by one, and a skip is no one of maxCatchUp", async () => {
    const b = bench();
    const job = await b.addJob({ policy: { coalesce: false, maxInstances: 5, maxCatchUp: 2 } });
    const from = b.now;
    for (const n of [2, 4]) await skip(b, job, from + n * 1_000);
    b.now += 4_000;
    expect(await b.admit(job, seconds(from, 1, 2, 3, 4))).toMatchObject({
      outcome: "run",
      run: { fireAt: from + 1_000, count: 1 },
    });
    expect(await b.open(job, from)).toEqual(["running 1000", "queued 3000"]);
    expect(await b.verdicts(job, from)).toEqual([
      "skipped: requested 2000",
      "skipped: requested 4000",
    ]);
  });

  test.for([true, false])(
    "one that is late is skipped and not missed (coalesce %s)",
    async (coalesce) => {
      const b = bench();
      const job = await b.addJob({ policy: { coalesce, misfireGraceMs: 100 } });
      const from = b.now;
      await skip(b, job, from + 2_000);
      b.now += 2_900;
      expect((await b.admit(job, seconds(from, 1, 2))).outcome).toBe("none");
      expect(await b.verdicts(job, from)).toEqual(["missed 1000", "skipped: requested 2000"]);
    },
  );

  test.for([true, false])(
    "a span that travels as a count leaves skips out (coalesce %s)",
    async (coalesce) => {
      const b = bench();
      const job = await b.addJob({ policy: { coalesce } });
      const from = b.now;
      const { revision: former } = await b.stored(job);
      for (const n of [1, 3, 6]) await skip(b, job, from + n * 1_000);
      const { revision } = await b.stored(job);
      b.now += 9_000;
      const all = { fromAt: from + 1_000, toAt: from + 7_000, count: 7 };
      const latest = seconds(from, 8, 9);
      // Made without knowing of the skips.
      const outdated = await b.admit(job, latest, { older: all, revision: former });
      expect(outdated).toEqual({ outcome: "behind", watermark: from, revision, now: b.now });
      expect(await b.ledger(job)).toEqual([]);
      const older = { fromAt: from + 2_000, toAt: from + 7_000, count: 4 };
      const admission = await b.admit(job, latest, { older, revision });
      const [first, count] = coalesce ? [9_000, 6] : [8_000, 1];
      expect(admission).toMatchObject({ outcome: "run", run: { fireAt: from + first, count } });
      const rows = await b.ledger(job);
      expect(rows.flatMap(({ reason, fireAt }) => (reason ? [fireAt - from] : []))).toEqual([
        1_000, 3_000, 6_000,
      ]);
      expect(rows.filter(({ count: n }) => n)).toMatchObject([
        coalesce
          ? { state: "coalesced", fromAt: from + 2_000, fireAt: from + 8_000, count: 5 }
          : { state: "missed", fromAt: from + 2_000, fireAt: from + 7_000, count: 4 },
      ]);
    },
  );

  test("a run that waits in the queue is skipped at once", async () => {
    const b = bench();
    const cursor = await b.engine.events.latestCursor();
    const job = await b.addJob({ policy: { coalesce: false } });
    const from = b.now;
    b.now += 3_000;
    await b.admit(job, seconds(from, 1, 2, 3));
    expect(await b.open(job, from)).toEqual(["running 1000", "queued 2000", "queued 3000"]);
    expect(await skip(b, job, from + 2_000, { reason: "no" })).toBe("changed");
    expect(await b.open(job, from)).toEqual(["running 1000", "queued 3000"]);
    expect(await b.ledger(job)).toMatchObject([
      { fireAt: from + 2_000, reason: "requested", by: ANA, note: "no", decidedAt: b.now },
    ]);
    expect((await b.events(cursor, job)).at(-1)).toMatchObject({
      name: "JOB_SKIPPED",
      fireAt: from + 2_000,
      by: ANA,
    });
    await b.settle(job, b.queueJobId(job, from + 1_000).replace(/\d+$/, String(from + 3_000)));
    expect(await b.stored(job)).toMatchObject({ skips: [] });
    expect(await b.audit(job)).toEqual([]);
  });

  test("what runs, sleeps, or has its verdict can't be skipped any more, or be taken back", async () => {
    const b = bench();
    const job = await b.addJob();
    const from = b.now;
    b.now += 3_000;
    await b.admit(job, seconds(from, 1, 2, 3));
    const before = await b.stored(job);
    expect(await skip(b, job, from + 3_000)).toBe("running");
    expect(await skip(b, job, from + 3_000, { isUndone: true })).toBe("running");
    expect(await skip(b, job, from + 2_000)).toBe("decided");
    expect(await skip(b, job, from + 1_000, { isUndone: true })).toBe("decided");
    await b.settle(job, b.queueJobId(job, from + 3_000));
    expect(await skip(b, job, from + 3_000)).toBe("decided");
    expect(await b.stored(job)).toMatchObject({ skips: [], revision: before.revision });
  });

  test("taken back, it runs; taking back nothing changes nothing", async () => {
    const b = bench();
    const job = await b.addJob();
    const from = b.now;
    await skip(b, job, from + 1_000);
    await skip(b, job, from + 2_000);
    const cursor = await b.engine.events.latestCursor();
    expect(await skip(b, job, from + 1_000, { isUndone: true })).toBe("changed");
    expect(await skip(b, job, from + 1_000, { isUndone: true })).toBe("same");
    expect(await b.events(cursor, job)).toEqual([
      {
        name: "JOB_MODIFIED",
        at: b.now,
        jobId: job.id,
        fireAt: from + 1_000,
        reason: "unskip",
        by: ANA,
      },
    ]);
    expect(await skipsOf(b, job, from)).toEqual([2_000]);
    expect((await b.tick(job)).outcome).toBe("run");
    await b.settle(job, b.queueJobId(job, b.now));
    expect((await b.tick(job)).outcome).toBe("none");
  });

  test("asked again, the latest reason holds", async () => {
    const b = bench();
    const job = await b.addJob();
    const fireAt = b.now + 1_000;
    await skip(b, job, fireAt, { reason: "one" });
    await skip(b, job, fireAt, { reason: "two", by: { kind: "cli", id: "root" } });
    const { skips } = await b.stored(job);
    expect(skips).toMatchObject([{ fireAt, reason: "two", by: { kind: "cli", id: "root" } }]);
  });

  test("by an old revision it is a conflict; of no job it is missing", async () => {
    const b = bench();
    const job = await b.addJob();
    const fireAt = b.now + 1_000;
    const { revision } = await b.stored(job);
    await skip(b, job, fireAt);
    expect(await skip(b, job, fireAt, { expectedRevision: revision })).toBe("conflict");
    expect(await skip(b, job, fireAt, { jobId: "nobody" })).toBe("missing");
  });

  test("the last occurrence of a schedule, skipped, finishes the job", async () => {
    const b = bench();
    const job = await b.addJob();
    const cursor = await b.engine.events.latestCursor();
    await skip(b, job, b.now + 1_000);
    expect((await b.tick(job, { upcoming: [] })).outcome).toBe("none");
    expect((await b.stored(job)).state).toBe("finished");
    const names = (await b.events(cursor, job)).map(({ name }) => name);
    expect(names).toEqual(["JOB_MODIFIED", "JOB_SKIPPED", "JOB_FINISHED"]);
  });

  test("another schedule decides the skips that are due, keeps those that fit, and drops the rest", async () => {
    const b = bench();
    const job = await b.addJob();
    const from = b.now;
    for (const n of [1, 3, 4, 5]) await skip(b, job, from + n * 1_000, { reason: `no ${n}` });
    b.now += 2_000;
    const { revision, watermark } = await b.stored(job);
    const event = { name: "JOB_MODIFIED", at: b.now, jobId: job.id } as const;
    const change: JobChange = {
      jobId: job.id,
      expectedRevision: revision,
      schedule: {
        state: "active",
        watermark: b.now,
        upcoming: seconds(from, 3, 5),
        expectedWatermark: watermark,
      },
      skipped: [
        {
          fromAt: from + 2_000,
          toAt: from + 2_000,
          count: 1,
          verdict: "skipped",
          reason: "rescheduled",
        },
      ],
      skips: { upTo: b.now, kept: [at(from + 3_000), at(from + 5_000, 70)] },
      event,
      by: ANA,
    };
    const changed = await b.engine.jobs.change(change);
    expect(await b.verdicts(job, from)).toEqual([
      "skipped: requested 1000",
      "skipped: rescheduled 2000",
    ]);
    const { skips } = await b.stored(job);
    expect(skips).toMatchObject([
      { fireAt: from + 3_000, dueAt: from + 3_000, reason: "no 3", by: ANA, at: from },
      { fireAt: from + 5_000, dueAt: from + 5_070, reason: "no 5", by: ANA, at: from },
    ]);
    const renewed = { ...job, generation: changed.outcome === "changed" ? changed.generation : 0 };
    b.now += 1_000;
    expect((await b.admit(renewed, seconds(from, 3))).outcome).toBe("none");
    expect(await skipsOf(b, job, from)).toEqual([5_000]);
  });

  test("a removed job leaves no skip to one that is added again; those that were due are decided", async () => {
    const b = bench();
    const job = await b.addJob();
    const from = b.now;
    for (const n of [1, 9]) await skip(b, job, from + n * 1_000);
    b.now += 2_000;
    await b.engine.jobs.remove({ jobId: job.id, expectedWatermark: from, skipped: [], by: ANA });
    expect(await b.verdicts(job, from)).toEqual(["skipped: requested 1000"]);
    const again = await b.addJob({ id: job.id });
    expect((await b.stored(again)).skips).toEqual([]);
    expect((await b.tick(again)).outcome).toBe("run");
  });

  test("a job has at most 1,000 skips; they move with the state of the fleet", async () => {
    const b = bench();
    const job = { id: `moved-${b.now}-${Math.random()}`, generation: 0 };
    const from = b.now;
    const noted = { by: ANA, at: from };
    const skips = Array.from({ length: 1_000 }, (_, n) => ({
      ...at(from + (n + 1) * 1_000),
      ...noted,
    }));
    await imported(b.engine, stateText([{ ...plainJob(job.id, from), skips }]));
    expect((await b.stored(job)).skips).toEqual(skips);
    expect(await skip(b, job, from + 1_001_000)).toBe("full");
    expect(await skip(b, job, from + 1_000_000, { reason: "again" })).toBe("changed");
    const { jobs } = await b.engine.transfer.exportJobs(undefined, 10_000);
    const moved = jobs.find(({ owner }) => owner.kind === "job" && owner.definition.id === job.id);
    expect(moved?.owner).toMatchObject({
      skips: [...skips.slice(0, -1), { ...skips.at(-1), reason: "again" }],
    });
    await b.engine.jobs.remove({
      jobId: job.id,
      expectedWatermark: undefined,
      skipped: [],
      by: ANA,
    });
  });
}
