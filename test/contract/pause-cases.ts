import { expect, test } from "vitest";
import type { JobChange } from "../../src/engine/port/engine.ts";
import { TESTER } from "../helpers/tester.ts";
import { imported } from "../transfer/moved-state.ts";
import { plainJob, stateText } from "../transfer/state-text.ts";
import { at, type CaseJob, type JobShape, type TestEngine } from "./test-engine.ts";
import type { CaseContext } from "./suite.ts";

/** Pauses that end by themselves, and what fell into a pause and runs after all. */
export function pauseCases({ bench }: CaseContext): void {
  const change = async (b: TestEngine, job: CaseJob, more: Partial<JobChange>) => {
    const { revision } = await b.stored(job);
    const event = { name: "JOB_PAUSED", at: b.now, jobId: job.id } as const;
    const jobId = job.id;
    return b.engine.jobs.change({ jobId, expectedRevision: revision, event, by: TESTER, ...more });
  };
  const timing = async (b: TestEngine, job: CaseJob, state: "active" | "paused") => ({
    state,
    watermark: b.now,
    upcoming: state === "active" ? [at(b.now + 1_000), at(b.now + 2_000)] : [],
    expectedWatermark: (await b.stored(job)).watermark,
  });
  const pausedUntil = async (b: TestEngine, job: CaseJob) => (await b.stored(job)).pausedUntil;

  test("the end of a pause is stored, replaced and taken away; what says nothing of it keeps it", async () => {
    const b = bench();
    const job = await b.addJob();
    expect(await pausedUntil(b, job)).toBeNull();
    const until = b.now + 60_000;
    await change(b, job, { schedule: await timing(b, job, "paused"), pausedUntil: until });
    expect(await pausedUntil(b, job)).toBe(until);
    await change(b, job, { schedule: await timing(b, job, "paused"), pausedReason: "so" });
    await change(b, job, {});
    expect(await pausedUntil(b, job)).toBe(until);
    await change(b, job, { schedule: await timing(b, job, "paused"), pausedUntil: until + 1 });
    expect(await pausedUntil(b, job)).toBe(until + 1);
    await change(b, job, { schedule: await timing(b, job, "paused"), pausedUntil: null });
    expect(await pausedUntil(b, job)).toBeNull();
    await change(b, job, { schedule: await timing(b, job, "paused"), pausedUntil: until });
    await change(b, job, { schedule: await timing(b, job, "active") });
    expect(await b.stored(job)).toMatchObject({ state: "active", pausedUntil: null });
  });

  test("the end of a pause moves with the state of the fleet, and comes there", async () => {
    const b = bench();
    const id = `paused-${b.now}-${Math.random()}`;
    const job = { id, generation: 0 };
    const until = b.now + 500;
    const paused = { state: "paused", pausedAt: b.now, pausedUntil: until } as const;
    await imported(b.engine, stateText([{ ...plainJob(id, b.now), ...paused }]));
    expect(await pausedUntil(b, job)).toBe(until);
    const { jobs } = await b.engine.transfer.exportJobs(undefined, 10_000);
    const moved = jobs.find(({ owner }) => owner.kind === "job" && owner.definition.id === id);
    expect(moved?.owner).toMatchObject({ pausedUntil: until });
    const asked = { horizonMs: 1_000, offset: 0, limit: 1, overdueMs: 1e12 };
    const found = await b.engine.healing.audit({ ...asked, finishedRetentionMs: 1e12 });
    expect(found).toContainEqual({ kind: "timed", jobId: id, changesAt: until });
    const gone = { jobId: id, expectedWatermark: undefined, skipped: [], by: TESTER };
    await b.engine.jobs.remove(gone);
  });

  /** A job that was paused for 3 s, resumed with runs of the seconds that are named. */
  const resumed = async (shape: JobShape, ...seconds: number[]) => {
    const b = bench();
    const job = await b.addJob(shape);
    const from = b.now;
    await change(b, job, { schedule: { ...(await timing(b, job, "paused")), watermark: from } });
    b.now += 3_500;
    const runs = seconds.map((n) => ({ fireAt: from + n * 1_000, dueAt: b.now }));
    const answer = await change(b, job, {
      schedule: await timing(b, job, "active"),
      runs,
      event: { name: "JOB_RESUMED", at: b.now, jobId: job.id },
    });
    const generation = answer.outcome === "changed" ? answer.generation : 0;
    return { b, job: { id: job.id, generation }, from };
  };

  test("what runs after all waits in the queue, and a wakeup comes for it", async () => {
    const { b, job, from } = await resumed({}, 1, 3);
    expect(await b.open(job, from)).toEqual(["queued 1000", "queued 3000"]);
    expect(await b.answerCall(job)).toMatchObject({
      outcome: "run",
      run: {
        runId: b.queueJobId(job, from + 1_000),
        kind: "scheduled",
        fireAt: from + 1_000,
        dueAt: b.now,
        count: 1,
      },
    });
    expect(await b.stored(job)).toMatchObject({ watermark: from + 3_500, state: "active" });
  });

  test("it is late only after its grace from then on", async () => {
    const { b, job, from } = await resumed({ policy: { misfireGraceMs: 100 } }, 1, 2);
    b.now += 100;
    const [wakeup = ""] = await b.wakeups(job);
    expect((await b.answer(job, wakeup)).outcome).toBe("run");
    b.now += 1;
    await b.settle(job, wakeup);
    expect((await b.answerCall(job)).outcome).toBe("none");
    expect(await b.verdicts(job, from)).toContain("missed 2000");
  });

  test("what finds the queue full is skipped", async () => {
    const { b, job, from } = await resumed({ policy: { overlap: "queue-all", maxCatchUp: 2 } });
    b.now += 500;
    await b.run(job, b.now);
    const paused = await change(b, job, { schedule: await timing(b, job, "paused") });
    expect(paused.outcome).toBe("changed");
    const runs = [1, 2, 3].map((n) => ({ fireAt: b.now + n, dueAt: b.now + 10 }));
    b.now += 10;
    await change(b, job, { schedule: await timing(b, job, "active"), runs });
    const open = await b.engine.ledger.readOpenRuns(job.id);
    expect(open.filter(({ state }) => state === "queued")).toHaveLength(2);
    expect((await b.verdicts(job, from)).at(-1)).toBe("skipped: max-instances 4003");
  });

  test("in a group it waits for its turn", async () => {
    const group = { key: `g-${Math.random()}`, limit: 1 };
    const { b, job, from } = await resumed({ policy: { group } }, 1, 2);
    expect((await b.answerCall(job)).outcome).toBe("run");
    expect(await b.open(job, from)).toEqual(["running 1000", "queued 2000"]);
  });
}
