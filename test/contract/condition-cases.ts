import { TESTER } from "../helpers/tester.ts";
import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { compileCondition } from "../../src/conditions/compile.ts";
import { type Condition, isGroup, jobsIn } from "../../src/conditions/condition.ts";
import type { FactsOf, JobFacts } from "../../src/conditions/facts.ts";
import { parseCondition } from "../../src/conditions/parse.ts";
import type { Policy } from "../../src/jobs/definition.ts";
import { explain } from "../../src/history/explain.ts";
import { conditionsOver } from "../conditions/arbitraries.ts";
import { at, type CaseJob, type TestEngine } from "./test-engine.ts";
import type { CaseContext } from "./suite.ts";
import { runCondition } from "../conditions/run-condition.ts";

/** What must be true of other jobs when a run would start. */
export function conditionCases({ bench }: CaseContext): void {
  const WAIT_MS = 60_000;
  const when = (text: string, waitMs: number | null = null): Partial<Policy> => ({
    when: { condition: parseCondition(text), waitMs },
  });
  /** Two jobs: the condition of the second, on the first as `$`, which waits if told so. */
  const pair = async (
    b: TestEngine,
    text: string,
    waitMs: number | null,
    more?: Partial<Policy>,
  ) => {
    const first = await b.addJob();
    const policy = { ...when(text.replaceAll("$", `"${first.id}"`), waitMs), ...more };
    return { first, job: await b.addJob({ policy }) };
  };

  test("a condition that sees some owners' jobs alone finds none of others, and one that comes to them wakes who waits", async () => {
    const b = bench();
    const first = await b.addJob({ owner: "bob" });
    await b.ranOnce(first);
    const sees = ["carl", "ann"];
    const text = `"${first.id}".last_run_successful`;
    const condition = parseCondition(text);
    const blind = await b.addJob({ policy: { when: { condition, waitMs: null, sees } } });
    expect((await b.tick(blind)).outcome).toBe("none");
    expect((await b.ledger(blind))[0]).toMatchObject({
      reason: "condition",
      facts: { [first.id]: null },
    });
    const none = await b.addJob({ policy: { when: { condition, waitMs: null, sees: [] } } });
    expect((await b.tick(none)).outcome).toBe("none");
    const whole = await b.addJob({ policy: { when: { condition, waitMs: null } } });
    expect((await b.tick(whole)).outcome).toBe("run");

    const waits = await b.addJob({ policy: { when: { condition, waitMs: WAIT_MS, sees } } });
    expect((await b.tick(waits)).outcome).toBe("none");
    await b.wakeups(waits);
    const stored = await b.stored(first);
    await b.engine.jobs.change({
      jobId: first.id,
      expectedRevision: stored.revision,
      definition: { ...stored.definition, owner: "ann" },
      by: TESTER,
      event: { name: "JOB_MODIFIED", at: b.now, jobId: first.id },
    });
    expect((await b.answerCall(waits)).outcome).toBe("run");
    expect((await b.tick(blind)).outcome).toBe("run");
    expect((await b.tick(none)).outcome).toBe("none");
  });

  test("a true condition lets it run, a false one skips it with the facts that counted", async () => {
    const b = bench();
    const cursor = await b.engine.events.latestCursor();
    const { first, job } = await pair(b, "$.last_run_successful and not nobody.running", null);
    await b.ranOnce(first);
    const okAt = b.now + 40;
    expect(await b.tick(job)).toEqual({ outcome: "none", now: b.now });
    expect(await b.ledger(job)).toEqual([
      {
        id: b.queueJobId(job, b.now),
        state: "skipped",
        reason: "condition",
        kind: "scheduled",
        fireAt: b.now,
        dueAt: b.now,
        decidedAt: b.now,
        facts: {
          [first.id]: {
            lastVerdict: "succeeded",
            lastSuccessAt: okAt,
            successStreak: 1,
            running: 0,
            everRan: true,
          },
          nobody: null,
        },
      },
    ]);
    expect((await b.events(cursor, job)).at(-1)).toEqual({
      name: "JOB_SKIPPED",
      at: b.now,
      jobId: job.id,
      runId: b.queueJobId(job, b.now),
      fireAt: b.now,
      count: 1,
      reason: "condition",
    });
    expect(await b.stored(job)).toMatchObject({
      counts: { skipped: 1 },
      lastRun: null,
      running: 0,
    });
    const { job: other } = await pair(b, `"${first.id}".last_run_successful`, null);
    expect(await b.tick(other)).toMatchObject({ outcome: "run" });
  });

  test("a run that outlived its job belongs to the next job of the id: it ever ran", async () => {
    const b = bench();
    const first = await b.addJob();
    const asks = await b.addJob({ policy: when(`"${first.id}".running and nobody.running`) });
    const everRan = async (): Promise<boolean | undefined> => {
      await b.tick(asks);
      return (await b.ledger(asks)).at(-1)?.facts?.[first.id]?.everRan;
    };
    b.now += 1_000;
    const { runId } = await b.run(first, b.now);
    await b.engine.jobs.remove({
      by: TESTER,
      jobId: first.id,
      expectedWatermark: undefined,
      skipped: [],
    });
    await b.addJob({ id: first.id });
    expect(await everRan()).toBe(true);
    await b.settle(first, runId);
    expect(await everRan()).toBe(true);
  });

  test("facts follow the runs: the last verdict, successes in a row, runs in progress, whether it ever ran", async () => {
    const b = bench();
    const first = await b.addJob({ policy: { maxInstances: 2 } });
    const facts = async (): Promise<JobFacts | null | undefined> => {
      const job = await b.addJob({ policy: when(`"${first.id}".running and nobody.running`) });
      await b.tick(job);
      return (await b.ledger(job)).at(-1)?.facts?.[first.id];
    };
    const none = { lastVerdict: null, lastSuccessAt: null, successStreak: 0, running: 0 };
    expect(await facts()).toEqual({ ...none, everRan: false });
    b.now += 1_000;
    const run = await b.run(first, b.now);
    expect(await facts()).toEqual({ ...none, running: 1, everRan: true });
    await b.settle(first, run.runId);
    const lastSuccessAt = run.startedAt + 40;
    expect(await facts()).toMatchObject({ successStreak: 1, lastSuccessAt, running: 0 });
    await b.ranOnce(first);
    expect(await facts()).toMatchObject({ successStreak: 2, lastVerdict: "succeeded" });
    const againAt = b.now - 1_000 + 40;
    await b.ranOnce(first, "cancelled");
    expect(await facts()).toMatchObject({
      successStreak: 0,
      lastVerdict: "cancelled",
      lastSuccessAt: againAt,
    });
    await b.ranOnce(first, "failed");
    expect(await facts()).toMatchObject({ successStreak: 0, lastVerdict: "failed", everRan: true });
  });

  test("with coalesce a group is skipped as one, without it each alone", async () => {
    const b = bench();
    const cursor = await b.engine.events.latestCursor();
    const from = b.now;
    const together = await b.addJob({ policy: when("nobody.never_ran") });
    const single = await b.addJob({ policy: { ...when("nobody.never_ran"), coalesce: false } });
    b.now += 3_000;
    const due = [1_000, 2_000, 3_000].map((ms) => at(from + ms));
    await b.admit(together, due);
    await b.admit(single, due);
    expect(await b.ledger(together)).toMatchObject([
      { state: "skipped", reason: "condition", fromAt: from + 1_000, fireAt: b.now, count: 3 },
    ]);
    expect(await b.verdicts(single, from)).toEqual([
      "skipped: condition 1000",
      "skipped: condition 2000",
      "skipped: condition 3000",
    ]);
    expect((await b.ledger(single))[0]?.facts).toEqual({ nobody: null });
    const skipped = (await b.events(cursor)).filter(({ name }) => name === "JOB_SKIPPED");
    expect(skipped.map(({ count }) => count)).toEqual([3, 1, 1, 1]);
  });

  test("grace comes before the condition, and the condition before maxInstances", async () => {
    const b = bench();
    const { first, job } = await pair(b, "$.never_ran", null, { misfireGraceMs: 100 });
    b.now += 1_000;
    await b.run(job, b.now);
    await b.ranOnce(first);
    const from = b.now;
    await b.tick(job);
    b.now += 1_101;
    await b.admit(job, [at(b.now - 101)]);
    expect(await b.verdicts(job, from)).toEqual(["skipped: condition 1000", "missed 2000"]);
  });

  test("a run asked for by hand obeys the condition, unless it is to be ignored", async () => {
    const b = bench();
    const job = await b.addJob({ policy: when("nobody.running") });
    const { runId, admission } = await b.manual(job);
    expect(admission.outcome).toBe("none");
    expect(await b.ledger(job)).toMatchObject([
      { id: runId, kind: "manual", state: "skipped", reason: "condition", facts: { nobody: null } },
    ]);
    const ignoring = await b.manual(job, { ignoreCondition: true });
    expect(ignoring.admission).toMatchObject({ outcome: "run", run: { runId: ignoring.runId } });
  });

  test("with a wait it is queued, and starts when the condition has become true", async () => {
    const b = bench();
    const { first, job } = await pair(b, "$.last_run_successful", WAIT_MS);
    const from = b.now;
    expect((await b.tick(job)).outcome).toBe("none");
    expect(await b.ledger(job)).toEqual([]);
    expect(await b.open(job, from)).toEqual(["queued 1000"]);
    expect(await b.audit(job)).toEqual([]);
    await b.wakeups(job);
    const { runId } = await b.run(first, (b.now += 1_000));
    // The start is a change, too; nothing is true yet.
    expect(await b.answerCall(job)).toMatchObject({ outcome: "none" });
    await b.settle(first, runId);
    expect(await b.answerCall(job)).toMatchObject({
      outcome: "run",
      run: {
        runId: b.queueJobId(job, from + 1_000),
        kind: "scheduled",
        fireAt: from + 1_000,
        count: 1,
      },
    });
    expect(await b.wakeups(job)).toEqual([]);
  });

  test("those that wait look again when a job that they name starts, comes and goes", async () => {
    const b = bench();
    const id = randomUUID();
    const from = b.now;
    const waits = async (text: string): Promise<CaseJob> => {
      const job = await b.addJob({ policy: when(text.replaceAll("$", `"${id}"`), WAIT_MS) });
      b.now += 1_000;
      await b.admit(job, [at(b.now)]);
      expect(await b.audit(job)).toEqual([]);
      await b.wakeups(job);
      return job;
    };
    const onAdd = await waits("$.never_ran");
    await b.addJob({ id });
    expect((await b.answerCall(onAdd)).outcome).toBe("run");
    const [stored] = await b.engine.jobs.get([id]);
    const first = { id, generation: stored?.generation ?? 0 };
    const onStart = await waits("$.running");
    await b.run(first, (b.now += 1_000));
    expect((await b.answerCall(onStart)).outcome).toBe("run");
    const onRemove = await waits("not $.running or nobody.running");
    await b.engine.jobs.remove({
      by: TESTER,
      jobId: id,
      expectedWatermark: undefined,
      skipped: [],
    });
    // There is no such job now, which is neither true nor false.
    expect((await b.answerCall(onRemove)).outcome).toBe("none");
    expect(await b.open(onRemove, from)).toHaveLength(1);
  });

  test("when the wait is over it is skipped with the facts of then; a call comes for that", async () => {
    const b = bench();
    const cursor = await b.engine.events.latestCursor();
    const { first, job } = await pair(b, "$.last_run_failed", WAIT_MS);
    await b.tick(job);
    const [call = "", ...more] = await b.wakeups(job);
    expect(more).toEqual([]);
    expect(await b.answer(job, call)).toEqual({ outcome: "early", waitMs: WAIT_MS, now: b.now });
    const fireAt = b.now;
    b.now += WAIT_MS;
    expect((await b.answer(job, call)).outcome).toBe("none");
    expect(await b.ledger(job)).toMatchObject([
      {
        id: b.queueJobId(job, fireAt),
        state: "skipped",
        reason: "condition",
        decidedAt: b.now,
        facts: { [first.id]: { lastVerdict: null, everRan: false } },
      },
    ]);
    const skipped = (await b.events(cursor, job)).filter(({ name }) => name === "JOB_SKIPPED");
    expect(skipped).toMatchObject([{ reason: "condition", count: 1, fireAt }]);
    expect(await b.engine.ledger.readOpenRuns(job.id)).toEqual([]);
    expect(await b.audit(job)).toEqual([]);
  });

  test("it looks again at the instant at which a success is too long ago", async () => {
    const b = bench();
    const { first, job } = await pair(b, "not $.finished_within(10s)", WAIT_MS);
    await b.ranOnce(first);
    const okAt = b.now + 40;
    await b.tick(job);
    const [call = ""] = await b.wakeups(job);
    const waitMs = okAt + 10_001 - b.now;
    expect(await b.answer(job, call)).toMatchObject({ outcome: "early", waitMs });
    b.now += waitMs;
    expect(await b.answer(job, call)).toMatchObject({ outcome: "run" });
  });

  test("those that wait count for maxInstances", async () => {
    const b = bench();
    const from = b.now;
    const { first, job } = await pair(b, "$.last_run_successful", WAIT_MS, { maxInstances: 2 });
    await b.tick(job);
    await b.tick(job);
    await b.tick(job);
    expect(await b.open(job, from)).toEqual(["queued 1000", "queued 2000"]);
    expect(await b.verdicts(job, from)).toEqual(["skipped: max-instances 3000"]);
    await b.wakeups(job);
    await b.ranOnce(first);
    expect(await b.answerCall(job)).toMatchObject({
      outcome: "run",
      run: { fireAt: from + 1_000 },
    });
    expect(await b.answerCall(job)).toMatchObject({
      outcome: "run",
      run: { fireAt: from + 2_000 },
    });
    expect(await b.wakeups(job)).toEqual([]);
  });

  test("a later occurrence goes behind those that wait, and a run that ignores the condition does not", async () => {
    const b = bench();
    const from = b.now;
    const { first, job } = await pair(b, "$.last_run_successful", WAIT_MS, { maxInstances: 3 });
    await b.tick(job);
    const { admission } = await b.manual(job, { ignoreCondition: true, params: { region: "us" } });
    expect(admission).toMatchObject({
      outcome: "run",
      run: { kind: "manual", params: { region: "us" } },
    });
    await b.wakeups(job);
    await b.ranOnce(first);
    // Nobody has answered the wake-up yet.
    expect(await b.tick(job)).toMatchObject({ outcome: "run", run: { fireAt: from + 1_000 } });
    expect(await b.open(job, from)).toEqual(["running 1000", "running 1000", "queued 3000"]);
  });

  test("grace is asked again when it is looked at", async () => {
    const b = bench();
    const from = b.now;
    const { first, job } = await pair(b, "$.last_run_successful", WAIT_MS, {
      misfireGraceMs: 5_000,
    });
    await b.tick(job);
    await b.wakeups(job);
    b.now += 5_000;
    await b.ranOnce(first);
    expect((await b.answerCall(job)).outcome).toBe("none");
    expect(await b.verdicts(job, from)).toEqual(["missed 1000"]);
  });

  test("a change of the job is a reason to look again", async () => {
    const b = bench();
    const { job } = await pair(b, "$.last_run_successful", WAIT_MS);
    await b.tick(job);
    await b.wakeups(job);
    const change = async (policy: Partial<Policy>) => {
      const { revision } = await b.stored(job);
      await b.engine.jobs.change({
        by: TESTER,
        jobId: job.id,
        expectedRevision: revision,
        definition: b.definition({ id: job.id, policy }),
        event: { name: "JOB_MODIFIED", at: b.now, jobId: job.id },
      });
    };
    await change(when("nobody.running", WAIT_MS));
    expect((await b.answerCall(job)).outcome).toBe("none");
    await change({});
    expect((await b.answerCall(job)).outcome).toBe("run");
  });

  test("without its wait, one that waited is skipped at the next look", async () => {
    const b = bench();
    const { first, job } = await pair(b, "$.last_run_successful", WAIT_MS);
    await b.tick(job);
    await b.wakeups(job);
    const { revision } = await b.stored(job);
    await b.engine.jobs.change({
      by: TESTER,
      jobId: job.id,
      expectedRevision: revision,
      definition: b.definition({ id: job.id, policy: when(`"${first.id}".last_run_successful`) }),
      event: { name: "JOB_MODIFIED", at: b.now, jobId: job.id },
    });
    await b.answerCall(job);
    expect(await b.ledger(job)).toMatchObject([{ state: "skipped", reason: "condition" }]);
  });

  test("the audit says nothing of one that waits, and notices that its call is lost", async () => {
    const b = bench();
    const { first, job } = await pair(b, "$.last_run_successful", WAIT_MS);
    await b.tick(job);
    expect(await b.audit(job)).toEqual([]);
    const [call = ""] = await b.wakeups(job);
    const lost = b.queueJob(call);
    expect(await b.audit(job)).toEqual([{ kind: "stranded", jobId: job.id, queueJob: lost }]);
    await b.engine.queue.add([lost]);
    expect(await b.audit(job)).toEqual([]);
    await b.ranOnce(first);
    await b.wakeups(job);
    expect(await b.answer(job, call)).toMatchObject({ outcome: "early" });
    expect(await b.audit(job)).toHaveLength(1);
  });

  test("a pause and a removal decide those that wait; what a person asked for outlives a pause", async () => {
    const b = bench();
    const from = b.now;
    const policy = { maxInstances: 3, ...when("nobody.running", WAIT_MS) };
    const job = await b.addJob({ policy });
    await b.tick(job);
    const { runId } = await b.manual(job);
    const { revision, watermark } = await b.stored(job);
    await b.engine.jobs.change({
      by: TESTER,
      jobId: job.id,
      expectedRevision: revision,
      schedule: { state: "paused", watermark, upcoming: [], expectedWatermark: watermark },
      event: { name: "JOB_PAUSED", at: b.now, jobId: job.id },
    });
    expect(await b.verdicts(job, from)).toEqual(["skipped: paused 1000"]);
    expect(await b.engine.ledger.readOpenRuns(job.id)).toMatchObject([
      { id: runId, state: "queued" },
    ]);
    await b.engine.jobs.remove({
      by: TESTER,
      jobId: job.id,
      expectedWatermark: undefined,
      skipped: [],
    });
    // Of one fire time: servers have no order for these.
    const rows = (await b.ledger(job)).map(({ kind, reason }) => `${kind} ${reason}`);
    expect(rows.toSorted()).toEqual(["manual removed", "scheduled paused"]);
    expect(await b.audit(job)).toEqual([]);
  });

  test("each engine decides as the reference does, for any condition and any ledger", async () => {
    const b = bench();
    const ids = ["a", "b", "c"] as const;
    const verdict = fc.constantFrom("succeeded", "succeeded", "failed", "cancelled", "running");
    const histories = fc.tuple(
      ...ids.map(() => fc.option(fc.array(verdict, { maxLength: 4 }), { freq: 3 })),
    );
    const conditions = conditionsOver(
      fc.constantFrom(...ids, "d"),
      fc.integer({ min: 1, max: 12_000 }),
    );
    const example = fc.tuple(histories, fc.array(conditions, { minLength: 4, maxLength: 8 }));
    expect.hasAssertions();
    await fc.assert(
      fc.asyncProperty(example, async ([runs, asked]) => {
        const names = new Map<string, string>([["d", randomUUID()]]);
        for (const [i, id] of ids.entries()) {
          names.set(id, randomUUID());
          const history = runs[i];
          if (history) await live(b, names.get(id) ?? "", history);
        }
        for (const condition of asked) {
          const { decided, expected } = await decideTwice(b, renamed(condition, names));
          expect(decided).toEqual(expected);
        }
      }),
      { numRuns: 12 },
    );
  });
}

/** Lets a job have these runs, one a second. */
async function live(b: TestEngine, id: string, history: readonly string[]): Promise<void> {
  const job = await b.addJob({ id, policy: { maxInstances: 5 } });
  for (const verdict of history) {
    b.now += 1_000;
    const { runId } = await b.run(job, b.now);
    if (verdict === "succeeded" || verdict === "failed" || verdict === "cancelled")
      await b.settle(job, runId, 1, { verdict });
  }
}

function renamed(condition: Condition, names: ReadonlyMap<string, string>): Condition {
  if (isGroup(condition))
    return { ...condition, of: condition.of.map((member) => renamed(member, names)) };
  if (condition.kind === "not") return { kind: "not", of: renamed(condition.of, names) };
  return { ...condition, jobId: names.get(condition.jobId) ?? condition.jobId };
}

/** The engine's decision and facts, and the reference's for the same runs. */
async function decideTwice(b: TestEngine, condition: Condition) {
  const ask = async (asked: Condition) => {
    const job = await b.addJob({ policy: { when: { condition: asked, waitMs: null } } });
    b.now += 1;
    const { outcome } = await b.admit(job, [at(b.now)]);
    const [row] = await b.ledger(job);
    // A reason is explained by the terms that made it, from the facts that the engine wrote down.
    const { terms = [] } = row ? await explain(b.engine, job.id, b.now, "all") : {};
    return { outcome, row, now: b.now, isExplained: terms.some(({ decisive }) => decisive) };
  };
  const { outcome, row, now, isExplained } = await ask(condition);
  // One that is never true has a row with all facts.
  const asking: Condition = {
    kind: "and",
    of: [condition, { kind: "running", jobId: "nobody" }],
  };
  const facts = (await ask(asking)).row?.facts ?? {};
  const factsOf: FactsOf = (jobId) => facts[jobId] ?? undefined;
  const isTrue = runCondition(compileCondition(condition), factsOf, now);
  return {
    decided: { outcome, reason: row?.reason, isExplained, named: Object.keys(facts).toSorted() },
    expected: {
      outcome: isTrue ? "run" : "none",
      reason: isTrue ? undefined : "condition",
      isExplained: !isTrue,
      named: jobsIn(asking).toSorted(),
    },
  };
}
