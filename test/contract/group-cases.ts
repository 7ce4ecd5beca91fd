import { TESTER } from "../helpers/tester.ts";
import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import type { Policy } from "../../src/jobs/definition.ts";
import type { CaseJob, TestEngine } from "./test-engine.ts";
import type { CaseContext } from "./suite.ts";

/** Jobs that share a limit of concurrent runs. */
export function groupCases({ bench }: CaseContext): void {
  const inGroup = (limit: number, more: Partial<Policy> = {}) => {
    const key = randomUUID();
    return (b: TestEngine, own: Partial<Policy> = {}): Promise<CaseJob> =>
      b.addJob({ policy: { group: { key, limit }, ...more, ...own } });
  };

  test("while the group is full the runs of its jobs wait, whatever their overlap", async () => {
    const b = bench();
    const add = inGroup(1);
    const [first, second, other] = [await add(b), await add(b), await inGroup(1)(b)];
    const from = b.now;
    b.now += 1_000;
    const { runId } = await b.run(first, b.now);
    expect(await b.tick(second)).toEqual({ outcome: "none", now: b.now });
    expect(await b.open(second, from)).toEqual(["queued 2000"]);
    expect(await b.tick(other)).toMatchObject({ outcome: "run" });
    expect(await b.audit(second)).toEqual([]);
    expect(await b.wakeups(second)).toEqual([]);
    await b.settle(first, runId);
    const call = await b.answerCall(second);
    expect(call).toMatchObject({ outcome: "run", run: { fireAt: from + 2_000 } });
  });

  test("runs that wait for the group count for maxInstances", async () => {
    const b = bench();
    const add = inGroup(1);
    const [first, second] = [await add(b), await add(b)];
    const queueing = await add(b, { overlap: "queue-one" });
    const from = b.now;
    await b.tick(first);
    for (const job of [second, queueing]) {
      b.now = from + 1_000;
      await b.tick(job);
      await b.tick(job);
      expect(await b.open(job, from)).toEqual([job === second ? "queued 2000" : "queued 3000"]);
    }
    expect(await b.verdicts(second, from)).toEqual(["skipped: max-instances 3000"]);
    expect(await b.verdicts(queueing, from)).toEqual(["skipped: overlap-replaced 2000"]);
  });

  test("a job that waits keeps its turn when the limit of its group changes", async () => {
    const b = bench();
    const key = randomUUID();
    const policy = (limit: number): Partial<Policy> => ({ group: { key, limit } });
    const [first, second, third] = [
      await b.addJob({ policy: policy(1) }),
      await b.addJob({ policy: policy(1) }),
      await b.addJob({ policy: policy(1) }),
    ];
    const from = b.now;
    b.now += 1_000;
    const { runId } = await b.run(first, b.now);
    await b.tick(second);
    await b.tick(third);
    for (const limit of [5, 1]) {
      const { revision } = await b.stored(second);
      await b.engine.jobs.change({
        by: TESTER,
        jobId: second.id,
        expectedRevision: revision,
        definition: b.definition({ id: second.id, policy: policy(limit) }),
        event: { name: "JOB_MODIFIED", at: 0, jobId: second.id },
      });
    }
    // Woken while there was room for it, and not looked at before that was over.
    for (const id of await b.wakeups(second))
      expect(await b.answer(second, id)).toMatchObject({ outcome: "none" });
    await b.settle(first, runId);
    expect(await b.answerCall(second)).toMatchObject({
      outcome: "run",
      run: { fireAt: from + 2_000 },
    });
    expect(await b.open(third, from)).toEqual(["queued 3000"]);
  });

  test("jobs have their turns in the order in which they came to wait", async () => {
    const b = bench();
    const add = inGroup(1, { maxInstances: 5 });
    const [first, second, third] = [await add(b), await add(b), await add(b)];
    const from = b.now;
    b.now += 1_000;
    const running = await b.run(first, b.now);
    await b.tick(second);
    await b.tick(second);
    await b.tick(third);
    await b.tick(first);
    let ended: { job: CaseJob; queueJobId: string } = { job: first, queueJobId: running.runId };
    const turns: string[] = [];
    for (const [name, job] of [
      ["second", second],
      ["third", third],
      ["first", first],
      ["second", second],
    ] as const) {
      await b.settle(ended.job, ended.queueJobId);
      const [call = "", ...more] = await b.wakeups(job);
      expect(more).toEqual([]);
      const admission = await b.answer(job, call);
      if (admission.outcome === "run") turns.push(`${name} ${admission.run.fireAt - from}`);
      ended = { job, queueJobId: call };
    }
    expect(turns).toEqual(["second 2000", "third 4000", "first 5000", "second 3000"]);
  });

  test("one that is called and has nothing to start calls the next", async () => {
    const b = bench();
    const add = inGroup(1);
    const [first, late, third] = [
      await add(b),
      await add(b, { misfireGraceMs: 500 }),
      await add(b),
    ];
    const from = b.now;
    b.now += 1_000;
    const { runId } = await b.run(first, b.now);
    await b.tick(late);
    await b.tick(third);
    await b.settle(first, runId);
    expect((await b.answerCall(late)).outcome).toBe("none");
    expect(await b.verdicts(late, from)).toEqual(["missed 2000"]);
    expect(await b.answerCall(third)).toMatchObject({ outcome: "run" });
  });

  test("with room for more the next is called after each start, and each job goes by its own limit", async () => {
    const b = bench();
    const key = randomUUID();
    const add = (limit: number) => b.addJob({ policy: { group: { key, limit }, maxInstances: 3 } });
    const [first, small, large] = [await add(2), await add(1), await add(3)];
    b.now += 1_000;
    const one = await b.run(first, b.now);
    const two = await b.run(first, (b.now += 1_000));
    await b.tick(small);
    const third = await b.tick(large);
    expect(third.outcome).toBe("run");
    expect((await b.tick(large)).outcome).toBe("none");
    // Two are left: room for the one that came later, by its own limit.
    await b.settle(first, one.runId);
    expect(await b.wakeups(small)).toEqual([]);
    await b.settle(first, two.runId);
    await b.settle(large, b.queueJobId(large, b.now - 1_000));
    const [call = ""] = await b.wakeups(small);
    expect(call).not.toBe("");
    expect((await b.answer(small, call)).outcome).toBe("run");
  });

  test("room for two lets two start, one after the other's call", async () => {
    const b = bench();
    const add = inGroup(2);
    const jobs = [await add(b), await add(b), await add(b), await add(b)] as const;
    const [first, second, third, fourth] = jobs;
    b.now += 1_000;
    const one = await b.run(first, b.now);
    const two = await b.run(second, (b.now += 1_000));
    await b.tick(third);
    await b.tick(fourth);
    await b.settle(first, one.runId);
    await b.settle(second, two.runId);
    const [call = ""] = await b.wakeups(third);
    expect((await b.answer(third, call)).outcome).toBe("run");
    expect((await b.answerCall(fourth)).outcome).toBe("run");
  });

  test("a removed job's waiting runs go, and its turn goes to the next", async () => {
    const b = bench();
    const add = inGroup(1);
    const [first, second, third] = [await add(b), await add(b), await add(b)];
    b.now += 1_000;
    const { runId } = await b.run(first, b.now);
    await b.tick(second);
    await b.tick(third);
    await b.settle(first, runId);
    await b.engine.jobs.remove({
      by: TESTER,
      jobId: second.id,
      expectedWatermark: undefined,
      skipped: [],
    });
    expect((await b.answerCall(third)).outcome).toBe("run");
  });

  test("a run counts for the group that its job had when it began", async () => {
    const b = bench();
    const add = inGroup(1);
    const [first, second] = [await add(b), await add(b)];
    b.now += 1_000;
    const { runId } = await b.run(first, b.now);
    const { revision } = await b.stored(first);
    await b.engine.jobs.change({
      by: TESTER,
      jobId: first.id,
      expectedRevision: revision,
      definition: b.definition({ id: first.id }),
      event: { name: "JOB_MODIFIED", at: b.now, jobId: first.id },
    });
    expect((await b.tick(second)).outcome).toBe("none");
    await b.settle(first, runId);
    expect((await b.answerCall(second)).outcome).toBe("run");
  });

  test("a job that leaves the group starts what waited", async () => {
    const b = bench();
    const add = inGroup(1);
    const [first, second] = [await add(b), await add(b)];
    b.now += 1_000;
    await b.run(first, b.now);
    await b.tick(second);
    const { revision } = await b.stored(second);
    await b.engine.jobs.change({
      by: TESTER,
      jobId: second.id,
      expectedRevision: revision,
      definition: b.definition({ id: second.id }),
      event: { name: "JOB_MODIFIED", at: b.now, jobId: second.id },
    });
    expect((await b.answerCall(second)).outcome).toBe("run");
  });

  test("the audit notices that the call of one that waits for the group was lost", async () => {
    const b = bench();
    const add = inGroup(1);
    const [first, second, third] = [await add(b), await add(b), await add(b)];
    b.now += 1_000;
    const { runId } = await b.run(first, b.now);
    await b.tick(second);
    await b.tick(third);
    await b.settle(first, runId);
    // One is called, the other waits for its turn.
    expect(await b.audit(second)).toEqual([]);
    expect(await b.audit(third)).toEqual([]);
    const [call = ""] = await b.wakeups(second);
    const lost = b.queueJob(call);
    expect(await b.audit(second)).toEqual([{ kind: "stranded", jobId: second.id, queueJob: lost }]);
    await b.engine.queue.add([lost]);
    expect(await b.audit(second)).toEqual([]);
    expect(await b.audit(third)).toEqual([]);
    expect((await b.answer(second, call)).outcome).toBe("run");
  });
}
