import { TESTER } from "../helpers/tester.ts";
import fc from "fast-check";
import { assert, describe, expect, test } from "vitest";
import {
  admit,
  emptyState,
  openRuns,
  putJobs,
  readLedger,
  settle,
  type Step,
  stepOn,
  suspend,
} from "../../src/jobs/decide.ts";
import { eachAlone, spanAndSingles, together } from "../../src/jobs/decide/catch-up.ts";
import { dueOf } from "../../src/jobs/decide/due.ts";
import { isLate } from "../../src/jobs/decide/lateness.ts";
import { placeByRules } from "../../src/jobs/decide/place.ts";
import { rulesOf } from "../../src/jobs/decide/rules-of.ts";
import type { JobRules } from "../../src/jobs/decide/state.ts";
import { fateOf } from "../../src/jobs/decide/take-queued.ts";
import { compileCondition } from "../../src/conditions/compile.ts";
import type { JobDefinition, Overlap, Policy } from "../../src/jobs/definition.ts";
import type { StoredEvent } from "../../src/jobs/event.ts";
import type { LedgerRow } from "../../src/jobs/ledger-row.ts";
import { parseQueueJobId } from "../../src/jobs/occurrence-id.ts";
import type { AdmittedRun, AdmitRequest } from "../../src/jobs/run-requests.ts";
import { Schedule } from "../../src/jobs/schedule.ts";
import { aDefinition } from "../helpers/a-definition.ts";
import { PlainQueue } from "./plain-queue.ts";

const rules = (policy: Partial<Policy> = {}): JobRules => rulesOf(aDefinition({ policy }));
const at = (fireAt: number): { fireAt: number; dueAt: number } => ({ fireAt, dueAt: fireAt });

describe("grace", () => {
  test("exactly as late as the grace allows is not late", () => {
    const job = rules({ misfireGraceMs: 5_000 });
    expect(isLate(job, 1_000, 6_000)).toBe(false);
    expect(isLate(job, 1_000, 6_001)).toBe(true);
  });

  test("without one, nothing is late", () => {
    expect(isLate(rules(), 0, Number.MAX_SAFE_INTEGER)).toBe(false);
  });
});

describe("the place of a due run", () => {
  const free = { isConditionTrue: true, running: 0, queued: 0, hasGroupRoom: true };
  const full = { ...free, running: 1 };
  const when = { condition: { kind: "ok", jobId: "other" }, waitMs: 60_000 } as const;

  test.each<[string, Partial<Policy>, Partial<typeof free>, string]>([
    ["there is an instance", {}, free, "start"],
    ["skip, and no instance", {}, full, "full"],
    ["queue-one, and no instance", { overlap: "queue-one" }, full, "replace"],
    ["cancel-running, and no instance", { overlap: "cancel-running" }, full, "replace"],
    ["queue-all, and no instance", { overlap: "queue-all" }, full, "queue"],
    [
      "queue-all, and a full queue",
      { overlap: "queue-all", maxCatchUp: 3 },
      { ...full, queued: 3 },
      "full",
    ],
    ["others wait already", { overlap: "queue-all" }, { ...free, queued: 1 }, "queue"],
    [
      "no room in the group",
      { group: { key: "g", limit: 1 } },
      { ...free, hasGroupRoom: false },
      "queue",
    ],
    [
      "a false condition",
      { when: { ...when, waitMs: null } },
      { ...free, isConditionTrue: false },
      "condition",
    ],
    ["a false condition that it waits for", { when }, { ...free, isConditionTrue: false }, "queue"],
    [
      "queued runs count where others can hold them up",
      { when },
      { ...free, queued: 1, isConditionTrue: true },
      "full",
    ],
    [
      "a false condition comes before a missing instance",
      { when: { ...when, waitMs: null } },
      { ...full, isConditionTrue: false },
      "condition",
    ],
  ])("%s", (_, policy, facts, expected) => {
    expect(placeByRules(rules(policy), { ...free, ...facts })).toBe(expected);
  });
});

describe("the fate of a queued run", () => {
  const run = { kind: "scheduled", dueAt: 0, ignoreCondition: false, waitUntil: null } as const;
  test.each([
    ["starts", {}, run, true, 9_999, "start"],
    ["is too late", { misfireGraceMs: 100 }, run, true, 101, "late"],
    [
      "a manual run is never too late",
      { misfireGraceMs: 100 },
      { ...run, kind: "manual" },
      true,
      101,
      "start",
    ],
    ["does not wait for its condition", {}, run, false, 0, "condition"],
    ["waits for its condition", { waitMs: 50 }, { ...run, waitUntil: 50 }, false, 49, "wait"],
    ["waits no longer", { waitMs: 50 }, { ...run, waitUntil: 50 }, false, 50, "condition"],
    ["ignores its condition", {}, { ...run, ignoreCondition: true }, false, 0, "start"],
  ] as const)(
    "%s",
    (
      _,
      {
        misfireGraceMs = null,
        waitMs = null,
      }: Partial<Record<"misfireGraceMs" | "waitMs", number | null>>,
      queued,
      isTrue,
      now,
      expected,
    ) => {
      expect(fateOf({ graceMs: misfireGraceMs, waitMs }, queued, isTrue, now)).toBe(expected);
    },
  );
});

describe("what is due of a worker's list", () => {
  const job = { watermark: 1_000, revision: 7 };
  const asked = {
    queueJobId: "job:7:3000",
    take: "take",
    jobId: "job",
    kind: "occurrence",
    generation: 7,
    revision: 7,
    base: 1_000,
    older: undefined,
    latest: [at(1_000), at(2_000), at(3_000)],
    upcoming: [at(4_000), at(5_000)],
    knowsSchedule: true,
    worker: "w",
    maxCrashes: 3,
  } as const satisfies AdmitRequest;

  test("nothing at or below the watermark is decided again", () => {
    const found = dueOf(job, asked, 3_500);
    expect(found).toMatchObject({
      is: "due",
      due: [at(2_000), at(3_000)],
      upcoming: asked.upcoming,
    });
    expect(dueOf({ ...job, watermark: 3_000 }, asked, 3_500)).toEqual({ is: "nothing" });
  });

  test("what the worker's clock took for due comes next", () => {
    const found = dueOf(job, asked, 2_500);
    expect(found).toMatchObject({ is: "due", due: [at(2_000)] });
    expect(found).toMatchObject({ upcoming: [at(3_000), at(4_000), at(5_000)] });
    expect(dueOf(job, asked, 1_500)).toEqual({ is: "early", waitMs: 500 });
  });

  test.each([
    ["begins above the watermark", { base: 1_500 }],
    ["is so old that it may lack something", { upcoming: [at(3_000)] }],
    [
      "has a span by an older definition",
      { older: { fromAt: 1_500, toAt: 1_600, count: 2 }, revision: 6 },
    ],
    ["has a span from below the watermark", { older: { fromAt: 900, toAt: 1_600, count: 2 } }],
  ])("a list that %s is to be made anew", (_, more) => {
    expect(dueOf(job, { ...asked, ...more }, 4_000)).toEqual({ is: "behind" });
  });
});

/** Fire times in their order, and what came before them as a span. */
const dues = fc
  .tuple(
    fc.uniqueArray(fc.integer({ min: 100, max: 10_000 }), { minLength: 1, maxLength: 400 }),
    fc.nat(50),
  )
  .map(([times, olderCount]) => ({
    due: times.toSorted((a, b) => a - b).map(at),
    older: olderCount === 0 ? undefined : { fromAt: 1, toAt: 99, count: olderCount },
  }));

describe("nothing is lost when occurrences are divided", () => {
  test("with coalesce, the run stands for all, and all others are coalesced into it", () => {
    fc.assert(
      fc.property(dues, ({ due, older }) => {
        const [first, ...rest] = due;
        if (!first) return;
        const { all, before } = together([first, ...rest], older);
        expect(all.count).toBe(due.length + (older?.count ?? 0));
        expect(all.fireAt).toBe(due.at(-1)?.fireAt);
        expect(all.fromAt).toBe(older?.fromAt ?? first.fireAt);
        expect(before?.count ?? 0).toBe(all.count - 1);
      }),
    );
  });

  test("without it, each is missed or runs, in order, at most maxCatchUp of them", () => {
    fc.assert(
      fc.property(
        dues,
        fc.integer({ min: 1, max: 500 }),
        fc.option(fc.nat(10_000)),
        (given, maxCatchUp, graceMs) => {
          const now = 10_000;
          const { missed, runs } = eachAlone({ maxCatchUp, graceMs }, given.due, now);
          expect([...missed, ...runs].toSorted((a, b) => a.fireAt - b.fireAt)).toEqual(given.due);
          expect(runs.length).toBeLessThanOrEqual(maxCatchUp);
          expect(runs.some(({ dueAt }) => isLate({ graceMs }, dueAt, now))).toBe(false);
        },
      ),
    );
  });

  test("what is recorded together and singly counts as many", () => {
    fc.assert(
      fc.property(dues, ({ due, older }) => {
        const { span, singles } = spanAndSingles(due, older);
        expect((span?.count ?? 0) + singles.length).toBe(due.length + (older?.count ?? 0));
        expect(singles.length).toBeLessThanOrEqual(100);
        if (span && singles[0]) expect(span.fireAt).toBeLessThan(singles[0].fireAt);
      }),
    );
  });
});

/** Jobs on plain data with a worker that takes queue jobs by hand. */
class PlainFleet {
  now: number;
  readonly state = emptyState();
  readonly queue = new PlainQueue(() => this.now);
  readonly events: StoredEvent[] = [];
  readonly held: {
    readonly queueJobId: string;
    readonly jobId: string;
    readonly run: AdmittedRun;
  }[] = [];
  readonly #definitions: readonly JobDefinition[];
  #takes = 0;

  constructor(start: number, definitions: readonly JobDefinition[]) {
    this.now = start;
    this.#definitions = definitions;
    this.#do((step) =>
      putJobs(
        step,
        definitions.map((definition) => ({
          definition,
          state: "active" as const,
          watermark: start,
          upcoming: new Schedule(definition).ahead(start),
          by: TESTER,
        })),
      ),
    );
  }

  /** Takes everything that is due. */
  work(): void {
    for (let id = this.queue.next(); id !== undefined; id = this.queue.next()) this.#take(id);
  }

  settle(pick: number, verdict: "succeeded" | "failed"): void {
    const one = this.#pick(pick);
    if (!one) return;
    const hold = {
      jobId: one.jobId,
      queueJobId: one.queueJobId,
      runId: one.run.runId,
      start: one.run.start,
    };
    this.#do((step) =>
      settle(step, {
        ...hold,
        verdict,
        durationMs: 5,
        worker: "w",
        resultJson: undefined,
        error: verdict === "failed" ? { name: "Error", message: "broken" } : undefined,
        retention: { count: 100_000, ageMs: 1e12 },
      }),
    );
    this.queue.remove(one.queueJobId);
  }

  retry(pick: number, inMs: number): void {
    const one = this.#pick(pick);
    if (!one) return;
    const { jobId, queueJobId, run } = one;
    const suspension = this.#do((step) =>
      suspend(step, {
        jobId,
        queueJobId,
        runId: run.runId,
        start: run.start,
        kind: "retry",
        until: { inMs },
        worker: "w",
        error: { name: "Error", message: "broken" },
      }),
    );
    if (suspension.outcome === "suspended")
      this.queue.putBack(queueJobId, this.now + suspension.waitMs);
    else this.queue.remove(queueJobId);
  }

  /** A worker dies; another one takes its queue job. */
  crash(pick: number): void {
    const one = this.#pick(pick);
    if (one) this.#take(one.queueJobId);
  }

  rows(jobId: string): readonly LedgerRow[] {
    const query = {
      jobId,
      fromAt: 0,
      toAt: 8.64e15,
      offset: 0,
      limit: 1e6,
      order: "oldest",
    } as const;
    return readLedger(this.state, query, this.now);
  }

  #pick(pick: number) {
    const [one] = this.held.splice(this.held.length === 0 ? 0 : pick % this.held.length, 1);
    return one;
  }

  #take(queueJobId: string): void {
    const id = parseQueueJobId(queueJobId);
    if (!id) throw new Error(`no queue job: ${queueJobId}`);
    this.queue.take(queueJobId);
    const request = this.#request(queueJobId);
    const answer = this.#do((step) => admit(step, request));
    if (answer.outcome === "run") this.held.push({ queueJobId, jobId: id.jobId, run: answer.run });
    else if (answer.outcome === "early") this.queue.putBack(queueJobId, this.now + answer.waitMs);
    else this.queue.remove(queueJobId);
  }

  #request(queueJobId: string): AdmitRequest {
    const id = parseQueueJobId(queueJobId);
    const job = id && this.state.jobs.get(id.jobId);
    const definition = this.#definitions.find((one) => one.id === id?.jobId);
    if (!id || !job || !definition) throw new Error("no such job");
    const schedule = new Schedule(definition);
    const knowsSchedule = id.kind === "occurrence" && id.sequence === job.generation;
    const { older, latest } = knowsSchedule
      ? schedule.due(
          job.watermark,
          this.now,
          definition.policy.coalesce ? 10 : definition.policy.maxCatchUp,
        )
      : { older: undefined, latest: [] };
    return {
      queueJobId,
      take: `take-${(this.#takes += 1)}`,
      jobId: id.jobId,
      kind: id.kind,
      generation: id.kind === "occurrence" ? id.sequence : 0,
      revision: job.revision,
      base: job.watermark,
      older,
      latest,
      upcoming: knowsSchedule ? schedule.ahead(latest.at(-1)?.fireAt ?? job.watermark) : [],
      knowsSchedule,
      worker: "w",
      maxCrashes: 3,
    };
  }

  /** One step, done twice: on copies, and for real. Both must come to the same. */
  #do<T>(act: (step: Step) => T): T {
    const rehearsal = stepOn(structuredClone(this.state), this.queue.copy(), this.now);
    const rehearsed = act(rehearsal);
    const step = stepOn(this.state, this.queue, this.now);
    const answer = act(step);
    assert.deepEqual([rehearsed, rehearsal.events], [answer, step.events]);
    assert.deepEqual(rehearsal.state, step.state);
    this.events.push(...step.events);
    return answer;
  }
}

const START = Date.UTC(2026, 0, 1);

const policies = fc.record({
  coalesce: fc.boolean(),
  maxInstances: fc.integer({ min: 1, max: 3 }),
  misfireGraceMs: fc.option(fc.integer({ min: 0, max: 20_000 }), { nil: null }),
  maxCatchUp: fc.integer({ min: 1, max: 6 }),
  overlap: fc.constantFrom<Overlap>("skip", "queue-one", "queue-all", "cancel-running"),
  group: fc.option(fc.constant({ key: "g", limit: 2 }), { nil: null }),
  when: fc.option(
    fc.record({
      condition: fc.constantFrom(
        { kind: "failed" as const, jobId: "b" },
        { kind: "within" as const, jobId: "b", withinMs: 9_000 },
      ),
      waitMs: fc.option(fc.integer({ min: 1_000, max: 15_000 }), { nil: null }),
    }),
    { nil: null },
  ),
});

const happenings = fc.array(
  fc.oneof(
    fc.record({ does: fc.constant("pass" as const), ms: fc.integer({ min: 100, max: 30_000 }) }),
    fc.record({ does: fc.constant("settle" as const), pick: fc.nat(9), isGood: fc.boolean() }),
    fc.record({ does: fc.constant("retry" as const), pick: fc.nat(9), ms: fc.nat(5_000) }),
    fc.record({ does: fc.constant("crash" as const), pick: fc.nat(9) }),
  ),
  { maxLength: 40 },
);

describe("whatever happens", () => {
  test("each occurrence has one verdict or is open, and no limit is exceeded", () => {
    fc.assert(
      fc.property(policies, policies, happenings, (one, other, all) => {
        const jobs = [
          aDefinition({
            id: "a",
            policy: one,
            createdAt: START,
            retention: { count: 100_000, ageMs: 1e12 },
          }),
          aDefinition({
            id: "b",
            policy: { ...other, when: null },
            createdAt: START,
            retention: { count: 100_000, ageMs: 1e12 },
          }),
        ];
        const fleet = new PlainFleet(START, jobs);
        for (const act of all) {
          if (act.does === "pass") fleet.now += act.ms;
          else if (act.does === "settle")
            fleet.settle(act.pick, act.isGood ? "succeeded" : "failed");
          else if (act.does === "retry") fleet.retry(act.pick, act.ms);
          else fleet.crash(act.pick);
          fleet.work();
          expect(jobs.flatMap((job) => broken(fleet, job))).toEqual([]);
        }
      }),
      { numRuns: 300 },
    );
  });
});

/** The promise, for one job at any moment: what is wrong with it. */
function broken(fleet: PlainFleet, { id, policy }: JobDefinition): string[] {
  const entry = fleet.state.jobs.get(id);
  const rows = fleet.rows(id);
  const open = openRuns(fleet.state, id);
  const decided = rows.reduce((sum, { count = 1 }) => sum + count, 0);
  const nominal = ((entry?.watermark ?? START) - START) / 1_000;
  const ids = new Set([...rows, ...open].map((row) => row.id));
  const running = open.filter(({ state }) => state !== "queued").length;
  const counted = Object.values(entry?.counts ?? {}).reduce((sum, n) => sum + n, 0);
  const told = fleet.events
    .filter(({ jobId, name }) => jobId === id && DECIDING.has(name))
    .reduce((sum, { count = 1 }) => sum + count, 0);
  const inGroup = [...fleet.state.running.values()]
    .flatMap((ofJob) => Array.from(ofJob.values()))
    .filter(({ group }) => group === "g").length;
  const promises = {
    "each second up to the watermark has one row or one open run":
      decided + open.length === nominal,
    "no occurrence is both, or twice": ids.size === rows.length + open.length,
    "no more instances than allowed": running <= policy.maxInstances,
    "no more runs in the group than allowed":
      policy.group === null || policy.group === undefined || inGroup <= 2,
    "the group counts its runs": (fleet.state.groups.get("g")?.running ?? 0) === inGroup,
    "the counts are those of the rows": counted === decided,
    "each decision has an event": told === decided,
  };
  return Object.entries(promises).flatMap(([promise, isKept]) =>
    isKept ? [] : [`${id}: ${promise}`],
  );
}

const DECIDING: ReadonlySet<string> = new Set([
  "JOB_EXECUTED",
  "JOB_ERROR",
  "JOB_CANCELLED",
  "JOB_MISSED",
  "JOB_SKIPPED",
  "JOB_MAX_INSTANCES",
  "JOB_COALESCED",
]);

test("a condition is compiled once, with the job", () => {
  const condition = { kind: "ok", jobId: "b" } as const;
  expect(rules({ when: { condition, waitMs: null } }).condition).toEqual(
    compileCondition(condition),
  );
});
