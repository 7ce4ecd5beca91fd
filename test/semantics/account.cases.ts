// Promise 1 as a property: whatever happens to a job, each of its occurrences is decided exactly once.
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Run } from "../../src/history/run.ts";
import type { AddJobOptions } from "../../src/index.ts";
import type { StoredEvent } from "../../src/jobs/event.ts";
import type { OccurrenceState } from "../../src/jobs/verdict.ts";
import { TRANSITIONS } from "../../src/jobs/verdict.ts";
import { at, clockText, TestFleet } from "../helpers/test-fleet.ts";

const EVERY_MS = 10_000;
const START = at("12:00:00");

const steps = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ do: fc.constant("work" as const) }) },
    {
      weight: 4,
      arbitrary: fc.record({ do: fc.constant("pass" as const), ms: fc.nat(90_000) }),
    },
    {
      weight: 3,
      arbitrary: fc.record({ do: fc.constant("workFor" as const), ms: fc.nat(40_000) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ do: fc.constant("pass" as const), ms: fc.nat(20_000_000) }),
    },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("hold" as const) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("letGo" as const) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("release" as const) }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant("pause" as const) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("resume" as const) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("takeEarly" as const) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("redeclare" as const) }) },
    {
      weight: 1,
      arbitrary: fc.record({
        do: fc.constant("modify" as const),
        rules: fc.record(
          {
            coalesce: fc.boolean(),
            maxInstances: fc.integer({ min: 1, max: 3 }),
            misfireGraceTime: fc.constantFrom(null, 0, 15, 60),
            maxCatchUp: fc.constantFrom(1, 3, 200),
          },
          { requiredKeys: [] },
        ),
      }),
    },
  ),
  { maxLength: 25 },
);

type Step = (typeof steps extends fc.Arbitrary<infer T> ? T : never)[number];

const rules = fc.record({
  coalesce: fc.boolean(),
  maxInstances: fc.integer({ min: 1, max: 3 }),
  misfireGraceTime: fc.constantFrom(null, 0, 15, 60),
  maxCatchUp: fc.constantFrom(1, 3, 200),
  jitter: fc.constantFrom(0, 5, "100%"),
});

async function perform(fleet: TestFleet, step: Step, declared: AddJobOptions): Promise<void> {
  switch (step.do) {
    case "work":
      return fleet.work();
    case "pass":
      return fleet.moveTo(fleet.now + step.ms);
    case "workFor":
      return fleet.workTo(fleet.now + step.ms);
    case "hold":
      fleet.isHolding = true;
      return undefined;
    case "letGo":
      fleet.isHolding = false;
      for (const runId of fleet.held) await fleet.release(runId);
      return undefined;
    case "release":
      if (fleet.held.length > 0) await fleet.release();
      return undefined;
    case "pause":
      await fleet.desk.pause("job", undefined);
      return undefined;
    case "resume":
      await fleet.desk.resume("job");
      return undefined;
    case "takeEarly": {
      const [id] = await fleet.queueJobs();
      if (id !== undefined) await fleet.take(id);
      return undefined;
    }
    case "redeclare":
      await fleet.add({ ...declared, replaceExisting: true });
      return undefined;
    case "modify":
      await fleet.desk.modify("job", step.rules, "modifyJob");
      return undefined;
  }
}

/** The fire times that rows of the ledger stand for; a row of a span stands for all of the schedule in it. */
function told(runs: readonly Run[]): string[] {
  return runs.flatMap(({ firstFireTime, fireTime, count }) => {
    const from = firstFireTime.getTime();
    expect(fireTime.getTime() - from).toBe((count - 1) * EVERY_MS);
    return Array.from({ length: count }, (_, i) => clockText(from + i * EVERY_MS));
  });
}

const STATE_AFTER: Readonly<Record<string, OccurrenceState>> = {
  JOB_STARTED: "running",
  JOB_RETRYING: "retrying",
  JOB_EXECUTED: "succeeded",
  JOB_ERROR: "failed",
  JOB_CANCELLED: "cancelled",
  JOB_MISSED: "missed",
  JOB_SKIPPED: "skipped",
  JOB_MAX_INSTANCES: "skipped",
};

/** How many occurrences the events say ended in each verdict; each run's events follow the table of transitions. */
function countByEvents(events: readonly StoredEvent[]): Record<string, number> {
  const counts: Record<string, number> = {};
  const states = new Map<string, OccurrenceState>();
  for (const { name, runId = "", count = 1 } of events) {
    const state = name === "JOB_COALESCED" ? "coalesced" : STATE_AFTER[name];
    if (state === undefined) continue;
    if (state !== "coalesced") {
      const before = states.get(runId) ?? "due";
      const isQueued = before === "due" && TRANSITIONS.queued.includes(state);
      expect(
        TRANSITIONS[before].includes(state) || isQueued,
        `${runId}: ${before} -> ${state}`,
      ).toBe(true);
      states.set(runId, state);
    }
    if (TRANSITIONS[state].length === 0) counts[state] = (counts[state] ?? 0) + count;
  }
  return counts;
}

test("whatever happens to a job, each occurrence is decided once, and ledger, counters and events agree", async () => {
  let ran = 0;
  await fc.assert(
    fc.asyncProperty(rules, steps, async (policy, script) => {
      await using fleet = await TestFleet.open({ start: "11:59:55", workers: 2 });
      const declared: AddJobOptions = {
        id: "job",
        trigger: "interval",
        seconds: EVERY_MS / 1_000,
        startDate: new Date(START),
        retention: { count: 100_000, age: "3650d" },
        ...policy,
      };
      await fleet.add(declared);
      for (const step of script) await perform(fleet, step, declared);
      fleet.isHolding = false;
      for (const runId of fleet.held) await fleet.release(runId);
      await fleet.desk.resume("job");
      // With jitter the last occurrence may be due a little later.
      await fleet.workTo(fleet.now + 2 * EVERY_MS);

      const runs = await fleet.runs("job");
      const job = await fleet.desk.get("job");
      const total = (job.watermark - START) / EVERY_MS + 1;
      const expected = Array.from({ length: Math.floor(total) }, (_, i) =>
        clockText(START + i * EVERY_MS),
      );
      expect(told(runs)).toEqual(expected);
      expect(runs.filter(({ verdict }) => TRANSITIONS[verdict].length > 0)).toEqual([]);
      const counted: Record<string, number> = {};
      for (const { verdict, count } of runs) counted[verdict] = (counted[verdict] ?? 0) + count;
      expect(job.counts).toEqual(counted);
      expect(countByEvents(await fleet.events())).toEqual(counted);
      expect(job.running).toBe(0);
      for (const { startedAt, dueTime } of runs)
        expect(startedAt === undefined || startedAt >= dueTime).toBe(true);
      ran += fleet.started.length;
      expect(new Set(fleet.started.map(({ runId }) => runId)).size).toBe(fleet.started.length);
    }),
    { numRuns: 30 },
  );
  expect(ran).toBeGreaterThan(30);
});
