import { describe, expect, inject, test } from "vitest";
import { backlog, ProcessFleet, soon } from "../crash/fleet.ts";

describe.concurrent("a worker without the pipeline", () => {
  test("leaves the run to one that has it", { timeout: 60_000 }, async () => {
    await using fleet = await ProcessFleet.start(inject("redisUrl"));
    await fleet.worker({ pipelines: [fleet.pipeline("other")] });
    const able = await fleet.worker();
    const { options, fireTimes } = soon(6, 200);
    await fleet.add("job", { ...options, coalesce: false, maxInstances: 10 });
    await fleet.decided("job", fireTimes);
    const rows = await fleet.account("job", fireTimes, { maxInstances: 10 });
    expect(rows.map(({ verdict, worker }) => [verdict, worker])).toEqual(
      fireTimes.map(() => ["succeeded", able.id]),
    );
  });

  test("alone: JOB_OVERDUE says why, and a later worker runs it", { timeout: 60_000 }, async () => {
    await using fleet = await ProcessFleet.start(inject("redisUrl"), {
      reconcile: 0.2,
      overdue: 0.3,
    });
    const unable = await fleet.worker({ pipelines: [fleet.pipeline("other")] });
    const { options, fireTimes } = backlog(3);
    await fleet.add("job", options);
    const [overdue] = await fleet.hears("JOB_OVERDUE", "job");
    expect(overdue?.reason).toMatch(/the only worker does not have the pipeline "task"/);
    expect(overdue?.scheduledRunTime?.getTime()).toBe(fireTimes[0]);
    // It continues with what it can run.
    await fleet.add("mine", { ...backlog(1).options }, "other");
    const [mine] = await fleet.hears("JOB_EXECUTED", "mine");
    expect(mine?.worker).toBe(unable.id);
    const able = await fleet.worker();
    await fleet.decided("job", fireTimes);
    const rows = await fleet.account("job", fireTimes);
    expect(rows.at(-1)).toMatchObject({ verdict: "succeeded", attempt: 1, worker: able.id });
    expect(fleet.heard("JOB_OVERDUE", "job")).toHaveLength(1);
    expect(fleet.heard("JOB_REPAIRED", "job")).toEqual([]);
  });

  test("no worker at all: JOB_OVERDUE says that", { timeout: 60_000 }, async () => {
    await using fleet = await ProcessFleet.start(inject("redisUrl"), {
      reconcile: 0.2,
      overdue: 0.3,
    });
    const { options, fireTimes } = backlog(1);
    await fleet.add("job", options);
    const [overdue] = await fleet.hears("JOB_OVERDUE", "job");
    expect(overdue?.reason).toMatch(/no worker is running/);
    await fleet.worker();
    await fleet.decided("job", fireTimes);
    await fleet.account("job", fireTimes);
  });
});
