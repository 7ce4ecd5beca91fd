import { describe, expect, test } from "vitest";
import { at, TestFleet } from "../helpers/test-fleet.ts";

const everyTenSeconds = {
  trigger: "interval",
  seconds: 10,
  startDate: "2026-03-01 12:00",
} as const;
/** APScheduler's example: 12:00:00 to 12:00:40 are due, the latest is 5 s old. */
const FIVE_DUE = "12:00:45";

async function withFiveDue(fleet: TestFleet, rules: object): Promise<void> {
  await fleet.add({ id: "job", ...everyTenSeconds, ...rules });
  fleet.moveTo(FIVE_DUE);
  await fleet.events();
  await fleet.work();
}

describe("coalesce, default true: several due at once become one run of the latest; the others are coalesced into it", () => {
  test("grace 30: one run, four coalesced", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    await withFiveDue(fleet, { misfireGraceTime: 30 });
    expect(fleet.fired).toEqual(["12:00:40"]);
    expect(await fleet.verdicts("job")).toEqual([
      "12:00:00..12:00:30 coalesced x4",
      "12:00:40 succeeded",
    ]);
    const [merged, ran] = await fleet.runs("job");
    expect(merged?.coalescedInto).toBe(ran?.id);
    expect(fleet.started[0]?.runId).toBe(ran?.id);
    expect((await fleet.find("job"))?.counts).toEqual({ coalesced: 4, succeeded: 1 });
    const events = await fleet.events();
    expect(events.map(({ name }) => name)).toEqual([
      "JOB_COALESCED",
      "JOB_SUBMITTED",
      "JOB_STARTED",
      "JOB_EXECUTED",
    ]);
    expect(events[0]).toMatchObject({ count: 4, runId: ran?.id, fireAt: at("12:00:30") });
    expect(await fleet.next("job")).toBe("12:00:50");
  });

  test("grace 3: the group is judged by its latest: one missed row and one event of five", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    await withFiveDue(fleet, { misfireGraceTime: 3 });
    expect(fleet.fired).toEqual([]);
    expect(await fleet.verdicts("job")).toEqual(["12:00:00..12:00:40 missed x5"]);
    expect(await fleet.eventNames()).toEqual(["JOB_MISSED x5"]);
    expect((await fleet.find("job"))?.counts).toEqual({ missed: 5 });
  });

  test("it is the default, and one alone is just run", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    const job = await fleet.add({ id: "job", ...everyTenSeconds });
    expect(job.definition.policy.coalesce).toBe(true);
    await fleet.workTo("12:00:20");
    expect(await fleet.verdicts("job")).toEqual([
      "12:00:00 succeeded",
      "12:00:10 succeeded",
      "12:00:20 succeeded",
    ]);
    expect(await fleet.eventNames("JOB_COALESCED")).toEqual([]);
  });

  test("several workers that take the wake-ups of one backlog decide it once", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59", workers: 3 });
    await fleet.add({ id: "job", ...everyTenSeconds });
    fleet.moveTo(FIVE_DUE);
    await Promise.all((await fleet.queueJobs()).map((id) => fleet.take(id)));
    await fleet.work();
    expect(await fleet.verdicts("job")).toEqual([
      "12:00:00..12:00:30 coalesced x4",
      "12:00:40 succeeded",
    ]);
  });
});

describe("coalesce: false", () => {
  test("grace 22: each is judged alone: three missed, two run one after another with maxInstances 1", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    fleet.isHolding = true;
    await withFiveDue(fleet, { misfireGraceTime: 22, coalesce: false });
    expect(fleet.fired).toEqual(["12:00:30"]);
    expect(await fleet.verdicts("job")).toEqual([
      "12:00:00 missed",
      "12:00:10 missed",
      "12:00:20 missed",
      "12:00:30 running",
      "12:00:40 queued",
    ]);
    await fleet.release();
    await fleet.work();
    expect(fleet.fired).toEqual(["12:00:30", "12:00:40"]);
    await fleet.release();
    expect((await fleet.verdicts("job")).slice(3)).toEqual([
      "12:00:30 succeeded",
      "12:00:40 succeeded",
    ]);
    expect((await fleet.find("job"))?.counts).toEqual({ missed: 3, succeeded: 2 });
    expect(await fleet.eventNames()).toEqual([
      "JOB_MISSED",
      "JOB_MISSED",
      "JOB_MISSED",
      "JOB_SUBMITTED",
      "JOB_STARTED",
      "JOB_EXECUTED",
      "JOB_SUBMITTED",
      "JOB_STARTED",
      "JOB_EXECUTED",
    ]);
  });

  test("without grace all run, each as an occurrence of its own", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    await withFiveDue(fleet, { coalesce: false });
    expect(fleet.fired).toEqual(["12:00:00", "12:00:10", "12:00:20", "12:00:30", "12:00:40"]);
    expect(new Set(fleet.started.map(({ runId }) => runId)).size).toBe(5);
  });
});
