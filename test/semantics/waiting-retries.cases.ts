import { describe, expect, test } from "vitest";
import { EngineBench } from "../helpers/engine-bench.ts";

const once = { trigger: "date", runDate: "2026-03-01 12:01" } as const;
const hourly = { trigger: "interval", hours: 1, startDate: "2026-03-01 12:01" } as const;
const retry = { attempts: 4, delay: "1m" } as const;

/** A bench whose runs fail until told otherwise, with a job whose first attempt has failed. */
async function failedOnce(options: Parameters<EngineBench["add"]>[0]): Promise<EngineBench> {
  const bench = await EngineBench.open();
  bench.act = () => {
    throw new Error("no luck");
  };
  await bench.add({ retry, ...options });
  await bench.workTo("12:01:30");
  await bench.events();
  return bench;
}

describe("removeJob: runs that wait to go on are cancelled", () => {
  test("a retry ends with the removal, and says why the attempt before failed", async () => {
    await using bench = await failedOnce({ id: "job", ...once });
    await bench.desk.remove("job");
    expect(await bench.eventNames()).toEqual(["JOB_CANCELLED", "JOB_REMOVED"]);
    expect(await bench.queueJobs()).toEqual([]);
    await bench.workTo("12:30");
    expect(bench.started).toHaveLength(1);
    const [run] = await bench.runs("job");
    expect(run).toMatchObject({
      verdict: "cancelled",
      attempt: 1,
      error: { code: "RUN_CANCELLED" },
    });
    expect(run?.error?.message).toMatch(/the job was removed.*no luck/);
  });

  test("an attempt that is executed meanwhile ends as it ends, and has no retry", async () => {
    await using bench = await EngineBench.open();
    bench.isHolding = true;
    for (const id of ["good", "bad"]) await bench.add({ id, ...once, retry });
    await bench.workTo("12:01:30");
    for (const id of ["good", "bad"]) await bench.desk.remove(id);
    for (const runId of bench.held)
      await bench.release(runId, { success: runId.startsWith("good") });
    await bench.workTo("12:30");
    expect(bench.started).toHaveLength(2);
    expect(await bench.verdicts("good")).toEqual(["12:01:00 succeeded"]);
    expect(await bench.verdicts("bad")).toEqual(["12:01:00 cancelled"]);
    expect(await bench.queueJobs()).toEqual([]);
  });

  test("a run that sleeps ends too", async () => {
    await using bench = await EngineBench.open();
    bench.act = ({ sleep }) => sleep("10m");
    await bench.add({ id: "job", ...once });
    await bench.workTo("12:05");
    await bench.desk.remove("job");
    expect(await bench.queueJobs()).toEqual([]);
    expect(await bench.verdicts("job")).toEqual(["12:01:00 cancelled"]);
  });
});

describe("pauseJob: retries wait for resumeJob", () => {
  test("a retry does not begin in the pause, and at once after it", async () => {
    await using bench = await failedOnce({ id: "job", ...hourly });
    await bench.desk.pause("job", undefined);
    expect(await bench.queueJobs()).toEqual([]);
    await bench.workTo("12:30");
    expect(bench.started).toHaveLength(1);
    expect(await bench.verdicts("job")).toEqual(["12:01:00 retrying"]);
    bench.act = () => undefined;
    await bench.desk.resume("job");
    await bench.work();
    expect(await bench.verdicts("job")).toEqual(["12:01:00 succeeded"]);
    const [run] = await bench.runs("job");
    expect(run).toMatchObject({ attempt: 2, startedAt: new Date(bench.now) });
  });

  test("a pause that ends before its time changes nothing", async () => {
    await using bench = await failedOnce({ id: "job", ...hourly });
    await bench.desk.pause("job", undefined);
    await bench.desk.resume("job");
    await bench.workTo("12:01:59");
    expect(bench.started).toHaveLength(1);
    await bench.workTo("12:02:00");
    expect(bench.started).toHaveLength(2);
  });

  test("an attempt that fails in the pause is followed by none before its end", async () => {
    await using bench = await EngineBench.open();
    bench.isHolding = true;
    await bench.add({ id: "job", ...hourly, retry });
    await bench.workTo("12:01:30");
    await bench.desk.pause("job", undefined);
    await bench.release(bench.held[0], { success: false });
    expect(await bench.queueJobs()).toEqual([]);
    await bench.workTo("12:30");
    expect(bench.started).toHaveLength(1);
    bench.isHolding = false;
    await bench.desk.resume("job");
    await bench.work();
    expect(await bench.verdicts("job")).toEqual(["12:01:00 succeeded"]);
  });

  test("a job that its failures pause holds the retries of its other runs", async () => {
    await using bench = await failedOnce({
      id: "job",
      ...hourly,
      maxInstances: 2,
      pauseAfterFailures: 1,
      retry: { attempts: 2, delay: "2h", maxDelay: "3h" },
    });
    // The second one has its last attempt, and pauses the job.
    await bench.workTo("14:01");
    bench.moveTo("14:01:01");
    await bench.work();
    expect((await bench.find("job"))?.state).toBe("paused");
    expect(await bench.verdicts("job")).toContain("13:01:00 retrying");
    expect(await bench.queueJobs()).toEqual([]);
  });

  test("what a person asked for is tried again in the pause", async () => {
    await using bench = await EngineBench.open();
    bench.act = ({ attempt }) => {
      if (attempt === 1) throw new Error("no luck");
    };
    await bench.add({ id: "job", ...hourly, retry });
    await bench.desk.pause("job", undefined);
    await bench.ask("job");
    await bench.workTo("12:10");
    expect(await bench.verdicts("job")).toEqual(["12:00:00 succeeded"]);
  });

  test("cancelRun and removeJob end a retry that waits for its job", async () => {
    await using bench = await failedOnce({ id: "job", ...hourly });
    await bench.add({ id: "other", ...hourly, retry, startDate: "2026-03-01 12:01:31" });
    await bench.workTo("12:01:40");
    for (const id of ["job", "other"]) await bench.desk.pause(id, undefined);
    const [run] = await bench.engine.ledger.readOpenRuns("job");
    await bench.engine.requests.cancel({ jobId: "job", runId: run?.id ?? "", reason: "enough" });
    expect(await bench.verdicts("job")).toEqual(["12:01:00 cancelled"]);
    await bench.desk.remove("other");
    expect(await bench.verdicts("other")).toEqual(["12:01:31 cancelled"]);
  });

  test("the reconciler does not take it for lost", async () => {
    await using bench = await failedOnce({ id: "job", ...hourly });
    await bench.desk.pause("job", undefined);
    const request = {
      horizonMs: 0,
      offset: 0,
      limit: 100,
      overdueMs: 1e12,
      finishedRetentionMs: 1e12,
    };
    expect(await bench.engine.healing.audit(request)).toEqual([]);
  });
});
