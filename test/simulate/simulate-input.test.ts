// What `simulate` takes: jobs in three forms, lengths in four; and what it refuses.
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { type CronduitError, defineJob, Pipeline, PipelineScheduler } from "../../src/index.ts";
import {
  describeSimulation,
  type JobToSimulate,
  readFleet,
  simulate,
  type SimulateOptions,
} from "../../src/simulate.ts";

const WEEK = { from: "2027-03-01", to: "2027-03-07" } as const;
const daily = { trigger: "cron", hour: 2, minute: 0 } as const;

const weekend = { exclude: { windows: [{ days: ["sat" as const, "sun" as const] }] } };

class Nightly extends Pipeline.with(z.object({ region: z.string() })) {
  run(): never {
    throw new Error("a simulation executes nothing");
  }
}

function play(jobs: Iterable<JobToSimulate>, options: Partial<SimulateOptions> = {}) {
  return simulate(jobs, { ...WEEK, ...options });
}

describe("jobs", () => {
  test("are options with an id, or pipelines with options", async () => {
    const cleanUp = defineJob({ name: "clean-up", run: () => 1 });
    const { jobs } = await play([
      { id: "plain", ...daily },
      { pipeline: Nightly, options: { id: "nightly", params: { region: "eu" }, ...daily } },
      { pipeline: cleanUp, options: daily },
      { pipeline: "by name", options: { id: "named", ...daily } },
    ]);
    expect(jobs.map(({ jobId, runs }) => [jobId, runs])).toEqual([
      ["plain", 7],
      ["nightly", 7],
      [expect.stringMatching(/^clean-up-[0-9a-f]{16}$/), 7],
      ["named", 7],
    ]);
  });

  test("that a scheduler returned do as the scheduler's would", async () => {
    await using scheduler = new PipelineScheduler({
      pipelines: [Nightly],
      worker: false,
      calendars: { weekend },
    });
    const params = { region: "eu" };
    const jitter = "1h";
    const conditionPolicy = { wait: "3h" };
    const jobs: JobToSimulate[] = [
      await scheduler.addJob(Nightly, { id: "spread", params, jitter, ...daily }),
      await scheduler.addJob(Nightly, { id: "office", params, calendars: "weekend", ...daily }),
      await scheduler.addJob(Nightly, {
        id: "after",
        params,
        condition: "spread.running",
        conditionPolicy,
        ...daily,
      }),
    ];
    const paused = await scheduler.addJob(Nightly, { id: "paused", params, ...daily });
    const played = await play([...jobs, await paused.pause()]);
    const [spread, office, after, none] = played.jobs;
    expect([spread?.runs, office?.runs, after?.runs, none?.runs]).toEqual([7, 5, 7, 0]);
    // It waited for the other, which jitter delayed.
    expect(after?.longestDelayMs).toBeGreaterThan(0);
    expect(none?.pausedAt).toEqual(played.from);
  });

  test("keep a first run that is not their trigger's", async () => {
    await using scheduler = new PipelineScheduler({ pipelines: [Nightly], worker: false });
    const first = { nextRunTime: "2099-03-01 12:00", params: { region: "eu" } };
    const job = await scheduler.addJob(Nightly, { id: "first", ...first, ...daily });
    const { jobs } = await play([job], { from: "2099-03-01", to: "2099-03-02" });
    expect(jobs[0]?.runs).toBe(2);
  });

  test("go by the scheduler's defaults and calendars, if these are given", async () => {
    const options = {
      timezone: "Europe/Berlin",
      calendars: { weekend },
      jobDefaults: { maxInstances: 2 },
      durations: "30h",
    };
    const { jobs } = await play(
      [
        { id: "a", ...daily },
        { id: "b", calendars: "weekend", ...daily },
      ],
      options,
    );
    expect(jobs.map(({ runs }) => runs)).toEqual([7, 5]);
  });
});

describe("durations", () => {
  const busyMs = async (durations: SimulateOptions["durations"], options = {}): Promise<number> => {
    const { months } = await play([{ id: "job", ...daily }], { durations, ...options });
    return (months[0]?.busyMs ?? 0) / 7;
  };

  test("are the same for all jobs, or a job's own", async () => {
    expect(await busyMs(90)).toBe(90_000);
    expect(await busyMs("2m")).toBe(120_000);
    expect(await busyMs({ job: "3m", gone: [{ durationMs: 1 }] })).toBe(180_000);
  });

  test("are asked for, with the job and the fire time", async () => {
    const asked: string[] = [];
    const durations: SimulateOptions["durations"] = ({ id, queue, tags }, fireTime) => {
      asked.push(`${id} ${queue} ${tags.join()} ${fireTime.toISOString()}`);
      return 10;
    };
    const job = { id: "job", queue: "heavy", tags: ["a"], ...daily };
    const { months } = await play([job], { durations });
    expect(months[0]?.busyMs).toBe(70_000);
    expect(asked[0]).toBe("job heavy a 2027-03-01T02:00:00.000Z");
    expect(asked).toHaveLength(7);
  });

  test("are drawn from earlier runs, each time in the same way", async () => {
    const runs = [1_000, 2_000, 3_000, undefined].map((durationMs) => ({ durationMs }));
    const year = { from: "2027-01-01", to: "2027-12-31" };
    const lengths = async () => {
      const job = { id: "job", trigger: "cron", expression: "*/10 * * * *" } as const;
      const { months } = await simulate([job], { ...year, durations: { job: { runs } } });
      return months.map((month) => month.busyMs / month.runs);
    };
    const first = await lengths();
    for (const mean of first) {
      expect(mean).toBeGreaterThan(1_900);
      expect(mean).toBeLessThan(2_100);
    }
    expect(await lengths()).toEqual(first);
  });

  test("are a minute where nothing is known, and the report says so", async () => {
    const jobs = ["a", "b", "c"].map((id) => Object.assign({ id }, daily));
    const played = await play(jobs, { durations: { a: 1, b: { runs: [] } } });
    expect(played.assumed).toEqual(["b", "c"]);
    expect(
      (await play(jobs, { durations: ({ id }) => (id === "c" ? undefined : 1) })).assumed,
    ).toEqual(["c"]);
    expect((await play(jobs)).assumed).toEqual(["a", "b", "c"]);
  });

  test("end at the timeout", async () => {
    const job = { id: "job", timeout: "10m", ...daily };
    const { outcomes, months } = await play([job], { durations: "1h" });
    expect(outcomes).toMatchObject({ failed: 7, succeeded: 0 });
    expect(months[0]?.busyMs).toBe(7 * 600_000);
  });
});

test("outcomes decide on retries, conditions and the pause after failures", async () => {
  const jobs: JobToSimulate[] = [
    { id: "retries", retry: { attempts: 3, delay: "10m", backoff: "fixed" }, ...daily },
    { id: "fails", pauseAfterFailures: 3, ...daily },
    { id: "depends", trigger: "cron", hour: 3, condition: "fails.last_run_successful" },
  ];
  const played = await play(jobs, {
    durations: "1m",
    outcomes: ({ id }, fireTime, attempt) =>
      (id === "retries" && attempt < 3) || (id === "fails" && fireTime.getUTCDate() > 2)
        ? "failed"
        : "succeeded",
  });
  const [retries, fails, depends] = played.jobs;
  expect(retries?.outcomes).toMatchObject({ succeeded: 7, failed: 0 });
  expect(fails).toMatchObject({ runs: 5, pausedAt: new Date("2027-03-05T02:01:00Z") });
  expect(depends?.outcomes).toMatchObject({ succeeded: 2, skipped: 5 });
});

test("a fleet is read from a scheduler, with what its runs took", async () => {
  await using scheduler = new PipelineScheduler({ pipelines: [Nightly] });
  await scheduler.start();
  const sleepy = defineJob({
    name: "sleepy",
    run: () => new Promise((end) => setTimeout(end, 50)),
  });
  const job = await scheduler.addJob(sleepy, { id: "sleepy", ...daily });
  await job.run({ wait: "1m" });
  await scheduler.addJob(Nightly, { id: "manual", trigger: "manual", params: { region: "eu" } });
  const { jobs, durations } = await readFleet(scheduler);
  expect(jobs.map(({ id }) => id).toSorted()).toEqual(["manual", "sleepy"]);
  const played = await play(jobs, { durations });
  expect(played.assumed).toEqual(["manual"]);
  expect(played.runs).toBe(7);
  expect((played.months[0]?.busyMs ?? 0) / 7).toBeGreaterThanOrEqual(49);
  expect((await readFleet(scheduler, { runs: 0 })).durations).toEqual({});
});

describe("refused", () => {
  const job = { id: "job", ...daily };
  test.each([
    [
      "nothing",
      () => (simulate as (...given: unknown[]) => Promise<unknown>)(),
      "simulate: a list of jobs is needed",
    ],
    [
      "no options",
      () => simulate([job], undefined as never),
      'simulate: the options are missing: at least "from" and "to"',
    ],
    ["no list", () => play({} as never), "simulate: a list of jobs is needed"],
    ["no object", () => play([1] as never), "simulate: a list of jobs is needed"],
    [
      "no id",
      () => play([daily] as never),
      "simulate, job 0: a job without a pipeline needs an id",
    ],
    ["an id twice", () => play([job, job]), 'simulate, job 1: "job" is the id of job 0, too'],
    [
      "a wrong condition",
      () => play([{ ...job, condition: "a.runing" }]),
      /^simulate, job "job", option "condition": /,
    ],
    [
      "a wrong job without an id",
      () => play([job, { pipeline: Nightly, options: { ...daily, hour: 25 } }]),
      /^simulate, job 1: /,
    ],
    ["a wrong job", () => play([{ ...job, hour: 25 }]), /simulate, job "job": .*hour/],
    ["an unknown option", () => play([job], { workers: 1 } as never), "workers"],
    ["a period backwards", () => play([job], { to: "2027-02-01" }), 'option "to"'],
    [
      "an empty period",
      () => play([job], { from: "2027-03-01 10:00", to: "2027-03-01 10:00" }),
      "empty",
    ],
    ["a long period", () => play([job], { to: "2099-01-01" }), "longer than ten years"],
    [
      "an unknown zone",
      () => play([job], { timezone: "Mars" }),
      /^simulate, option "timezone": "Mars" is not a time zone/,
    ],
    [
      "a wrong length",
      () => play([job], { durations: { job: "soon" } }),
      'simulate, option "durations.job": Duration "soon"',
    ],
    [
      "a length for all",
      () => play([job], { durations: "soon" }),
      'option "durations": Duration "soon"',
    ],
    [
      "a length of an unknown job",
      () => play([job], { durations: { jobb: "5m" } }),
      'simulate, option "durations": there is no job "jobb". Did you mean "job"?',
    ],
    ...[null, {}, [1], { runs: [{ durationMs: "1" }] }].map(
      (runs) =>
        [
          "what are no earlier runs",
          () => play([job], { durations: { job: runs as never } }),
          'simulate, option "durations.job"',
        ] as const,
    ),
    [
      "an outage backwards",
      () => play([job], { outages: [{ from: "2027-03-03", to: "2027-03-01" }] }),
      'simulate, option "outages.0.to": the range ends',
    ],
    ...["2027-02-28", "2027-03-08"].map(
      (day) =>
        [
          "an outage outside of the period",
          () => play([job], { outages: [{ from: day, to: day }] }),
          'simulate, option "outages.0": it is not in the simulated period',
        ] as const,
    ),
    [
      "a wrong length of a function",
      () => play([job], { durations: () => -1 }),
      'returned -1 for job "job"',
    ],
    [
      "a wrong outcome",
      () => play([job], { outcomes: () => "missed" as never }),
      'returned "missed"',
    ],
    ["no slots", () => play([job], { slots: 0 }), "slots"],
    [
      "outages that overlap",
      () =>
        play([job], {
          outages: [
            { from: "2027-03-01", to: "2027-03-02" },
            { from: "2027-03-02", to: "2027-03-03" },
          ],
        }),
      'option "outages.1": it overlaps with outages.0',
    ],
  ] as [string, () => Promise<unknown>, string | RegExp][])("%s", async (_, act, message) => {
    await expect(act()).rejects.toThrow(message);
    await expect(act()).rejects.toMatchObject({ name: expect.stringMatching(/Error$/) as string });
  });

  test("with the place in the error's data", async () => {
    const pathOf = async (act: Promise<unknown>): Promise<unknown> =>
      act.catch((error: unknown) => (error as CronduitError).data["path"]);
    expect(await pathOf(play([job], { durations: { job: "soon" } }))).toBe("durations.job");
    expect(await pathOf(play([job, job]))).toBe("jobs.1");
    const outages = [{ from: "2027-03-03", to: "2027-03-01" }];
    expect(await pathOf(play([job], { outages }))).toBe("outages.0.to");
  });

  test("what is no simulation is not described", () => {
    for (const given of [{}, undefined, null, 1])
      expect(() => describeSimulation(given as never)).toThrow(
        expect.objectContaining({ code: "INVALID_OPTION" }),
      );
  });

  test("and a simulation ends when its signal does", async () => {
    const jobs = Array.from({ length: 50 }, (_, i) => ({
      id: `job_${i}`,
      trigger: "cron" as const,
      expression: "* * * * *",
    }));
    const signal = AbortSignal.timeout(20);
    const year = { from: "2027-01-01", to: "2027-12-31", signal };
    await expect(simulate(jobs, year)).rejects.toMatchObject({ name: "TimeoutError" });
  });
});
