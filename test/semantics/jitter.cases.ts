import { describe, expect, test } from "vitest";
import { toJob } from "../../src/scheduler/job.ts";
import { dueTime, parseJitter } from "../../src/triggers/jitter.ts";
import { at, TestFleet } from "../helpers/test-fleet.ts";

const everyMinute = { trigger: "interval", minutes: 1, startDate: "2026-03-01 12:00" } as const;

/** Fire and due times of the first five occurrences, as the workers of one fleet saw them. */
async function times(id: string, jitter: number | string, workers = 1): Promise<number[][]> {
  await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59", workers });
  await fleet.add({ id, ...everyMinute, jitter });
  await fleet.workTo("12:05:00");
  return fleet.started
    .slice(0, 5)
    .map(({ fireTime, scheduledAt }) => [fireTime.getTime(), scheduledAt.getTime()]);
}

describe("jitter, default 0: deterministic from job id and fire time, 0…jitter; never passes the next occurrence; the nominal fire time is kept apart", () => {
  test("equal in any fleet and for any worker, another for another job", async () => {
    const one = await times("job", 30);
    expect(await times("job", 30, 3)).toEqual(one);
    expect(await times("other", 30)).not.toEqual(one);
    for (const [fireAt = 0, dueAt = 0] of one) {
      expect(dueAt).toBeGreaterThanOrEqual(fireAt);
      expect(dueAt).toBeLessThanOrEqual(fireAt + 30_000);
    }
    expect(new Set(one.map(([fireAt = 0, dueAt = 0]) => dueAt - fireAt)).size).toBeGreaterThan(1);
  });

  test("however large, no occurrence passes the next one", async () => {
    const seen = await times("job", "1h");
    expect(seen.map(([fireAt]) => fireAt)).toEqual(
      ["12:00", "12:01", "12:02", "12:03", "12:04"].slice(0, seen.length).map(at),
    );
    for (const [i, [, dueAt = 0]] of seen.entries())
      expect(dueAt).toBeLessThan(seen[i + 1]?.[0] ?? Number.POSITIVE_INFINITY);
  });

  test("the run starts when it is due and not before; the ledger has both times", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    await fleet.add({ id: "job", ...everyMinute, jitter: 30 });
    fleet.moveTo("12:00:00");
    const [first = ""] = await fleet.queueJobs();
    await fleet.take(first);
    expect(fleet.fired).toEqual([]);
    await fleet.workTo("12:00:59");
    const [run] = await fleet.runs("job");
    expect(run?.fireTime).toEqual(new Date(at("12:00")));
    expect(run?.dueTime.getTime()).toBeGreaterThan(at("12:00"));
    expect(run?.startedAt).toEqual(run?.dueTime);
    expect(run?.latenessMs).toBe(0);
    expect(await fleet.queueJobs()).toHaveLength(1);
  });

  test("the default is none", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    await fleet.add({ id: "job", ...everyMinute });
    await fleet.workTo("12:01:00");
    for (const { fireTime, scheduledAt } of fleet.started) expect(scheduledAt).toEqual(fireTime);
  });

  test("after an outage, with maxCatchUp 1 and the latest one not due yet: the one before runs", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    await fleet.add({ id: "job", ...everyMinute, jitter: 59, coalesce: false, maxCatchUp: 1 });
    // All but the latest are long overdue; that one is due within its minute.
    fleet.moveTo("12:05:00");
    await fleet.work();
    expect(fleet.fired).toEqual(["12:04:00"]);
    expect(await fleet.next("job")).toBe("12:05:00");
    await fleet.workTo("12:05:59");
    expect(fleet.fired).toEqual(["12:04:00", "12:05:00"]);
    expect((await fleet.find("job"))?.counts).toEqual({ missed: 4, succeeded: 2 });
  });
});

/** A job whose occurrence of 12:00 is due some minutes later, which the time stands in between. */
const hourly = {
  trigger: "interval",
  hours: 1,
  startDate: "2026-03-01 12:00",
  jitter: "10m",
} as const;

const NOMINAL = at("12:00");
const SPREAD = Array.from({ length: 100 }, (_, i) => {
  const jobId = `job-${i}`;
  const nextFireAt = NOMINAL + 3_600_000;
  return {
    jobId,
    dueAt: dueTime({ jobId, fireAt: NOMINAL, nextFireAt, jitter: parseJitter("10m") }),
  };
});
const { jobId: id, dueAt } = SPREAD.find(
  (one) => one.dueAt > at("12:05") && one.dueAt < at("12:08"),
) ?? { jobId: "", dueAt: 0 };

async function between(options: object = {}): Promise<TestFleet> {
  const fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
  await fleet.add({ id, ...hourly, ...options });
  await fleet.workTo("12:02");
  return fleet;
}

describe("an occurrence whose nominal time has passed and whose due time has not", () => {
  test("is shown with its due time", async () => {
    await using fleet = await between();
    const job = toJob(await fleet.desk.get(id));
    expect(job.nextRunTime).toEqual(new Date(NOMINAL));
    expect(job.nextDueTime).toEqual(new Date(dueAt));
    await fleet.desk.pause(id, undefined);
    expect(toJob(await fleet.desk.get(id)).nextDueTime).toBeNull();
  });

  test.each<[string, (fleet: TestFleet) => Promise<unknown>]>([
    [
      "a pause that ends before",
      async (fleet) => {
        await fleet.desk.pause(id, undefined);
        fleet.moveTo("12:04");
        await fleet.desk.resume(id);
      },
    ],
    [
      "another pause after the first",
      async (fleet) => {
        for (const time of ["12:03", "12:04"]) {
          await fleet.desk.pause(id, undefined);
          fleet.moveTo(time);
          await fleet.desk.resume(id);
        }
      },
    ],
    [
      "rescheduleJob with an equal trigger",
      (fleet) => fleet.desk.modify(id, hourly, "rescheduleJob"),
    ],
    [
      "modifyJob with an equal trigger and another rule",
      (fleet) => fleet.desk.modify(id, { ...hourly, maxInstances: 2 }, "modifyJob"),
    ],
    [
      "modifyJob with another rule alone",
      (fleet) => fleet.desk.modify(id, { maxInstances: 2 }, "modifyJob"),
    ],
    [
      "replaceExisting with an equal trigger",
      (fleet) => fleet.add({ id, ...hourly, maxInstances: 2, replaceExisting: true }),
    ],
    [
      "rescheduleJob in a pause",
      async (fleet) => {
        await fleet.desk.pause(id, undefined);
        await fleet.desk.modify(id, hourly, "rescheduleJob");
        await fleet.desk.resume(id);
      },
    ],
  ])("runs when it is due after %s", async (_, change) => {
    await using fleet = await between();
    await change(fleet);
    expect(await fleet.next(id)).toBe("12:00:00");
    await fleet.workTo("12:59");
    expect(fleet.fired).toEqual(["12:00:00"]);
    const [run] = await fleet.runs(id);
    expect(run).toMatchObject({ verdict: "succeeded", startedAt: new Date(dueAt), latenessMs: 0 });
    expect(await fleet.verdicts(id)).toEqual(["12:00:00 succeeded"]);
  });

  test("is skipped by a pause that its due time falls into, and late by no more than that", async () => {
    await using fleet = await between();
    await fleet.desk.pause(id, undefined);
    fleet.moveTo("12:30");
    await fleet.desk.resume(id);
    await fleet.workTo("12:59");
    expect(fleet.fired).toEqual([]);
    const [run] = await fleet.runs(id);
    expect(run).toMatchObject({
      reason: "paused",
      dueTime: new Date(dueAt),
      decidedAt: new Date(at("12:30")),
    });
    expect(run?.latenessMs).toBe(at("12:30") - dueAt);
  });

  test("is decided early, and not late, by what leaves it no due time", async () => {
    const ends: [string, (fleet: TestFleet) => Promise<unknown>][] = [
      ["removed", (fleet) => fleet.desk.remove(id)],
      [
        "rescheduled",
        (fleet) =>
          fleet.desk.modify(
            id,
            { trigger: "interval", hours: 2, startDate: "2026-03-01 13:00" },
            "rescheduleJob",
          ),
      ],
    ];
    for (const [reason, end] of ends) {
      await using fleet = await between();
      await end(fleet);
      const [run] = await fleet.runs(id);
      expect(run).toMatchObject({ reason, dueTime: new Date(dueAt), latenessMs: 0 });
    }
  });

  test("another trigger that has the same time keeps it, by its own jitter", async () => {
    await using fleet = await between();
    await fleet.desk.modify(id, { ...hourly, hours: 2, jitter: "9m" }, "rescheduleJob");
    await fleet.workTo("12:59");
    expect(await fleet.verdicts(id)).toEqual(["12:00:00 succeeded"]);
  });

  test("is left to the schedule by a backfill in a pause", async () => {
    await using fleet = await between();
    await fleet.desk.pause(id, undefined);
    const { backfills } = fleet;
    const report = await backfills.start(id, { from: "2026-03-01 12:00", dryRun: true });
    expect(report.fireTimes).toEqual([]);
  });

  test("a span of several has the due time of its last", async () => {
    await using fleet = await between();
    fleet.moveTo("14:30");
    await fleet.desk.remove(id);
    const [run] = await fleet.runs(id);
    const last = at("14:00");
    const jitter = parseJitter("10m");
    const due = dueTime({ jobId: id, fireAt: last, nextFireAt: last + 3_600_000, jitter });
    expect(run).toMatchObject({ count: 3, fireTime: new Date(last), dueTime: new Date(due) });
  });
});
