import { describe, expect, test } from "vitest";
import type { Job } from "../../src/index.ts";
import { declaredDefinition } from "../../src/jobs/overrides.ts";
import { toJob } from "../../src/scheduler/job.ts";
import { reconcilerOf } from "../helpers/reconciler-of.ts";
import { at, TestFleet } from "../helpers/test-fleet.ts";
import { TESTER } from "../helpers/tester.ts";

const everyTenSeconds = {
  trigger: "interval",
  seconds: 10,
  startDate: "2026-03-01 12:00",
} as const;
const everyMinute = {
  trigger: "interval",
  minutes: 1,
  startDate: "2026-03-01 12:00:30",
} as const;
const atQuarter = { trigger: "cron", minute: 15 } as const;

const override = (fleet: TestFleet, options: object) =>
  fleet.desk.overrides.override("job", options);
const clear = (fleet: TestFleet, which?: unknown) => fleet.desk.overrides.clear("job", which);
const shown = async (fleet: TestFleet): Promise<Partial<Job>> => toJob(await fleet.desk.get("job"));
const fires = async (fleet: TestFleet, to: string): Promise<string[]> => {
  const before = fleet.fired.length;
  await fleet.workTo(to);
  return fleet.fired.slice(before);
};

describe("overrideJob: in effect until it is taken back; what is declared is below", () => {
  test("a pause: nothing fires, and it tells who, why and since when", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    await fleet.add({ id: "job", ...everyTenSeconds });
    await fleet.workTo("12:00:05");
    await fleet.events();
    await override(fleet, { paused: { reason: "incident 7" } });
    expect(await shown(fleet)).toMatchObject({
      state: "paused",
      pausedReason: "incident 7",
      nextRunTime: null,
      overrides: { paused: { by: TESTER, at: new Date(at("12:00:05")), until: null } },
      declared: { state: "active", pausedReason: null },
    });
    expect(await fires(fleet, "12:01:05")).toEqual([]);
    await clear(fleet);
    expect(await shown(fleet)).toMatchObject({ state: "active", pausedReason: null });
    expect(await shown(fleet)).not.toHaveProperty("overrides");
    expect(await shown(fleet)).not.toHaveProperty("declared");
    expect(await fires(fleet, "12:01:25")).toEqual(["12:01:10", "12:01:20"]);
    expect(await fleet.verdicts("job")).toEqual([
      "12:00:00 succeeded",
      "12:00:10..12:01:00 skipped: paused x6",
      "12:01:10 succeeded",
      "12:01:20 succeeded",
    ]);
    expect(await fleet.events("JOB_MODIFIED")).toMatchObject([
      { jobId: "job", by: TESTER, at: at("12:00:05") },
      { jobId: "job", by: TESTER, at: at("12:01:05") },
    ]);
  });

  test("another schedule: it fires by that, and by the declared one again afterwards", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    await fleet.add({ id: "job", ...everyTenSeconds });
    await fleet.workTo("12:00:05");
    await override(fleet, { schedule: everyMinute });
    expect(await shown(fleet)).toMatchObject({
      state: "active",
      trigger: { everyMs: 60_000 },
      overrides: { schedule: { by: TESTER } },
      declared: { schedule: { trigger: { everyMs: 10_000 }, timezone: "UTC" } },
    });
    expect(await fires(fleet, "12:02:00")).toEqual(["12:00:30", "12:01:30"]);
    await clear(fleet, "schedule");
    expect(await shown(fleet)).toMatchObject({ trigger: { everyMs: 10_000 } });
    expect(await fires(fleet, "12:02:20")).toEqual(["12:02:10", "12:02:20"]);
  });

  test("other params reach the next run", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    await fleet.add({ id: "job", ...everyTenSeconds, params: { a: 1 } });
    await override(fleet, { params: { a: 2 } });
    await fleet.workTo("12:00:00");
    expect(await shown(fleet)).toMatchObject({
      params: { a: 2 },
      overrides: { params: { by: TESTER } },
      declared: { params: { a: 1 } },
    });
    await clear(fleet, ["params"]);
    await fleet.workTo("12:00:10");
    expect(fleet.started.map(({ params }) => params)).toEqual([{ a: 2 }, { a: 1 }]);
  });

  test("several at once, replaced and taken back one by one", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    await fleet.add({ id: "job", ...everyTenSeconds, params: { a: 1 } });
    await override(fleet, { paused: true, schedule: everyMinute, params: { a: 2 } });
    await override(fleet, { params: { a: 3 }, schedule: atQuarter });
    expect(await shown(fleet)).toMatchObject({
      state: "paused",
      params: { a: 3 },
      schedule: expect.stringContaining("15") as string,
      declared: { state: "active", params: { a: 1 }, schedule: { trigger: { everyMs: 10_000 } } },
    });
    await clear(fleet, "paused");
    expect(await fleet.next("job")).toBe("12:15:00");
    await clear(fleet, ["params", "paused"]);
    expect(Object.keys((await shown(fleet)).overrides ?? {})).toEqual(["schedule"]);
    const { revision } = await fleet.desk.get("job");
    await clear(fleet, "params");
    expect(await fleet.desk.get("job")).toMatchObject({ revision });
    await clear(fleet);
    expect(await shown(fleet)).not.toHaveProperty("overrides");
    expect(await fleet.next("job")).toBe("12:00:00");
  });

  test("a job whose overriding schedule is over waits for what is declared, however long", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    await fleet.add({ id: "job", ...everyTenSeconds });
    await override(fleet, { schedule: { trigger: "date", runDate: "2026-03-01 12:00:07" } });
    expect(await fires(fleet, "12:01:00")).toEqual(["12:00:07"]);
    expect(await fleet.next("job")).toBe("finished");
    fleet.moveTo("18:00:00");
    await reconcilerOf(fleet.engine).pass();
    await clear(fleet);
    expect(await fires(fleet, "18:00:10")).toEqual(["18:00:10"]);
  });
});

describe("what is declared may change below an override", () => {
  test("declaring the same again, in other words too, neither undoes nor hides it", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    const declaration = { id: "job", ...everyTenSeconds, params: { a: 1 }, tags: ["x"] };
    await fleet.add(declaration);
    await override(fleet, { paused: true, schedule: everyMinute, params: { a: 2 } });
    const before = await shown(fleet);
    await fleet.add(declaration);
    await fleet.add({ ...declaration, maxInstances: 1 });
    await fleet.add({ ...declaration, replaceExisting: true });
    expect(await shown(fleet)).toEqual(before);
    await expect(fleet.add({ ...declaration, tags: ["y"] })).rejects.toMatchObject({
      code: "CONFLICTING_ID",
      data: { differences: [{ field: "tags.0" }] },
    });
  });

  test("declaring it otherwise changes what is below; the override stays in effect", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    await fleet.add({ id: "job", ...everyTenSeconds, params: { a: 1 } });
    await override(fleet, { paused: true, schedule: everyMinute, params: { a: 2 } });
    await fleet.add({
      id: "job",
      ...atQuarter,
      params: { a: 3 },
      maxInstances: 7,
      replaceExisting: true,
    });
    expect(await shown(fleet)).toMatchObject({
      state: "paused",
      params: { a: 2 },
      trigger: { everyMs: 60_000 },
      policy: { maxInstances: 7 },
      declared: { state: "active", params: { a: 3 }, schedule: { trigger: { kind: "cron" } } },
    });
    await clear(fleet);
    expect(await shown(fleet)).toMatchObject({ state: "active", params: { a: 3 } });
    expect(await fleet.next("job")).toBe("12:15:00");
  });

  test("modifyJob and rescheduleJob change what is declared", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    await fleet.add({ id: "job", ...everyTenSeconds, params: { a: 1 } });
    await override(fleet, { schedule: everyMinute, params: { a: 2 } });
    await fleet.desk.modify("job", { params: { a: 3 }, maxInstances: 4 }, "modifyJob");
    await fleet.desk.modify("job", atQuarter, "rescheduleJob");
    expect(await shown(fleet)).toMatchObject({
      params: { a: 2 },
      policy: { maxInstances: 4 },
      declared: { params: { a: 3 }, schedule: { trigger: { kind: "cron" } } },
    });
    expect(await fires(fleet, "12:01:00")).toEqual(["12:00:30"]);
    await clear(fleet, "schedule");
    expect(await fleet.next("job")).toBe("12:15:00");
    await fleet.desk.modify("job", { nextRunTime: null }, "modifyJob");
    expect(await fleet.next("job")).toBe("paused");
  });

  test("pauseJob and resumeJob say how it goes on after the override of its pause", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    await fleet.add({ id: "job", ...everyTenSeconds });
    await override(fleet, { paused: { reason: "incident" } });
    await fleet.desk.resume("job");
    expect(await shown(fleet)).toMatchObject({ state: "paused", pausedReason: "incident" });
    await fleet.desk.pause("job", "by hand");
    expect(await shown(fleet)).toMatchObject({
      state: "paused",
      pausedReason: "incident",
      declared: { state: "paused", pausedReason: "by hand" },
    });
    await clear(fleet);
    expect(await shown(fleet)).toMatchObject({ state: "paused", pausedReason: "by hand" });
    await override(fleet, { paused: true });
    expect(await shown(fleet)).toMatchObject({ state: "paused", pausedReason: null });
    await fleet.desk.resume("job");
    expect(await shown(fleet)).toMatchObject({ state: "paused", declared: { state: "active" } });
    await clear(fleet, "paused");
    expect(await fires(fleet, "12:00:10")).toEqual(["12:00:00", "12:00:10"]);
  });
});

describe("an override that ends by itself", () => {
  test("a schedule: by the declared one from that end on, however late anybody tidies up", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    await fleet.add({ id: "job", ...everyTenSeconds });
    await override(fleet, { schedule: everyMinute, until: "2026-03-01 12:01:40" });
    expect(await fires(fleet, "12:02:05")).toEqual([
      "12:00:30",
      "12:01:30",
      "12:01:40",
      "12:01:50",
      "12:02:00",
    ]);
    expect(await shown(fleet)).toMatchObject({ trigger: { everyMs: 60_000 } });
    await fleet.events();
    await reconcilerOf(fleet.engine).pass();
    expect(await shown(fleet)).toMatchObject({ trigger: { everyMs: 10_000 }, state: "active" });
    expect(await shown(fleet)).not.toHaveProperty("overrides");
    expect(await fleet.events()).toMatchObject([
      { name: "JOB_MODIFIED", jobId: "job", by: { kind: "system", id: "override-expiry" } },
    ]);
    expect(await fires(fleet, "12:02:20")).toEqual(["12:02:10", "12:02:20"]);
    expect((await fleet.verdicts("job")).every((text) => text.endsWith("succeeded"))).toBe(true);
  });

  test("a schedule: what is due before that end and not taken yet is not lost", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    await fleet.add({ id: "job", ...everyTenSeconds, coalesce: false, overlap: "queue-all" });
    await override(fleet, { schedule: everyMinute, until: "2026-03-01 12:01:40" });
    fleet.moveTo("12:01:55");
    await reconcilerOf(fleet.engine).pass();
    expect(await fires(fleet, "12:01:55")).toEqual([
      "12:00:30",
      "12:01:30",
      "12:01:40",
      "12:01:50",
    ]);
    await reconcilerOf(fleet.engine).pass();
    expect(await shown(fleet)).not.toHaveProperty("overrides");
    expect(await fires(fleet, "12:02:00")).toEqual(["12:02:00"]);
  });

  test("a pause: as if it had been resumed then", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    await fleet.add({ id: "job", ...everyTenSeconds, coalesce: false, overlap: "queue-all" });
    await override(fleet, { paused: true, until: 20 });
    fleet.moveTo("12:00:45");
    await reconcilerOf(fleet.engine).pass();
    expect(await fires(fleet, "12:00:50")).toEqual([
      "12:00:20",
      "12:00:30",
      "12:00:40",
      "12:00:50",
    ]);
    expect((await fleet.verdicts("job"))[0]).toBe("12:00:00..12:00:10 skipped: paused x2");
  });

  test("params: whoever starts after that end has those declared", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    await fleet.add({ id: "job", ...everyTenSeconds, params: { a: 1 } });
    await override(fleet, { params: { a: 2 }, until: "2026-03-01T12:00:15Z" });
    await fleet.workTo("12:00:20");
    await reconcilerOf(fleet.engine).pass();
    await fleet.workTo("12:00:30");
    const params = fleet.started.map((run) => run.params);
    expect(params).toEqual([{ a: 2 }, { a: 2 }, { a: 1 }, { a: 1 }]);
  });

  test("each part ends by itself, on a named queue as well", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    await fleet.engine.serve?.("mail");
    await fleet.add({ id: "job", queue: "mail", ...everyTenSeconds, params: { a: 1 } });
    await override(fleet, { params: { a: 2 }, until: 10 });
    await override(fleet, { schedule: everyMinute, until: 20 });
    await override(fleet, { paused: true, until: 30 });
    const parts = async () => Object.keys((await shown(fleet)).overrides ?? {}).toSorted();
    const passAt = async (instant: string) => {
      fleet.moveTo(instant);
      await reconcilerOf(fleet.engine).pass();
      return parts();
    };
    expect(await passAt("12:00:08")).toEqual(["params", "paused", "schedule"]);
    expect(await passAt("12:00:09")).toEqual(["paused", "schedule"]);
    expect(await passAt("12:00:19")).toEqual(["paused"]);
    expect(await passAt("12:00:29")).toEqual([]);
    expect(await fleet.next("job")).toBe("12:00:30");
  });

  test("all that have ended end in one pass, each as of its end", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    await fleet.add({ id: "job", ...everyTenSeconds, coalesce: false, overlap: "queue-all" });
    await override(fleet, { schedule: everyMinute, until: 41 });
    await override(fleet, { paused: true, until: 21 });
    fleet.moveTo("12:02:00");
    await reconcilerOf(fleet.engine).pass();
    expect(await fires(fleet, "12:02:00")).toEqual([
      "12:00:30",
      "12:00:40",
      "12:00:50",
      "12:01:00",
      "12:01:10",
      "12:01:20",
      "12:01:30",
      "12:01:40",
      "12:01:50",
      "12:02:00",
    ]);
    await reconcilerOf(fleet.engine).pass();
    expect(await shown(fleet)).not.toHaveProperty("overrides");
  });

  test("an end that somebody took away does nothing", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    await fleet.add({ id: "job", ...everyTenSeconds });
    await override(fleet, { paused: true, until: 10 });
    await override(fleet, { paused: true });
    fleet.moveTo("12:00:45");
    const { revision } = await fleet.desk.get("job");
    await reconcilerOf(fleet.engine).pass();
    expect(await fleet.desk.get("job")).toMatchObject({ revision, state: "paused" });
  });

  test("what is declared may change meanwhile, and is what comes then", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    await fleet.add({ id: "job", ...atQuarter });
    await override(fleet, { schedule: { trigger: "manual" }, until: "2026-03-01 12:01:40" });
    expect(await fleet.next("job")).toBe("12:15:00");
    await fleet.desk.modify("job", everyTenSeconds, "rescheduleJob");
    expect(await fires(fleet, "12:01:55")).toEqual(["12:01:40", "12:01:50"]);
  });
});

describe("what can't be overridden", () => {
  test("lockable: false forbids it, and what is overridden already stays", async () => {
    await using fleet = await TestFleet.open();
    const declaration = { id: "job", ...everyTenSeconds } as const;
    await fleet.add({ ...declaration, lockable: false });
    const refused = override(fleet, { paused: true });
    await expect(refused).rejects.toMatchObject({
      code: "NOT_OVERRIDABLE",
      data: { jobId: "job" },
    });
    await expect(refused).rejects.toThrow(/is declared with lockable: false/);
    expect(await shown(fleet)).toMatchObject({ isLockable: false, state: "active" });
    await fleet.desk.modify("job", { lockable: true }, "modifyJob");
    await override(fleet, { paused: true });
    await fleet.add({ ...declaration, lockable: false, description: "no", replaceExisting: true });
    await expect(override(fleet, { paused: true })).rejects.toThrow(/lockable/);
    expect(await shown(fleet)).toMatchObject({ state: "paused", isLockable: false });
    await clear(fleet);
    expect(await shown(fleet)).toMatchObject({ state: "active" });
  });

  test.each([
    [{}, /says nothing to override/],
    [{ until: "2h" }, /says nothing to override/],
    [{ paused: false }, /option "paused"/],
    [{ paused: { reason: "" } }, /option "paused/],
    [{ paused: true, until: "2026-03-01 11:00" }, /option "until": .* has passed/],
    [{ paused: true, until: "soon" }, /option "until"/],
    [{ paused: true, until: 0 }, /option "until"/],
    [{ schedule: { trigger: "interval", hours: -1 } }, /hours/],
    [{ schedule: { trigger: "interval", hours: 1, tags: [] } }, /"tags" is no part of a schedule/],
    [{ schedule: { nextRunTime: null } }, /write paused: true instead/],
    [{ schedule: {} }, /says no schedule/],
    [{ state: "paused" }, /unknown option|state/],
  ])("%j is refused, and changes nothing", async (options, message) => {
    await using fleet = await TestFleet.open();
    const before = await fleet.add({ id: "job", ...everyTenSeconds });
    await expect(override(fleet, options)).rejects.toThrow(message);
    expect(await fleet.desk.get("job")).toEqual(before);
  });

  test("a finished job can't be paused, but have another schedule", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    await fleet.add({ id: "job", trigger: "date", runDate: "2026-03-01 12:00" });
    await fleet.workTo("12:00:01");
    await expect(override(fleet, { paused: true })).rejects.toMatchObject({
      code: "INVALID_STATE",
    });
    await override(fleet, { schedule: everyTenSeconds });
    expect(await fires(fleet, "12:00:10")).toEqual(["12:00:10"]);
    await clear(fleet);
    expect(await fleet.next("job")).toBe("finished");
    expect(declaredDefinition((await fleet.desk.get("job")).definition).trigger.kind).toBe("date");
  });
});
