// Every state that should be impossible, made by hand, and what the reconciler makes of it.
import { describe, expect, test } from "vitest";
import { systemClock } from "../../src/core/clock.ts";
import { Reconciler } from "../../src/scheduler/reconciler.ts";
import { EngineBench } from "../helpers/engine-bench.ts";

const START = { start: "2026-03-01 11:59:59" };
const everyTenSeconds = {
  trigger: "interval",
  seconds: 10,
  startDate: "2026-03-01 12:00",
} as const;

function reconcilerOf(bench: EngineBench): Reconciler {
  const quiet = (): void => undefined;
  return new Reconciler({
    engine: bench.engine,
    clock: systemClock,
    logger: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    owner: "a case",
    everyMs: 2_000,
    overdueMs: 10_000,
    finishedRetentionMs: 3_600_000,
  });
}

/** Loses queue jobs, as a flush, an eviction or BullMQ's own `obliterate` do. */
async function lose(bench: EngineBench, which: (id: string) => boolean = () => true) {
  for (const id of await bench.queueJobs()) {
    if (!which(id)) continue;
    await bench.ground.queue.take(id);
    await bench.ground.queue.drop(id);
  }
}

/** Why a job was repaired, or is overdue, since the last call. */
async function reasons(bench: EngineBench): Promise<(string | undefined)[]> {
  return (await bench.events("JOB_REPAIRED", "JOB_OVERDUE")).map(({ reason }) => reason);
}

describe("the reconciler", () => {
  test("an active job without a queue job is scheduled again; no time is lost", async () => {
    await using bench = await EngineBench.open(START);
    const reconciler = reconcilerOf(bench);
    await bench.add({ id: "job", ...everyTenSeconds });
    await bench.workTo("12:00:05");
    await lose(bench);
    bench.moveTo("12:00:25");
    await bench.work();
    expect(bench.fired).toEqual(["12:00:00"]);
    await reconciler.pass();
    expect(await reasons(bench)).toEqual([]);
    await reconciler.pass();
    expect(await reasons(bench)).toEqual([expect.stringContaining("was not waiting")]);
    await bench.work();
    await bench.workTo("12:00:30");
    expect(await bench.verdicts("job")).toEqual([
      "12:00:00 succeeded",
      "12:00:10 coalesced",
      "12:00:20 succeeded",
      "12:00:30 succeeded",
    ]);
  });

  test("what was only on its way is left alone", async () => {
    await using bench = await EngineBench.open(START);
    const reconciler = reconcilerOf(bench);
    await bench.add({ id: "job", ...everyTenSeconds });
    const [next = ""] = await bench.queueJobs();
    const dueAt = (await bench.ground.queue.dueAt(next)) ?? 0;
    await lose(bench);
    await reconciler.pass();
    await bench.engine.queue.add([{ id: next, pipeline: "Work", dueAt }]);
    await reconciler.pass();
    await reconciler.pass();
    expect(await reasons(bench)).toEqual([]);
  });

  test("a run asked for by hand whose queue job is lost is called again", async () => {
    await using bench = await EngineBench.open(START);
    const reconciler = reconcilerOf(bench);
    await bench.add({ id: "job", ...everyTenSeconds, nextRunTime: null });
    const runId = await bench.ask("job");
    await lose(bench);
    await bench.work();
    expect((await bench.getRun(runId)).verdict).toBe("queued");
    await reconciler.pass();
    await reconciler.pass();
    expect(await reasons(bench)).toEqual([expect.stringContaining("had no queue job")]);
    await bench.work();
    expect((await bench.getRun(runId)).verdict).toBe("succeeded");
  });

  test("occurrences that wait for an instance, and whose call is lost, are called again", async () => {
    await using bench = await EngineBench.open(START);
    const reconciler = reconcilerOf(bench);
    await bench.add({ id: "job", ...everyTenSeconds, coalesce: false });
    bench.isHolding = true;
    bench.moveTo("12:00:25");
    await bench.work();
    bench.isHolding = false;
    await bench.release();
    await lose(bench, (id) => /:c\d/.test(id));
    await bench.work();
    expect(bench.fired).toEqual(["12:00:00"]);
    await reconciler.pass();
    await reconciler.pass();
    expect(await reasons(bench)).toEqual([expect.stringContaining("had no queue job")]);
    await bench.work();
    expect(await bench.verdicts("job")).toEqual([
      "12:00:00 succeeded",
      "12:00:10 succeeded",
      "12:00:20 succeeded",
    ]);
  });

  test("a run whose queue job is gone is given to the next attempt, and its instance with it", async () => {
    await using bench = await EngineBench.open({ ...START, workers: 2 });
    const reconciler = reconcilerOf(bench);
    await bench.add({ id: "job", trigger: "date", runDate: "2026-03-01 12:00" });
    bench.isHolding = true;
    await bench.workTo("12:00:00");
    const [runId = ""] = bench.held;
    await bench.ground.queue.drop(runId);
    await reconciler.pass();
    await reconciler.pass();
    expect(await reasons(bench)).toEqual([expect.stringContaining("another attempt")]);
    bench.isHolding = false;
    await bench.work();
    expect(bench.started.map((run) => [run.runId, run.attempt])).toEqual([
      [runId, 1],
      [runId, 2],
    ]);
    // The first attempt has lost the run: what it brings is refused.
    await bench.release(runId, { by: "the first" });
    const run = await bench.getRun(runId);
    expect(run).toMatchObject({ verdict: "succeeded", attempt: 2 });
    expect(run.result).not.toEqual({ by: "the first" });
    expect((await bench.find("job"))?.running).toBe(0);
  });

  test("a job that finished long ago is removed, its ledger stays", async () => {
    await using bench = await EngineBench.open(START);
    const reconciler = reconcilerOf(bench);
    await bench.add({ id: "job", trigger: "date", runDate: "2026-03-01 12:00" });
    await bench.workTo("12:00:00");
    bench.moveTo("12:59:59");
    await reconciler.pass();
    expect(await bench.find("job")).toBeDefined();
    bench.moveTo("13:00:01");
    await reconciler.pass();
    expect(await bench.find("job")).toBeUndefined();
    expect(await bench.verdicts("job")).toEqual(["12:00:00 succeeded"]);
  });

  test("a fleet of more jobs than are looked at in one pass is gone through in turns", async () => {
    await using bench = await EngineBench.open(START);
    const reconciler = reconcilerOf(bench);
    const far = { trigger: "date", runDate: "2026-03-02 12:00" } as const;
    const ids = Array.from({ length: 250 }, (_, i) => `job-${String(i).padStart(4, "0")}`);
    await bench.desk.add(ids.map((id) => ({ pipeline: bench.Work, options: { id, ...far } })));
    await lose(bench, (id) => id.startsWith("job-0249:"));
    for (let passes = 0; passes < 8; passes += 1) await reconciler.pass();
    const repaired = (await bench.events("JOB_REPAIRED")).map(({ jobId }) => jobId);
    expect(repaired).toEqual(["job-0249"]);
  });
});
