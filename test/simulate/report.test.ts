// What a report says beyond counts: clock changes, outages, slots, groups, collisions; and how it reads.
import { describe, expect, test } from "vitest";
import {
  describeSimulation,
  type JobToSimulate,
  simulate,
  type SimulateOptions,
  type Simulation,
} from "../../src/simulate.ts";

const daily = (id: string, time: string, more: object = {}): JobToSimulate => {
  const [hour = 0, minute = 0] = time.split(":").map(Number);
  return { id, trigger: "cron", hour, minute, ...more };
};

function play(jobs: readonly JobToSimulate[], options: Partial<SimulateOptions> = {}) {
  return simulate(jobs, { from: "2027-03-01", to: "2027-03-01", durations: "1m", ...options });
}

function jobOf({ jobs }: Simulation, id: string) {
  const job = jobs.find(({ jobId }) => jobId === id);
  if (!job) throw new Error(`there is no job ${id}`);
  return job;
}

describe("changes of the clock", () => {
  const changesOf = async (jobs: readonly JobToSimulate[]): Promise<string[]> => {
    const year = { from: "2027-01-01", to: "2027-12-31" };
    const { clockChanges } = await play(jobs, year);
    return clockChanges.map(({ jobId, effect, times }) => `${jobId}: ${effect} ${times.join(" ")}`);
  };
  const timezone = "Europe/Berlin";

  test("times of day are moved, dropped, doubled, or run in the first pass only", async () => {
    const jobs = [
      daily("once", "02:30", { timezone }),
      daily("clock", "02:30", { timezone, dst: "wall-clock" }),
      daily("elsewhere", "02:30", { timezone: "Asia/Kolkata" }),
      daily("later", "03:30", { timezone }),
    ];
    expect(await changesOf(jobs)).toEqual([
      "once: moved 2027-03-28 02:30",
      "clock: dropped 2027-03-28 02:30",
      "once: second-pass-skipped 2027-10-31 02:30",
      "clock: doubled 2027-10-31 02:30",
    ]);
  });

  test("schedules that follow the clock, and intervals, are not special", async () => {
    const jobs: JobToSimulate[] = [
      { id: "hourly", trigger: "cron", expression: "30 * * * *", timezone },
      { id: "minutes", trigger: "cron", expression: "*/10 2 * * *", timezone },
      { id: "interval", trigger: "interval", minutes: 30, timezone },
    ];
    expect(await changesOf(jobs)).toEqual([]);
  });

  test("several times of one job are one entry for each effect, also within other triggers", async () => {
    const twice = { trigger: "cron", hour: 2, minute: "0,15,30", timezone } as const;
    const jobs: JobToSimulate[] = [
      { id: "many", ...twice },
      { id: "either", trigger: "or", triggers: [twice, { trigger: "interval", hours: 5 }] },
      { id: "in winter", ...twice, endDate: "2027-02-01" },
    ];
    expect(await changesOf(jobs)).toEqual([
      "many: moved 2027-03-28 02:00 2027-03-28 02:15 2027-03-28 02:30",
      "either: moved 2027-03-28 02:00 2027-03-28 02:15 2027-03-28 02:30",
      "many: second-pass-skipped 2027-10-31 02:00 2027-10-31 02:15 2027-10-31 02:30",
      "either: second-pass-skipped 2027-10-31 02:00 2027-10-31 02:15 2027-10-31 02:30",
    ]);
  });

  test("the counts of runs agree", async () => {
    const jobs = [
      daily("once", "02:30", { timezone }),
      daily("clock", "02:30", { timezone, dst: "wall-clock" }),
    ];
    const march = await play(jobs, { from: "2027-03-28", to: "2027-03-28", timezone });
    expect(march.jobs.map(({ runs }) => runs)).toEqual([1, 0]);
    expect(jobOf(march, "clock").daysWithoutRun).toEqual({ count: 1, dates: ["2027-03-28"] });
    const october = await play(jobs, { from: "2027-10-31", to: "2027-10-31", timezone });
    expect(october.jobs.map(({ runs }) => runs)).toEqual([1, 2]);
  });
});

describe("outages", () => {
  const every10 = { trigger: "cron", expression: "*/10 * * * *" } as const;
  const outages = [{ from: "2027-03-01 02:05", to: "2027-03-01 04:05" }];

  test("what is due in one is coalesced, missed, skipped or caught up on", async () => {
    const jobs: JobToSimulate[] = [
      { id: "coalesces", ...every10 },
      { id: "late", ...every10, misfireGraceTime: "2m" },
      { id: "each", ...every10, coalesce: false, maxCatchUp: 5 },
      { id: "skips", ...every10, condition: "nobody.running" },
      daily("nightly", "03:00"),
      daily("later", "05:00"),
    ];
    const [outage] = (await play(jobs, { outages })).outages;
    expect(outage?.jobs).toEqual([
      { jobId: "coalesces", ran: 1, missed: 0, coalesced: 11, skipped: 0, longestDelayMs: 300_000 },
      { jobId: "late", ran: 0, missed: 12, coalesced: 0, skipped: 0, longestDelayMs: 0 },
      {
        jobId: "each",
        ran: 5,
        missed: 7,
        coalesced: 0,
        skipped: 0,
        longestDelayMs: 2_700_000,
      },
      { jobId: "skips", ran: 0, missed: 0, coalesced: 0, skipped: 12, longestDelayMs: 0 },
      { jobId: "nightly", ran: 1, missed: 0, coalesced: 0, skipped: 0, longestDelayMs: 3_900_000 },
    ]);
    expect(outage).toMatchObject({ ran: 7, missed: 19, coalesced: 11, skipped: 12, burst: 3 });
    expect(outage?.caughtUpAt?.toISOString()).toBe("2027-03-01T04:09:00.000Z");
  });

  test("runs in progress go on with another attempt, and keep their instances", async () => {
    const attempts: string[] = [];
    const played = await play([daily("long", "02:00")], {
      outages,
      durations: "1h",
      outcomes: (_, fireTime, attempt) => {
        attempts.push(`${fireTime.toISOString().slice(11, 16)} #${attempt}`);
        return "succeeded";
      },
    });
    expect(attempts).toEqual(["02:00 #1", "02:00 #2"]);
    expect(played.outages[0]).toMatchObject({ interrupted: 1, ran: 0, burst: 1, jobs: [] });
    expect(jobOf(played, "long")).toMatchObject({ runs: 1, outcomes: { succeeded: 1 } });
  });

  test("a run that ends as one begins is not interrupted", async () => {
    const [outage] = (await play([daily("long", "02:00")], { outages, durations: "5m" })).outages;
    expect(outage).toMatchObject({ interrupted: 0, jobs: [] });
  });
});

describe("slots", () => {
  const jobs = ["a", "b", "c", "d", "e"].map((id) => daily(id, "02:00"));

  test("runs beyond them wait", async () => {
    const played = await play(jobs, { slots: 2, durations: "10m" });
    expect(played.slots).toEqual([
      {
        queue: null,
        limit: 2,
        wanted: 5,
        wantedAt: new Date("2027-03-01T02:00:00Z"),
        waited: 3,
        longestWaitMs: 1_200_000,
        fullMs: 1_200_000,
      },
    ]);
    expect(played.peak).toEqual({ runs: 2, at: new Date("2027-03-01T02:00:00Z") });
    expect(jobOf(played, "e").longestDelayMs).toBe(1_200_000);
  });

  describe("are not wanted by what only has a look", () => {
    const load = daily("load", "02:00");
    const after = { condition: "not load.running", conditionPolicy: { wait: "2h" } };
    const pair = [load, daily("report", "03:00", after)];
    const durations = { load: "80m", report: "10m" };

    test.each([undefined, 1, 2])("with a limit of %s", async (slots) => {
      const played = await play(pair, { slots, durations });
      expect(played.slots).toMatchObject([{ wanted: 1, waited: 0, longestWaitMs: 0 }]);
      expect(jobOf(played, "report").longestDelayMs).toBe(20 * 60_000);
    });

    test("nor by one that its group has no room for", async () => {
      const group = { concurrencyGroup: { key: "db", limit: 1 } };
      const both = ["a", "b"].map((id) => daily(id, "02:00", group));
      const played = await play(both, { slots: 1, durations: "10m" });
      expect(played.slots).toMatchObject([{ wanted: 1, waited: 0 }]);
    });

    test("and a run waits from when its condition became true", async () => {
      const played = await play([daily("other", "02:50"), ...pair], {
        slots: 1,
        durations: { ...durations, other: "45m" },
      });
      // The condition is true from 03:20 on, and the other job is first in line.
      expect(played.slots).toMatchObject([{ wanted: 2, waited: 2, longestWaitMs: 45 * 60_000 }]);
    });
  });

  test("what was coalesced for want of one wants one, too", async () => {
    const every = { id: "every", trigger: "interval", minutes: 10 } as const;
    const long = daily("long", "02:00");
    const options = { durations: { every: "1m", long: "35m" } };
    const played = await play([long, every], { slots: 1, ...options });
    expect(played.outcomes.coalesced).toBeGreaterThan(0);
    expect(played.slots).toMatchObject([{ wanted: 2 }]);
    const enough = await play([long, every], { slots: 2, ...options });
    expect(enough.slots).toMatchObject([{ wanted: 2, waited: 0 }]);
  });

  test("a wait may be longer than the grace", async () => {
    const late = jobs.map((job) => Object.assign({ misfireGraceTime: "15m" }, job));
    const played = await play(late, { slots: 2, durations: "10m" });
    expect(played.outcomes).toMatchObject({ succeeded: 4, missed: 1 });
  });

  test("queues have their own", async () => {
    const spread = jobs.map((job, i) => Object.assign({ queue: i < 3 ? "heavy" : "light" }, job));
    const { slots } = await play(spread, { slots: { heavy: 1 } });
    expect(
      slots.map(({ queue, limit, wanted, waited }) => ({ queue, limit, wanted, waited })),
    ).toEqual([
      { queue: null, limit: null, wanted: 2, waited: 0 },
      { queue: "heavy", limit: 1, wanted: 3, waited: 2 },
    ]);
  });
});

test("groups tell how full they were, and who waited", async () => {
  const group = { concurrencyGroup: { key: "db", limit: 2 } };
  const jobs = ["a", "b", "c"].map((id) => daily(id, "02:00", group));
  const other = daily("other", "02:00", { ...group, queue: "other" });
  const { groups, peak } = await play([...jobs, other], { durations: "10m" });
  expect(groups).toEqual([
    {
      key: "db",
      queue: "default",
      limit: 2,
      peak: 2,
      waited: 1,
      longestWaitMs: 600_000,
      fullMs: 600_000,
    },
    { key: "db", queue: "other", limit: 2, peak: 1, waited: 0, longestWaitMs: 0, fullMs: 0 },
  ]);
  expect(peak.runs).toBe(3);
});

test("collisions are told by time of day, the worst first", async () => {
  const jobs = [
    daily("backup", "02:00"),
    daily("report", "02:00"),
    daily("mail", "02:10"),
    daily("other", "14:00"),
    daily("weekly", "14:05", { dayOfWeek: "mon" }),
    daily("alone", "20:00"),
  ];
  const { collisions } = await play(jobs, { to: "2027-03-31", durations: "30m" });
  expect(collisions.worst).toEqual([
    {
      timeOfDay: "02:10",
      days: 31,
      runs: 3,
      at: new Date("2027-03-01T02:10:00Z"),
      jobIds: ["backup", "mail", "report"],
    },
    {
      timeOfDay: "14:05",
      days: 5,
      runs: 2,
      at: new Date("2027-03-01T14:05:00Z"),
      jobIds: ["other", "weekly"],
    },
  ]);
  expect(collisions.count).toBe(31 * 2 + 5);
});

test("days without any run are named", async () => {
  const { daysWithoutRun } = await play([daily("weekdays", "09:00", { dayOfWeek: "1-5" })], {
    to: "2027-03-14",
  });
  expect(daysWithoutRun.dates).toEqual(["2027-03-06", "2027-03-07", "2027-03-13", "2027-03-14"]);
});

test("a month is busy for as long as its runs were executed", async () => {
  const { months } = await play([daily("midnight", "23:30")], {
    from: "2027-01-01",
    to: "2027-02-28",
    durations: "1h",
  });
  expect(months.map(({ month, runs, busyMs }) => [month, runs, busyMs / 3_600_000])).toEqual([
    ["2027-01", 31, 30.5],
    ["2027-02", 28, 28],
  ]);
});

test("conditions on jobs that are not there are told", async () => {
  const jobs = [daily("load", "02:00"), daily("report", "03:00", { condition: "not lod.running" })];
  const played = await play(jobs);
  expect(played.unknownJobs).toEqual([{ jobId: "report", missing: ["lod"] }]);
  expect(describeSimulation(played)).toContain("report: there is no job lod");
  expect((await play(jobs.slice(0, 1))).unknownJobs).toEqual([]);
});

test("it reads as text", async () => {
  const timezone = "Europe/Berlin";
  const jobs = [
    daily("backup", "02:30", { timezone }),
    daily("report", "02:30", { timezone, concurrencyGroup: { key: "db", limit: 1 } }),
  ];
  const played = await play(jobs, {
    from: "2027-03-27",
    to: "2027-04-02",
    timezone,
    durations: { backup: "45m" },
    slots: 1,
    outages: [{ from: "2027-03-30 02:00", to: "2027-03-30 06:00" }],
  });
  expect(describeSimulation(played)).toBe(
    `2027-03-27 00:00 to 2027-04-03 00:00 (Europe/Berlin): 2 jobs, 14 runs
14 succeeded
at most 1 at once (2027-03-27 02:30)

Months
           runs  failed  missed  coalesced  skipped  at once   busy
  2027-03    10       0       0          0        0        1  3.8 h
  2027-04     4       0       0          0        0        1  1.5 h

Slots
  2 of 1 wanted (2027-03-27 02:30); 7 runs waited, up to 45m; all taken for 5h 22m

Groups
  db: 1 of 1; no run waited; full for 7m

Changes of the clock
  backup: 2027-03-28 02:30 Europe/Berlin: skipped by the clock, run after the gap
  report: 2027-03-28 02:30 Europe/Berlin: skipped by the clock, run after the gap

Outages
  2027-03-30 02:00 to 2027-03-30 06:00: 2 ran; 0 runs interrupted; 2 at once at the end; caught up by 2027-03-30 06:45
    backup: 1 ran, up to 3h 30m late
    report: 1 ran, up to 4h 15m late

Jobs
          runs  failed  missed  skipped  days without  longest gap  latest start
  backup     7       0       0        0             0    1d 3h 30m        3h 30m
  report     7       0       0        0             0    1d 3h 30m        4h 15m

Assumed to take a minute
  report`,
  );
});
