// Plain runs are decided where their queue jobs are taken, and ended in short. What is stored of them must be what `admit` and
// `settle`, which know all cases, would have stored: two fleets go through the same, one of which has no short ways.
import { TESTER } from "../helpers/tester.ts";
import { randomUUID } from "node:crypto";
import * as fc from "fast-check";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { type Clock, systemClock } from "../../src/core/clock.ts";
import { lineLogger } from "../../src/core/log.ts";
import type { AdmittedRun, RunHold } from "../../src/engine/port/engine.ts";
import type { LockedJob, TakenJobs } from "../../src/engine/bullmq/queue-batches.ts";
import { FastPath } from "../../src/engine/redis/fast-path.ts";
import { RedisBatches } from "../../src/engine/redis/redis-batches.ts";
import { ScriptRunner } from "../../src/engine/redis/scripts.ts";
import type { JobDefinition, Policy } from "../../src/jobs/definition.ts";
import { parseQueueJobId } from "../../src/jobs/occurrence-id.ts";
import { Schedule } from "../../src/jobs/schedule.ts";
import type { TriggerSpec } from "../../src/triggers/spec.ts";
import { Admissions } from "../../src/worker/admission.ts";
import { DefinitionCache } from "../../src/worker/definition-cache.ts";
import { OutcomeLog } from "../../src/worker/outcome-log.ts";
import { ServerClock } from "../../src/worker/server-clock.ts";
import { TestEngine, START } from "../contract/test-engine.ts";

const LOCK_MS = 60_000;
const WORKER = 'worker "1"';
let redis: Redis;
beforeAll(() => {
  redis = new Redis(inject("redisUrl"), { maxRetriesPerRequest: null });
});
afterAll(() => redis.disconnect());

/** A run that somebody works on. */
interface Held {
  readonly run: AdmittedRun;
  readonly hold: RunHold;
  readonly job: LockedJob;
  readonly isBegun: boolean;
  readonly definition: JobDefinition | undefined;
}

/** One fleet on Redis, whose only worker is driven by hand. */
class FastPathFleet implements AsyncDisposable {
  readonly #tag = `plain-${randomUUID().slice(0, 8)}`;
  readonly bench = new TestEngine(inject("redisUrl"), this.#tag);
  readonly #prefix = `{${this.#tag}:default}:`;
  readonly #scripts = new ScriptRunner(redis, `${this.#prefix}meta`, () => [
    this.#prefix,
    `${this.#prefix}runs:`,
    this.bench.now,
    10_000,
  ]);
  readonly #plain = new FastPath(this.#scripts, (error) => expect.unreachable(String(error)));
  readonly #batches = new RedisBatches(this.#scripts, this.#plain);
  readonly #pipelines: readonly string[];
  readonly #clock: Clock = { ...systemClock, now: () => this.bench.now };
  readonly #definitions = new DefinitionCache(this.bench.engine);
  readonly #admissions = new Admissions({
    engine: this.bench.engine,
    definitions: this.#definitions,
    clock: this.#clock,
    serverClock: new ServerClock(this.#clock),
    worker: WORKER,
    maxCrashes: 3,
    outcomes: new OutcomeLog(lineLogger("error"), this.#clock, () => this.bench.now),
  });
  readonly held: Held[] = [];
  #turn = 0;
  begun = 0;

  constructor(hasShortWays: boolean) {
    this.#pipelines = hasShortWays ? ["Report"] : [];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.bench.engine.close();
  }

  /** Takes all that waits, and dies. */
  take(): Promise<TakenJobs> {
    return this.#batches.take({
      taker: "taker",
      turn: (this.#turn += 1),
      lockMs: LOCK_MS,
      count: 1_000,
      owner: { worker: WORKER, pipelines: this.#pipelines },
    });
  }

  /** The fire times of the queue jobs that wait to become due. */
  async waiting(): Promise<number[]> {
    const ids = await redis.zrange(`${this.#prefix}runs:delayed`, 0, -1);
    return ids.map((id) => parseQueueJobId(id)?.fireAt ?? 0);
  }

  /** A sign goes to one worker; it is gone with that. */
  async missSigns(): Promise<void> {
    await redis.del(`${this.#prefix}runs:marker`);
  }

  /** When an idle worker is told to look. */
  async sign(): Promise<number> {
    return Number(await redis.zscore(`${this.#prefix}runs:marker`, "1"));
  }

  /** Takes all that waits, and begins what is due; what is not due is put back. */
  async work(): Promise<void> {
    const { jobs, lock } = await this.take();
    const isOver = await Promise.all(
      jobs.map(async ({ id, pipeline, takes, begun }) => {
        const queueJob = parseQueueJobId(id);
        if (!queueJob) throw new Error(id);
        const { jobId, sequence } = queueJob;
        const job = { id, lock };
        const taken = { id, pipeline, takes, signal: new AbortController().signal };
        const revision = begun?.revision ?? 0;
        const known = await this.#definitions.get(jobId, { generation: sequence, revision });
        if (begun) {
          this.begun += 1;
          const { fireAt } = begun.run;
          begun.goesOn(
            known?.generation === sequence ? known.schedule.ahead(fireAt)[1] : undefined,
          );
        }
        const admission = begun
          ? { outcome: "run" as const, run: begun.run }
          : await this.#admissions.decide(taken, queueJob, known);
        if (admission.outcome === "early") {
          await this.#batches.park(job, 1);
          return [];
        }
        if (admission.outcome !== "run") return [job];
        const { run } = admission;
        const { runId, start } = run;
        const hold = { jobId, queueJobId: id, runId, start };
        this.held.push({
          run,
          hold,
          job,
          isBegun: begun !== undefined,
          definition: known?.definition,
        });
        return [];
      }),
    );
    await this.#batches.end(isOver.flat());
    // What begins is told to the server at the end of the turn.
    await new Promise((resolve) => setTimeout(resolve, 2));
    await redis.ping();
  }

  /** Ends some of the runs that go on. */
  async end(which: number, verdict: "succeeded" | "failed", resultJson?: string): Promise<void> {
    const inOrder = this.held.toSorted((a, b) => (a.run.runId < b.run.runId ? -1 : 1));
    const found = inOrder[which % Math.max(1, inOrder.length)];
    if (!found) return;
    this.held.splice(this.held.indexOf(found), 1);
    const { run, hold, job, isBegun, definition } = found;
    const request = {
      ...hold,
      verdict,
      durationMs: 3,
      worker: WORKER,
      resultJson,
      error: verdict === "failed" ? { name: "Error", message: "no", stack: "" } : undefined,
      retention: definition?.retention ?? { count: 3, ageMs: 1_000_000 },
      lock: job.lock,
      begun: isBegun ? run : undefined,
    };
    const settlement =
      (await this.#plain.settle(request)) ?? (await this.bench.engine.runs.settle(request));
    if (settlement.outcome !== "settled") throw new Error(`${run.runId} was fenced off`);
    if (!settlement.endedQueueJob) await this.#batches.end([job]);
  }

  /** Its queue job is gone, as if it had been lost. */
  async lose({ job }: Held): Promise<void> {
    await this.#batches.end([job]);
  }

  /** All that can be told of these jobs, without queue jobs that were taken back before anybody looked at them. */
  async state(ids: readonly string[]): Promise<unknown> {
    const { engine } = this.bench;
    const jobs = await Promise.all(
      (await engine.jobs.get(ids)).map(async (job, i) => {
        const id = ids[i] ?? "";
        const ledger = await engine.ledger.read({
          jobId: id,
          fromAt: 0,
          toAt: 1e15,
          offset: 0,
          limit: 1_000,
          order: "oldest",
        });
        const open = await engine.ledger.readOpenRuns(id);
        const isActive = job?.state === "active";
        const next = isActive ? new Schedule(job.definition).next(job.watermark) : undefined;
        const isQueued = next && (await this.#isQueued(id, job?.generation ?? 0, next.fireAt));
        return { job, ledger, open: open.map(withoutOrder), isQueued };
      }),
    );
    const { events } = await engine.events.read("all", "0-0", 10);
    const active = await redis.lrange(`${this.#prefix}runs:active`, 0, -1);
    const told = ids.map((id) => events.map(({ event }) => event).filter((e) => e.jobId === id));
    return { jobs, active: active.toSorted(), told };
  }

  async #isQueued(jobId: string, generation: number, fireAt: number): Promise<boolean> {
    const id = this.bench.queueJobId({ id: jobId, generation }, fireAt);
    const key = `${this.#prefix}runs:`;
    const place = await redis.zscore(`${key}delayed`, id);
    const isWaiting = (await redis.lpos(`${key}wait`, id)) !== null;
    return (place !== null || isWaiting) && (await redis.exists(key + id)) === 1;
  }
}

function withoutOrder(row: object): [string, unknown][] {
  return Object.entries(row).toSorted(([a], [b]) => (a < b ? -1 : 1));
}

const timezone = fc.constant("UTC");
const trigger: fc.Arbitrary<TriggerSpec> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("interval" as const),
      timezone,
      everyMs: fc.constantFrom(1_000, 2_500),
      anchorAt: fc.constant(START + 1_000),
    }),
  },
  fc.record({
    kind: fc.constant("interval" as const),
    timezone,
    everyMs: fc.constant(1_000),
    anchorAt: fc.constant(START + 500),
    endAt: fc.constant(START + 9_000),
  }),
  fc.record({ kind: fc.constant("date" as const), timezone, runAt: fc.constant(START + 2_000) }),
);
const policy = fc.record({
  maxInstances: fc.constantFrom(1, 1, 2),
  coalesce: fc.constantFrom(true, true, true, false),
  misfireGraceMs: fc.constantFrom(null, null, 1_500),
});
const shape = fc.record({
  trigger,
  policy,
  jitter: fc.constantFrom(null, null, { kind: "ms", ms: 400 }),
});
const step = fc.oneof(
  { weight: 12, arbitrary: fc.record({ kind: fc.constant("wait" as const), ms: fc.nat(2_500) }) },
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constant("end" as const),
      which: fc.nat(5),
      verdict: fc.constantFrom(...Array<"succeeded">(4).fill("succeeded"), "failed" as const),
      resultJson: fc.constantFrom(undefined, '{"a":"\\"\\u00e9"}'),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("modify" as const),
      job: fc.nat(2),
      policy,
      doesPause: fc.boolean(),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("skip" as const),
      job: fc.nat(2),
      which: fc.nat(4),
      isUndone: fc.constantFrom(false, false, true),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("ask" as const), job: fc.nat(2) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("remove" as const), job: fc.nat(2) }) },
);

const IDS = ["plain", 'a "b"%:ü', "c%3A"];

async function play(
  fleet: FastPathFleet,
  shapes: readonly { trigger: TriggerSpec; policy: Partial<Policy>; jitter: unknown }[],
  steps: readonly (typeof step extends fc.Arbitrary<infer S> ? S : never)[],
): Promise<unknown> {
  const { bench } = fleet;
  const { engine } = bench;
  await engine.open();
  const define = (id: string, part: (typeof shapes)[number], rules: Partial<Policy>) =>
    ({
      ...bench.definition({ id, policy: rules, retention: { count: 4, ageMs: 6_000 } }),
      trigger: part.trigger,
      jitter: part.jitter as JobDefinition["jitter"],
    }) satisfies JobDefinition;
  const ids = IDS.slice(0, shapes.length);
  await engine.jobs.put(
    shapes.map((part, i) => {
      const definition = define(ids[i] ?? "", part, part.policy);
      const upcoming = new Schedule(definition).ahead(START);
      return { definition, state: "active" as const, watermark: START, upcoming, by: TESTER };
    }),
  );
  for (const [sequence, next] of steps.entries()) {
    if (next.kind === "wait") {
      bench.now += next.ms;
      await fleet.work();
    } else if (next.kind === "end") {
      await fleet.end(next.which, next.verdict, next.resultJson);
    } else {
      const jobId = ids[next.job % ids.length] ?? "";
      const part = shapes[next.job % ids.length];
      const [job] = await engine.jobs.get([jobId]);
      if (!job || !part) continue;
      if (next.kind === "ask") await engine.requests.run({ by: TESTER, jobId, sequence });
      if (next.kind === "remove") {
        await engine.jobs.remove({ by: TESTER, jobId, expectedWatermark: undefined, skipped: [] });
      }
      if (next.kind === "skip") {
        const { which, isUndone } = next;
        let occurrence = new Schedule(job.definition).next(job.watermark);
        for (let n = 0; n < which && occurrence; n += 1)
          occurrence = new Schedule(job.definition).next(occurrence.fireAt);
        const by = { by: TESTER, ...(isUndone ? { isUndone } : {}) };
        const asked = occurrence && { jobId, expectedRevision: job.revision, ...occurrence, ...by };
        if (asked) await engine.jobs.changeSkip(asked);
      }
      if (next.kind === "modify") {
        const isPaused = next.doesPause && job.state === "active";
        await engine.jobs.change({
          by: TESTER,
          jobId,
          expectedRevision: job.revision,
          definition: define(jobId, part, next.policy),
          ...(isPaused || job.state === "paused"
            ? {
                schedule: {
                  state: isPaused ? ("paused" as const) : ("active" as const),
                  watermark: bench.now,
                  upcoming: isPaused ? [] : new Schedule(job.definition).ahead(bench.now),
                  expectedWatermark: job.watermark,
                },
              }
            : {}),
          skips: {
            upTo: isPaused || job.state === "paused" ? bench.now : job.watermark,
            kept: job.skips.filter(({ fireAt }) => fireAt > bench.now),
          },
          event: { name: "JOB_MODIFIED", at: bench.now, jobId },
        });
      }
    }
  }
  return fleet.state(ids);
}

describe("what is stored of plain runs is what is stored of others", () => {
  test("whatever happens to their jobs", async () => {
    let begun = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(shape, { minLength: 1, maxLength: 3 }),
        fc.array(step, { minLength: 10, maxLength: 40 }),
        async (shapes, steps) => {
          await using short = new FastPathFleet(true);
          await using long = new FastPathFleet(false);
          expect(await play(short, shapes, steps)).toEqual(await play(long, shapes, steps));
          begun += short.begun;
          expect(long.begun).toBe(0);
        },
      ),
      { numRuns: 60 },
    );
    expect(begun).toBeGreaterThan(30);
  }, 120_000);
});

test("the only run of a date is plain too", async () => {
  const date = { kind: "date", timezone: "UTC", runAt: START + 1_000 } as const;
  const shapes = [{ trigger: date, policy: { coalesce: true, maxInstances: 1 }, jitter: null }];
  const steps = [
    { kind: "wait", ms: 1_500 },
    { kind: "end", which: 0, verdict: "succeeded", resultJson: undefined },
    { kind: "wait", ms: 100 },
  ] as const;
  await using short = new FastPathFleet(true);
  await using long = new FastPathFleet(false);
  const ofShort = await play(short, shapes, steps);
  expect(ofShort).toEqual(await play(long, shapes, steps));
  expect(ofShort).toMatchObject({
    jobs: [{ job: { state: "finished", nextFireAt: null, counts: { succeeded: 1 } }, open: [] }],
    told: [
      ["JOB_ADDED", "JOB_SUBMITTED", "JOB_STARTED", "JOB_EXECUTED", "JOB_FINISHED"].map(named),
    ],
  });
  expect(short.begun).toBe(1);
});

function named(name: string): unknown {
  return expect.objectContaining({ name });
}

describe("runs that were queued by other rules than the job's plain ones are called when others end", () => {
  const EVERY_SECOND = {
    trigger: { kind: "interval", timezone: "UTC", everyMs: 1_000, anchorAt: START + 1_000 },
    jitter: null,
  } as const;
  const rules = (maxInstances: 1 | 2, coalesce: boolean) =>
    ({ maxInstances, coalesce, misfireGraceMs: null }) as const;
  const change = (to: ReturnType<typeof rules>) =>
    ({ kind: "modify", job: 0, policy: to, doesPause: false }) as const;
  const wait = (ms: number) => ({ kind: "wait", ms }) as const;
  const end = { kind: "end", which: 0, verdict: "succeeded", resultJson: undefined } as const;
  const turn = [wait(1_000), end, wait(0), end];

  // Of several that are due at once those are queued that have no room.
  const before = [wait(3_000), change(rules(1, true)), end, ...turn, ...turn, ...turn];
  const meanwhile = [wait(1_000), change(rules(2, false)), wait(2_000), change(rules(2, true))];
  test.each([
    ["before any plain run", rules(1, false), before, 6],
    ["while a plain run goes on", rules(2, true), [...meanwhile, end, wait(0), end, end], 3],
  ] as const)("%s", async (_, first, steps, succeeded) => {
    await using short = new FastPathFleet(true);
    await using long = new FastPathFleet(false);
    const shapes = [{ ...EVERY_SECOND, policy: first }];
    const ofShort = await play(short, shapes, steps);
    expect(ofShort).toEqual(await play(long, shapes, steps));
    expect(ofShort).toMatchObject({ jobs: [{ job: { counts: { succeeded } }, open: [] }] });
    expect(short.begun).toBe(1);
  });
});

test.each([
  ["plain", true],
  ["decided by admit", false],
])(
  "one occurrence waits, and the next from its taking on, whoever dies then: %s",
  async (_, coalesce) => {
    await using fleet = new FastPathFleet(true);
    const { bench } = fleet;
    await bench.engine.open();
    const definition: JobDefinition = {
      ...bench.definition({ id: "next", policy: { coalesce } }),
      trigger: { kind: "interval", timezone: "UTC", everyMs: 60_000, anchorAt: START + 60_000 },
    };
    const upcoming = new Schedule(definition).ahead(START);
    await bench.engine.jobs.put([
      { by: TESTER, definition, state: "active", watermark: START, upcoming },
    ]);
    expect(await fleet.waiting()).toEqual([START + 60_000]);
    bench.now = START + 60_000;
    await fleet.missSigns();
    await fleet.take();
    expect(await fleet.waiting()).toEqual([START + 120_000]);
    // A worker that heard nothing of the job so far is told.
    expect(await fleet.sign()).toBe(START + 120_000);
  },
);

test("a worker begins no run of a pipeline that its job has no more", async () => {
  await using fleet = new FastPathFleet(true);
  const { bench } = fleet;
  await bench.engine.open();
  const definition: JobDefinition = {
    ...bench.definition({ id: "moved" }),
    trigger: { kind: "interval", timezone: "UTC", everyMs: 1_000, anchorAt: START + 1_000 },
  };
  const upcoming = new Schedule(definition).ahead(START);
  await bench.engine.jobs.put([
    { by: TESTER, definition, state: "active", watermark: START, upcoming },
  ]);
  const [job] = await bench.engine.jobs.get(["moved"]);
  await bench.engine.jobs.change({
    by: TESTER,
    jobId: "moved",
    expectedRevision: job?.revision ?? 0,
    definition: { ...definition, pipeline: "Other" },
    event: { name: "JOB_MODIFIED", at: START, jobId: "moved" },
  });
  bench.now = START + 1_000;
  await fleet.work();
  expect(fleet.begun).toBe(0);
});

test("a run of a backfill that a removed job left is audited whatever runs end beside it", async () => {
  await using fleet = new FastPathFleet(true);
  const { bench } = fleet;
  const { engine } = bench;
  await engine.open();
  const definition: JobDefinition = {
    ...bench.definition({ id: "again" }),
    trigger: { kind: "interval", timezone: "UTC", everyMs: 1_000, anchorAt: START + 1_000 },
  };
  const put = async () => {
    const upcoming = new Schedule(definition).ahead(bench.now);
    await engine.jobs.put([
      { by: TESTER, definition, state: "active", watermark: bench.now, upcoming },
    ]);
  };
  await put();
  await engine.backfills.add({
    by: TESTER,
    jobId: "again",
    backfillId: "b",
    fireTimes: [START - 1_000],
    concurrency: 1,
    order: "oldest",
    isComplete: true,
  });
  await fleet.work();
  const [backfilled] = fleet.held.splice(0);
  await engine.jobs.remove({
    by: TESTER,
    jobId: "again",
    expectedWatermark: undefined,
    skipped: [],
  });
  await put();
  bench.now += 1_000;
  await fleet.work();
  expect(fleet.begun).toBe(1);
  await fleet.end(0, "succeeded");
  if (backfilled) await fleet.lose(backfilled);
  const findings = await engine.healing.audit({
    horizonMs: 0,
    offset: 0,
    limit: 10,
    overdueMs: 1e9,
    finishedRetentionMs: 1e9,
  });
  expect(findings).toMatchObject([{ kind: "orphan-run", runId: backfilled?.run.runId }]);
});
