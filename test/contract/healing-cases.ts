import { TESTER } from "../helpers/tester.ts";
import { expect, test } from "vitest";
import type { AuditFinding } from "../../src/engine/port/engine.ts";
import { at, type CaseJob, type TestEngine } from "./test-engine.ts";
import type { CaseContext } from "./suite.ts";

/** What the audit finds and what it ignores. */
export function healingCases({ bench }: CaseContext): void {
  const audit = async (b: TestEngine, job: CaseJob): Promise<AuditFinding[]> => {
    const request = {
      horizonMs: 10_000,
      offset: 0,
      limit: 10_000,
      overdueMs: 2_000,
      finishedRetentionMs: 60_000,
    };
    return (await b.engine.healing.audit(request)).filter(({ jobId }) => jobId === job.id);
  };
  const queueJob = (b: TestEngine, job: CaseJob, fireAt: number) => ({
    id: b.queueJobId(job, fireAt),
    pipeline: "Report",
    dueAt: fireAt,
  });

  test("an active job has its next occurrence waiting; without it, it is unscheduled", async () => {
    const b = bench();
    const job = await b.addJob();
    const { watermark, nextFireAt } = await b.stored(job);
    expect(await audit(b, job)).toEqual([]);
    await b.lose(b.queueJobId(job, b.now + 1_000));
    expect(await audit(b, job)).toEqual([{ kind: "unscheduled", jobId: job.id, watermark }]);
    await b.engine.queue.add([queueJob(b, job, nextFireAt ?? 0)]);
    expect(await audit(b, job)).toEqual([]);
  });

  test("the steps that move a schedule keep its next occurrence waiting", async () => {
    const b = bench();
    const job = await b.addJob();
    await b.lose(b.queueJobId(job, b.now + 1_000));
    b.now += 1_000;
    const { runId } = await b.run(job, b.now);
    await b.settle(job, runId);
    expect(await audit(b, job)).toEqual([]);
    const { revision, watermark } = await b.stored(job);
    const changed = await b.engine.jobs.change({
      by: TESTER,
      jobId: job.id,
      expectedRevision: revision,
      schedule: {
        state: "active",
        watermark,
        upcoming: [at(b.now + 5_000)],
        expectedWatermark: watermark,
      },
      event: { name: "JOB_MODIFIED", at: b.now, jobId: job.id },
    });
    const generation = changed.outcome === "changed" ? changed.generation : 0;
    expect(await audit(b, job)).toEqual([]);
    await b.lose(b.queueJobId({ id: job.id, generation }, b.now + 5_000));
    expect(await audit(b, job)).toMatchObject([{ kind: "unscheduled" }]);
  });

  test("an occurrence that nobody takes is overdue until it is told of, and told once", async () => {
    const b = bench();
    const job = await b.addJob();
    const fireAt = (await b.stored(job)).nextFireAt ?? 0;
    b.now = fireAt + 2_000;
    expect(await audit(b, job)).toEqual([]);
    b.now += 1;
    const finding = { kind: "overdue", jobId: job.id, fireAt, lateMs: 2_001 };
    expect(await audit(b, job)).toEqual([finding]);
    // The finder may hold it back, or die before reporting it.
    expect(await audit(b, job)).toEqual([finding]);
    const cursor = await b.engine.events.latestCursor();
    const told = { jobId: job.id, fireAt, reason: "nobody" };
    expect(await b.engine.healing.tellOverdue({ ...told, fireAt: fireAt - 1 })).toBe("moved");
    expect(await b.engine.healing.tellOverdue(told)).toBe("told");
    expect(await b.engine.healing.tellOverdue(told)).toBe("moved");
    expect(await b.events(cursor, job)).toEqual([{ name: "JOB_OVERDUE", at: b.now, ...told }]);
    expect(await audit(b, job)).toEqual([]);
    expect(await b.engine.healing.tellOverdue({ ...told, jobId: `${job.id}-gone` })).toBe(
      "missing",
    );
  });

  test("an occurrence that was taken, and one of a paused job, is not told of", async () => {
    const b = bench();
    const [taken, paused] = [await b.addJob(), await b.addJob({ state: "paused" })];
    const fireAt = (await b.stored(taken)).nextFireAt ?? 0;
    b.now += 1_000;
    await b.run(taken, fireAt);
    const cursor = await b.engine.events.latestCursor();
    for (const { id } of [taken, paused]) {
      expect(await b.engine.healing.tellOverdue({ jobId: id, fireAt, reason: "nobody" })).toBe(
        "moved",
      );
    }
    expect(await b.events(cursor)).toEqual([]);
  });

  test("a run without its queue job is an orphan", async () => {
    const b = bench();
    const job = await b.addJob({ upcoming: [] });
    b.now += 1_000;
    const { runId } = await b.run(job, b.now, { upcoming: [] });
    const finding = {
      kind: "orphan-run",
      jobId: job.id,
      runId,
      queueJob: { id: runId, pipeline: "Report", dueAt: b.now },
    };
    expect(await audit(b, job)).toEqual([finding]);
    await b.engine.queue.add([finding.queueJob]);
    expect(await audit(b, job)).toEqual([]);
  });

  test("a run asked for has its queue job; without it, it is stranded", async () => {
    const b = bench();
    const job = await b.addJob({ state: "paused" });
    const asked = await b.engine.requests.run({ by: TESTER, jobId: job.id, sequence: 1 });
    if (asked === "missing") throw new Error("missing");
    expect(await audit(b, job)).toEqual([]);
    await b.lose(asked.runId);
    const lost = { id: asked.runId, pipeline: "Report", dueAt: b.now };
    expect(await audit(b, job)).toEqual([{ kind: "stranded", jobId: job.id, queueJob: lost }]);
    await b.engine.queue.add([lost]);
    expect(await audit(b, job)).toEqual([]);
  });

  test("queued occurrences whose call is lost are stranded, under the id of that call", async () => {
    const b = bench();
    const job = await b.addJob({ policy: { coalesce: false }, upcoming: [] });
    const from = b.now;
    b.now += 2_000;
    await b.admit(job, [at(from + 1_000), at(from + 2_000)], { upcoming: [] });
    await b.settle(job, b.queueJobId(job, b.now));
    expect(await audit(b, job)).toEqual([]);
    const marker = await b.engine.requests.run({
      by: TESTER,
      jobId: (await b.addJob()).id,
      sequence: 1,
    });
    await b.lose(marker === "missing" ? "" : marker.runId);
    const [first] = await audit(b, job);
    expect(first).toMatchObject({ kind: "stranded", queueJob: { pipeline: "Report" } });
    expect(await audit(b, job)).toEqual([first]);
  });

  test("a job that finished long ago is expired, counted from the end of its last run", async () => {
    const b = bench();
    const job = await b.addJob({ upcoming: [] });
    b.now += 1_000;
    const { runId } = await b.run(job, b.now, { upcoming: [] });
    b.now += 60_001;
    await b.engine.queue.add([{ id: runId, pipeline: "Report", dueAt: b.now }]);
    expect(await audit(b, job)).toEqual([]);
    await b.settle(job, runId);
    expect(await audit(b, job)).toEqual([]);
    b.now += 60_001;
    expect(await audit(b, job)).toEqual([{ kind: "expired", jobId: job.id }]);
  });

  test("a paused job and a removed one are in order", async () => {
    const b = bench();
    const paused = await b.addJob({ state: "paused" });
    expect(await audit(b, paused)).toEqual([]);
    const job = await b.addJob();
    await b.engine.jobs.remove({
      by: TESTER,
      jobId: job.id,
      expectedWatermark: undefined,
      skipped: [],
    });
    expect(await audit(b, job)).toEqual([]);
  });
}
