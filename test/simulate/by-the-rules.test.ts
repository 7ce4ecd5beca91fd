// What `simulate` plays is what the rules decide: random fleets, each attempt in the same order, each verdict counted.
import fc from "fast-check";
import { expect, test } from "vitest";
import { readJobs } from "../../src/simulate/fleet-input.ts";
import type { JobToSimulate } from "../../src/simulate.ts";
import { makeReport } from "../../src/simulate/make-report.ts";
import { readSimulation } from "../../src/simulate/play-simulation.ts";
import { stableHash } from "../../src/triggers/hash.ts";
import { type AttemptPlan, RulesFleet } from "./rules-fleet.ts";

const FROM = Date.UTC(2027, 2, 1);
const HOUR = 3_600_000;
const IDS = ["a", "b", "c", "d", "e"] as const;

const minutes = fc.constantFrom(1, 2, 3, 5, 7, 10, 15, 30);
const condition = fc
  .tuple(
    fc.constantFrom(...IDS),
    fc.constantFrom(
      "last_run_successful",
      "last_run_failed",
      "running",
      "never_ran",
      "last_runs_successful(2)",
      "finished_within(7m)",
    ),
    fc.constantFrom("", "not "),
  )
  .map(([id, term, not]) => `${not}${id}.${term}`);

const rules = fc.record(
  {
    maxInstances: fc.integer({ min: 1, max: 3 }),
    coalesce: fc.boolean(),
    misfireGraceTime: fc.constantFrom("30s", "4m", "30m"),
    maxCatchUp: fc.integer({ min: 1, max: 6 }),
    overlap: fc.constantFrom("skip", "queue-one", "queue-all", "cancel-running"),
    concurrencyGroup: fc.record({
      key: fc.constantFrom("x", "y"),
      limit: fc.integer({ min: 1, max: 3 }),
    }),
    retry: fc.constantFrom(2, 3),
    pauseAfterFailures: fc.integer({ min: 2, max: 6 }),
    jitter: fc.constantFrom("30s", "2m"),
  },
  { requiredKeys: [] },
);

const jobArbitrary = fc.record({
  every: minutes,
  offset: fc.integer({ min: 0, max: 4 }),
  rules,
  when: fc.option(fc.record({ condition, wait: fc.option(fc.constantFrom("1m", "9m", "1h")) })),
});

const fleetArbitrary = fc.record({
  jobs: fc.array(jobArbitrary, { minLength: 1, maxLength: IDS.length }),
  slots: fc.constantFrom(1, 2, 3, 100),
  seed: fc.integer({ min: 0, max: 1_000 }),
  outage: fc.option(
    fc.record({ from: fc.integer({ min: 1, max: 150 }), length: fc.integer({ min: 1, max: 120 }) }),
  ),
});

type Fleet = typeof fleetArbitrary extends fc.Arbitrary<infer T> ? T : never;

function jobsOf({ jobs }: Fleet): JobToSimulate[] {
  return jobs.map(({ every, offset, rules: own, when }, i) => ({
    id: IDS[i] ?? "",
    trigger: "cron",
    expression: `${offset % every}/${every} * * * *`,
    ...own,
    ...(when && { condition: when.condition }),
    ...(when?.wait && { conditionPolicy: { wait: when.wait } }),
  })) as JobToSimulate[];
}

/**
 * Attempts of 1 s to 12 min, of which one in five fails. Those of one job never end in the same instant, in which nothing
 * says which of them ends first.
 */
function planOf(seed: number): (jobId: string, fireAt: number, attempt: number) => AttemptPlan {
  return (jobId, fireAt, attempt) => {
    const mixed = stableHash(`${jobId} ${fireAt}`, seed);
    const seconds = 1 + (mixed % (mixed % 3 === 0 ? 720 : 90));
    const lengthMs = seconds * 1_000 + ((fireAt / 60_000) % 60);
    return { lengthMs, succeeds: stableHash(`${jobId} ${fireAt} ${attempt}`, seed) % 5 > 0 };
  };
}

const CONTEXT = { now: FROM, timezone: "UTC", calendars: new Map<never, never>() };

/** What came of each job. */
type Accounts = Record<string, Record<string, number>>;

async function bySimulation(fleet: Fleet): Promise<{ began: string[]; accounts: Accounts }> {
  const plan = planOf(fleet.seed);
  const began: string[] = [];
  const { settings, lengths, play } = await readSimulation(jobsOf(fleet), {
    from: FROM,
    to: FROM + 6 * HOUR,
    slots: fleet.slots,
    durations: ({ id }, fireTime) => plan(id, fireTime.getTime(), 1).lengthMs / 1_000,
    outcomes: ({ id }, fireTime, attempt) => {
      began.push(`${id} ${fireTime.toISOString()} #${attempt}`);
      return plan(id, fireTime.getTime(), attempt).succeeds ? "succeeded" : "failed";
    },
    ...(fleet.outage && {
      outages: [outageOf(fleet.outage)].map(([from, to]) => ({ from, to })),
    }),
  });
  // Once: `simulate` plays again without limits, if something waited, and asks again.
  const played = makeReport(await play(settings.slots), { lengths, worst: 0 });
  const accounts = played.jobs.map(({ jobId, outcomes, queued, pausedAt }) => {
    const { skippedBy, skipped: _, ...verdicts } = outcomes;
    return [jobId, nonZero({ ...verdicts, ...skippedBy, queued, isPaused: pausedAt ? 1 : 0 })];
  });
  return { began, accounts: Object.fromEntries(accounts) as Accounts };
}

async function byRules(fleet: Fleet): Promise<{ began: string[]; accounts: Accounts }> {
  const entries = await readJobs(jobsOf(fleet), CONTEXT);
  const kept = entries.map(({ definition, watermark, isPaused }) => ({
    watermark,
    isPaused,
    definition: Object.assign(definition, { retention: { count: 1_000_000, ageMs: 1e12 } }),
  }));
  const rulesFleet = new RulesFleet(kept, {
    now: FROM,
    slots: fleet.slots,
    plan: planOf(fleet.seed),
  });
  if (fleet.outage) {
    const [from, to] = outageOf(fleet.outage);
    rulesFleet.playTo(from);
    rulesFleet.outage(to);
  }
  rulesFleet.playTo(FROM + 6 * HOUR);
  const { state, began } = rulesFleet;
  const accounts = [...state.jobs.values()].map((job) => {
    const counts: Record<string, number> = {
      queued: job.queued.length,
      isPaused: job.state === "paused" ? 1 : 0,
    };
    for (const { state: verdict, reason, count = 1 } of state.ledgers.get(job.id)?.rows ?? []) {
      const name = reason ?? verdict;
      counts[name] = (counts[name] ?? 0) + count;
    }
    return [job.id, nonZero(counts)];
  });
  return { began, accounts: Object.fromEntries(accounts) as Accounts };
}

function outageOf({ from, length }: NonNullable<Fleet["outage"]>): [number, number] {
  return [FROM + from * 60_000, FROM + (from + length) * 60_000];
}

function nonZero(counts: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));
}

test("random fleets: the same attempts in the same order, and the same verdicts", async () => {
  await fc.assert(
    fc.asyncProperty(fleetArbitrary, async (fleet) => {
      const [simulated, decided] = [await bySimulation(fleet), await byRules(fleet)];
      expect(simulated.accounts).toEqual(decided.accounts);
      expect(simulated.began).toEqual(decided.began);
    }),
    { numRuns: Number(process.env["SIMULATED_FLEETS"] ?? 100) },
  );
}, 3_600_000);
