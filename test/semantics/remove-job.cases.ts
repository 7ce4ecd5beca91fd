import { describe, expect, test } from "vitest";
import { TestFleet } from "../helpers/test-fleet.ts";

const everyTenSeconds = {
  trigger: "interval",
  seconds: 10,
  startDate: "2026-03-01 12:00",
} as const;

describe("removeJob: running ones finish and settle; nothing later fires", () => {
  test("a run that goes on settles, and its row is there after the job is gone", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    await fleet.add({ id: "job", ...everyTenSeconds });
    fleet.isHolding = true;
    await fleet.workTo("12:00:05");
    await fleet.events();
    await fleet.desk.remove("job");
    expect(await fleet.find("job")).toBeUndefined();
    await fleet.workTo("12:01:00");
    await fleet.release(fleet.held[0], { rows: 3 });
    await fleet.work();
    expect(fleet.fired).toEqual(["12:00:00"]);
    const [run] = await fleet.runs("job");
    expect(run).toMatchObject({ verdict: "succeeded", result: { rows: 3 } });
    expect(await fleet.eventNames()).toEqual(["JOB_REMOVED", "JOB_EXECUTED"]);
    expect(await fleet.queueJobs()).toEqual([]);
  });

  test("due, queued and asked-for runs get a verdict: skipped: removed", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    await fleet.add({ id: "due", ...everyTenSeconds });
    await fleet.add({ id: "queued", ...everyTenSeconds, coalesce: false });
    fleet.isHolding = true;
    fleet.moveTo("12:00:15");
    for (const id of await fleet.queueJobs()) if (id.startsWith("queued")) await fleet.take(id);
    fleet.moveTo("12:00:16");
    const asked = await fleet.ask("queued");
    await fleet.events();
    await fleet.desk.remove("due");
    await fleet.desk.remove("queued");
    expect(await fleet.verdicts("due")).toEqual(["12:00:00..12:00:10 skipped: removed x2"]);
    expect(await fleet.verdicts("queued")).toEqual([
      "12:00:00 running",
      "12:00:10 skipped: removed",
      "12:00:16 skipped: removed",
    ]);
    expect(await fleet.getRun(asked)).toMatchObject({ trigger: "manual", reason: "removed" });
    // Each decision has an event.
    expect(await fleet.eventNames()).toEqual([
      "JOB_SKIPPED x2",
      "JOB_REMOVED",
      "JOB_SKIPPED",
      "JOB_SKIPPED",
      "JOB_REMOVED",
    ]);
    await fleet.release();
    await fleet.work();
    expect(fleet.fired).toEqual(["12:00:00"]);
  });

  test("what fell in a pause is skipped: paused", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    await fleet.add({ id: "job", ...everyTenSeconds });
    await fleet.desk.pause("job", undefined);
    fleet.moveTo("12:00:15");
    await fleet.desk.remove("job");
    expect(await fleet.verdicts("job")).toEqual(["12:00:00..12:00:10 skipped: paused x2"]);
  });

  test("nothing of the job is left in the engine but its ledger, its days and its changes, which end with its retention", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    await fleet.add({ id: "job", ...everyTenSeconds, retention: { age: "1d" } });
    await fleet.workTo("12:00:10");
    await fleet.desk.remove("job");
    await fleet.workTo("12:05");
    const places = (await fleet.store.placesOf("job")).toSorted();
    expect(places).toEqual(["days", "ledger", "revisions"]);
    const leftMs = await fleet.store.ledgerEndsInMs("job");
    expect(leftMs).toBeGreaterThan(0);
    expect(leftMs).toBeLessThanOrEqual(86_400_000);
  });

  test("a job of the same id, added again, keeps the ledger and is not woken by the old one's wake-ups", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    await fleet.add({ id: "job", ...everyTenSeconds });
    await fleet.workTo("12:00:05");
    await fleet.desk.remove("job");
    await fleet.add({ id: "job", trigger: "date", runDate: "2026-03-01 12:00:30" });
    await fleet.workTo("12:01");
    expect(await fleet.verdicts("job")).toEqual(["12:00:00 succeeded", "12:00:30 succeeded"]);
    expect(await fleet.store.ledgerEndsInMs("job")).toBeUndefined();
  });

  test("an unknown job is an error; the second of two removals too", async () => {
    await using fleet = await TestFleet.open();
    await fleet.add({ id: "job", ...everyTenSeconds });
    const ends = await Promise.allSettled([fleet.desk.remove("job"), fleet.desk.remove("job")]);
    expect(ends.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
    await expect(fleet.desk.remove("job")).rejects.toMatchObject({
      code: "JOB_NOT_FOUND",
      data: { jobId: "job" },
    });
  });

  test("removeAllJobs removes more than a page, and tells of it once", async () => {
    await using fleet = await TestFleet.open();
    const jobs = Array.from({ length: 450 }, (_, i) => ({
      pipeline: fleet.Work,
      options: { id: `job-${i}`, ...everyTenSeconds, startDate: "2026-03-01 13:00" },
    }));
    await fleet.desk.add(jobs);
    await fleet.events();
    expect(await fleet.desk.removeAll()).toBe(450);
    expect(await fleet.engine.jobs.count()).toBe(0);
    expect(await fleet.eventNames("ALL_JOBS_REMOVED")).toEqual(["ALL_JOBS_REMOVED x450"]);
    expect(await fleet.desk.removeAll()).toBe(0);
  });

  test("a run that is the first to leave a row after the removal: the ledger ends all the same", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    await fleet.add({ id: "job", ...everyTenSeconds, retention: { age: "1d" } });
    fleet.isHolding = true;
    await fleet.workTo("12:00:00");
    await fleet.desk.remove("job");
    await fleet.release();
    expect(await fleet.verdicts("job")).toEqual(["12:00:00 succeeded"]);
    const leftMs = await fleet.store.ledgerEndsInMs("job");
    expect(leftMs).toBeGreaterThan(0);
    expect(leftMs).toBeLessThanOrEqual(86_400_000);
  });
});
