import { expect, test } from "vitest";
import type { AuditFinding } from "../../src/engine/engine.ts";
import { at, type CaseJob, type EngineBench } from "./bench-of-engine.ts";
import type { Subject } from "./suite.ts";

/** What the audit finds, and what it leaves alone. */
export function healingCases({ bench }: Subject): void {
  const audit = async (b: EngineBench, job: CaseJob): Promise<AuditFinding[]> => {
    const request = {
      horizonMs: 10_000,
      offset: 0,
      limit: 10_000,
      overdueMs: 2_000,
      finishedRetentionMs: 60_000,
    };
    return (await b.engine.audit(request)).filter(({ jobId }) => jobId === job.id);
  };
  const wakeUp = (b: EngineBench, job: CaseJob, fireAt: number) => ({
    id: b.queueJobId(job, fireAt),
    pipeline: "Report",
    dueAt: fireAt,
  });

  test("an active job without a waiting queue job is unscheduled, until it has one", async () => {
    const b = bench();
    const job = await b.addJob();
    const { watermark, nextFireAt } = await b.stored(job);
    expect(await audit(b, job)).toEqual([{ kind: "unscheduled", jobId: job.id, watermark }]);
    await b.engine.enqueue([wakeUp(b, job, nextFireAt ?? 0)]);
    expect(await audit(b, job)).toEqual([]);
  });

  test("an occurrence that nobody takes is overdue, and told once", async () => {
    const b = bench();
    const job = await b.addJob();
    const fireAt = (await b.stored(job)).nextFireAt ?? 0;
    await b.engine.enqueue([wakeUp(b, job, fireAt)]);
    b.now = fireAt + 2_000;
    expect(await audit(b, job)).toEqual([]);
    b.now += 1;
    const finding = { kind: "overdue", jobId: job.id, fireAt, lateMs: 2_001 };
    expect(await audit(b, job)).toEqual([finding]);
    expect(await audit(b, job)).toEqual([]);
  });

  test("a run without its queue job is an orphan", async () => {
    const b = bench();
    const job = await b.addJob();
    b.now += 1_000;
    const { runId } = await b.run(job, b.now, { next: undefined });
    const finding = {
      kind: "orphan-run",
      jobId: job.id,
      runId,
      wakeUp: { id: runId, pipeline: "Report", dueAt: b.now },
    };
    expect(await audit(b, job)).toEqual([finding]);
    await b.engine.enqueue([finding.wakeUp]);
    expect(await audit(b, job)).toEqual([]);
  });

  test("a run asked for whose queue job was never added is stranded", async () => {
    const b = bench();
    const job = await b.addJob({ state: "paused" });
    const asked = await b.engine.requestRun({ jobId: job.id, sequence: 1 });
    if (asked === "missing") throw new Error("missing");
    const finding = { kind: "stranded", jobId: job.id, wakeUp: asked.wakeUp };
    expect(await audit(b, job)).toEqual([finding]);
    await b.engine.enqueue([asked.wakeUp]);
    expect(await audit(b, job)).toEqual([]);
  });

  test("queued occurrences with nobody to take them are stranded", async () => {
    const b = bench();
    const job = await b.addJob({ policy: { coalesce: false } });
    const from = b.now;
    b.now += 2_000;
    const due = [at(from + 1_000), at(from + 2_000)];
    await b.admit(job, due, { next: undefined });
    await b.settle(job, b.queueJobId(job, b.now));
    const [finding] = await audit(b, job);
    expect(finding).toMatchObject({ kind: "stranded", wakeUp: { pipeline: "Report" } });
  });

  test("a job that finished long ago is expired", async () => {
    const b = bench();
    const job = await b.addJob();
    b.now += 1_000;
    const { runId } = await b.run(job, b.now, { next: undefined });
    b.now += 60_001;
    await b.engine.enqueue([{ id: runId, pipeline: "Report", dueAt: b.now }]);
    expect(await audit(b, job)).toEqual([]);
    await b.settle(job, runId);
    expect(await audit(b, job)).toEqual([{ kind: "expired", jobId: job.id }]);
  });

  test("a paused job and a removed one are in order", async () => {
    const b = bench();
    const paused = await b.addJob({ state: "paused" });
    expect(await audit(b, paused)).toEqual([]);
    const job = await b.addJob();
    await b.engine.removeJob({ jobId: job.id, expectedWatermark: undefined, skipped: [] });
    expect(await audit(b, job)).toEqual([]);
  });
}
