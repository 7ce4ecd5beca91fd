import { TESTER } from "../helpers/tester.ts";
import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { Redis } from "ioredis";
import { afterAll, expect, inject, test } from "vitest";
import { parseCondition } from "../../src/conditions/parse.ts";
import { parseQueueJobId } from "../../src/jobs/occurrence-id.ts";
import type { Policy } from "../../src/jobs/definition.ts";
import { at, type CaseJob, TestEngine } from "../contract/test-engine.ts";

const WAIT_MS = 20_000;
/** Beyond all that happens here. */
const FAR_MS = 1e9;
const MAX_INSTANCES = 3;
const GROUP_LIMITS = [1, 2] as const;

const redis = new Redis(inject("redisUrl"), { maxRetriesPerRequest: null });
afterAll(() => redis.disconnect());

const conditions = [
  "$0.running",
  "not $0.running",
  "$1.last_run_successful",
  "$1.finished_within(5s) or $2.last_run_failed",
  "not $0.finished_within(3s)",
  "$2.never_ran or not $3.running",
] as const;

const policies = fc.record({
  maxInstances: fc.integer({ min: 1, max: MAX_INSTANCES }),
  coalesce: fc.boolean(),
  maxCatchUp: fc.integer({ min: 1, max: 4 }),
  misfireGraceMs: fc.constantFrom(null, null, 4_000),
  overlap: fc.constantFrom("skip", "queue-one", "queue-all", "cancel-running"),
  condition: fc.option(fc.constantFrom(...conditions)),
  waitMs: fc.constantFrom(null, WAIT_MS, 2_500),
  groupLimit: fc.option(fc.constantFrom(...GROUP_LIMITS)),
  pauseAfterFailures: fc.constantFrom(null, null, 3),
});

/** What happens next: to which job, and to which of its runs or of the queue jobs. */
const happenings = fc.record({
  kind: fc.constantFrom(
    ...(["due", "due", "due", "asked", "take", "take", "take", "end", "end"] as const),
    ...(["fail", "suspend", "cancel", "crash", "change"] as const),
  ),
  job: fc.nat({ max: 3 }),
  pick: fc.nat({ max: 9 }),
  ms: fc.integer({ min: 1, max: 2_000 }),
});
type Happening = typeof happenings extends fc.Arbitrary<infer T> ? T : never;
type Shape = typeof policies extends fc.Arbitrary<infer T> ? T : never;

interface Held {
  readonly job: CaseJob;
  readonly queueJobId: string;
  readonly runId: string;
  start: number;
}

/** Four jobs that wait for each other, with queue jobs taken in any order. */
class QueuedRunsFleet {
  readonly bench: TestEngine;
  readonly #queue: string;
  readonly #group = randomUUID();
  readonly #shapes: readonly Shape[];
  jobs: CaseJob[] = [];
  held: Held[] = [];
  /** How many occurrences and runs asked for there were, by job. */
  readonly claimed = new Map<string, number>();

  constructor(shapes: readonly Shape[]) {
    const prefix = `fleet-${randomUUID()}`;
    this.bench = new TestEngine(inject("redisUrl"), prefix);
    this.#queue = `{${prefix}:default}:runs:`;
    this.#shapes = shapes;
  }

  #policy({ condition, waitMs, groupLimit, ...rest }: Shape, ids: readonly string[]): Policy {
    const text = condition?.replaceAll(/\$(\d)/g, (_, i: string) => `"${ids[Number(i)]}"`);
    return {
      ...this.bench.definition({}).policy,
      ...rest,
      when: text === undefined ? null : { condition: parseCondition(text), waitMs },
      group: groupLimit === null ? null : { key: this.#group, limit: groupLimit },
    };
  }

  async open(): Promise<void> {
    await this.bench.engine.open();
    const ids = this.#shapes.map(() => randomUUID());
    for (const [i, shape] of this.#shapes.entries()) {
      const id = ids[i] ?? "";
      const policy = this.#policy(shape, ids);
      this.jobs.push(await this.bench.addJob({ id, policy, upcoming: [] }));
    }
  }

  /** The queue jobs that a worker could take. */
  async queued(): Promise<string[]> {
    const waiting = await redis.lrange(`${this.#queue}wait`, 0, -1);
    const delayed = await redis.zrangebyscore(
      `${this.#queue}delayed`,
      "-inf",
      (this.bench.now + 1) * 4096 - 1,
    );
    return [...waiting, ...delayed];
  }

  async nextDelayedAt(): Promise<number | undefined> {
    const [, score] = await redis.zrange(`${this.#queue}delayed`, 0, 0, "WITHSCORES");
    return score === undefined ? undefined : Math.floor(Number(score) / 4096);
  }

  /** Plays a worker that takes a queue job. */
  async take(id: string): Promise<void> {
    const parts = parseQueueJobId(id);
    const job = this.jobs.find((one) => one.id === parts?.jobId);
    if (!job || !parts) throw new Error(`"${id}" is of nobody`);
    await redis.multi().lrem(`${this.#queue}wait`, 0, id).zrem(`${this.#queue}delayed`, id).exec();
    await this.#admit(job, id, []);
  }

  async #admit(job: CaseJob, queueJobId: string, due: readonly number[]): Promise<void> {
    const { bench } = this;
    const kind =
      due.length > 0 ? "occurrence" : (parseQueueJobId(queueJobId)?.kind ?? "occurrence");
    const admission = await bench.admit(
      job,
      due.map((fireAt) => at(fireAt)),
      { queueJobId, kind, knowsSchedule: due.length > 0, upcoming: [at(bench.now + FAR_MS)] },
    );
    // Its next occurrences are none of this test: taken, they would stand in for a call that is missing.
    await redis.zremrangebyscore(`${this.#queue}delayed`, (bench.now + FAR_MS / 2) * 4096, "+inf");
    if (admission.outcome === "early") {
      const score = (bench.now + admission.waitMs) * 4096;
      await redis.zadd(`${this.#queue}delayed`, score, queueJobId);
    } else if (admission.outcome === "run") {
      const { runId, start } = admission.run;
      this.held.push({ job, queueJobId, runId, start });
    } else await redis.del(this.#queue + queueJobId);
  }

  async happen({ kind, job: j, pick, ms }: Happening): Promise<void> {
    const { bench } = this;
    const job = this.jobs[j % this.jobs.length];
    if (!job) return;
    bench.now += ms;
    const held = this.held[pick % Math.max(1, this.held.length)];
    switch (kind) {
      case "due": {
        const [stored] = await bench.engine.jobs.get([job.id]);
        if (stored?.state !== "active") return;
        const due = pick % 3 === 0 ? [bench.now - 1, bench.now] : [bench.now];
        const fresh = due.filter((fireAt) => fireAt > stored.watermark);
        this.#claim(job, fresh.length);
        const id = bench.queueJobId({ id: job.id, generation: stored.generation }, bench.now);
        await redis.hset(this.#queue + id, "name", "Report");
        await this.#admit({ id: job.id, generation: stored.generation }, id, fresh);
        return;
      }
      case "asked":
        this.#claim(job, 1);
        await bench.engine.requests.run({
          by: TESTER,
          jobId: job.id,
          sequence: bench.now,
          ignoreCondition: pick % 2 === 0,
        });
        return;
      case "take": {
        const queued = await this.queued();
        const id = queued[pick % Math.max(1, queued.length)];
        if (id !== undefined) await this.take(id);
        return;
      }
      case "change": {
        const { revision } = await bench.stored(job);
        const ids = this.jobs.map(({ id }) => id);
        const shape = this.#shapes[pick % this.#shapes.length];
        if (!shape) return;
        await bench.engine.jobs.change({
          by: TESTER,
          jobId: job.id,
          expectedRevision: revision,
          definition: bench.definition({ id: job.id, policy: this.#policy(shape, ids) }),
          event: { name: "JOB_MODIFIED", at: bench.now, jobId: job.id },
        });
        return;
      }
      case "cancel": {
        const open = await bench.engine.ledger.readOpenRuns(job.id);
        const one = open[pick % Math.max(1, open.length)];
        if (one)
          await bench.engine.requests.cancel({
            by: TESTER,
            jobId: job.id,
            runId: one.id,
            reason: "why not",
          });
        return;
      }
      case "end":
      case "fail":
        if (held) await this.end(held, kind === "end" ? "succeeded" : "failed");
        return;
      case "suspend":
        if (held) await this.#suspend(held, ms * 3);
        return;
      case "crash":
        if (held) {
          this.held = this.held.filter((one) => one !== held);
          await redis.lpush(`${this.#queue}wait`, held.queueJobId);
        }
    }
  }

  #claim(job: CaseJob, count: number): void {
    this.claimed.set(job.id, (this.claimed.get(job.id) ?? 0) + count);
  }

  async end(held: Held, verdict: "succeeded" | "failed"): Promise<void> {
    this.held = this.held.filter((one) => one !== held);
    await this.bench.settle(held.job, held.queueJobId, held.start, { verdict });
    await redis.del(this.#queue + held.queueJobId);
  }

  async #suspend(held: Held, inMs: number): Promise<void> {
    const { engine } = this.bench;
    const suspension = await engine.runs.suspend({
      ...this.bench.hold(held.job, held.queueJobId, held.start),
      kind: "sleep",
      until: { inMs },
      worker: "worker-1",
      error: undefined,
    });
    this.held = this.held.filter((one) => one !== held);
    if (suspension.outcome !== "suspended") await redis.del(this.#queue + held.queueJobId);
    else {
      const score = (this.bench.now + suspension.waitMs) * 4096;
      await redis.zadd(`${this.#queue}delayed`, score, held.queueJobId);
    }
  }

  /** How many runs there are at once, at most of a job and in the group, and what waits for a call that does not come. */
  async look() {
    const stored = await Promise.all(this.jobs.map((job) => this.bench.stored(job)));
    const key = `${this.#queue.slice(0, -"runs:".length)}group:${this.#group}`;
    // Those that the test itself has at work are no orphans.
    const found = await Promise.all(this.jobs.map((job) => this.bench.audit(job)));
    return {
      ofOneJob: Math.max(...stored.map(({ running }) => running)),
      inGroup: await redis.scard(key),
      stranded: found.flat().filter(({ kind }) => kind === "stranded"),
    };
  }

  /** Lets everything end: what is in the queue is taken, what runs succeeds. */
  async drain(): Promise<void> {
    for (let round = 0; round < 1_000; round += 1) {
      const [id] = await this.queued();
      const [held] = this.held;
      if (id !== undefined) await this.take(id);
      else if (held) await this.end(held, "succeeded");
      else {
        const next = await this.nextDelayedAt();
        if (next === undefined) return;
        this.bench.now = Math.max(this.bench.now, next);
      }
    }
    throw new Error("it does not come to an end");
  }
}

test("whatever happens, limits hold, no call is lost, and each occurrence has one verdict at the end", async () => {
  const scenario = fc.tuple(
    fc.array(policies, { minLength: 4, maxLength: 4 }),
    fc.array(happenings, { minLength: 20, maxLength: 60 }),
  );
  await fc.assert(
    fc.asyncProperty(scenario, async ([shapes, all]) => {
      const fleet = new QueuedRunsFleet(shapes);
      try {
        await fleet.open();
        for (const happening of all) {
          await fleet.happen(happening);
          const { ofOneJob, inGroup, stranded } = await fleet.look();
          expect(ofOneJob).toBeLessThanOrEqual(MAX_INSTANCES);
          expect(inGroup).toBeLessThanOrEqual(Math.max(...GROUP_LIMITS));
          expect(stranded).toEqual([]);
        }
        await fleet.drain();
        for (const job of fleet.jobs) {
          expect(await fleet.bench.engine.ledger.readOpenRuns(job.id)).toEqual([]);
          const rows = await fleet.bench.ledger(job);
          const decided = rows.reduce((sum, { count = 1 }) => sum + count, 0);
          expect(decided).toBe(fleet.claimed.get(job.id) ?? 0);
        }
      } finally {
        await fleet.bench.engine.close();
      }
    }),
    { numRuns: Number(process.env["RUNS"] ?? 30) },
  );
}, 300_000);
