import { describe, expect, test } from "vitest";
import { type JobToSimulate, simulate, type SimulateOptions } from "../../src/simulate.ts";
import { createTrigger } from "../../src/triggers/create.ts";
import { resolveTrigger } from "../../src/triggers/resolve.ts";

const YEAR = { from: "2027-01-01", to: "2027-12-31" } as const;
const FROM = Date.UTC(2027, 0, 1);
const TO = Date.UTC(2028, 0, 1);

/** Simulates a single job. */
async function one(job: object, options: Partial<SimulateOptions> = {}) {
  const all = await simulate([{ id: "job", ...job } as JobToSimulate], { ...YEAR, ...options });
  const [report] = all.jobs;
  if (!report) throw new Error("there is no report on the job");
  return { all, report };
}

describe("every occurrence of a job that nothing holds up is a run", () => {
  test.each([
    { trigger: "cron", expression: "*/5 * * * *", timezone: "Europe/Berlin" },
    { trigger: "cron", expression: "30 2 * * *", timezone: "America/New_York" },
    { trigger: "cron", expression: "30 2 * * *", timezone: "Europe/Berlin", dst: "wall-clock" },
    { trigger: "interval", minutes: 7 },
    { trigger: "cron", expression: "0 9 L * *" },
    { trigger: "calendarInterval", weeks: 2 },
    { trigger: "rrule", rule: "FREQ=MONTHLY;BYDAY=2TU;BYHOUR=9;BYMINUTE=0;BYSECOND=0" },
    { trigger: "cron", expression: "0 0 29 2 *" },
  ] as const)("%o", async (trigger) => {
    const { all, report } = await one(trigger, { durations: 1 });
    const context = { now: FROM, timezone: "UTC", jobId: "job" };
    const count = createTrigger(resolveTrigger(trigger, context)).count(FROM - 1, TO - 1);
    expect(report.runs).toBe(count);
    expect(report.outcomes.succeeded).toBe(count);
    expect(report.runsByMonth.reduce((sum, runs) => sum + runs, 0)).toBe(count);
    expect(all.months.map(({ runs }) => runs)).toEqual(report.runsByMonth);
    expect(all.months).toHaveLength(12);
  });
});

test("jitter spreads runs, and drops none", async () => {
  const hourly = { trigger: "cron", expression: "0 * * * *" } as const;
  const ids = Array.from({ length: 20 }, (_, i) => `job_${i}`);
  const together = await simulate(
    ids.map((id) => ({ id, ...hourly })),
    { ...YEAR, durations: 1 },
  );
  expect(together.peak.runs).toBe(20);
  const spread = await simulate(
    ids.map((id) => Object.assign({ id, jitter: "50m" }, hourly)),
    { ...YEAR, durations: 1 },
  );
  expect(spread.runs).toBe(20 * 8_760);
  expect(spread.peak.runs).toBeLessThan(5);
  // They are due later, and start when they are due.
  expect(spread.jobs[0]?.longestDelayMs).toBe(0);
});

// The timelines of docs/semantics.md: due every minute, and each run takes 2 minutes 20 seconds.
describe("overlap", () => {
  const hour = { from: "2027-03-01T00:00Z", to: "2027-03-01T01:00Z", durations: "2m20s" };
  test.each([
    ["skip", { runs: 20, skipped: 40, cancelled: 0, "max-instances": 40, "overlap-replaced": 0 }],
    [
      "queue-one",
      { runs: 26, skipped: 33, cancelled: 0, "max-instances": 0, "overlap-replaced": 33 },
    ],
    [
      "queue-all",
      { runs: 26, skipped: 29, cancelled: 0, "max-instances": 29, "overlap-replaced": 0 },
    ],
    [
      "cancel-running",
      { runs: 60, skipped: 0, cancelled: 59, "max-instances": 0, "overlap-replaced": 0 },
    ],
  ] as const)("%s", async (overlap, expected) => {
    const job = { trigger: "cron", expression: "* * * * *", overlap, maxCatchUp: 5 };
    const { report, all } = await one(job, hour);
    const { runs, queued, outcomes } = report;
    const { skipped, cancelled, skippedBy } = outcomes;
    expect({ runs, skipped, cancelled, ...skippedBy }).toMatchObject(expected);
    // Each of the 60 is accounted for.
    const ended = outcomes.succeeded + outcomes.failed + cancelled + skipped + outcomes.missed;
    expect(ended + all.unfinished + queued).toBe(60);
    expect(all.peak.runs).toBe(1);
  });
});

test("runs that end as others begin do not meet", async () => {
  const { all, report } = await one({ trigger: "interval", minutes: 5 }, { durations: "5m" });
  expect(report.outcomes.skipped).toBe(0);
  expect(all.peak.runs).toBe(1);
  expect(all.collisions).toEqual({ count: 0, worst: [] });
});

test("a year counts the days of the zone, the one of 25 hours among them", async () => {
  const options = { timezone: "Europe/Berlin", durations: "1m" } as const;
  const { all, report } = await one({ trigger: "cron", expression: "0 12 * * sun" }, options);
  expect(all.from.toISOString()).toBe("2026-12-31T23:00:00.000Z");
  expect(report.runs).toBe(52);
  expect(report.daysWithoutRun.count).toBe(365 - 52);
  expect(report.daysWithoutRun.dates.slice(0, 3)).toEqual([
    "2027-01-01",
    "2027-01-02",
    "2027-01-04",
  ]);
  const week = report.longestGap.to.getTime() - report.longestGap.from.getTime();
  expect(week).toBe(7 * 86_400_000 + 3_600_000);
});
