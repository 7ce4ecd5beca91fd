import { TESTER } from "../helpers/tester.ts";
import { expect, test } from "vitest";
import type { Overlap, Policy } from "../../src/jobs/definition.ts";
import { at, type CaseJob, type TestEngine } from "./test-engine.ts";
import type { CaseContext } from "./suite.ts";

/** The fate of an occurrence whose job is at `maxInstances`. */
export function overlapCases({ bench }: CaseContext): void {
  /** A job at `maxInstances`, with the last run since second one. */
  const busy = async (overlap: Overlap, more: Partial<Policy> = {}) => {
    const b = bench();
    const cursor = await b.engine.events.latestCursor();
    const job = await b.addJob({ policy: { overlap, ...more } });
    const from = b.now;
    b.now += 1_000;
    const { runId } = await b.run(job, b.now);
    return { b, job, from, runId, cursor };
  };
  const reasons = async (b: TestEngine, job: CaseJob, cursor: string) =>
    (await b.events(cursor, job)).flatMap(({ name, reason }) =>
      name === "JOB_SKIPPED" || name === "JOB_MAX_INSTANCES" ? [`${name} ${reason}`] : [],
    );
  const cancels = (b: TestEngine, job: CaseJob, ...queueJobIds: readonly string[]) =>
    b.engine.runs.readCancels(queueJobIds.map((queueJobId) => b.hold(job, queueJobId)));

  test("queue-one: the latest waits for the instance, and replaces the one that waited", async () => {
    const { b, job, from, runId, cursor } = await busy("queue-one");
    expect(await b.tick(job)).toEqual({ outcome: "none", now: b.now });
    expect(await b.open(job, from)).toEqual(["running 1000", "queued 2000"]);
    await b.tick(job);
    expect(await b.open(job, from)).toEqual(["running 1000", "queued 3000"]);
    expect(await b.ledger(job)).toEqual([
      {
        id: b.queueJobId(job, from + 2_000),
        state: "skipped",
        reason: "overlap-replaced",
        kind: "scheduled",
        fireAt: from + 2_000,
        dueAt: from + 2_000,
        decidedAt: b.now,
      },
    ]);
    expect(await reasons(b, job, cursor)).toEqual(["JOB_SKIPPED overlap-replaced"]);
    expect(await b.audit(job)).toEqual([]);
    expect(await b.wakeups(job)).toEqual([]);
    await b.settle(job, runId);
    expect(await b.answerCall(job)).toMatchObject({
      outcome: "run",
      run: { runId: b.queueJobId(job, from + 3_000), fireAt: from + 3_000, count: 1 },
    });
    expect(await b.stored(job)).toMatchObject({ counts: { succeeded: 1, skipped: 1 } });
  });

  test("a queued run settles under the queue job that took it, and a newcomer goes behind it", async () => {
    const { b, job, from, runId } = await busy("queue-one");
    await b.tick(job);
    await b.settle(job, runId);
    // The call has not been answered: the newcomer's queue job takes the one that waits.
    expect(await b.tick(job)).toMatchObject({ outcome: "run", run: { fireAt: from + 2_000 } });
    expect(await b.open(job, from)).toEqual(["running 2000", "queued 3000"]);
    expect((await b.answerCall(job)).outcome).toBe("none");
    await b.settle(job, b.queueJobId(job, from + 3_000));
    expect(await b.verdicts(job, from)).toEqual(["succeeded 1000", "succeeded 2000"]);
    expect(await b.answerCall(job)).toMatchObject({
      outcome: "run",
      run: { fireAt: from + 3_000 },
    });
  });

  test("queue-all: they wait in order, up to maxCatchUp", async () => {
    const { b, job, from, runId, cursor } = await busy("queue-all", { maxCatchUp: 2 });
    for (let i = 0; i < 3; i += 1) await b.tick(job);
    expect(await b.open(job, from)).toEqual(["running 1000", "queued 2000", "queued 3000"]);
    expect(await b.verdicts(job, from)).toEqual(["skipped: max-instances 4000"]);
    expect(await reasons(b, job, cursor)).toEqual(["JOB_MAX_INSTANCES max-instances"]);
    await b.settle(job, runId);
    const [call = ""] = await b.wakeups(job);
    expect(await b.answer(job, call)).toMatchObject({
      outcome: "run",
      run: { fireAt: from + 2_000 },
    });
    await b.settle(job, call);
    expect(await b.answerCall(job)).toMatchObject({
      outcome: "run",
      run: { fireAt: from + 3_000 },
    });
  });

  test("cancel-running: the latest waits, and the oldest run is asked to end, each only once", async () => {
    const { b, job, from, runId } = await busy("cancel-running", { maxInstances: 2 });
    b.now += 1_000;
    const { runId: second } = await b.run(job, b.now);
    expect(await cancels(b, job, runId, second)).toEqual([]);
    await b.tick(job);
    const reason = "a later occurrence took its place";
    expect(await cancels(b, job, runId, second)).toEqual([{ queueJobId: runId, reason }]);
    expect(await b.open(job, from)).toEqual(["running 1000", "running 2000", "queued 3000"]);
    await b.tick(job);
    expect(await cancels(b, job, runId, second)).toHaveLength(2);
    await b.tick(job);
    expect(await b.open(job, from)).toEqual(["running 1000", "running 2000", "queued 5000"]);
    expect(await b.wakeups(job)).toEqual([]);
    await b.settle(job, runId, 1, { verdict: "cancelled" });
    expect(await cancels(b, job, runId, second)).toHaveLength(1);
    expect(await b.answerCall(job)).toMatchObject({
      outcome: "run",
      run: { fireAt: from + 5_000 },
    });
  });

  test("cancel-running: a run that sleeps ends at once, and its place is taken", async () => {
    const { b, job, from, runId } = await busy("cancel-running");
    const hold = { ...b.hold(job, runId), worker: "worker-1" };
    await b.engine.runs.suspend({
      ...hold,
      kind: "sleep",
      until: { inMs: 60_000 },
      error: undefined,
    });
    expect(await b.tick(job)).toMatchObject({ outcome: "run", run: { fireAt: from + 2_000 } });
    expect(await b.ledger(job)).toMatchObject([
      {
        id: runId,
        state: "cancelled",
        error: { code: "RUN_CANCELLED", message: "a later occurrence took its place" },
      },
    ]);
    expect(await b.open(job, from)).toEqual(["running 2000"]);
  });

  test("runs asked for by hand are queued likewise, and never replaced", async () => {
    const { b, job, from, runId } = await busy("queue-one");
    await b.tick(job);
    const { runId: manual, admission } = await b.manual(job, { params: { region: "us" } });
    expect(admission.outcome).toBe("none");
    expect(await b.verdicts(job, from)).toEqual(["skipped: overlap-replaced 2000"]);
    b.now += 500;
    await b.admit(job, [at(b.now)]);
    b.now += 500;
    await b.admit(job, [at(b.now)]);
    expect(await b.engine.ledger.readOpenRuns(job.id)).toMatchObject([
      { state: "running" },
      { id: manual, state: "queued", kind: "manual", fireAt: from + 2_000, dueAt: from + 2_000 },
      { state: "queued", kind: "scheduled", fireAt: from + 3_000 },
    ]);
    await b.settle(job, runId);
    const [call = ""] = await b.wakeups(job);
    expect(await b.answer(job, call)).toMatchObject({
      outcome: "run",
      run: { runId: manual, kind: "manual", params: { region: "us" } },
    });
    await b.settle(job, call);
    expect((await b.ledger(job)).map(({ id, state }) => [id, state])).toContainEqual([
      manual,
      "succeeded",
    ]);
  });

  test("with coalesce the others of a group are coalesced into the run that is queued", async () => {
    const { b, job, from, runId } = await busy("queue-one");
    b.now += 3_000;
    await b.admit(
      job,
      [2_000, 3_000, 4_000].map((ms) => at(from + ms)),
    );
    const queued = b.queueJobId(job, from + 4_000);
    expect(await b.ledger(job)).toMatchObject([
      {
        state: "coalesced",
        fromAt: from + 2_000,
        fireAt: from + 3_000,
        count: 2,
        coalescedInto: queued,
      },
    ]);
    await b.settle(job, runId);
    expect(await b.answerCall(job)).toMatchObject({
      outcome: "run",
      run: { runId: queued, count: 3, fromAt: from + 2_000 },
    });
  });

  test.each([
    ["queue-one", ["overlap-replaced 2000", "overlap-replaced 3000"], ["queued 4000"]],
    ["cancel-running", ["overlap-replaced 2000", "overlap-replaced 3000"], ["queued 4000"]],
    ["queue-all", ["max-instances 4000"], ["queued 2000", "queued 3000"]],
  ] as const)("%s without coalesce: of several due at once", async (overlap, skipped, queued) => {
    const more = { coalesce: false, maxCatchUp: overlap === "queue-all" ? 2 : 10 };
    const { b, job, from, runId } = await busy(overlap, more);
    b.now += 1_000;
    await b.admit(job, [at(b.now)]);
    b.now += 2_000;
    await b.admit(
      job,
      [3_000, 4_000].map((ms) => at(from + ms)),
    );
    const verdicts = await b.verdicts(job, from);
    expect(verdicts).toEqual(skipped.map((text) => `skipped: ${text}`));
    expect(await b.open(job, from)).toEqual(["running 1000", ...queued]);
    expect(await cancels(b, job, runId)).toHaveLength(overlap === "cancel-running" ? 1 : 0);
  });

  test("a queued one that is too late when its turn comes is missed", async () => {
    const { b, job, from, runId } = await busy("queue-all", { misfireGraceMs: 5_000 });
    await b.tick(job);
    b.now += 2_500;
    await b.admit(job, [at(b.now)]);
    b.now += 2_501;
    await b.settle(job, runId);
    expect(await b.answerCall(job)).toMatchObject({
      outcome: "run",
      run: { fireAt: from + 4_500 },
    });
    expect(await b.verdicts(job, from)).toEqual(["succeeded 1000", "missed 2000"]);
  });

  test("a removed job drops what it had queued, those asked for by hand too", async () => {
    const { b, job, from } = await busy("queue-all");
    await b.tick(job);
    await b.manual(job);
    await b.engine.jobs.remove({
      by: TESTER,
      jobId: job.id,
      expectedWatermark: undefined,
      skipped: [],
    });
    expect(await b.verdicts(job, from)).toEqual(["skipped: removed 2000", "skipped: removed 2000"]);
    expect(await b.open(job, from)).toEqual(["running 1000"]);
  });
}
