import { TESTER } from "../helpers/tester.ts";
import { expect, test } from "vitest";
import { parseCondition } from "../../src/conditions/parse.ts";
import { queueJobIdOf } from "../../src/jobs/occurrence-id.ts";
import { comparable, exported, imported } from "../transfer/moved-state.ts";
import { type CaseJob, TestEngine, START } from "./test-engine.ts";
import { addEverySecond } from "./transfer-cases.ts";
import type { CaseContext } from "./suite.ts";

/** An embedded engine takes seconds to start, many on a busy machine. */
const LIMIT_MS = 120_000;
const GROUP = { key: "db", limit: 1 };

/** Moving runs that sleep, wait or are asked to end; and several queues. */
export function transferRunsCases({ tested, prefix }: CaseContext): void {
  // One after the other: a folder can be open once.
  let fleets = 0;
  const open = async (): Promise<TestEngine & AsyncDisposable> => {
    fleets += 1;
    const b = new TestEngine(tested.schedulerConnection(), `${prefix}-runs${fleets}`);
    await b.engine.open();
    return Object.assign(b, { [Symbol.asyncDispose]: () => b.engine.close() });
  };
  const hold = (job: CaseJob, queueJobId: string, start = 1) => ({
    jobId: job.id,
    queueJobId,
    runId: queueJobId,
    start,
  });
  const take = (b: TestEngine, job: CaseJob, queueJobId: string) =>
    b.admit(job, [], { queueJobId });
  const backfillId = (fireAt: number) =>
    queueJobIdOf({ jobId: "past", kind: "backfill", sequence: 0, fireAt });
  const takePast = (b: TestEngine, job: CaseJob, fireAt: number) =>
    b.admit(job, [], {
      queueJobId: backfillId(fireAt),
      kind: "backfill",
      knowsSchedule: false,
      upcoming: [],
    });

  const begin = async (b: TestEngine) => {
    const waiting = { condition: parseCondition("first.last_run_successful"), waitMs: 60_000 };
    const jobs = {
      sleeps: await addEverySecond(b, { id: "sleeps" }),
      retries: await addEverySecond(b, { id: "retries" }),
      ends: await addEverySecond(b, { id: "ends" }),
      first: await addEverySecond(b, { id: "first" }),
      waits: await addEverySecond(b, { id: "waits", policy: { when: waiting } }),
      member: await addEverySecond(b, { id: "member", policy: { group: GROUP } }),
      line: await addEverySecond(b, { id: "line", policy: { group: GROUP } }),
      past: await addEverySecond(b, { id: "past" }),
    };
    b.now += 1_000;
    const at = b.now;
    const sleeps = await b.run(jobs.sleeps, at);
    const step = { kind: "step", startedAt: at, finishedAt: at, tries: 2, attempt: 1 } as const;
    const loaded = { ...step, name: "load", resultJson: '{"rows":"\\u0000"}' };
    const sleepHold = hold(jobs.sleeps, sleeps.runId);
    await b.engine.steps.save(sleepHold, loaded);
    const worker = "worker-1";
    const asleep = { kind: "sleep", until: { at: at + 60_000 }, error: undefined } as const;
    await b.engine.runs.suspend({ ...sleepHold, worker, ...asleep });
    const retries = await b.run(jobs.retries, at);
    const error = { name: "TypeError", message: "\ud800 no" };
    const again = { kind: "retry", until: { inMs: 5_000 }, error } as const;
    await b.engine.runs.suspend({ ...hold(jobs.retries, retries.runId), worker, ...again });
    const ends = await b.run(jobs.ends, at);
    const cancel = { by: TESTER, jobId: "ends", runId: ends.runId, reason: "enough" };
    expect(await b.engine.requests.cancel(cancel)).toBe("asked");
    expect((await b.tick(jobs.waits)).outcome).toBe("none");
    const member = await b.run(jobs.member, b.now);
    await b.engine.runs.handBack(hold(jobs.member, member.runId));
    expect((await b.tick(jobs.line)).outcome).toBe("none");
    await b.engine.backfills.add({
      by: TESTER,
      jobId: "past",
      backfillId: "one",
      fireTimes: [1_000, 2_000, 3_000],
      concurrency: 1,
      order: "latest",
      isComplete: true,
    });
    expect(await takePast(b, jobs.past, 3_000)).toMatchObject({ outcome: "run" });
    const pastHold = hold(jobs.past, backfillId(3_000));
    await b.engine.steps.save(pastHold, loaded);
    return { jobs, at, loaded, sleeps, retries, ends, member, text: await exported(b.engine) };
  };

  test(
    "runs that sleep, wait, or are to end go on where they are moved to as they would have",
    async () => {
      const source = await open();
      const { jobs, at, loaded, ...runs } = await begin(source);
      await source.engine.close();
      await using b = await open();
      b.now = source.now + 1_000;
      expect(await imported(b.engine, runs.text)).toMatchObject({ jobs: 8, steps: 2 });
      expect(comparable(await exported(b.engine))).toEqual(comparable(runs.text));
      await b.engine.queue.setPaused(false);
      for (const job of Object.values(jobs)) expect(await b.audit(job)).toEqual([]);

      // The call that the import made looks at what waits for its condition.
      expect((await b.answerCall(jobs.waits)).outcome).toBe("none");

      // A sleeping run stays the same attempt, finds its steps, and doesn't continue early.
      const waitMs = at + 60_000 - b.now;
      const early = await take(b, jobs.sleeps, runs.sleeps.runId);
      expect(early).toMatchObject({ outcome: "early", waitMs });
      expect(await b.open(jobs.sleeps, at)).toEqual(["sleeping 0"]);
      expect(await b.engine.steps.read("sleeps", runs.sleeps.runId)).toEqual([loaded]);
      expect((await b.engine.ledger.readOpenRuns("retries"))[0]).toMatchObject({
        state: "retrying",
        error: { message: "\ud800 no" },
      });

      // A cancelled run ends and isn't started again.
      expect((await take(b, jobs.ends, runs.ends.runId)).outcome).toBe("none");
      expect(await b.verdicts(jobs.ends, at)).toEqual(["cancelled 0"]);

      // The queued run of a full group has its turn when the member of the other fleet has ended.
      const line = await b.stored(jobs.line);
      expect(await b.wakeups({ id: "line", generation: line.generation })).toEqual([]);
      expect(await take(b, jobs.member, runs.member.runId)).toMatchObject({
        run: { start: 2, attempt: 2 },
      });
      await b.settle(jobs.member, runs.member.runId, 2);
      expect(await b.answerCall(jobs.line)).toMatchObject({
        run: { runId: b.queueJobId(jobs.line, at + 2_000) },
      });

      // A run that waits for its condition is called when it becomes true.
      const first = { id: "first", generation: (await b.stored(jobs.first)).generation };
      expect(await b.open(jobs.waits, at)).toEqual(["queued 1000"]);
      await b.ranOnce(first);
      expect(await b.answerCall(jobs.waits)).toMatchObject({
        run: { runId: b.queueJobId(jobs.waits, at + 1_000) },
      });

      // A backfill continues with the remaining fire times, one at a time.
      const past = await b.engine.backfills.read("past");
      expect(past).toMatchObject({ state: "active", total: 3, waiting: 2, running: 1 });
      expect((await takePast(b, jobs.past, 2_000)).outcome).toBe("none");
      expect(await takePast(b, jobs.past, 3_000)).toMatchObject({ run: { kind: "backfill" } });
      expect(await b.engine.steps.read("past", backfillId(3_000))).toEqual([loaded]);
      await b.settle(jobs.past, backfillId(3_000), 2);
      expect(await takePast(b, jobs.past, 2_000)).toMatchObject({ outcome: "run" });

      b.now = at + 60_000;
      expect(await take(b, jobs.sleeps, runs.sleeps.runId)).toMatchObject({
        run: { start: 2, attempt: 1, failures: 0 },
      });
      expect(await take(b, jobs.retries, runs.retries.runId)).toMatchObject({
        run: { start: 2, attempt: 2, failures: 1 },
      });
    },
    LIMIT_MS,
  );

  test(
    "a queued run whose condition stays false is decided when its time is over",
    async () => {
      const source = await open();
      const { jobs, at, text } = await begin(source);
      await source.engine.close();
      await using b = await open();
      b.now = source.now + 1_000;
      await imported(b.engine, text);
      await b.engine.queue.setPaused(false);
      // The call that the import made looks, and sets the instant of the next look.
      const [call = ""] = await b.wakeups(jobs.waits);
      expect((await b.answer(jobs.waits, call)).outcome).toBe("none");
      b.now = at + 1_000 + 60_000;
      const [timer = ""] = await b.wakeups(jobs.waits);
      expect((await b.answer(jobs.waits, timer)).outcome).toBe("none");
      expect(await b.verdicts(jobs.waits, at)).toEqual(["skipped: condition 1000"]);
    },
    LIMIT_MS,
  );

  test(
    "each job comes to its queue, with what it left on another, and keeps its id for itself",
    async () => {
      const source = await open();
      const side = await addEverySecond(source, { id: "side", queue: "side" });
      const home = await addEverySecond(source, { id: "home" });
      const movedOn = await addEverySecond(source, { id: "moved-on", queue: "side" });
      source.now += 1_000;
      const served = await source.engine.serve?.("side");
      const answer = await served?.runs.admit(
        source.request(movedOn, [{ fireAt: source.now, dueAt: source.now }]),
      );
      expect(answer).toMatchObject({ outcome: "run" });
      const old = source.queueJobId(movedOn, source.now);
      await served?.runs.settle({
        ...hold(movedOn, old),
        verdict: "succeeded",
        durationMs: 1,
        worker: "worker-1",
        resultJson: undefined,
        error: undefined,
        retention: { count: 10, ageMs: 1e10 },
      });
      const removal = { by: TESTER, jobId: "moved-on", expectedWatermark: undefined, skipped: [] };
      expect(await source.engine.jobs.remove(removal)).toBe("removed");
      await addEverySecond(source, { id: "moved-on" });
      await source.engine.requests.run({
        by: TESTER,
        jobId: side.id,
        sequence: 4,
        ignoreCondition: true,
      });
      const text = await exported(source.engine);
      await source.engine.close();

      await using b = await open();
      b.now = START + 2_000;
      const brought = { jobs: 3, removedJobs: 1, requests: 1, ledgerRows: 1 };
      expect(await imported(b.engine, text)).toMatchObject(brought);
      await expect(imported(b.engine, text)).rejects.toMatchObject({ code: "CONFLICTING_ID" });
      expect(comparable(await exported(b.engine))).toEqual(comparable(text));
      expect((await b.stored(side)).definition.queue).toBe("side");
      expect((await b.stored(home)).definition.queue).toBeUndefined();
      expect((await b.ledger(movedOn)).map(({ id }) => id)).toEqual([old]);
      // The id is claimed: no other queue can have it.
      const [other] = await b.engine.jobs.put([b.put({ id: "side", declared: "two" })]);
      expect(other).toEqual({ outcome: "exists" });
      expect(await b.engine.jobs.remove({ ...removal, jobId: "side" })).toBe("removed");
      expect(await addEverySecond(b, { id: "side" })).toMatchObject({ id: "side" });
    },
    LIMIT_MS,
  );
}
