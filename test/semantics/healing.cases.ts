// Every state that should be impossible, made by hand, and its repair by the reconciler.
import { describe, expect, test } from "vitest";
import { reconcilerOf } from "../helpers/reconciler-of.ts";
import { TestFleet } from "../helpers/test-fleet.ts";

const START = { start: "2026-03-01 11:59:59" };
const everyTenSeconds = {
  trigger: "interval",
  seconds: 10,
  startDate: "2026-03-01 12:00",
} as const;

/** Loses queue jobs, as a flush, an eviction or BullMQ's own `obliterate` do. */
async function lose(fleet: TestFleet, which: (id: string) => boolean = () => true) {
  for (const id of await fleet.queueJobs()) {
    if (!which(id)) continue;
    await fleet.store.queue.take(id);
    await fleet.store.queue.drop(id);
  }
}

/** Why a job was repaired, or is overdue, since the last call. */
async function reasons(fleet: TestFleet): Promise<(string | undefined)[]> {
  return (await fleet.events("JOB_REPAIRED", "JOB_OVERDUE")).map(({ reason }) => reason);
}

describe("the reconciler", () => {
  test("an active job without a queue job is scheduled again; no time is lost", async () => {
    await using fleet = await TestFleet.open(START);
    const reconciler = reconcilerOf(fleet.engine);
    await fleet.add({ id: "job", ...everyTenSeconds });
    await fleet.workTo("12:00:05");
    await lose(fleet);
    fleet.moveTo("12:00:25");
    await fleet.work();
    expect(fleet.fired).toEqual(["12:00:00"]);
    await reconciler.pass();
    expect(await reasons(fleet)).toEqual([]);
    await reconciler.pass();
    expect(await reasons(fleet)).toEqual([expect.stringContaining("was not waiting")]);
    await fleet.work();
    await fleet.workTo("12:00:30");
    expect(await fleet.verdicts("job")).toEqual([
      "12:00:00 succeeded",
      "12:00:10 coalesced",
      "12:00:20 succeeded",
      "12:00:30 succeeded",
    ]);
  });

  test("what was only on its way is left alone", async () => {
    await using fleet = await TestFleet.open(START);
    const reconciler = reconcilerOf(fleet.engine);
    await fleet.add({ id: "job", ...everyTenSeconds });
    const [next = ""] = await fleet.queueJobs();
    const dueAt = (await fleet.store.queue.dueAt(next)) ?? 0;
    await lose(fleet);
    await reconciler.pass();
    await fleet.engine.queue.add([{ id: next, pipeline: "Work", dueAt }]);
    await reconciler.pass();
    await reconciler.pass();
    expect(await reasons(fleet)).toEqual([]);
  });

  test("a run asked for by hand whose queue job is lost is called again", async () => {
    await using fleet = await TestFleet.open(START);
    const reconciler = reconcilerOf(fleet.engine);
    await fleet.add({ id: "job", ...everyTenSeconds, nextRunTime: null });
    const runId = await fleet.ask("job");
    await lose(fleet);
    await fleet.work();
    expect((await fleet.getRun(runId)).verdict).toBe("queued");
    await reconciler.pass();
    await reconciler.pass();
    expect(await reasons(fleet)).toEqual([expect.stringContaining("had no queue job")]);
    await fleet.work();
    expect((await fleet.getRun(runId)).verdict).toBe("succeeded");
  });

  test("occurrences that wait for an instance, and whose call is lost, are called again", async () => {
    await using fleet = await TestFleet.open(START);
    const reconciler = reconcilerOf(fleet.engine);
    await fleet.add({ id: "job", ...everyTenSeconds, coalesce: false });
    fleet.isHolding = true;
    fleet.moveTo("12:00:25");
    await fleet.work();
    fleet.isHolding = false;
    await fleet.release();
    await lose(fleet, (id) => /:c\d/.test(id));
    await fleet.work();
    expect(fleet.fired).toEqual(["12:00:00"]);
    await reconciler.pass();
    await reconciler.pass();
    expect(await reasons(fleet)).toEqual([expect.stringContaining("had no queue job")]);
    await fleet.work();
    expect(await fleet.verdicts("job")).toEqual([
      "12:00:00 succeeded",
      "12:00:10 succeeded",
      "12:00:20 succeeded",
    ]);
  });

  test("a run whose queue job is gone is given to the next attempt, and its instance with it", async () => {
    await using fleet = await TestFleet.open({ ...START, workers: 2 });
    const reconciler = reconcilerOf(fleet.engine);
    await fleet.add({ id: "job", trigger: "date", runDate: "2026-03-01 12:00" });
    fleet.isHolding = true;
    await fleet.workTo("12:00:00");
    const [runId = ""] = fleet.held;
    await fleet.store.queue.drop(runId);
    await reconciler.pass();
    await reconciler.pass();
    expect(await reasons(fleet)).toEqual([expect.stringContaining("another attempt")]);
    fleet.isHolding = false;
    await fleet.work();
    expect(fleet.started.map((run) => [run.runId, run.attempt])).toEqual([
      [runId, 1],
      [runId, 2],
    ]);
    // The first attempt has lost the run: its outcome is refused.
    await fleet.release(runId, { by: "the first" });
    const run = await fleet.getRun(runId);
    expect(run).toMatchObject({ verdict: "succeeded", attempt: 2 });
    expect(run.result).not.toEqual({ by: "the first" });
    expect((await fleet.find("job"))?.running).toBe(0);
  });

  test("a job that finished long ago is removed, its ledger stays", async () => {
    await using fleet = await TestFleet.open(START);
    const reconciler = reconcilerOf(fleet.engine);
    await fleet.add({ id: "job", trigger: "date", runDate: "2026-03-01 12:00" });
    await fleet.workTo("12:00:00");
    fleet.moveTo("12:59:59");
    await reconciler.pass();
    expect(await fleet.find("job")).toBeDefined();
    fleet.moveTo("13:00:01");
    await reconciler.pass();
    expect(await fleet.find("job")).toBeUndefined();
    expect(await fleet.verdicts("job")).toEqual(["12:00:00 succeeded"]);
  });

  test("a fleet of more jobs than are looked at in one pass is gone through in turns", async () => {
    await using fleet = await TestFleet.open(START);
    const reconciler = reconcilerOf(fleet.engine);
    const far = { trigger: "date", runDate: "2026-03-02 12:00" } as const;
    const ids = Array.from({ length: 250 }, (_, i) => `job-${String(i).padStart(4, "0")}`);
    await fleet.desk.add(ids.map((id) => ({ pipeline: fleet.Work, options: { id, ...far } })));
    await lose(fleet, (id) => id.startsWith("job-0249:"));
    for (let passes = 0; passes < 8; passes += 1) await reconciler.pass();
    const repaired = (await fleet.events("JOB_REPAIRED")).map(({ jobId }) => jobId);
    expect(repaired).toEqual(["job-0249"]);
  });
});
