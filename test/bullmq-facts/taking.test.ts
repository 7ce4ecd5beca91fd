// Our own taking, ending and parking of queue jobs leaves behind what BullMQ's leaves, so that its check for stalled
// jobs, its locks and its tools work on them.
import { randomUUID } from "node:crypto";
import { type Job, Queue, Worker } from "bullmq";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import type { TakenJobs } from "../../src/engine/bullmq/queue-batches.ts";
import type { RateLimit } from "../../src/engine/port/queue-job.ts";
import { FastPath } from "../../src/engine/redis/fast-path.ts";
import { RedisBatches } from "../../src/engine/redis/redis-batches.ts";
import { ScriptRunner } from "../../src/engine/redis/scripts.ts";
import { TestEngine } from "../contract/test-engine.ts";
import { LOCK_MS, takingCases, type TakingPlace, wait } from "./taking-cases.ts";

let redis: Redis;
beforeAll(() => {
  redis = new Redis(inject("redisUrl"), { maxRetriesPerRequest: null });
});
afterAll(() => redis.disconnect());

/** A queue, and all that is kept of it, with times left out. */
class RedisPlace implements TakingPlace {
  #turn = 0;
  readonly tag = `{taking-${randomUUID().slice(0, 8)}:default}`;
  readonly queue = new Queue("runs", { connection: redis, prefix: this.tag });
  readonly #scripts = new ScriptRunner(redis, `${this.tag}:meta`, () => [
    `${this.tag}:`,
    `${this.tag}:runs:`,
    "",
    100,
  ]);
  readonly batches = new RedisBatches(
    this.#scripts,
    new FastPath(this.#scripts, (error) => expect.unreachable(String(error))),
  );
  /** BullMQ's own, which takes by hand. */
  readonly worker = new Worker("runs", null, {
    connection: redis,
    prefix: this.tag,
    autorun: false,
    lockDuration: LOCK_MS,
    removeOnComplete: { count: 0 },
  });

  /** Takes by turns of the same taker, so their locks have the token `taker:<turn>`. */
  take(count: number, limit?: RateLimit): Promise<TakenJobs> {
    this.#turn += 1;
    return this.batches.take({
      taker: "taker",
      turn: this.#turn,
      lockMs: LOCK_MS,
      count,
      owner: undefined,
      limit,
    });
  }

  async takeByBullMq(token: string): Promise<Job> {
    const job = await this.worker.getNextJob(token, { block: false });
    if (!job) throw new Error("there is none");
    return job;
  }

  async takeLimitedByBullMq(token: string, limit: RateLimit): Promise<Job | undefined> {
    const worker = new Worker("runs", null, {
      connection: redis,
      prefix: this.tag,
      autorun: false,
      limiter: { max: limit.max, duration: limit.perMs },
    });
    const job = await worker.getNextJob(token, { block: false });
    await worker.close(true);
    return job;
  }

  async kept(): Promise<Record<string, unknown>> {
    const key = (name: string): string => `${this.tag}:runs:${name}`;
    const ids = ["one:1:1", "two:1:2", "three:1:3"];
    const jobs = ids.map(async (id) => {
      const { timestamp, processedOn, ...fields } = await redis.hgetall(key(id));
      const lockMs = await redis.pttl(key(`${id}:lock`));
      return {
        fields,
        wasTaken: processedOn !== undefined,
        wasAdded: timestamp !== undefined,
        lock: await redis.get(key(`${id}:lock`)),
        isLocked: lockMs > LOCK_MS / 2 && lockMs <= LOCK_MS,
      };
    });
    return {
      wait: await redis.lrange(key("wait"), 0, -1),
      active: await redis.lrange(key("active"), 0, -1),
      delayed: await redis.zrange(key("delayed"), 0, -1),
      prioritized: await redis.zrange(key("prioritized"), 0, -1),
      jobs: await Promise.all(jobs),
    };
  }

  evenDelays(): Promise<unknown> {
    return redis.hset(`${this.tag}:runs:two:1:2`, "delay", 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.worker.close(true);
    await this.queue.obliterate({ force: true });
    await this.queue.close();
  }
}

async function fill({ queue }: RedisPlace): Promise<void> {
  await queue.add("Noop", 0, { jobId: "one:1:1" });
  await queue.add("Noop", 0, { jobId: "two:1:2", delay: 1 });
  await queue.add("Noop", 0, { jobId: "three:1:3", priority: 7 });
  await wait(10);
}

/** A place with three queue jobs. */
async function filled(): Promise<RedisPlace> {
  const place = new RedisPlace();
  await fill(place);
  return place;
}

describe("what we leave is what BullMQ leaves", () => {
  takingCases(filled);

  test("a marker calls another worker for what is left, and the time of the next is told", async () => {
    await using place = await filled();
    const marker = (): Promise<string | null> => redis.zscore(`${place.tag}:runs:marker`, "0");
    await redis.del(`${place.tag}:runs:marker`);
    await place.take(1);
    expect(await marker()).toBe("0");
    await redis.del(`${place.tag}:runs:marker`);
    await place.queue.add("Noop", 0, { jobId: "later:1:4", delay: 5_000 });
    const { jobs, untilNextMs } = await place.take(3);
    expect(jobs).toHaveLength(2);
    expect(await marker()).toBeNull();
    expect(untilNextMs).toBeGreaterThan(3_000);
    expect(untilNextMs).toBeLessThanOrEqual(5_000);
  });

  test("those that wait are not overtaken by those that become due", async () => {
    await using place = await filled();
    const { jobs } = await place.take(1);
    await place.queue.add("Noop", 0, { jobId: "newer:1:5" });
    const next = await place.take(1);
    expect([...jobs, ...next.jobs].map(({ id }) => id)).toEqual(["one:1:1", "two:1:2"]);
  });
});

test("a run's queue job ends in the step that settles it, if its lock is the one that is named", async () => {
  const own = `settled-${randomUUID()}`;
  const bench = new TestEngine(inject("redisUrl"), own);
  await bench.engine.open();
  const settle = async (token: string): Promise<{ ended: boolean; kept: string[] }> => {
    const job = await bench.addJob();
    bench.now += 1_000;
    const { runId } = await bench.run(job, bench.now);
    const key = `{${own}:default}:runs:${runId}`;
    await redis.hset(key, "name", "Report");
    await redis.lpush(`{${own}:default}:runs:active`, runId);
    await redis.set(`${key}:lock`, "token");
    const { outcome, endedQueueJob } = await bench.settle(job, runId, 1, { lock: token });
    expect(outcome).toBe("settled");
    const active = await redis.lrange(`{${own}:default}:runs:active`, 0, -1);
    const keys = await redis.keys(`{${own}:default}:runs:${runId.slice(0, 20)}*`);
    const kept = [...active, ...keys.filter((name) => name.startsWith(key))];
    return { ended: endedQueueJob, kept: kept.map((name) => name.replace(runId, "id")) };
  };
  expect(await settle("token")).toEqual({ ended: true, kept: [] });
  const { ended, kept } = await settle("another");
  expect(ended).toBe(false);
  expect(kept).toHaveLength(3);
  await bench.engine.close();
});
