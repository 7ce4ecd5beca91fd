// Decisions in the corners: requests that are out of date, old fire times, runs that outlive their job.
import { describe, expect, onTestFinished, test } from "vitest";
import { at, TestFleet } from "../helpers/test-fleet.ts";

const everyTenSeconds = {
  id: "job",
  trigger: "interval",
  seconds: 10,
  startDate: "2026-03-01 12:00",
} as const;

describe("a request that lists less than what is due", () => {
  test("because the server got to it long after it was made, is made anew", async () => {
    await using fleet = await TestFleet.open();
    await fleet.add(everyTenSeconds);
    await fleet.work();
    const { engine } = fleet;
    const admit = engine.runs.admit.bind(engine.runs);
    engine.runs.admit = (request) => {
      engine.runs.admit = admit;
      fleet.moveTo("12:00:45");
      return admit(request);
    };
    fleet.moveTo("12:00:10");
    await fleet.work();
    expect(await fleet.verdicts("job")).toEqual([
      "12:00:00 succeeded",
      "12:00:10..12:00:30 coalesced x3",
      "12:00:40 succeeded",
    ]);
  });

  test("because the worker knew an older definition, is made anew", async () => {
    await using fleet = await TestFleet.open();
    await fleet.add(everyTenSeconds);
    await fleet.work();
    await fleet.desk.modify("job", { coalesce: false }, "modifyJob");
    fleet.moveTo("12:05:00");
    await fleet.work();
    expect((await fleet.find("job"))?.counts).toEqual({ succeeded: 31 });
  });
});

describe("a request that is sent twice, because its answer was lost", () => {
  test("is admitted once, and answered alike", async () => {
    await using fleet = await TestFleet.open();
    await fleet.add({ ...everyTenSeconds, maxInstances: 3 });
    const { engine } = fleet;
    const admit = engine.runs.admit.bind(engine.runs);
    onTestFinished(() => void (engine.runs.admit = admit));
    engine.runs.admit = async (request) => {
      const first = await admit(request);
      const second = await admit(request);
      expect(second).toEqual(first);
      return second;
    };
    fleet.isHolding = true;
    await fleet.workTo("12:00:15");
    expect(fleet.held).toHaveLength(2);
    expect(fleet.started.map(({ attempt }) => attempt)).toEqual([1, 1]);
    expect(await fleet.eventNames("JOB_STARTED")).toEqual(["JOB_STARTED", "JOB_STARTED"]);
  });

  test("is settled once: the second is fenced and changes nothing", async () => {
    await using fleet = await TestFleet.open();
    await fleet.add(everyTenSeconds);
    const { engine } = fleet;
    const settle = engine.runs.settle.bind(engine.runs);
    onTestFinished(() => void (engine.runs.settle = settle));
    engine.runs.settle = async (request) => {
      const first = await settle(request);
      expect(await settle(request)).toMatchObject({ outcome: "fenced" });
      return first;
    };
    await fleet.work();
    expect((await fleet.find("job"))?.counts).toEqual({ succeeded: 1 });
    expect(await fleet.eventNames("JOB_EXECUTED")).toEqual(["JOB_EXECUTED"]);
  });
});

test("a smaller maxCatchUp holds at once, also where a larger one was known", async () => {
  await using fleet = await TestFleet.open();
  await fleet.add({ ...everyTenSeconds, coalesce: false });
  await fleet.work();
  await fleet.desk.modify("job", { maxCatchUp: 2 }, "modifyJob");
  fleet.moveTo("12:00:55");
  await fleet.work();
  expect((await fleet.find("job"))?.counts).toEqual({ succeeded: 3, missed: 3 });
  expect(fleet.fired).toEqual(["12:00:00", "12:00:40", "12:00:50"]);
});

describe("retention by age", () => {
  const daily = { id: "job", trigger: "interval", days: 1, startDate: "2026-03-01 12:00" } as const;

  test("counts from the decision: what an outage left undecided for longer is kept for its time", async () => {
    await using fleet = await TestFleet.open();
    await fleet.add({ ...daily, coalesce: false, retention: { age: "30d" } });
    fleet.moveTo("2026-05-30 12:00");
    await fleet.work();
    expect(await fleet.runs("job")).toHaveLength(91);
    await fleet.workTo("2026-06-29 12:00");
    expect(await fleet.runs("job")).toHaveLength(121);
    // Those of May are 30 days and a day old by now, and go: at most ten for each row that comes.
    await fleet.workTo("2026-06-30 12:00");
    expect(await fleet.runs("job")).toHaveLength(112);
    await fleet.workTo("2026-07-20 12:00");
    const left = await fleet.runs("job");
    expect(left.every(({ finishedAt }) => Number(finishedAt) >= at("2026-06-20 12:00"))).toBe(true);
    expect(left).toHaveLength(31);
  });

  test("a run that outlives its job leaves a ledger that ends, too", async () => {
    await using fleet = await TestFleet.open();
    await fleet.add({ ...everyTenSeconds, retention: { age: "1h" } });
    fleet.isHolding = true;
    await fleet.work();
    await fleet.desk.remove("job");
    await fleet.release();
    expect(await fleet.verdicts("job")).toEqual(["12:00:00 succeeded"]);
    const leftMs = await fleet.store.ledgerEndsInMs("job");
    expect(leftMs).toBeGreaterThan(0);
    expect(leftMs).toBeLessThanOrEqual(3_600_000);
  });
});

describe("what waits when a job is paused or removed", () => {
  test("is told of by at most 100 single events, and one for the rest", async () => {
    await using fleet = await TestFleet.open();
    await fleet.add({ ...everyTenSeconds, coalesce: false });
    fleet.moveTo("13:40:00");
    fleet.isHolding = true;
    await fleet.work();
    await fleet.events();
    await fleet.desk.pause("job", undefined);
    const skipped = await fleet.eventNames("JOB_SKIPPED");
    expect(skipped).toHaveLength(101);
    expect(skipped[0]).toBe("JOB_SKIPPED x500");
    expect((await fleet.find("job"))?.counts).toEqual({ skipped: 600 });
  });

  test("keeps its run id, also when it was queued before a rescheduling", async () => {
    await using fleet = await TestFleet.open();
    await fleet.add({ ...everyTenSeconds, coalesce: false });
    fleet.isHolding = true;
    fleet.moveTo("12:00:10");
    await fleet.work();
    const [queued] = (await fleet.page("job", { verdict: "queued" })).runs;
    await fleet.desk.modify("job", { trigger: "interval", hours: 1 }, "rescheduleJob");
    await fleet.desk.pause("job", undefined);
    expect(await fleet.getRun(queued?.id ?? "")).toMatchObject({
      verdict: "skipped",
      reason: "paused",
      fireTime: new Date(at("12:00:10")),
    });
  });

  test("a manual run that waits when its job is removed is skipped, with an event", async () => {
    await using fleet = await TestFleet.open();
    await fleet.add(everyTenSeconds);
    const runId = await fleet.ask("job");
    await fleet.events();
    await fleet.desk.remove("job");
    expect((await fleet.getRun(runId)).reason).toBe("removed");
    const events = await fleet.events("JOB_SKIPPED");
    expect(events.map((event) => event.runId)).toContain(runId);
    await fleet.work();
    expect(fleet.started).toEqual([]);
  });
});

describe("changes", () => {
  test("a job rescheduled to a date that has passed is due at once, as one that is added so", async () => {
    await using fleet = await TestFleet.open();
    await fleet.add(everyTenSeconds);
    await fleet.desk.modify(
      "job",
      { trigger: "date", runDate: "2026-03-01 11:00" },
      "rescheduleJob",
    );
    expect(await fleet.next("job")).toBe("11:00:00");
    await fleet.work();
    expect(await fleet.verdicts("job")).toContain("11:00:00 succeeded");
    expect(await fleet.next("job")).toBe("finished");
  });

  test("pausing a paused job again gives it the new reason and leaves no occurrence out", async () => {
    await using fleet = await TestFleet.open();
    await fleet.add(everyTenSeconds);
    await fleet.work();
    await fleet.desk.pause("job", "the first");
    fleet.moveTo("12:00:30");
    await fleet.desk.pause("job", "the second");
    expect(await fleet.find("job")).toMatchObject({
      pausedReason: "the second",
      pausedAt: at("12:00:00"),
    });
    fleet.moveTo("12:01:00");
    await fleet.desk.resume("job");
    expect(await fleet.verdicts("job")).toEqual([
      "12:00:00 succeeded",
      "12:00:10..12:01:00 skipped: paused x6",
    ]);
  });
});

test("ids with colons and percent signs go through scripts, queue and ledger unchanged", async () => {
  await using fleet = await TestFleet.open();
  for (const id of ["a:b", "50%", "a%3Ab", "a::b%"]) {
    await fleet.add({ ...everyTenSeconds, id });
  }
  await fleet.workTo("12:00:25");
  for (const id of ["a:b", "50%", "a%3Ab", "a::b%"]) {
    expect(await fleet.verdicts(id)).toHaveLength(3);
    for (const run of await fleet.runs(id)) {
      expect(run.jobId).toBe(id);
      expect(run.verdict).toBe("succeeded");
      expect(await fleet.getRun(run.id)).toEqual(run);
    }
    const runId = await fleet.ask(id);
    await fleet.work();
    expect((await fleet.getRun(runId)).jobId).toBe(id);
  }
});

test("explain tells what maxCatchUp left out from what came too late", async () => {
  await using fleet = await TestFleet.open();
  await fleet.add({ ...everyTenSeconds, coalesce: false, maxCatchUp: 2, misfireGraceTime: 120 });
  fleet.moveTo("12:05:00");
  await fleet.work();
  expect((await fleet.explain("job", "12:04:00")).text).toMatch(/maxCatchUp \(2\)/);
  await fleet.add({ ...everyTenSeconds, id: "late", coalesce: false, misfireGraceTime: 120 });
  fleet.moveTo("12:10:00");
  await fleet.work();
  expect((await fleet.explain("late", "12:05:10")).text).toMatch(
    /too late.*misfireGraceTime is 2m/,
  );
});
