import { describe, expect, inject, test } from "vitest";
import {
  EVENT_ALL,
  EVENT_JOB_ERROR,
  EVENT_JOB_EXECUTED,
  PipelineScheduler,
  type SchedulerEvent,
} from "../../src/index.ts";
import { backlog, ProcessFleet } from "../crash/fleet.ts";
import { silent } from "../helpers/silent.ts";

/** Runs one job once and waits until this process has received its end. */
async function runOnce(fleet: ProcessFleet, id: string, params: object = { ms: 1 }): Promise<void> {
  await fleet.add(id, { ...backlog(1).options, params });
  await fleet.until(
    `the end of ${id}`,
    () => fleet.heard("JOB_EXECUTED", id).length + fleet.heard("JOB_ERROR", id).length > 0,
  );
}

describe.concurrent("a listener", () => {
  test("hears a run in another process, with all its fields", { timeout: 60_000 }, async () => {
    await using fleet = await ProcessFleet.start(inject("redisUrl"));
    const program = await fleet.program();
    const worker = await fleet.go(program);
    const { options, fireTimes } = backlog(1);
    await fleet.add("good", options);
    await fleet.add("bad", { ...options, params: { act: "fail" } });
    const [good] = await fleet.hears("JOB_EXECUTED", "good");
    const [bad] = await fleet.hears("JOB_ERROR", "bad");
    expect(good).toMatchObject({
      code: EVENT_JOB_EXECUTED,
      jobId: "good",
      scheduledRunTime: new Date(fireTimes[0] ?? 0),
      retval: { attempt: 1, pid: program.pid },
      attempt: 1,
      worker,
    });
    expect(bad?.exception).toBeInstanceOf(Error);
    expect(bad?.exception?.message).toBe("as told");
    expect(bad?.traceback).toMatch(/^Error: as told\n {4}at .*pipelines/);
    expect(bad?.code).toBe(EVENT_JOB_ERROR);
    await fleet.hears("JOB_FINISHED", "good");
    // In order, each once.
    const names = fleet.events.filter(({ jobId }) => jobId === "good").map(({ name }) => name);
    expect(names).toEqual([
      "JOB_ADDED",
      "JOB_SUBMITTED",
      "JOB_STARTED",
      "JOB_EXECUTED",
      "JOB_FINISHED",
    ]);
  });

  test("hears what its mask lets through, and nothing once it is removed", async () => {
    await using fleet = await ProcessFleet.start(inject("redisUrl"));
    await fleet.worker();
    const heard: Record<string, string[]> = { errors: [], named: [], removed: [] };
    const note = (list: string) => (event: SchedulerEvent) => heard[list]?.push(event.name);
    const removed = note("removed");
    fleet.scheduler.addListener(note("errors"), EVENT_JOB_ERROR);
    fleet.scheduler.on("JOB_EXECUTED", note("named"));
    fleet.scheduler.addListener(removed);
    await runOnce(fleet, "one");
    fleet.scheduler.removeListener(removed);
    fleet.scheduler.removeListener(removed);
    const before = heard["removed"]?.length ?? 0;
    expect(before).toBeGreaterThan(0);
    await runOnce(fleet, "two", { act: "fail" });
    expect(heard).toMatchObject({ errors: ["JOB_ERROR"], named: ["JOB_EXECUTED"] });
    expect(heard["removed"]).toHaveLength(before);
    // @ts-expect-error no such event
    expect(() => fleet.scheduler.on("JOB_EXPLODED", note("named"))).toThrow(/not an event/);
    expect(() => fleet.scheduler.addListener(note("none"), 1, { name: "a b" })).toThrow(/name/);
  });

  test("that is added later hears nothing from before", async () => {
    await using fleet = await ProcessFleet.start(inject("redisUrl"));
    await using late = new PipelineScheduler({
      connection: inject("redisUrl"),
      prefix: fleet.prefix,
      worker: false,
      logger: silent,
    });
    await late.start();
    await fleet.worker();
    await runOnce(fleet, "before");
    const heard: SchedulerEvent[] = [];
    late.addListener((event) => heard.push(event));
    // This process receives its own next events in any case.
    await late.pause();
    await late.resume();
    await runOnce(fleet, "after");
    await fleet.until("the last event", () =>
      heard.some(({ name, jobId }) => name === "JOB_EXECUTED" && jobId === "after"),
    );
    expect(heard.map(({ name }) => name).slice(0, 2)).toEqual([
      "SCHEDULER_PAUSED",
      "SCHEDULER_RESUMED",
    ]);
    expect(heard.filter(({ jobId }) => jobId === "before")).toEqual([]);
  });

  test("that throws, rejects or hangs harms nobody", { timeout: 60_000 }, async () => {
    await using fleet = await ProcessFleet.start(inject("redisUrl"));
    const logged: string[] = [];
    await using other = new PipelineScheduler({
      connection: inject("redisUrl"),
      prefix: fleet.prefix,
      worker: false,
      logger: { ...silent, error: (message) => logged.push(message) },
    });
    const calls = { throws: 0, rejects: 0, hangs: 0, fine: 0 };
    other.addListener(() => {
      calls.throws += 1;
      throw new Error("a listener's own");
    });
    other.addListener(async () => {
      calls.rejects += 1;
      throw new Error("a listener's own");
    });
    other.addListener(() => {
      calls.hangs += 1;
      return new Promise(() => undefined);
    });
    other.addListener(() => (calls.fine += 1));
    await other.start();
    await fleet.worker();
    await runOnce(fleet, "one");
    await runOnce(fleet, "two");
    await fleet.until(
      "all of them",
      () => new Set(Object.values(calls)).size === 1 && calls.fine >= 10,
    );
    expect(logged.length).toBeGreaterThanOrEqual(2 * 10);
    await fleet.account("one", [(await fleet.ledger("one"))[0]?.fireTime.getTime() ?? 0]);
  });

  test("of scope local hears its own worker's runs only", { timeout: 60_000 }, async () => {
    await using fleet = await ProcessFleet.start(inject("redisUrl"));
    await using local = new PipelineScheduler({
      connection: inject("redisUrl"),
      prefix: fleet.prefix,
      pipelines: [fleet.pipeline("other")],
      logger: silent,
    });
    const heard: SchedulerEvent[] = [];
    local.addListener((event) => heard.push(event), EVENT_ALL, { scope: "local" });
    await local.start();
    await fleet.worker();
    await runOnce(fleet, "elsewhere");
    await fleet.add("here", { ...backlog(1).options }, "other");
    await fleet.until("the run here", () => heard.some(({ name }) => name === "JOB_EXECUTED"));
    expect(heard.map(({ name, jobId }) => [name, jobId])).toEqual([
      ["WORKER_STARTED", undefined],
      ["JOB_SUBMITTED", "here"],
      ["JOB_STARTED", "here"],
      ["JOB_EXECUTED", "here"],
    ]);
  });
});

test("an event that is none: all names, and what was likely meant", async () => {
  await using scheduler = new PipelineScheduler({ worker: false });
  for (const [given, meant] of [
    ["JOB_FAILED", "JOB_ERROR"],
    ["completed", "JOB_EXECUTED"],
    ["EVENT_JOB_MISSED", "JOB_MISSED"],
    ["job_eror", "JOB_ERROR"],
  ] as const) {
    const listen = () => scheduler.on(given as "JOB_ERROR", () => undefined);
    expect(listen).toThrow(
      `on: "${given}" is not an event. Did you mean "${meant}"? Known events: `,
    );
    expect(listen).toThrow("JOB_MAX_INSTANCES");
  }
});
