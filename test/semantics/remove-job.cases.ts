import { describe, expect, test } from "vitest";
import { EngineBench } from "../helpers/engine-bench.ts";

const everyTenSeconds = {
  trigger: "interval",
  seconds: 10,
  startDate: "2026-03-01 12:00",
} as const;

describe("removeJob: running ones finish and settle; nothing later fires", () => {
  test("a run that goes on settles, and its row is there after the job is gone", async () => {
    await using bench = await EngineBench.open({ start: "2026-03-01 11:59:59" });
    await bench.add({ id: "job", ...everyTenSeconds });
    bench.isHolding = true;
    await bench.workTo("12:00:05");
    await bench.events();
    await bench.desk.remove("job");
    expect(await bench.find("job")).toBeUndefined();
    await bench.workTo("12:01:00");
    await bench.release(bench.held[0], { rows: 3 });
    await bench.work();
    expect(bench.fired).toEqual(["12:00:00"]);
    const [run] = await bench.runs("job");
    expect(run).toMatchObject({ verdict: "succeeded", result: { rows: 3 } });
    expect(await bench.eventNames()).toEqual(["JOB_REMOVED", "JOB_EXECUTED"]);
    expect(await bench.queueJobs()).toEqual([]);
  });

  test("due, queued and asked-for runs get a verdict: skipped: removed", async () => {
    await using bench = await EngineBench.open({ start: "2026-03-01 11:59:59" });
    await bench.add({ id: "due", ...everyTenSeconds });
    await bench.add({ id: "queued", ...everyTenSeconds, coalesce: false });
    bench.isHolding = true;
    bench.moveTo("12:00:15");
    for (const id of await bench.queueJobs()) if (id.startsWith("queued")) await bench.take(id);
    bench.moveTo("12:00:16");
    const asked = await bench.ask("queued");
    await bench.events();
    await bench.desk.remove("due");
    await bench.desk.remove("queued");
    expect(await bench.verdicts("due")).toEqual(["12:00:00..12:00:10 skipped: removed x2"]);
    expect(await bench.verdicts("queued")).toEqual([
      "12:00:00 running",
      "12:00:10 skipped: removed",
      "12:00:16 skipped: removed",
    ]);
    expect(await bench.getRun(asked)).toMatchObject({ trigger: "manual", reason: "removed" });
    // Each decision has an event.
    expect(await bench.eventNames()).toEqual([
      "JOB_SKIPPED x2",
      "JOB_REMOVED",
      "JOB_SKIPPED",
      "JOB_SKIPPED",
      "JOB_REMOVED",
    ]);
    await bench.release();
    await bench.work();
    expect(bench.fired).toEqual(["12:00:00"]);
  });

  test("what fell in a pause is skipped: paused", async () => {
    await using bench = await EngineBench.open({ start: "2026-03-01 11:59:59" });
    await bench.add({ id: "job", ...everyTenSeconds });
    await bench.desk.pause("job", undefined);
    bench.moveTo("12:00:15");
    await bench.desk.remove("job");
    expect(await bench.verdicts("job")).toEqual(["12:00:00..12:00:10 skipped: paused x2"]);
  });

  test("nothing of the job is left in the engine but its ledger, which ends with its retention", async () => {
    await using bench = await EngineBench.open({ start: "2026-03-01 11:59:59" });
    await bench.add({ id: "job", ...everyTenSeconds, retention: { age: "1d" } });
    await bench.workTo("12:00:10");
    await bench.desk.remove("job");
    await bench.workTo("12:05");
    expect(await bench.ground.placesOf("job")).toEqual(["ledger"]);
    const leftMs = await bench.ground.ledgerEndsInMs("job");
    expect(leftMs).toBeGreaterThan(0);
    expect(leftMs).toBeLessThanOrEqual(86_400_000);
  });

  test("a job of the same id, added again, keeps the ledger and is not woken by the old one's wake-ups", async () => {
    await using bench = await EngineBench.open({ start: "2026-03-01 11:59:59" });
    await bench.add({ id: "job", ...everyTenSeconds });
    await bench.workTo("12:00:05");
    await bench.desk.remove("job");
    await bench.add({ id: "job", trigger: "date", runDate: "2026-03-01 12:00:30" });
    await bench.workTo("12:01");
    expect(await bench.verdicts("job")).toEqual(["12:00:00 succeeded", "12:00:30 succeeded"]);
    expect(await bench.ground.ledgerEndsInMs("job")).toBeUndefined();
  });

  test("an unknown job is an error; the second of two removals too", async () => {
    await using bench = await EngineBench.open();
    await bench.add({ id: "job", ...everyTenSeconds });
    const ends = await Promise.allSettled([bench.desk.remove("job"), bench.desk.remove("job")]);
    expect(ends.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
    await expect(bench.desk.remove("job")).rejects.toMatchObject({
      code: "JOB_NOT_FOUND",
      data: { jobId: "job" },
    });
  });

  test("removeAllJobs removes more than a page, and tells of it once", async () => {
    await using bench = await EngineBench.open();
    const jobs = Array.from({ length: 450 }, (_, i) => ({
      pipeline: bench.Work,
      options: { id: `job-${i}`, ...everyTenSeconds, startDate: "2026-03-01 13:00" },
    }));
    await bench.desk.add(jobs);
    await bench.events();
    expect(await bench.desk.removeAll()).toBe(450);
    expect(await bench.engine.jobs.count()).toBe(0);
    expect(await bench.eventNames("ALL_JOBS_REMOVED")).toEqual(["ALL_JOBS_REMOVED x450"]);
    expect(await bench.desk.removeAll()).toBe(0);
  });

  test("a run that is the first to leave a row after the removal: the ledger ends all the same", async () => {
    await using bench = await EngineBench.open({ start: "2026-03-01 11:59:59" });
    await bench.add({ id: "job", ...everyTenSeconds, retention: { age: "1d" } });
    bench.isHolding = true;
    await bench.workTo("12:00:00");
    await bench.desk.remove("job");
    await bench.release();
    expect(await bench.verdicts("job")).toEqual(["12:00:00 succeeded"]);
    const leftMs = await bench.ground.ledgerEndsInMs("job");
    expect(leftMs).toBeGreaterThan(0);
    expect(leftMs).toBeLessThanOrEqual(86_400_000);
  });
});
