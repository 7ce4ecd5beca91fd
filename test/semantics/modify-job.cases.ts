import { describe, expect, test } from "vitest";
import { Pipeline } from "../../src/index.ts";
import { TestFleet } from "../helpers/test-fleet.ts";

const everyTenSeconds = {
  trigger: "interval",
  seconds: 10,
  startDate: "2026-03-01 12:00",
} as const;

class InModule extends Pipeline {
  static override readonly module = import.meta.url;
  run(): void {}
}

const atQuarter = { trigger: "cron", minute: 15 } as const;

describe("modifyJob, rescheduleJob: a new trigger recomputes the next occurrence; pausing is untouched", () => {
  test("a rule alone leaves the schedule as it is", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    const before = await fleet.add({ id: "job", ...everyTenSeconds, params: { a: 1 } });
    await fleet.events();
    const changes = { maxInstances: 4, coalesce: false, misfireGraceTime: "1m", tags: ["x"] };
    const after = await fleet.desk.modify("job", changes, "modifyJob");
    expect(after.definition.policy).toMatchObject({
      maxInstances: 4,
      coalesce: false,
      misfireGraceMs: 60_000,
      maxCatchUp: 1_000,
    });
    expect(after.definition.tags).toEqual(["x"]);
    expect(after.definition.params).toEqual({ a: 1 });
    expect(after.generation).toBe(before.generation);
    expect(after.nextFireAt).toBe(before.nextFireAt);
    expect(after.revision).toBeGreaterThan(before.revision);
    expect(await fleet.eventNames()).toEqual(["JOB_MODIFIED"]);
  });

  test("new params reach the next run, and the one that goes on keeps its own", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    await fleet.add({ id: "job", ...everyTenSeconds, params: { a: 1 }, maxInstances: 2 });
    fleet.isHolding = true;
    await fleet.workTo("12:00:00");
    await fleet.desk.modify("job", { params: { a: 2 } }, "modifyJob");
    await fleet.workTo("12:00:10");
    expect(fleet.started.map(({ params }) => params)).toEqual([{ a: 1 }, { a: 2 }]);
  });

  test("a new trigger: the next occurrence is its own, the old wake-ups are void", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    await fleet.add({ id: "job", ...everyTenSeconds });
    await fleet.workTo("12:00:05");
    await fleet.desk.modify("job", atQuarter, "rescheduleJob");
    expect(await fleet.next("job")).toBe("12:15:00");
    await fleet.workTo("12:20");
    expect(fleet.fired).toEqual(["12:00:00", "12:15:00"]);
  });

  test("what was due and not taken yet is accounted for as skipped: rescheduled", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    await fleet.add({ id: "job", ...everyTenSeconds });
    fleet.moveTo("12:00:25");
    await fleet.desk.modify("job", atQuarter, "rescheduleJob");
    await fleet.work();
    expect(await fleet.verdicts("job")).toEqual(["12:00:00..12:00:20 skipped: rescheduled x3"]);
  });

  test("queued occurrences of the old schedule were claimed and still run", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    await fleet.add({ id: "job", ...everyTenSeconds, coalesce: false });
    fleet.isHolding = true;
    fleet.moveTo("12:00:15");
    await fleet.work();
    await fleet.desk.modify("job", atQuarter, "rescheduleJob");
    await fleet.release();
    await fleet.work();
    expect(fleet.fired).toEqual(["12:00:00", "12:00:10"]);
  });

  test("a paused job stays paused, and resumes on the new trigger", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    await fleet.add({ id: "job", ...everyTenSeconds });
    await fleet.desk.pause("job", "hold");
    const changed = await fleet.desk.modify("job", atQuarter, "rescheduleJob");
    expect(changed).toMatchObject({ state: "paused", pausedReason: "hold", nextFireAt: null });
    expect(await fleet.next("job")).toBe("paused");
    await fleet.workTo("12:10");
    await fleet.desk.resume("job");
    expect(await fleet.next("job")).toBe("12:15:00");
    expect(fleet.fired).toEqual([]);
  });

  test("a finished job begins again with a new trigger", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    await fleet.add({ id: "job", trigger: "date", runDate: "2026-03-01 12:00" });
    await fleet.workTo("12:01");
    expect((await fleet.find("job"))?.state).toBe("finished");
    expect((await fleet.desk.modify("job", atQuarter, "rescheduleJob")).state).toBe("active");
    await fleet.workTo("12:15");
    expect(fleet.fired).toEqual(["12:00:00", "12:15:00"]);
    expect((await fleet.find("job"))?.counts).toEqual({ succeeded: 2 });
  });

  test("many changes at once all take effect", async () => {
    await using fleet = await TestFleet.open();
    await fleet.add({ id: "job", ...everyTenSeconds });
    await fleet.events();
    const changes = [
      { maxInstances: 5 },
      { coalesce: false },
      { misfireGraceTime: 9 },
      { maxCatchUp: 7 },
      { description: "text" },
      { tags: ["a"] },
      { params: { a: 1 } },
      { retention: { count: 3 } },
      atQuarter,
    ];
    await Promise.all(changes.map((change) => fleet.desk.modify("job", change, "modifyJob")));
    const { definition } = await fleet.desk.get("job");
    expect(definition).toMatchObject({
      policy: { maxInstances: 5, coalesce: false, misfireGraceMs: 9_000, maxCatchUp: 7 },
      description: "text",
      tags: ["a"],
      params: { a: 1 },
      retention: { count: 3 },
      trigger: { kind: "cron" },
    });
    expect(await fleet.eventNames("JOB_MODIFIED")).toHaveLength(changes.length);
  });

  test("null turns a rule off, and what waited by it goes on", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    await fleet.add({ id: "other", ...atQuarter });
    await fleet.add({
      id: "job",
      ...everyTenSeconds,
      condition: "other.last_run_successful",
      conditionPolicy: { wait: "1h" },
      concurrencyGroup: { key: "key", limit: 1 },
      retry: 2,
      pauseAfterFailures: 3,
      timeout: 5,
    });
    await fleet.workTo("12:00:00");
    expect(fleet.fired).toEqual([]);
    const off = {
      condition: null,
      concurrencyGroup: null,
      retry: null,
      pauseAfterFailures: null,
      timeout: null,
      isolate: null,
    };
    const { definition } = await fleet.desk.modify("job", off, "modifyJob");
    expect(definition.policy).toMatchObject({
      when: null,
      group: null,
      retry: null,
      pauseAfterFailures: null,
      timeoutMs: null,
      isolate: "none",
    });
    await fleet.work();
    expect(fleet.fired).toEqual(["12:00:00"]);
  });

  test("isolate can be turned off", async () => {
    await using fleet = await TestFleet.open();
    await fleet.desk.add([
      { pipeline: InModule, options: { id: "job", ...everyTenSeconds, isolate: "process" } },
    ]);
    expect((await fleet.desk.get("job")).definition.policy.isolate).toBe("process");
    const { definition } = await fleet.desk.modify("job", { isolate: null }, "modifyJob");
    expect(definition.policy.isolate).toBe("none");
  });

  test.each([
    [{ id: "new" }, "INVALID_OPTION", "id"],
    [{ replaceExisting: true }, "INVALID_OPTION", "replaceExisting"],
    [{ maxInstances: 0 }, "INVALID_OPTION", "maxInstances"],
    [{ params: 1n }, "INVALID_PARAMS", undefined],
    [{ trigger: "cron", minute: 61 }, "INVALID_TRIGGER", undefined],
    [{ seconds: 3 }, "INVALID_TRIGGER", undefined],
  ])("%o is refused and nothing is changed", async (changes, code, path) => {
    await using fleet = await TestFleet.open();
    const before = await fleet.add({ id: "job", ...everyTenSeconds });
    await expect(fleet.desk.modify("job", changes, "modifyJob")).rejects.toMatchObject({
      code,
      ...(path === undefined ? {} : { data: { path } }),
    });
    expect(await fleet.find("job")).toEqual(before);
    await expect(fleet.desk.modify("none", { maxInstances: 2 }, "modifyJob")).rejects.toMatchObject(
      { code: "JOB_NOT_FOUND" },
    );
  });
});
