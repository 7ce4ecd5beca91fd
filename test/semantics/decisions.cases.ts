// Decisions in the corners: requests that are out of date, old fire times, runs that outlive their job.
import { describe, expect, test } from "vitest";
import { at, EngineBench } from "../helpers/engine-bench.ts";

const everyTenSeconds = {
  id: "job",
  trigger: "interval",
  seconds: 10,
  startDate: "2026-03-01 12:00",
} as const;

describe("a request that lists less than what is due", () => {
  test("because the server got to it long after it was made, is made anew", async () => {
    await using bench = await EngineBench.open();
    await bench.add(everyTenSeconds);
    await bench.work();
    const { engine } = bench;
    const admit = engine.runs.admit.bind(engine.runs);
    engine.runs.admit = (request) => {
      engine.runs.admit = admit;
      bench.moveTo("12:00:45");
      return admit(request);
    };
    bench.moveTo("12:00:10");
    await bench.work();
    expect(await bench.verdicts("job")).toEqual([
      "12:00:00 succeeded",
      "12:00:10..12:00:30 coalesced x3",
      "12:00:40 succeeded",
    ]);
  });

  test("because the worker knew an older definition, is made anew", async () => {
    await using bench = await EngineBench.open();
    await bench.add(everyTenSeconds);
    await bench.work();
    await bench.desk.modify("job", { coalesce: false }, "modifyJob");
    bench.moveTo("12:05:00");
    await bench.work();
    expect((await bench.find("job"))?.counts).toEqual({ succeeded: 31 });
  });
});

describe("a request that is sent twice, because its answer was lost", () => {
  test("is admitted once, and answered alike", async () => {
    await using bench = await EngineBench.open();
    await bench.add({ ...everyTenSeconds, maxInstances: 3 });
    const { engine } = bench;
    const admit = engine.runs.admit.bind(engine.runs);
    engine.runs.admit = async (request) => {
      const first = await admit(request);
      const second = await admit(request);
      expect(second).toEqual(first);
      return second;
    };
    bench.isHolding = true;
    await bench.workTo("12:00:15");
    expect(bench.held).toHaveLength(2);
    expect(bench.started.map(({ attempt }) => attempt)).toEqual([1, 1]);
    expect(await bench.eventNames("JOB_STARTED")).toEqual(["JOB_STARTED", "JOB_STARTED"]);
  });

  test("is settled once: the second is fenced and changes nothing", async () => {
    await using bench = await EngineBench.open();
    await bench.add(everyTenSeconds);
    const { engine } = bench;
    const settle = engine.runs.settle.bind(engine.runs);
    engine.runs.settle = async (request) => {
      const first = await settle(request);
      expect(await settle(request)).toMatchObject({ outcome: "fenced" });
      return first;
    };
    await bench.work();
    expect((await bench.find("job"))?.counts).toEqual({ succeeded: 1 });
    expect(await bench.eventNames("JOB_EXECUTED")).toEqual(["JOB_EXECUTED"]);
  });
});

test("a smaller maxCatchUp holds at once, also where a larger one was known", async () => {
  await using bench = await EngineBench.open();
  await bench.add({ ...everyTenSeconds, coalesce: false });
  await bench.work();
  await bench.desk.modify("job", { maxCatchUp: 2 }, "modifyJob");
  bench.moveTo("12:00:55");
  await bench.work();
  expect((await bench.find("job"))?.counts).toEqual({ succeeded: 3, missed: 3 });
  expect(bench.fired).toEqual(["12:00:00", "12:00:40", "12:00:50"]);
});

describe("retention by age", () => {
  const daily = { id: "job", trigger: "interval", days: 1, startDate: "2026-03-01 12:00" } as const;

  test("counts from the decision: what an outage left undecided for longer is kept for its time", async () => {
    await using bench = await EngineBench.open();
    await bench.add({ ...daily, coalesce: false, retention: { age: "30d" } });
    bench.moveTo("2026-05-30 12:00");
    await bench.work();
    expect(await bench.runs("job")).toHaveLength(91);
    await bench.workTo("2026-06-29 12:00");
    expect(await bench.runs("job")).toHaveLength(121);
    // Those of May are 30 days and a day old by now, and go: at most ten for each row that comes.
    await bench.workTo("2026-06-30 12:00");
    expect(await bench.runs("job")).toHaveLength(112);
    await bench.workTo("2026-07-20 12:00");
    const left = await bench.runs("job");
    expect(left.every(({ finishedAt }) => Number(finishedAt) >= at("2026-06-20 12:00"))).toBe(true);
    expect(left).toHaveLength(31);
  });

  test("a run that outlives its job leaves a ledger that ends, too", async () => {
    await using bench = await EngineBench.open();
    await bench.add({ ...everyTenSeconds, retention: { age: "1h" } });
    bench.isHolding = true;
    await bench.work();
    await bench.desk.remove("job");
    await bench.release();
    expect(await bench.verdicts("job")).toEqual(["12:00:00 succeeded"]);
    const leftMs = await bench.ground.ledgerEndsInMs("job");
    expect(leftMs).toBeGreaterThan(0);
    expect(leftMs).toBeLessThanOrEqual(3_600_000);
  });
});

describe("what waits when a job is paused or removed", () => {
  test("is told of by at most 100 single events, and one for the rest", async () => {
    await using bench = await EngineBench.open();
    await bench.add({ ...everyTenSeconds, coalesce: false });
    bench.moveTo("13:40:00");
    bench.isHolding = true;
    await bench.work();
    await bench.events();
    await bench.desk.pause("job", undefined);
    const skipped = await bench.eventNames("JOB_SKIPPED");
    expect(skipped).toHaveLength(101);
    expect(skipped[0]).toBe("JOB_SKIPPED x500");
    expect((await bench.find("job"))?.counts).toEqual({ skipped: 600 });
  });

  test("keeps its run id, also when it was queued before a rescheduling", async () => {
    await using bench = await EngineBench.open();
    await bench.add({ ...everyTenSeconds, coalesce: false });
    bench.isHolding = true;
    bench.moveTo("12:00:10");
    await bench.work();
    const [queued] = (await bench.page("job", { verdict: "queued" })).runs;
    await bench.desk.modify("job", { trigger: "interval", hours: 1 }, "rescheduleJob");
    await bench.desk.pause("job", undefined);
    expect(await bench.getRun(queued?.id ?? "")).toMatchObject({
      verdict: "skipped",
      reason: "paused",
      fireTime: new Date(at("12:00:10")),
    });
  });

  test("a manual run that waits when its job is removed is skipped, with an event", async () => {
    await using bench = await EngineBench.open();
    await bench.add(everyTenSeconds);
    const runId = await bench.ask("job");
    await bench.events();
    await bench.desk.remove("job");
    expect((await bench.getRun(runId)).reason).toBe("removed");
    const events = await bench.events("JOB_SKIPPED");
    expect(events.map((event) => event.runId)).toContain(runId);
    await bench.work();
    expect(bench.started).toEqual([]);
  });
});

describe("changes", () => {
  test("a job rescheduled to a date that has passed is due at once, as one that is added so", async () => {
    await using bench = await EngineBench.open();
    await bench.add(everyTenSeconds);
    await bench.desk.modify(
      "job",
      { trigger: "date", runDate: "2026-03-01 11:00" },
      "rescheduleJob",
    );
    expect(await bench.next("job")).toBe("11:00:00");
    await bench.work();
    expect(await bench.verdicts("job")).toContain("11:00:00 succeeded");
    expect(await bench.next("job")).toBe("finished");
  });

  test("pausing a paused job again gives it the new reason and leaves no occurrence out", async () => {
    await using bench = await EngineBench.open();
    await bench.add(everyTenSeconds);
    await bench.work();
    await bench.desk.pause("job", "the first");
    bench.moveTo("12:00:30");
    await bench.desk.pause("job", "the second");
    expect(await bench.find("job")).toMatchObject({
      pausedReason: "the second",
      pausedAt: at("12:00:00"),
    });
    bench.moveTo("12:01:00");
    await bench.desk.resume("job");
    expect(await bench.verdicts("job")).toEqual([
      "12:00:00 succeeded",
      "12:00:10..12:01:00 skipped: paused x6",
    ]);
  });
});

test("ids with colons and percent signs go through scripts, queue and ledger unchanged", async () => {
  await using bench = await EngineBench.open();
  for (const id of ["a:b", "50%", "a%3Ab", "a::b%"]) {
    await bench.add({ ...everyTenSeconds, id });
  }
  await bench.workTo("12:00:25");
  for (const id of ["a:b", "50%", "a%3Ab", "a::b%"]) {
    expect(await bench.verdicts(id)).toHaveLength(3);
    for (const run of await bench.runs(id)) {
      expect(run.jobId).toBe(id);
      expect(run.verdict).toBe("succeeded");
      expect(await bench.getRun(run.id)).toEqual(run);
    }
    const runId = await bench.ask(id);
    await bench.work();
    expect((await bench.getRun(runId)).jobId).toBe(id);
  }
});

test("explain tells what maxCatchUp left out from what came too late", async () => {
  await using bench = await EngineBench.open();
  await bench.add({ ...everyTenSeconds, coalesce: false, maxCatchUp: 2, misfireGraceTime: 120 });
  bench.moveTo("12:05:00");
  await bench.work();
  expect((await bench.explain("job", "12:04:00")).text).toMatch(/maxCatchUp \(2\)/);
  await bench.add({ ...everyTenSeconds, id: "late", coalesce: false, misfireGraceTime: 120 });
  bench.moveTo("12:10:00");
  await bench.work();
  expect((await bench.explain("late", "12:05:10")).text).toMatch(
    /too late.*misfireGraceTime is 2m/,
  );
});
