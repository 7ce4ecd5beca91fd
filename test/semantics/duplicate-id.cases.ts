import { describe, expect, test } from "vitest";
import { ConflictingIdError } from "../../src/index.ts";
import { clockText, EngineBench } from "../helpers/engine-bench.ts";

const hourly = { id: "job", trigger: "interval", hours: 1 } as const;
const other = { ...hourly, maxInstances: 3 } as const;

describe("duplicate id: ConflictingIdError; with replaceExisting the definition is replaced, an unchanged trigger keeps its next occurrence and its paused state", () => {
  test("another definition is refused and nothing is changed", async () => {
    await using bench = await EngineBench.open();
    const before = await bench.add(hourly);
    bench.moveTo("12:10");
    await bench.events();
    const refused = bench.add(other);
    await expect(refused).rejects.toBeInstanceOf(ConflictingIdError);
    await expect(refused).rejects.toMatchObject({ code: "CONFLICTING_ID", data: { jobId: "job" } });
    expect(await bench.find("job")).toEqual(before);
    expect(await bench.eventNames()).toEqual([]);
  });

  test("an equal declaration does nothing, whatever modifyJob or pauseJob changed since", async () => {
    await using bench = await EngineBench.open();
    await bench.add(hourly);
    await bench.desk.modify("job", { maxInstances: 7 }, "modifyJob");
    await bench.desk.modify("job", { trigger: "interval", minutes: 5 }, "rescheduleJob");
    const before = await bench.desk.pause("job", "why not");
    bench.moveTo("12:10");
    await bench.events();
    expect(await bench.add(hourly)).toEqual(before);
    expect(await bench.add({ ...hourly, replaceExisting: true })).toEqual(before);
    expect(await bench.eventNames()).toEqual([]);
  });

  test("an equal declaration does nothing when the trigger has ended meanwhile; another one is refused", async () => {
    await using bench = await EngineBench.open();
    const short = { ...hourly, endDate: "2026-03-01 14:00" };
    await bench.add(short);
    await bench.workTo("15:00");
    const before = await bench.desk.get("job");
    expect(before.state).toBe("finished");
    expect(await bench.add(short)).toEqual(before);
    expect(await bench.add({ ...short, replaceExisting: true })).toEqual(before);
    for (const more of [{ maxInstances: 2, replaceExisting: true }, { id: "new" }])
      await expect(bench.add({ ...short, ...more })).rejects.toMatchObject({
        code: "INVALID_TRIGGER",
        message: expect.stringContaining("would never fire"),
      });
  });

  test("the order of keys and of the options does not matter", async () => {
    await using bench = await EngineBench.open();
    await bench.add({ ...hourly, params: { a: 1, b: { c: 2, d: 3 } } });
    const reordered = {
      hours: 1,
      params: { b: { d: 3, c: 2 }, a: 1 },
      trigger: "interval",
    } as const;
    await bench.add({ ...reordered, id: "job" });
    await expect(bench.add({ ...reordered, id: "job", params: { a: 2 } })).rejects.toMatchObject({
      code: "CONFLICTING_ID",
    });
  });

  test("replaceExisting, trigger unchanged: rules are new, next occurrence and paused state are kept", async () => {
    await using bench = await EngineBench.open();
    await bench.add(hourly);
    const next = await bench.next("job");
    bench.moveTo("12:10");
    await bench.events();
    const replaced = await bench.add({ ...other, replaceExisting: true });
    expect(replaced.definition.policy.maxInstances).toBe(3);
    expect(await bench.next("job")).toBe(next);
    expect(await bench.eventNames()).toEqual(["JOB_MODIFIED"]);
    await bench.desk.pause("job", "hold");
    const again = await bench.add({ ...hourly, maxInstances: 4, replaceExisting: true });
    expect(again).toMatchObject({ state: "paused", pausedReason: "hold" });
    expect(again.definition.policy.maxInstances).toBe(4);
  });

  test("replaceExisting, another trigger: the next occurrence is new, a paused job stays paused", async () => {
    await using bench = await EngineBench.open();
    await bench.add(hourly);
    await bench.add({ ...hourly, hours: 2, replaceExisting: true });
    const replaced = await bench.desk.get("job");
    expect(replaced.state).toBe("active");
    expect(clockText(replaced.nextFireAt ?? 0)).not.toBe("13:00:00");
    await bench.desk.pause("job", "hold");
    const paused = await bench.add({ ...hourly, hours: 3, replaceExisting: true });
    expect(paused).toMatchObject({ state: "paused", pausedReason: "hold", nextFireAt: null });
    await bench.workTo("18:00");
    expect(bench.fired.filter((fired) => fired > "12:00:00")).toEqual([]);
  });

  test("replaceExisting with nextRunTime: null pauses the job, with another trigger or the same, until resumeJob", async () => {
    await using bench = await EngineBench.open();
    await bench.add(hourly);
    await bench.add({ ...hourly, id: "same" });
    const paused = { nextRunTime: null, replaceExisting: true } as const;
    expect(await bench.add({ ...hourly, hours: 2, ...paused })).toMatchObject({
      state: "paused",
      nextFireAt: null,
    });
    expect(await bench.add({ ...hourly, id: "same", ...paused })).toMatchObject({
      state: "paused",
      nextFireAt: null,
    });
    await bench.workTo("18:00");
    expect(bench.fired).toEqual([]);
    await bench.desk.resume("job");
    // Declared as it was replaced, it stays resumed.
    expect(await bench.add({ ...hourly, hours: 2, ...paused })).toMatchObject({ state: "active" });
  });

  test("10 processes that declare the same 50 jobs at once: each is there once", async () => {
    await using bench = await EngineBench.open({ start: "2026-03-01 11:59:59" });
    const declared = Array.from({ length: 50 }, (_, i) => ({
      pipeline: bench.Work,
      options: { id: `job-${i}`, trigger: "date", runDate: "2026-03-01 12:00" },
    }));
    await bench.events();
    await Promise.all(Array.from({ length: 10 }, () => bench.desk.add(declared)));
    expect(await bench.engine.jobs.count()).toBe(50);
    expect(await bench.eventNames()).toEqual(Array.from({ length: 50 }, () => "JOB_ADDED"));
    await bench.workTo("12:01");
    expect(bench.fired).toHaveLength(50);
    expect(new Set(bench.started.map(({ jobId }) => jobId)).size).toBe(50);
  });

  test("10 processes that replace the same job at once: one of the definitions, and one chain of wake-ups", async () => {
    await using bench = await EngineBench.open({ start: "2026-03-01 11:59:59" });
    const base = { id: "job", trigger: "interval", startDate: "2026-03-01 12:00" } as const;
    await bench.add({ ...base, seconds: 5 });
    await Promise.all(
      Array.from({ length: 10 }, (_, i) =>
        bench.add({ ...base, seconds: 10 + i, replaceExisting: true }),
      ),
    );
    await bench.workTo("12:00:25");
    const { trigger } = (await bench.desk.get("job")).definition;
    expect(trigger).toMatchObject({ kind: "interval" });
    expect(new Set(bench.fired).size).toBe(bench.fired.length);
    expect(bench.fired[0]).toBe("12:00:00");
    expect(bench.fired.length).toBeLessThanOrEqual(3);
    expect(await bench.queueJobs()).toHaveLength(1);
  });

  test("addJobs stores the others when one conflicts", async () => {
    await using bench = await EngineBench.open();
    await bench.add(hourly);
    const jobs = [
      { pipeline: bench.Work, options: { ...hourly, id: "before" } },
      { pipeline: bench.Work, options: other },
      { pipeline: bench.Work, options: { ...hourly, id: "after" } },
    ];
    await expect(bench.desk.add(jobs)).rejects.toMatchObject({ data: { jobId: "job" } });
    const { jobs: stored } = await bench.jobs();
    expect(stored.map(({ id }) => id).toSorted()).toEqual(["after", "before", "job"]);
    expect((await bench.desk.get("job")).definition.policy.maxInstances).toBe(1);
  });

  test("a job of an id that was removed is a new one", async () => {
    await using bench = await EngineBench.open();
    const first = await bench.add(hourly);
    await bench.desk.remove("job");
    const second = await bench.add(other);
    expect(second.generation).toBeGreaterThan(first.generation);
    expect(second.counts).toEqual({});
  });
});
