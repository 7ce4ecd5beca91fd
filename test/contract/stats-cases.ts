import { TESTER } from "../helpers/tester.ts";
import { expect, test } from "vitest";
import type { RollUp } from "../../src/engine/port/engine.ts";
import { type Figures, Pipeline, PipelineScheduler, type Run } from "../../src/index.ts";
import { queueJobIdOf } from "../../src/jobs/occurrence-id.ts";
import { countRows } from "../helpers/count-rows.ts";
import { at, type CaseJob, type TestEngine } from "./test-engine.ts";
import type { CaseContext } from "./suite.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const EVER = { fromAt: 0, toAt: 8.64e15 };

class Nothing extends Pipeline {
  async run(): Promise<void> {
    return undefined;
  }
}

/** Roll-ups: what the ledgers come to. */
export function statsCases({ bench, tested, prefix }: CaseContext): void {
  const daysOf = async (b: TestEngine, job: Pick<CaseJob, "id">): Promise<RollUp[]> => [
    ...((await b.engine.stats.readDays({ jobIds: [job.id], ...EVER }))[0]?.days ?? []),
  ];
  const recounted = async (b: TestEngine, job: CaseJob): Promise<RollUp[]> =>
    countRows(await b.ledger(job), DAY);
  const upcoming = (b: TestEngine) => ({ upcoming: [at(b.now + 1_000), at(b.now + 2_000)] });
  const error = { name: "Error", message: "no" };

  test("each verdict counts in its day, with how late it was and how long it took", async () => {
    const b = bench();
    const job = await b.addJob({ policy: { misfireGraceMs: 60_000 } });
    const today = b.now - (b.now % DAY);
    const dueAt = (b.now += 1_000);
    b.now += 30;
    const { runId } = await b.run(job, dueAt);
    await b.settle(job, runId, 1, { durationMs: 3_400 });
    await b.ranOnce(job, "failed");
    b.now += 100_000;
    await b.admit(job, [at(b.now - 90_000), at(b.now - 80_000)], upcoming(b));
    expect(await daysOf(b, job)).toEqual([
      { at: today, marks: { s28: 1, f02: 1, m: 2 }, latenessMaxMs: 30, durationMaxMs: 3_400 },
    ]);
    expect(await b.engine.stats.readDays({ jobIds: [], ...EVER })).toEqual([]);
    expect(await b.engine.stats.readDays({ jobIds: ["nobody"], ...EVER })).toEqual([]);
  });

  test("at the bounds of the buckets, all engines count alike", async () => {
    const b = bench();
    const job = await b.addJob();
    const bounds = [0, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000];
    const all = [...bounds, 300_000, 1_800_000, 10_800_000].flatMap((ms) => [ms, ms + 1]);
    for (const ms of all) {
      const dueAt = (b.now += 1_000);
      b.now += ms;
      const { runId } = await b.run(job, dueAt, upcoming(b));
      await b.settle(job, runId, 1, { durationMs: all.at(-1 - all.indexOf(ms)) ?? 0 });
    }
    const days = await daysOf(b, job);
    expect(days).toEqual(await recounted(b, job));
    // More marks than a job's hash on Redis holds in a field.
    expect(days.flatMap(({ marks }) => Object.keys(marks)).length).toBeGreaterThan(16);
  });

  test("everything that can become of an occurrence is counted as the ledger has it, in days and in hours", async () => {
    const b = bench();
    b.now += 3 * HOUR;
    const before = await b.engine.stats.readHours(EVER);
    const job = await b.addJob({ policy: { misfireGraceMs: 5_000, maxInstances: 2 } });
    const from = b.now;
    // A span that was missed, and one that is coalesced.
    b.now += 50_000;
    const older = { fromAt: from + 1_000, toAt: from + 30_000, count: 30 };
    await b.admit(job, [at(b.now - 9_000)], { older, ...upcoming(b) });
    b.now += 4_000;
    const { runId } = await b.run(job, b.now, {});
    b.now += 2_000;
    const second = await b.admit(job, [at(b.now - 1_000), at(b.now)]);
    b.now += 1_000;
    await b.admit(job, [at(b.now)]);
    await b.settle(job, runId, 1, { verdict: "cancelled" });
    if (second.outcome === "run")
      await b.settle(job, second.run.runId, 1, { verdict: "failed", error });
    // A retry, a crash, a manual run and one of a backfill.
    b.now += 1_000;
    const retried = await b.run(job, b.now);
    await b.engine.runs.suspend({
      ...b.hold(job, retried.runId),
      kind: "retry",
      until: { inMs: 0 },
      worker: "worker-1",
      error,
    });
    await b.run(job, b.now);
    await b.run(job, b.now);
    await b.settle(job, retried.runId, 3);
    const manual = await b.manual(job);
    await b.settle(job, manual.runId, 1, { verdict: "failed", error });
    await b.engine.backfills.add({
      by: TESTER,
      jobId: job.id,
      backfillId: "one",
      fireTimes: [1_000],
      concurrency: 1,
      order: "oldest",
      isComplete: true,
    });
    const past = queueJobIdOf({ jobId: job.id, kind: "backfill", sequence: 0, fireAt: 1_000 });
    await b.admit(job, [], {
      queueJobId: past,
      kind: "backfill",
      knowsSchedule: false,
      upcoming: [],
    });
    await b.settle(job, past, 1);
    const rows = await b.ledger(job);
    expect(new Set(rows.map(({ state, kind }) => `${kind} ${state}`))).toEqual(
      new Set([
        "scheduled missed",
        "scheduled coalesced",
        "scheduled cancelled",
        "scheduled failed",
        "scheduled skipped",
        "scheduled succeeded",
        "manual failed",
        "backfill succeeded",
      ]),
    );
    const days = await daysOf(b, job);
    expect(days).toEqual(countRows(rows, DAY));
    expect(days[0]?.marks).toMatchObject({ m: 31, r: 2 });
    const after = await b.engine.stats.readHours(EVER);
    const more = difference(before, after);
    expect(more).toEqual(countRows(rows, HOUR).map(({ at: hour, marks }) => ({ at: hour, marks })));
    // PostgreSQL folds what was appended; nothing is lost or counted twice by that.
    await b.audit(job);
    await b.audit(job);
    expect(await daysOf(b, job)).toEqual(days);
    expect(await b.engine.stats.readHours(EVER)).toEqual(after);
    await b.ranOnce(job);
    expect(await daysOf(b, job)).toEqual(await recounted(b, job));
  });

  test("a run that ends after midnight but was over before counts in its own day and hour", async () => {
    const b = bench();
    const midnight = b.now - (b.now % DAY) + DAY;
    const job = await b.addJob({ policy: { maxInstances: 2 } });
    b.now = midnight - 1_000;
    const late = await b.run(job, b.now);
    b.now = midnight + 1_000;
    await b.ranOnce(job);
    await b.settle(job, late.runId, 1, { durationMs: 500 });
    const days = await daysOf(b, job);
    expect(days.map(({ at: day }) => day)).toEqual([midnight - DAY, midnight]);
    expect(days).toEqual(await recounted(b, job));
    await b.ranOnce(job);
    expect(await daysOf(b, job)).toEqual(await recounted(b, job));
    const hours = await b.engine.stats.readHours({ fromAt: midnight - HOUR, toAt: midnight });
    expect(hours.map(({ at: hour }) => hour)).toEqual([midnight - HOUR, midnight]);
  });

  test("35 days are kept of each job, whatever its ledger keeps", async () => {
    const b = bench();
    const job = await b.addJob({ retention: { count: 1 } });
    const other = await b.addJob();
    const first = b.now - (b.now % DAY) + DAY;
    for (let day = 0; day < 50; day += 1) {
      b.now = first + day * DAY + HOUR;
      const { runId } = await b.run(job, b.now);
      await b.settle(job, runId, 1, { retention: { count: 1, ageMs: 1_000 } });
      if (day < 3) await b.ranOnce(other);
    }
    await b.audit(job);
    const last = first + 49 * DAY;
    const kept = { fromAt: last - 34 * DAY, toAt: last };
    const read = await b.engine.stats.readDays({ jobIds: [other.id, job.id], ...kept });
    expect(read.map(({ jobId }) => jobId)).toEqual([job.id]);
    expect(read[0]?.days.map(({ at: day, marks }) => [(day - first) / DAY, marks])).toEqual(
      Array.from({ length: 35 }, (_, i) => [15 + i, { s02: 1 }]),
    );
    expect((await daysOf(b, job)).length).toBeLessThanOrEqual(42);
    expect(
      await b.engine.stats.readDays({ jobIds: [job.id], fromAt: last, toAt: last }),
    ).toMatchObject([{ jobId: job.id, days: [{ at: last, marks: { s02: 1 } }] }]);
  });

  test("a removed job's days stay with its ledger, and go on if it is added again", async () => {
    const b = bench();
    const job = await b.addJob({ policy: { maxInstances: 2 } });
    await b.ranOnce(job);
    b.now += 1_000;
    const { runId } = await b.run(job, b.now);
    const span = { fromAt: b.now, toAt: b.now + 5, count: 3 };
    await b.engine.jobs.remove({
      by: TESTER,
      jobId: job.id,
      expectedWatermark: undefined,
      skipped: [{ ...span, verdict: "skipped", reason: "removed" }],
    });
    expect(await daysOf(b, job)).toEqual(await recounted(b, job));
    b.now += 2 * DAY;
    await b.settle(job, runId, 1, { durationMs: 2 * DAY });
    expect(await daysOf(b, job)).toHaveLength(2);
    expect(await daysOf(b, job)).toEqual(await recounted(b, job));
    await b.audit(job);
    const again = await b.addJob({ id: job.id });
    await b.ranOnce(again);
    expect(await daysOf(b, job)).toEqual(await recounted(b, job));
  });

  test("of a removed job whose ledger has ended, no day is left", async () => {
    const b = bench();
    const job = await b.addJob({ retention: { ageMs: 1 } });
    await b.ranOnce(job);
    await b.engine.jobs.remove({
      by: TESTER,
      jobId: job.id,
      expectedWatermark: undefined,
      skipped: [],
    });
    b.now += 1_000;
    await expect.poll(() => daysOf(b, job)).toEqual([]);
    await b.audit(job);
    await b.audit(job);
    const again = await b.addJob({ id: job.id });
    await b.ranOnce(again);
    expect((await daysOf(b, job)).map(({ marks }) => marks)).toEqual([{ s02: 1 }]);
  });

  test("what workers run on the fast path is counted as the ledger has it, on each queue", async () => {
    const connection = tested.schedulerConnection();
    await using scheduler = new PipelineScheduler({
      ...(connection === undefined ? {} : { connection }),
      prefix: `${prefix}-counted`,
      pipelines: [Nothing],
      worker: { queues: ["default", "counted"] },
    });
    await scheduler.start();
    const every = { trigger: "interval", milliseconds: 20 } as const;
    await scheduler.addJob(Nothing, { id: "plain", ...every });
    await scheduler.addJob(Nothing, { id: "named", ...every, queue: "counted" });
    for (const id of ["plain", "named"]) {
      await expect
        .poll(async () => (await scheduler.getJob(id))?.counts.succeeded ?? 0, { timeout: 60_000 })
        .toBeGreaterThan(20);
      await scheduler.pauseJob(id);
      await expect.poll(async () => (await scheduler.getJob(id))?.running).toBe(0);
    }
    const of = {
      plain: await allRuns(scheduler, "plain"),
      named: await allRuns(scheduler, "named"),
    };
    for (const [id, runs] of Object.entries(of)) {
      const { total } = await scheduler.getStats({ jobId: id, by: "day" });
      expect({ id, ...partsOf(total) }).toEqual({ id, ...counted(runs) });
    }
    const both = [...of.plain, ...of.named];
    const { total, periods } = await scheduler.getStats({ by: "hour" });
    expect(partsOf(total)).toEqual(counted(both));
    expect(periods.reduce((sum, { due }) => sum + due, 0)).toBe(total.due);
    const jobs = await scheduler.getStats({ jobId: ["plain", "named"] });
    expect(jobs.total).toEqual(total);
  });

  test("what the fast path catches up on is in the list of all runs, too", async () => {
    const connection = tested.schedulerConnection();
    await using scheduler = new PipelineScheduler({
      ...(connection === undefined ? {} : { connection }),
      prefix: `${prefix}-caught-up`,
      pipelines: [Nothing],
    });
    await scheduler.start();
    await scheduler.addJob(Nothing, { id: "late", trigger: "interval", milliseconds: 20 });
    const counts = async () => (await scheduler.getJob("late"))?.counts;
    await expect
      .poll(async () => (await counts())?.succeeded, { timeout: 60_000 })
      .toBeGreaterThan(2);
    await scheduler.pause();
    await new Promise((resolve) => setTimeout(resolve, 200));
    await scheduler.resume();
    await expect
      .poll(async () => (await counts())?.coalesced, { timeout: 60_000 })
      .toBeGreaterThan(2);
    await scheduler.pauseJob("late");
    await expect.poll(async () => (await scheduler.getJob("late"))?.running).toBe(0);
    const ofJob = await allRuns(scheduler, "late");
    expect(ofJob.map(({ verdict }) => verdict)).toContain("coalesced");
    const { runs: ofAll } = await scheduler.getRuns({ limit: 1_000 });
    const ids = (runs: readonly Run[]) => runs.map(({ id }) => id).toSorted();
    expect(ids(ofAll)).toEqual(ids(ofJob));
  });
}

async function allRuns(scheduler: PipelineScheduler, jobId: string): Promise<Run[]> {
  const runs: Run[] = [];
  for (let cursor: string | undefined, isDone = false; !isDone; isDone = cursor === undefined) {
    const page = await scheduler.getRuns(jobId, { limit: 1_000, cursor });
    runs.push(...page.runs);
    ({ cursor } = page);
  }
  return runs;
}

/** What is compared of figures. */
function partsOf({ due, succeeded, coalesced, skipped, latenessMs, durationMs }: Figures): object {
  return { due, succeeded, coalesced, skipped, late: latenessMs?.max, took: durationMs?.max };
}

/** The same, counted from runs. */
function counted(runs: readonly Run[]): object {
  const of = (verdict: Run["verdict"]): number =>
    runs.reduce((sum, run) => sum + (run.verdict === verdict ? run.count : 0), 0);
  const ran = runs.filter(({ verdict }) => verdict === "succeeded");
  return {
    due: runs.reduce((sum, { count }) => sum + count, 0),
    succeeded: of("succeeded"),
    coalesced: of("coalesced"),
    skipped: of("skipped"),
    late: Math.max(...ran.map(({ latenessMs = 0 }) => latenessMs)),
    took: Math.max(...ran.map(({ durationMs = 0 }) => durationMs)),
  };
}

/** What hours have more than they had. */
function difference(before: readonly RollUp[], after: readonly RollUp[]): object[] {
  return after.flatMap(({ at: hour, marks }) => {
    const known = before.find(({ at: of }) => of === hour)?.marks ?? {};
    const more = Object.entries(marks)
      .map(([mark, n]): [string, number] => [mark, n - (known[mark] ?? 0)])
      .filter(([, n]) => n !== 0);
    return more.length === 0 ? [] : [{ at: hour, marks: Object.fromEntries(more) }];
  });
}
