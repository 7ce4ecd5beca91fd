import { describe, expect, test } from "vitest";
import { at, TestFleet } from "../helpers/test-fleet.ts";

const everyMinute = { trigger: "interval", minutes: 1, startDate: "2026-03-01 12:00" } as const;

describe("misfireGraceTime, default none: seconds or '5m'; compared when the run would start; later emits JOB_MISSED", () => {
  test.each([
    ["as long as the grace", 5, "12:00:05", "12:00:00 succeeded"],
    ["one millisecond longer", 5, "12:00:05.001", "12:00:00 missed"],
    ["text with a unit", "30s", "12:00:30", "12:00:00 succeeded"],
    ["text with a unit, too late", "30s", "12:00:30.001", "12:00:00 missed"],
    ["a grace of nothing, on time", 0, "12:00:00", "12:00:00 succeeded"],
    ["a grace of nothing, late", 0, "12:00:00.001", "12:00:00 missed"],
  ])("%s", async (_, misfireGraceTime, when, verdict) => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    await fleet.add({ id: "job", ...everyMinute, misfireGraceTime });
    await fleet.events();
    fleet.moveTo(when);
    await fleet.work();
    expect(await fleet.verdicts("job")).toEqual([verdict]);
    const names = await fleet.eventNames();
    expect(names.includes("JOB_MISSED")).toBe(verdict.endsWith("missed"));
    expect(await fleet.next("job")).toBe("12:01:00");
  });

  test.each([{}, { misfireGraceTime: null }])(
    "none: any delay is fine, be it a year (%j)",
    async (rules) => {
      await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
      await fleet.add({ id: "job", trigger: "date", runDate: "2026-03-01 12:00", ...rules });
      fleet.moveTo("2027-03-01 12:00");
      await fleet.work();
      const [run] = await fleet.runs("job");
      expect(run).toMatchObject({ verdict: "succeeded", latenessMs: 365 * 86_400_000 });
    },
  );

  test("an hour's downtime of a minute's job: one missed row, and it goes on", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    await fleet.add({ id: "job", ...everyMinute, misfireGraceTime: 10 });
    await fleet.events();
    fleet.moveTo("13:00:30");
    await fleet.work();
    expect(await fleet.verdicts("job")).toEqual(["12:00:00..13:00:00 missed x61"]);
    expect(await fleet.events()).toEqual([
      {
        name: "JOB_MISSED",
        at: at("13:00:30"),
        jobId: "job",
        runId: (await fleet.runs("job"))[0]?.id,
        fireAt: at("13:00:00"),
        count: 61,
      },
    ]);
    await fleet.workTo("13:01:00");
    expect(fleet.fired).toEqual(["13:01:00"]);
  });

  test("jitter is no delay: the grace counts from the time that the run was due", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    await fleet.add({ id: "job", ...everyMinute, misfireGraceTime: 0, jitter: 50 });
    await fleet.workTo("12:03:00");
    expect((await fleet.runs("job")).map(({ verdict }) => verdict)).not.toContain("missed");
    expect(fleet.started.length).toBeGreaterThanOrEqual(3);
    expect(fleet.started.some(({ fireTime, scheduledAt }) => scheduledAt > fireTime)).toBe(true);
  });

  test("a queued occurrence is judged again when its turn comes", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    await fleet.add({ id: "job", ...everyMinute, misfireGraceTime: "4m", coalesce: false });
    fleet.isHolding = true;
    fleet.moveTo("12:02:30");
    await fleet.work();
    expect(await fleet.verdicts("job")).toEqual([
      "12:00:00 running",
      "12:01:00 queued",
      "12:02:00 queued",
    ]);
    await fleet.events();
    const queued = (await fleet.runs("job", { verdict: "queued" })).map(({ id }) => id);
    // No worker takes the queue jobs meanwhile: only the instance is freed.
    fleet.moveTo("12:05:30");
    await fleet.release();
    const [call] = await fleet.queueJobs();
    await fleet.take(call ?? "");
    expect((await fleet.verdicts("job")).slice(0, 3)).toEqual([
      "12:00:00 succeeded",
      "12:01:00 missed",
      "12:02:00 running",
    ]);
    expect((await fleet.getRun(queued[0] ?? "")).verdict).toBe("missed");
    expect((await fleet.events("JOB_MISSED")).map(({ fireAt }) => fireAt)).toEqual([
      at("12:01:00"),
    ]);
  });
});
