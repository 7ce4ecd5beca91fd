import { TESTER } from "../helpers/tester.ts";
import { describe, expect, test } from "vitest";
import { TestFleet } from "../helpers/test-fleet.ts";

const once = { trigger: "date", runDate: "2026-03-01 12:01" } as const;
const hourly = { trigger: "interval", hours: 1, startDate: "2026-03-01 12:01" } as const;
const retry = { attempts: 4, delay: "1m" } as const;

/** A fleet whose runs fail until told otherwise, with a job whose first attempt has failed. */
async function failedOnce(options: Parameters<TestFleet["add"]>[0]): Promise<TestFleet> {
  const fleet = await TestFleet.open();
  fleet.act = () => {
    throw new Error("no luck");
  };
  await fleet.add({ retry, ...options });
  await fleet.workTo("12:01:30");
  await fleet.events();
  return fleet;
}

describe("removeJob: runs that wait to go on are cancelled", () => {
  test("a retry ends with the removal, and says why the attempt before failed", async () => {
    await using fleet = await failedOnce({ id: "job", ...once });
    await fleet.desk.remove("job");
    expect(await fleet.eventNames()).toEqual(["JOB_CANCELLED", "JOB_REMOVED"]);
    expect(await fleet.queueJobs()).toEqual([]);
    await fleet.workTo("12:30");
    expect(fleet.started).toHaveLength(1);
    const [run] = await fleet.runs("job");
    expect(run).toMatchObject({
      verdict: "cancelled",
      attempt: 1,
      error: { code: "RUN_CANCELLED" },
    });
    expect(run?.error?.message).toMatch(/the job was removed.*no luck/);
  });

  test("an attempt that is executed meanwhile ends as it ends, and has no retry", async () => {
    await using fleet = await TestFleet.open();
    fleet.isHolding = true;
    for (const id of ["good", "bad"]) await fleet.add({ id, ...once, retry });
    await fleet.workTo("12:01:30");
    for (const id of ["good", "bad"]) await fleet.desk.remove(id);
    for (const runId of fleet.held)
      await fleet.release(runId, { success: runId.startsWith("good") });
    await fleet.workTo("12:30");
    expect(fleet.started).toHaveLength(2);
    expect(await fleet.verdicts("good")).toEqual(["12:01:00 succeeded"]);
    expect(await fleet.verdicts("bad")).toEqual(["12:01:00 cancelled"]);
    expect(await fleet.queueJobs()).toEqual([]);
  });

  test("a run that sleeps ends too", async () => {
    await using fleet = await TestFleet.open();
    fleet.act = ({ sleep }) => sleep("10m");
    await fleet.add({ id: "job", ...once });
    await fleet.workTo("12:05");
    await fleet.desk.remove("job");
    expect(await fleet.queueJobs()).toEqual([]);
    expect(await fleet.verdicts("job")).toEqual(["12:01:00 cancelled"]);
  });
});

describe("pauseJob: retries wait for resumeJob", () => {
  test("a retry does not begin in the pause, and at once after it", async () => {
    await using fleet = await failedOnce({ id: "job", ...hourly });
    await fleet.desk.pause("job", undefined);
    expect(await fleet.queueJobs()).toEqual([]);
    await fleet.workTo("12:30");
    expect(fleet.started).toHaveLength(1);
    expect(await fleet.verdicts("job")).toEqual(["12:01:00 retrying"]);
    fleet.act = () => undefined;
    await fleet.desk.resume("job");
    await fleet.work();
    expect(await fleet.verdicts("job")).toEqual(["12:01:00 succeeded"]);
    const [run] = await fleet.runs("job");
    expect(run).toMatchObject({ attempt: 2, startedAt: new Date(fleet.now) });
  });

  test("a pause that ends before its time changes nothing", async () => {
    await using fleet = await failedOnce({ id: "job", ...hourly });
    await fleet.desk.pause("job", undefined);
    await fleet.desk.resume("job");
    await fleet.workTo("12:01:59");
    expect(fleet.started).toHaveLength(1);
    await fleet.workTo("12:02:00");
    expect(fleet.started).toHaveLength(2);
  });

  test("an attempt that fails in the pause is followed by none before its end", async () => {
    await using fleet = await TestFleet.open();
    fleet.isHolding = true;
    await fleet.add({ id: "job", ...hourly, retry });
    await fleet.workTo("12:01:30");
    await fleet.desk.pause("job", undefined);
    await fleet.release(fleet.held[0], { success: false });
    expect(await fleet.queueJobs()).toEqual([]);
    await fleet.workTo("12:30");
    expect(fleet.started).toHaveLength(1);
    fleet.isHolding = false;
    await fleet.desk.resume("job");
    await fleet.work();
    expect(await fleet.verdicts("job")).toEqual(["12:01:00 succeeded"]);
  });

  test("a job that its failures pause holds the retries of its other runs", async () => {
    await using fleet = await failedOnce({
      id: "job",
      ...hourly,
      maxInstances: 2,
      pauseAfterFailures: 1,
      retry: { attempts: 2, delay: "2h", maxDelay: "3h" },
    });
    // The second one has its last attempt, and pauses the job.
    await fleet.workTo("14:01");
    fleet.moveTo("14:01:01");
    await fleet.work();
    expect((await fleet.find("job"))?.state).toBe("paused");
    expect(await fleet.verdicts("job")).toContain("13:01:00 retrying");
    expect(await fleet.queueJobs()).toEqual([]);
  });

  test("what a person asked for is tried again in the pause", async () => {
    await using fleet = await TestFleet.open();
    fleet.act = ({ attempt }) => {
      if (attempt === 1) throw new Error("no luck");
    };
    await fleet.add({ id: "job", ...hourly, retry });
    await fleet.desk.pause("job", undefined);
    await fleet.ask("job");
    await fleet.workTo("12:10");
    expect(await fleet.verdicts("job")).toEqual(["12:00:00 succeeded"]);
  });

  test("cancelRun and removeJob end a retry that waits for its job", async () => {
    await using fleet = await failedOnce({ id: "job", ...hourly });
    await fleet.add({ id: "other", ...hourly, retry, startDate: "2026-03-01 12:01:31" });
    await fleet.workTo("12:01:40");
    for (const id of ["job", "other"]) await fleet.desk.pause(id, undefined);
    const [run] = await fleet.engine.ledger.readOpenRuns("job");
    await fleet.engine.requests.cancel({
      by: TESTER,
      jobId: "job",
      runId: run?.id ?? "",
      reason: "enough",
    });
    expect(await fleet.verdicts("job")).toEqual(["12:01:00 cancelled"]);
    await fleet.desk.remove("other");
    expect(await fleet.verdicts("other")).toEqual(["12:01:31 cancelled"]);
  });

  test("the reconciler does not take it for lost", async () => {
    await using fleet = await failedOnce({ id: "job", ...hourly });
    await fleet.desk.pause("job", undefined);
    const request = {
      horizonMs: 0,
      offset: 0,
      limit: 100,
      overdueMs: 1e12,
      finishedRetentionMs: 1e12,
    };
    expect(await fleet.engine.healing.audit(request)).toEqual([]);
  });
});
