import { TESTER } from "../helpers/tester.ts";
import { expect, test } from "vitest";
import type { SettleRequest } from "../../src/engine/port/engine.ts";
import type { Policy } from "../../src/jobs/definition.ts";
import { queueJobIdOf } from "../../src/jobs/occurrence-id.ts";
import { exported, imported } from "../transfer/moved-state.ts";
import { at, type CaseJob, TestEngine } from "./test-engine.ts";
import { addEverySecond } from "./transfer-cases.ts";
import type { CaseContext } from "./suite.ts";

const BEGUN = ["JOB_SUBMITTED", "JOB_STARTED"];
const LAST = { upcoming: [] };
/** An embedded engine takes seconds to start, many on a busy machine. */
const LIMIT_MS = 120_000;

/** JOB_FINISHED comes once, after the last verdict of a job whose schedule is over. */
export function finishCases({ bench, tested, prefix }: CaseContext): void {
  const begin = async (policy: Partial<Policy> = {}) => {
    const b = bench();
    const cursor = await b.engine.events.latestCursor();
    const job = await b.addJob({ policy });
    const from = b.now;
    b.now += 1_000;
    const told = async () => (await b.events(cursor, job)).map(({ name }) => name).slice(1);
    return { b, job, from, told };
  };
  const suspend = (b: TestEngine, job: CaseJob, runId: string, kind: "retry" | "sleep") =>
    b.engine.runs.suspend({
      ...b.hold(job, runId),
      kind,
      until: { inMs: 5_000 },
      worker: "worker-1",
      error: kind === "retry" ? { name: "Error", message: "no" } : undefined,
    });
  const reschedule = async (b: TestEngine, job: CaseJob, state: "active" | "finished") => {
    const { revision, watermark } = await b.stored(job);
    const upcoming = state === "active" ? [at(b.now + 1_000), at(b.now + 2_000)] : [];
    const changed = await b.engine.jobs.change({
      by: TESTER,
      jobId: job.id,
      expectedRevision: revision,
      schedule: { state, watermark: b.now, upcoming, expectedWatermark: watermark },
      event: { name: "JOB_MODIFIED", at: 0, jobId: job.id },
    });
    if (changed.outcome !== "changed") throw new Error(changed.outcome);
    return { id: job.id, generation: changed.generation };
  };

  test.for([
    ["succeeded", "JOB_EXECUTED"],
    ["failed", "JOB_ERROR"],
    ["cancelled", "JOB_CANCELLED"],
  ] as const)("behind the end of the last run: %s", async ([verdict, name]) => {
    const { b, job, told } = await begin();
    const { runId } = await b.run(job, b.now, LAST);
    expect(await told()).toEqual(BEGUN);
    expect(await b.stored(job)).toMatchObject({ state: "finished", running: 1 });
    const more: Partial<SettleRequest> =
      verdict === "succeeded" ? { verdict } : { verdict, error: { name: "Error", message: "no" } };
    await b.settle(job, runId, 1, more);
    expect(await told()).toEqual([...BEGUN, name, "JOB_FINISHED"]);
    // Its end is reported again, as after a lost answer.
    expect(await b.settle(job, runId, 1, more)).toMatchObject({ outcome: "fenced" });
    expect(await told()).toHaveLength(4);
  });

  test("behind the verdict of the last occurrence if that one does not run", async () => {
    const missed = await begin({ misfireGraceMs: 100 });
    const { b } = missed;
    const due = b.now;
    b.now += 1_000;
    await b.admit(missed.job, [at(due)], LAST);
    expect(await missed.told()).toEqual(["JOB_MISSED", "JOB_FINISHED"]);
    const condition = { kind: "running", jobId: "nobody" } as const;
    const skipped = await begin({ when: { condition, waitMs: null } });
    await b.admit(skipped.job, [at(b.now)], LAST);
    expect(await skipped.told()).toEqual(["JOB_SKIPPED", "JOB_FINISHED"]);
    const singly = await begin({ coalesce: false, misfireGraceMs: 100 });
    b.now += 2_000;
    await b.admit(singly.job, [at(b.now - 2_000), at(b.now - 1_000)], LAST);
    expect(await singly.told()).toEqual(["JOB_MISSED", "JOB_MISSED", "JOB_FINISHED"]);
  });

  test("an occurrence that does not run, while an earlier one still does", async () => {
    const { b, job, told } = await begin();
    const { runId } = await b.run(job, b.now);
    await b.tick(job, LAST);
    expect(await told()).toEqual([...BEGUN, "JOB_MAX_INSTANCES"]);
    await b.settle(job, runId);
    expect((await told()).slice(3)).toEqual(["JOB_EXECUTED", "JOB_FINISHED"]);
  });

  test("several that are due become one run", async () => {
    const { b, job, told } = await begin();
    b.now += 1_000;
    const { runId } = await b.run(job, b.now, {
      latest: [at(b.now - 1_000), at(b.now)],
      ...LAST,
    });
    expect(await told()).toEqual(["JOB_COALESCED", ...BEGUN]);
    await b.settle(job, runId);
    expect((await told()).slice(3)).toEqual(["JOB_EXECUTED", "JOB_FINISHED"]);
  });

  test("with two instances behind the one that ends last", async () => {
    const { b, job, told } = await begin({ maxInstances: 2 });
    const first = await b.run(job, b.now);
    b.now += 1_000;
    const last = await b.run(job, b.now, LAST);
    await b.settle(job, last.runId);
    expect(await told()).toEqual([...BEGUN, ...BEGUN, "JOB_EXECUTED"]);
    await b.settle(job, first.runId);
    expect((await told()).slice(5)).toEqual(["JOB_EXECUTED", "JOB_FINISHED"]);
  });

  test("behind the last queued run, if that is cancelled or comes too late", async () => {
    for (const end of ["cancelled", "late"]) {
      const { b, job, told } = await begin({ overlap: "queue-all", misfireGraceMs: 5_000 });
      const { runId } = await b.run(job, b.now);
      await b.tick(job, LAST);
      const last = b.queueJobId(job, b.now);
      if (end === "late") b.now += 60_000;
      await b.settle(job, runId);
      expect(await told()).toEqual([...BEGUN, "JOB_EXECUTED"]);
      if (end === "late") await b.answerCall(job);
      else await b.engine.requests.cancel({ by: TESTER, jobId: job.id, runId: last, reason: "no" });
      const name = end === "late" ? "JOB_MISSED" : "JOB_CANCELLED";
      expect(await told()).toEqual([...BEGUN, "JOB_EXECUTED", name, "JOB_FINISHED"]);
    }
  });

  test("a run that is retried is not over, nor is one that sleeps", async () => {
    const { b, job, told } = await begin();
    const fireAt = b.now;
    const { runId } = await b.run(job, fireAt, LAST);
    await suspend(b, job, runId, "retry");
    b.now += 5_000;
    await b.run(job, fireAt, LAST);
    await b.settle(job, runId, 2);
    expect((await told()).slice(2)).toEqual([
      "JOB_RETRYING",
      "JOB_STARTED",
      "JOB_EXECUTED",
      "JOB_FINISHED",
    ]);
    const sleeper = await begin();
    const { runId: asleep } = await b.run(sleeper.job, b.now, LAST);
    await suspend(b, sleeper.job, asleep, "sleep");
    expect(await sleeper.told()).toEqual(BEGUN);
    await b.engine.requests.cancel({
      by: TESTER,
      jobId: sleeper.job.id,
      runId: asleep,
      reason: "no",
    });
    expect((await sleeper.told()).slice(2)).toEqual(["JOB_CANCELLED", "JOB_FINISHED"]);
  });

  test("a run whose end was asked for ends when it is put off", async () => {
    const { b, job, told } = await begin();
    const { runId } = await b.run(job, b.now, LAST);
    expect(await b.engine.requests.cancel({ by: TESTER, jobId: job.id, runId, reason: "no" })).toBe(
      "asked",
    );
    expect(await suspend(b, job, runId, "retry")).toEqual({ outcome: "cancelled" });
    expect((await told()).slice(2)).toEqual(["JOB_CANCELLED", "JOB_FINISHED"]);
  });

  test("behind a run that kills its process", async () => {
    const { b, job, told } = await begin();
    const fireAt = b.now;
    await b.run(job, fireAt, { ...LAST, maxCrashes: 1 });
    expect((await b.admit(job, [at(fireAt)], { ...LAST, maxCrashes: 1 })).outcome).toBe("none");
    expect((await told()).slice(2)).toEqual(["JOB_ERROR", "JOB_FINISHED"]);
  });

  test("a job that is given another schedule before its last run ends has not finished", async () => {
    const { b, job, told } = await begin();
    const { runId } = await b.run(job, b.now, LAST);
    const again = await reschedule(b, job, "active");
    await b.settle(job, runId);
    expect(await told()).toEqual([...BEGUN, "JOB_MODIFIED", "JOB_EXECUTED"]);
    b.now += 1_000;
    const last = await b.run(again, b.now, LAST);
    await b.settle(again, last.runId);
    expect((await told()).slice(4)).toEqual([...BEGUN, "JOB_EXECUTED", "JOB_FINISHED"]);
  });

  test("a schedule that is ended by hand: behind what still runs, each time", async () => {
    const { b, job, told } = await begin();
    const { runId } = await b.run(job, b.now);
    await reschedule(b, job, "finished");
    expect(await told()).toEqual([...BEGUN, "JOB_MODIFIED"]);
    await b.settle(job, runId);
    expect((await told()).slice(3)).toEqual(["JOB_EXECUTED", "JOB_FINISHED"]);
    await reschedule(b, job, "finished");
    expect((await told()).slice(5)).toEqual(["JOB_MODIFIED", "JOB_FINISHED"]);
  });

  test("a job that is removed does not finish", async () => {
    const { b, job, told } = await begin();
    const { runId } = await b.run(job, b.now, LAST);
    await b.engine.jobs.remove({
      by: TESTER,
      jobId: job.id,
      expectedWatermark: undefined,
      skipped: [],
    });
    await b.settle(job, runId);
    expect(await told()).toEqual([...BEGUN, "JOB_REMOVED", "JOB_EXECUTED"]);
  });

  test("a run that a person asked for is waited for, and one that comes later changes nothing", async () => {
    const { b, job, told } = await begin({ maxInstances: 2 });
    const { runId } = await b.run(job, b.now, LAST);
    const asked = await b.engine.requests.run({ by: TESTER, jobId: job.id, sequence: 1 });
    if (asked === "missing") throw new Error("missing");
    await b.settle(job, runId);
    expect(await told()).toEqual([...BEGUN, "JOB_EXECUTED"]);
    await b.engine.requests.cancel({ by: TESTER, jobId: job.id, runId: asked.runId, reason: "no" });
    expect((await told()).slice(3)).toEqual(["JOB_CANCELLED", "JOB_FINISHED"]);
    const later = await b.manual(job);
    await b.settle(job, later.runId);
    expect((await told()).slice(5)).toEqual([...BEGUN, "JOB_EXECUTED"]);
  });

  test("a backfill is not waited for", async () => {
    const { b, job, told } = await begin();
    const { runId } = await b.run(job, b.now, LAST);
    const [backfillId, fireAt] = ["one", 1_000];
    await b.engine.backfills.add({
      by: TESTER,
      jobId: job.id,
      backfillId,
      fireTimes: [fireAt, fireAt + 1_000],
      concurrency: 1,
      order: "oldest",
      isComplete: true,
    });
    const queueJobId = queueJobIdOf({ jobId: job.id, kind: "backfill", sequence: 0, fireAt });
    await b.admit(job, [], { queueJobId, kind: "backfill", knowsSchedule: false, upcoming: [] });
    await b.settle(job, runId);
    expect((await told()).slice(4)).toEqual(["JOB_EXECUTED", "JOB_FINISHED"]);
    await b.settle(job, queueJobId);
    expect((await told()).slice(6)).toEqual(["JOB_EXECUTED"]);
  });

  test(
    "a fleet that was moved tells of the end of the runs that it brought",
    async () => {
      const open = async (name: string): Promise<TestEngine & AsyncDisposable> => {
        const b = new TestEngine(tested.schedulerConnection(), `${prefix}-finish-${name}`);
        await b.engine.open();
        return Object.assign(b, { [Symbol.asyncDispose]: () => b.engine.close() });
      };
      let text = "";
      let queueJobId = "";
      {
        await using source = await open("from");
        const job = await addEverySecond(source, { id: "over" });
        source.now += 1_000;
        ({ runId: queueJobId } = await source.run(job, source.now, LAST));
        await source.engine.runs.handBack(source.hold(job, queueJobId));
        text = await exported(source.engine);
      }
      await using target = await open("to");
      target.now += 2_000;
      const cursor = await target.engine.events.latestCursor();
      await imported(target.engine, text);
      const job = { id: "over", generation: 0 };
      const told = async () => (await target.events(cursor, job)).map(({ name }) => name);
      expect(await told()).toEqual(["JOB_ADDED"]);
      await target.admit(job, [], { queueJobId });
      await target.settle(job, queueJobId, 2);
      expect(await told()).toEqual(["JOB_ADDED", "JOB_STARTED", "JOB_EXECUTED", "JOB_FINISHED"]);
    },
    LIMIT_MS,
  );
}
