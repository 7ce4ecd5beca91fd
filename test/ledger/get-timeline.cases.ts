import { describe, expect, test } from "vitest";
import { silentLogger } from "../../src/core/log.ts";
import type { DecidedMark, PlannedMark } from "../../src/history/timeline-marks.ts";
import type { JobTimeline } from "../../src/history/job-timeline.ts";
import { PipelineRegistry } from "../../src/pipeline/registry.ts";
import {
  pageOfTimelines,
  type TimelinePage,
  type TimelineQuery,
} from "../../src/scheduler/job-timelines.ts";
import { clockText, TestFleet } from "../helpers/test-fleet.ts";

const everyMinute = { trigger: "interval", minutes: 1, startDate: "2026-03-01 12:00" } as const;

function page(fleet: TestFleet, input: TimelineQuery): Promise<TimelinePage> {
  const parts = { engine: fleet.engine, registry: new PipelineRegistry(), logger: silentLogger };
  return pageOfTimelines(parts, input, { scope: "all", timezone: "UTC" });
}

async function only(fleet: TestFleet, input: TimelineQuery): Promise<JobTimeline> {
  const { jobs } = await page(fleet, input);
  const [job] = jobs;
  if (!job || jobs.length > 1) throw new Error(`${jobs.length} jobs`);
  return job;
}

function spanText({ firstFireTime, fireTime, count }: DecidedMark | PlannedMark): string {
  const [from, to] = [clockText(firstFireTime), clockText(fireTime)];
  return `${from === to ? to : `${from}..${to}`}${count > 1 ? ` x${count}` : ""}`;
}

function texts({ decided, planned }: JobTimeline): string[] {
  return [
    ...decided.map((mark) => {
      const { verdict, reason, trigger, promise = trigger } = mark;
      return `${spanText(mark)} ${verdict}${reason === undefined ? "" : `: ${reason}`} (${promise})`;
    }),
    ...planned.map((mark) => `${spanText(mark)} ${[mark.state, ...mark.flags].join(", ")}`),
  ];
}

describe("getTimeline: what was and what comes of many jobs", () => {
  test("each decision and each occurrence to come, with its promise", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    await fleet.add({ id: "job", ...everyMinute, misfireGraceTime: 30, coalesce: false });
    await fleet.workTo("12:01");
    fleet.moveTo("12:02:45");
    await fleet.work();
    fleet.isHolding = true;
    await fleet.workTo("12:03");
    fleet.moveTo("12:04:10");
    await fleet.skip("job", "2026-03-01 12:06");
    const range = { from: "2026-03-01 12:01", to: "2026-03-01 12:07" };
    const job = await only(fleet, range);
    expect(texts(job)).toEqual([
      "12:01:00 succeeded (kept)",
      "12:02:00 missed (broken)",
      "12:03:00 running (in-flight)",
      "12:04:00 due",
      "12:05:00 future",
      "12:06:00 will-skip",
      "12:07:00 future",
    ]);
    const [first] = job.decided;
    const [run] = await fleet.runs("job", { from: "2026-03-01 12:01" });
    expect(first).toMatchObject({ runId: run?.id, startedAt: run?.startedAt, merged: 1 });
    expect(first?.finishedAt).toEqual(run?.finishedAt);
    expect(job).toMatchObject({
      jobId: "job",
      state: "active",
      schedule: "every 1m from 2026-03-01 12:00 (UTC)",
    });
    expect(job.decidedFrom).toBeUndefined();
    // What goes on is shown also if it began before the window.
    const later = await only(fleet, { ...range, from: "2026-03-01 12:03:30" });
    expect(texts(later)[0]).toBe("12:03:00 running (in-flight)");
    const before = await only(fleet, { from: "2026-03-01 12:00", to: "2026-03-01 12:00" });
    expect(texts(before)).toEqual(["12:00:00 succeeded (kept)"]);
    const afterAll = await only(fleet, { from: "2026-03-01 13:00", to: "2026-03-01 13:00" });
    expect(texts(afterAll)).toEqual(["13:00:00 future"]);
  });

  test("a pause, its end, and what the clock does to a time", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-28 00:00" });
    const timezone = "Europe/Berlin";
    await fleet.add({ id: "job", trigger: "cron", hour: 2, minute: 30, timezone });
    await fleet.desk.pause("job", { until: "2026-03-29", reason: "INC-1" });
    const job = await only(fleet, { from: "2026-03-28", to: "2026-03-30" });
    expect(job).toMatchObject({ state: "paused", pausedReason: "INC-1" });
    expect(texts(job)).toEqual([
      "2026-03-28 01:30:00 paused",
      "2026-03-29 01:00:00 future, in DST gap, moved",
      "2026-03-30 00:30:00 future",
    ]);
  });

  test("a day around now unless it is said; `from` or `to` alone begin or end a day", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 12:00" });
    const range = async (query: TimelineQuery) => {
      const { now, from, to } = await page(fleet, query);
      expect(now).toEqual(new Date(fleet.now));
      return [clockText(from), clockText(to)];
    };
    expect(await range({})).toEqual(["00:00:00", "2026-03-02 00:00:00"]);
    expect(await range({ from: "2026-03-01 06:00" })).toEqual(["06:00:00", "2026-03-02 06:00:00"]);
    expect(await range({ to: "2026-03-02 06:00" })).toEqual(["06:00:00", "2026-03-02 06:00:00"]);
  });

  test("what comes often is counted, and nothing is left out", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 12:00:30.500" });
    const times = { trigger: "interval", seconds: 1, startDate: "2026-03-01 12:00" } as const;
    await fleet.add({ id: "job", ...times, nextRunTime: "2026-03-01 12:00:00" });
    await fleet.skip("job", "2026-03-01 13:00:01");
    await fleet.skip("job", "2026-03-01 13:00:02");
    const window = { from: "2026-03-01 12:00", to: "2026-03-01 18:00" };
    const { planned } = await only(fleet, window);
    const countOf = (state: string) =>
      planned.filter((mark) => mark.state === state).reduce((sum, { count }) => sum + count, 0);
    expect([countOf("due"), countOf("will-skip"), countOf("future")]).toEqual([
      31,
      2,
      6 * 3_600 - 30 - 2,
    ]);
    expect(planned.length).toBeLessThanOrEqual(120);
    expect(spanText(planned[0] as PlannedMark)).toBe("12:00:00..12:00:30 x31");
    expect(clockText(planned.at(-1)?.fireTime as Date)).toBe("18:00:00");
    await fleet.desk.pause("job", { until: "2026-03-01 17:00" });
    const paused = (await only(fleet, window)).planned.filter(({ state }) => state === "paused");
    expect(clockText(paused.at(-1)?.fireTime as Date)).toBe("16:59:59");
    // With jitter, an occurrence is due a while after its nominal time.
    await fleet.desk.resume("job");
    await fleet.add({ id: "spread", ...times, jitter: "900ms" });
    const [spread] = (await page(fleet, { ...window, text: "spread" })).jobs;
    expect(spread?.planned.every(({ dueTime, fireTime }) => dueTime >= fireTime)).toBe(true);
  });

  test("many decisions are merged with those of their kind, and the exceptions stay", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    const often = { trigger: "interval", seconds: 10, startDate: "2026-03-01 12:00" } as const;
    await fleet.add({ id: "job", ...often, retention: { count: 1_000 } });
    await fleet.skip("job", "2026-03-01 12:05");
    await fleet.workTo("12:30");
    const query = { from: "2026-03-01 12:00", to: "2026-03-01 12:30", marks: 60 };
    const { decided, decidedFrom } = await only(fleet, query);
    expect(decidedFrom).toBeUndefined();
    expect(decided.length).toBeLessThanOrEqual(60);
    expect(decided.reduce((sum, { count }) => sum + count, 0)).toBe(181);
    expect(decided.reduce((sum, { merged }) => sum + merged, 0)).toBe(181);
    const exceptions = decided.filter(({ verdict }) => verdict !== "succeeded");
    expect(exceptions.map(spanText)).toEqual(["12:05:00"]);
    const [first] = decided;
    expect(spanText(first as DecidedMark)).toMatch(/^12:00:00\.\.12:0\d:\d0 x\d+$/);
    expect(first?.startedAt).toEqual(new Date("2026-03-01T12:00:00Z"));
    expect(Number(first?.finishedAt)).toBeGreaterThanOrEqual(Number(first?.fireTime));
  });

  test("pages go through all jobs that fit, in the order of the list", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 12:00" });
    for (const id of ["c", "a", "b"]) await fleet.add({ id, ...everyMinute, tags: ["t"] });
    await fleet.add({ id: "other", ...everyMinute });
    const found: string[] = [];
    let cursor: string | undefined;
    do {
      const { jobs, cursor: next } = await page(fleet, { tag: "t", order: "id", limit: 2, cursor });
      found.push(...jobs.map(({ jobId }) => jobId));
      cursor = next;
    } while (cursor !== undefined);
    expect(found).toEqual(["a", "b", "c"]);
  });

  test.each([
    { limit: 101 },
    { marks: 59 },
    { marks: 501 },
    { from: "x" },
    { from: "2026-03-02", to: "2026-03-01" },
    { from: "2026-03-01", to: "2026-04-05" },
    { cursor: "x" },
    { nonsense: 1 },
  ])("%o is refused", async (input) => {
    await using fleet = await TestFleet.open();
    await expect(page(fleet, input as TimelineQuery)).rejects.toMatchObject({
      code: "INVALID_OPTION",
      message: expect.stringMatching(/^getTimeline/) as string,
    });
  });
});
