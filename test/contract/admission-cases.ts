import { TESTER } from "../helpers/tester.ts";
import { expect, test } from "vitest";
import { at } from "./test-engine.ts";
import type { CaseContext } from "./suite.ts";

/** One occurrence, or a few: run, early, behind, void, late, full. */
export function admissionCases({ bench }: CaseContext): void {
  test("an occurrence that is due runs once", async () => {
    const b = bench();
    const cursor = await b.engine.events.latestCursor();
    const job = await b.addJob();
    b.now += 1_250;
    const fireAt = b.now - 250;
    const admission = await b.admit(job, [at(fireAt)]);
    const runId = b.queueJobId(job, fireAt);
    expect(admission).toEqual({
      outcome: "run",
      now: b.now,
      revision: (await b.stored(job)).revision,
      run: {
        runId,
        kind: "scheduled",
        fireAt,
        dueAt: fireAt,
        startedAt: b.now,
        start: 1,
        attempt: 1,
        failures: 0,
        count: 1,
        fromAt: fireAt,
        lastRun: null,
      },
    });
    expect(await b.stored(job)).toMatchObject({
      running: 1,
      watermark: fireAt,
      nextFireAt: fireAt + 1_000,
    });
    expect(await b.engine.ledger.readOpenRuns(job.id)).toEqual([
      {
        id: runId,
        state: "running",
        kind: "scheduled",
        fireAt,
        dueAt: fireAt,
        startedAt: b.now,
        attempt: 1,
        worker: "worker-1",
      },
    ]);
    expect((await b.events(cursor, job)).map(({ name, ...rest }) => [name, rest.runId])).toEqual([
      ["JOB_ADDED", undefined],
      ["JOB_SUBMITTED", runId],
      ["JOB_STARTED", runId],
    ]);
    await b.settle(job, runId);
    expect(await b.admit(job, [at(fireAt)])).toEqual({ outcome: "none", now: b.now });
  });

  test("the answer tells, once, of occurrences that it decided and that will not run", async () => {
    const b = bench();
    const job = await b.addJob({ policy: { misfireGraceMs: 100, coalesce: false } });
    b.now += 3_000;
    const listed = [at(b.now - 2_000), at(b.now - 1_000), at(b.now)];
    const [first, second] = listed.map(({ fireAt }) => fireAt);
    const admission = await b.admit(job, listed);
    expect(admission).toMatchObject({
      outcome: "run",
      told: [
        { name: "JOB_MISSED", at: b.now, jobId: job.id, fireAt: first, count: 1 },
        { name: "JOB_MISSED", at: b.now, jobId: job.id, fireAt: second, count: 1 },
      ],
    });
    const next = await b.tick(job);
    expect(next).toMatchObject({ outcome: "none", told: [{ name: "JOB_MAX_INSTANCES" }] });
    b.now += 500;
    const again = await b.admit(job, [at(b.now - 500)]);
    expect(again).toEqual({ outcome: "none", now: b.now });
  });

  test("one that is early is put back for as long as it is", async () => {
    const b = bench();
    const job = await b.addJob();
    const admission = await b.admit(job, [at(b.now + 400, 300)]);
    expect(admission).toEqual({ outcome: "early", waitMs: 700, now: b.now });
    expect((await b.stored(job)).running).toBe(0);
  });

  test("an early one behind a due one is the next", async () => {
    const b = bench();
    const job = await b.addJob();
    b.now += 1_000;
    const due = at(b.now);
    const early = at(b.now + 500, 100);
    await b.admit(job, [due, early], { queueJobId: b.queueJobId(job, due.fireAt) });
    expect(await b.stored(job)).toMatchObject({
      watermark: due.fireAt,
      nextFireAt: early.fireAt,
    });
  });

  test("a request from above the watermark is told to ask again", async () => {
    const b = bench();
    const job = await b.addJob();
    const { watermark, revision } = await b.stored(job);
    b.now += 9_000;
    const answer = { outcome: "behind", watermark, revision, now: b.now };
    expect(await b.admit(job, [at(b.now)], { base: watermark + 1 })).toEqual(answer);
    const older = { fromAt: watermark, toAt: watermark + 2_000, count: 3 };
    expect(await b.admit(job, [at(b.now)], { older })).toEqual(answer);
    expect((await b.stored(job)).watermark).toBe(watermark);
  });

  test("a request that is too old, or a span by an old definition, is told to ask again", async () => {
    const b = bench();
    const job = await b.addJob();
    const { watermark, revision } = await b.stored(job);
    b.now += 10_000;
    const answer = { outcome: "behind", watermark, revision, now: b.now };
    expect(await b.admit(job, [at(b.now - 2_000)])).toEqual(answer);
    const older = { fromAt: watermark + 1_000, toAt: b.now - 1_000, count: 9 };
    expect(await b.admit(job, [at(b.now)], { older, revision: revision - 1 })).toEqual(answer);
    expect(await b.admit(job, [at(b.now)], { older, revision })).toMatchObject({ outcome: "run" });
  });

  test("a span that was decided before is left out", async () => {
    const b = bench();
    const job = await b.addJob();
    const { watermark } = await b.stored(job);
    b.now += 1_000;
    const older = { fromAt: watermark - 5_000, toAt: watermark, count: 6 };
    const admission = await b.admit(job, [at(b.now)], { older });
    expect(admission).toMatchObject({ outcome: "run", run: { count: 1, fromAt: b.now } });
  });

  test("wake-ups of another generation, of no job, of a paused one, and without a schedule are void", async () => {
    const b = bench();
    const job = await b.addJob();
    const paused = await b.addJob({ state: "paused" });
    b.now += 1_000;
    const none = { outcome: "none", now: b.now };
    expect(await b.admit(job, [at(b.now)], { generation: job.generation - 1 })).toEqual(none);
    expect(await b.admit(job, [], { knowsSchedule: false })).toEqual(none);
    expect(await b.admit(paused, [at(b.now)])).toEqual(none);
    expect(await b.admit({ id: "nobody", generation: 1 }, [at(b.now)])).toEqual(none);
    expect(await b.ledger(job)).toEqual([]);
  });

  test("one that is later than its grace is missed; at the grace it runs", async () => {
    const b = bench();
    const cursor = await b.engine.events.latestCursor();
    const late = await b.addJob({ policy: { misfireGraceMs: 500 } });
    const inTime = await b.addJob({ policy: { misfireGraceMs: 500 } });
    const fireAt = b.now + 1_000;
    b.now = fireAt + 500;
    expect((await b.admit(inTime, [at(fireAt)])).outcome).toBe("run");
    b.now += 1;
    expect((await b.admit(late, [at(fireAt)])).outcome).toBe("none");
    expect(await b.ledger(late)).toEqual([
      {
        id: b.queueJobId(late, fireAt),
        state: "missed",
        kind: "scheduled",
        fireAt,
        dueAt: fireAt,
        decidedAt: b.now,
      },
    ]);
    expect((await b.stored(late)).counts).toEqual({ missed: 1 });
    expect(await b.events(cursor, late)).toMatchObject([
      { name: "JOB_ADDED" },
      { name: "JOB_MISSED", runId: b.queueJobId(late, fireAt), fireAt, count: 1, at: b.now },
    ]);
  });

  test("one that finds all instances taken is skipped", async () => {
    const b = bench();
    const cursor = await b.engine.events.latestCursor();
    const job = await b.addJob({ policy: { maxInstances: 2 } });
    const outcomes: string[] = [];
    for (let i = 0; i < 3; i += 1) {
      b.now += 1_000;
      outcomes.push((await b.admit(job, [at(b.now)])).outcome);
    }
    expect(outcomes).toEqual(["run", "run", "none"]);
    expect(await b.ledger(job)).toMatchObject([{ state: "skipped", reason: "max-instances" }]);
    const last = (await b.events(cursor, job)).at(-1);
    expect(last).toMatchObject({ name: "JOB_MAX_INSTANCES", count: 1, reason: "max-instances" });
  });

  test("the last occurrence of a schedule finishes the job, and its run goes on", async () => {
    const b = bench();
    const cursor = await b.engine.events.latestCursor();
    const job = await b.addJob();
    b.now += 1_000;
    const run = await b.run(job, b.now, { upcoming: [] });
    expect(await b.stored(job)).toMatchObject({ state: "finished", running: 1, nextFireAt: null });
    expect(await b.settle(job, run.runId)).toMatchObject({ outcome: "settled" });
    expect((await b.events(cursor, job)).map(({ name }) => name)).toEqual([
      "JOB_ADDED",
      "JOB_SUBMITTED",
      "JOB_STARTED",
      "JOB_EXECUTED",
      "JOB_FINISHED",
    ]);
  });

  test("a run asked for by hand runs now with its params, once, beside the schedule", async () => {
    const b = bench();
    const job = await b.addJob({ state: "paused", policy: { maxInstances: 1 } });
    const asked = await b.engine.requests.run({
      by: TESTER,
      jobId: job.id,
      sequence: 42,
      params: { a: [1] },
    });
    if (asked === "missing") throw new Error("missing");
    expect(asked).toEqual({ runId: `${job.id}:m42:${b.now}`, isNew: true });
    expect(await b.engine.requests.run({ by: TESTER, jobId: job.id, sequence: 42 })).toEqual({
      ...asked,
      isNew: false,
    });
    expect(await b.engine.ledger.readOpenRuns(job.id)).toMatchObject([
      { id: asked.runId, state: "queued", kind: "manual", fireAt: b.now },
    ]);
    const second = await b.engine.requests.run({ by: TESTER, jobId: job.id, sequence: 43 });
    if (second === "missing") throw new Error("missing");
    const manual = { kind: "manual", knowsSchedule: false } as const;
    const first = await b.admit(job, [], { ...manual, queueJobId: asked.runId });
    expect(first).toMatchObject({
      outcome: "run",
      run: { runId: asked.runId, kind: "manual", fireAt: b.now, count: 1 },
    });
    const refused = await b.admit(job, [], { ...manual, queueJobId: second.runId });
    expect(refused.outcome).toBe("none");
    expect(await b.ledger(job)).toMatchObject([
      { id: second.runId, state: "skipped", reason: "max-instances", kind: "manual" },
    ]);
    await b.settle(job, asked.runId);
    expect((await b.admit(job, [], { ...manual, queueJobId: asked.runId })).outcome).toBe("none");
    expect(await b.engine.requests.run({ by: TESTER, jobId: "nobody", sequence: 1 })).toBe(
      "missing",
    );
  });

  test("requests of one turn are answered each in its place", async () => {
    const b = bench();
    const jobs = await Promise.all(Array.from({ length: 30 }, () => b.addJob()));
    b.now += 1_000;
    const admissions = await Promise.all(jobs.map((job) => b.admit(job, [at(b.now)])));
    const runIds = admissions.map((a) => (a.outcome === "run" ? a.run.runId : ""));
    expect(runIds).toEqual(jobs.map((job) => b.queueJobId(job, b.now)));
    const ends = await Promise.all(jobs.map((job, i) => b.settle(job, runIds[i] ?? "")));
    expect(ends.every(({ outcome }) => outcome === "settled")).toBe(true);
  });
}
