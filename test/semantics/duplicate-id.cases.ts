import { describe, expect, test } from "vitest";
import { ConflictingIdError } from "../../src/index.ts";
import { clockText, TestFleet } from "../helpers/test-fleet.ts";

const hourly = { id: "job", trigger: "interval", hours: 1 } as const;
const other = { ...hourly, maxInstances: 3 } as const;

describe("duplicate id: ConflictingIdError; with replaceExisting the definition is replaced, an unchanged trigger keeps its next occurrence and its paused state", () => {
  test("another definition is refused and nothing is changed", async () => {
    await using fleet = await TestFleet.open();
    const before = await fleet.add(hourly);
    fleet.moveTo("12:10");
    await fleet.events();
    const refused = fleet.add(other);
    await expect(refused).rejects.toBeInstanceOf(ConflictingIdError);
    await expect(refused).rejects.toMatchObject({ code: "CONFLICTING_ID", data: { jobId: "job" } });
    expect(await fleet.find("job")).toEqual(before);
    expect(await fleet.eventNames()).toEqual([]);
  });

  test("an equal declaration does nothing, whatever modifyJob or pauseJob changed since", async () => {
    await using fleet = await TestFleet.open();
    await fleet.add(hourly);
    await fleet.desk.modify("job", { maxInstances: 7 }, "modifyJob");
    await fleet.desk.modify("job", { trigger: "interval", minutes: 5 }, "rescheduleJob");
    const before = await fleet.desk.pause("job", "why not");
    fleet.moveTo("12:10");
    await fleet.events();
    expect(await fleet.add(hourly)).toEqual(before);
    expect(await fleet.add({ ...hourly, replaceExisting: true })).toEqual(before);
    expect(await fleet.eventNames()).toEqual([]);
  });

  test("an equal declaration does nothing when the trigger has ended meanwhile; another one is refused", async () => {
    await using fleet = await TestFleet.open();
    const short = { ...hourly, endDate: "2026-03-01 14:00" };
    await fleet.add(short);
    await fleet.workTo("15:00");
    const before = await fleet.desk.get("job");
    expect(before.state).toBe("finished");
    expect(await fleet.add(short)).toEqual(before);
    expect(await fleet.add({ ...short, replaceExisting: true })).toEqual(before);
    for (const more of [{ maxInstances: 2, replaceExisting: true }, { id: "new" }])
      await expect(fleet.add({ ...short, ...more })).rejects.toMatchObject({
        code: "INVALID_TRIGGER",
        message: expect.stringContaining("would never fire"),
      });
  });

  test("the order of keys and of the options does not matter", async () => {
    await using fleet = await TestFleet.open();
    await fleet.add({ ...hourly, params: { a: 1, b: { c: 2, d: 3 } } });
    const reordered = {
      hours: 1,
      params: { b: { d: 3, c: 2 }, a: 1 },
      trigger: "interval",
    } as const;
    await fleet.add({ ...reordered, id: "job" });
    await expect(fleet.add({ ...reordered, id: "job", params: { a: 2 } })).rejects.toMatchObject({
      code: "CONFLICTING_ID",
    });
  });

  test("replaceExisting, trigger unchanged: rules are new, next occurrence and paused state are kept", async () => {
    await using fleet = await TestFleet.open();
    await fleet.add(hourly);
    const next = await fleet.next("job");
    fleet.moveTo("12:10");
    await fleet.events();
    const replaced = await fleet.add({ ...other, replaceExisting: true });
    expect(replaced.definition.policy.maxInstances).toBe(3);
    expect(await fleet.next("job")).toBe(next);
    expect(await fleet.eventNames()).toEqual(["JOB_MODIFIED"]);
    await fleet.desk.pause("job", "hold");
    const again = await fleet.add({ ...hourly, maxInstances: 4, replaceExisting: true });
    expect(again).toMatchObject({ state: "paused", pausedReason: "hold" });
    expect(again.definition.policy.maxInstances).toBe(4);
  });

  test("replaceExisting, another trigger: the next occurrence is new, a paused job stays paused", async () => {
    await using fleet = await TestFleet.open();
    await fleet.add(hourly);
    await fleet.add({ ...hourly, hours: 2, replaceExisting: true });
    const replaced = await fleet.desk.get("job");
    expect(replaced.state).toBe("active");
    expect(clockText(replaced.nextFireAt ?? 0)).not.toBe("13:00:00");
    await fleet.desk.pause("job", "hold");
    const paused = await fleet.add({ ...hourly, hours: 3, replaceExisting: true });
    expect(paused).toMatchObject({ state: "paused", pausedReason: "hold", nextFireAt: null });
    await fleet.workTo("18:00");
    expect(fleet.fired.filter((fired) => fired > "12:00:00")).toEqual([]);
  });

  test("replaceExisting with nextRunTime: null pauses the job, with another trigger or the same, until resumeJob", async () => {
    await using fleet = await TestFleet.open();
    await fleet.add(hourly);
    await fleet.add({ ...hourly, id: "same" });
    const paused = { nextRunTime: null, replaceExisting: true } as const;
    expect(await fleet.add({ ...hourly, hours: 2, ...paused })).toMatchObject({
      state: "paused",
      nextFireAt: null,
    });
    expect(await fleet.add({ ...hourly, id: "same", ...paused })).toMatchObject({
      state: "paused",
      nextFireAt: null,
    });
    await fleet.workTo("18:00");
    expect(fleet.fired).toEqual([]);
    await fleet.desk.resume("job");
    // Declared as it was replaced, it stays resumed.
    expect(await fleet.add({ ...hourly, hours: 2, ...paused })).toMatchObject({ state: "active" });
  });

  test("10 processes that declare the same 50 jobs at once: each is there once", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    const declared = Array.from({ length: 50 }, (_, i) => ({
      pipeline: fleet.Work,
      options: { id: `job-${i}`, trigger: "date", runDate: "2026-03-01 12:00" },
    }));
    await fleet.events();
    await Promise.all(Array.from({ length: 10 }, () => fleet.desk.add(declared)));
    expect(await fleet.engine.jobs.count()).toBe(50);
    expect(await fleet.eventNames()).toEqual(Array.from({ length: 50 }, () => "JOB_ADDED"));
    await fleet.workTo("12:01");
    expect(fleet.fired).toHaveLength(50);
    expect(new Set(fleet.started.map(({ jobId }) => jobId)).size).toBe(50);
  });

  test("10 processes that replace the same job at once: one of the definitions, and one chain of wake-ups", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    const base = { id: "job", trigger: "interval", startDate: "2026-03-01 12:00" } as const;
    await fleet.add({ ...base, seconds: 5 });
    await Promise.all(
      Array.from({ length: 10 }, (_, i) =>
        fleet.add({ ...base, seconds: 10 + i, replaceExisting: true }),
      ),
    );
    await fleet.workTo("12:00:25");
    const { trigger } = (await fleet.desk.get("job")).definition;
    expect(trigger).toMatchObject({ kind: "interval" });
    expect(new Set(fleet.fired).size).toBe(fleet.fired.length);
    expect(fleet.fired[0]).toBe("12:00:00");
    expect(fleet.fired.length).toBeLessThanOrEqual(3);
    expect(await fleet.queueJobs()).toHaveLength(1);
  });

  test("addJobs stores the others when one conflicts", async () => {
    await using fleet = await TestFleet.open();
    await fleet.add(hourly);
    const jobs = [
      { pipeline: fleet.Work, options: { ...hourly, id: "before" } },
      { pipeline: fleet.Work, options: other },
      { pipeline: fleet.Work, options: { ...hourly, id: "after" } },
    ];
    await expect(fleet.desk.add(jobs)).rejects.toMatchObject({ data: { jobId: "job" } });
    const { jobs: stored } = await fleet.jobs();
    expect(stored.map(({ id }) => id).toSorted()).toEqual(["after", "before", "job"]);
    expect((await fleet.desk.get("job")).definition.policy.maxInstances).toBe(1);
  });

  test("a job of an id that was removed is a new one", async () => {
    await using fleet = await TestFleet.open();
    const first = await fleet.add(hourly);
    await fleet.desk.remove("job");
    const second = await fleet.add(other);
    expect(second.generation).toBeGreaterThan(first.generation);
    expect(second.counts).toEqual({});
  });
});
