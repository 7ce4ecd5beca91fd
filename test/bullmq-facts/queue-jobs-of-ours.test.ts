// Our scripts add queue jobs within the step that needs them. They must write what BullMQ would have written.
import { TESTER } from "../helpers/tester.ts";
import { randomUUID } from "node:crypto";
import { Queue } from "bullmq";
import { Redis } from "ioredis";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { Pipeline, PipelineScheduler } from "../../src/index.ts";
import { TestEngine } from "../contract/test-engine.ts";

class Noop extends Pipeline {
  run(): unknown {
    return undefined;
  }
}

const prefix = `facts-${randomUUID()}`;
const place = `{${prefix}:default}`;
let redis: Redis;
let queue: Queue;
let scheduler: PipelineScheduler;

beforeAll(() => {
  redis = new Redis(inject("redisUrl"), { maxRetriesPerRequest: null });
  queue = new Queue("runs", { connection: redis, prefix: place });
  scheduler = new PipelineScheduler({
    connection: inject("redisUrl"),
    prefix,
    worker: false,
    pipelines: [Noop],
  });
});

afterAll(async () => {
  await scheduler.shutdown();
  await queue.close();
  redis.disconnect();
});

async function written(id: string): Promise<unknown> {
  const { opts, timestamp, delay, ...rest } = await redis.hgetall(`${place}:runs:${id}`);
  const { attempts } = JSON.parse(opts ?? "{}") as { attempts?: number };
  const dueAt = Number(timestamp) + Number(delay);
  const score = await redis.zscore(`${place}:runs:delayed`, id);
  return { ...rest, attempts, dueAt, placedAt: score && Math.floor(Number(score) / 4096) };
}

test("a delayed queue job is written as BullMQ writes it", async () => {
  const dueAt = Date.now() + 3_600_000;
  await scheduler.addJob(Noop, { id: "dated", trigger: "date", runDate: new Date(dueAt) });
  const [ours] = await queue.getDelayed();
  await queue.add("Noop", 0, {
    jobId: `theirs:1:${dueAt}`,
    timestamp: dueAt - 3_000_000,
    delay: 3_000_000,
  });
  expect(ours?.name).toBe("Noop");
  expect(await written(ours?.id ?? "")).toEqual(await written(`theirs:1:${dueAt}`));
  // Both are due in the same millisecond: BullMQ keeps the order of their adding.
  const order = await redis.zrange(`${place}:runs:delayed`, 0, -1);
  expect(order).toEqual([ours?.id, `theirs:1:${dueAt}`]);
});

test("the marker that wakes idle workers names the earliest due time", async () => {
  const soonAt = Date.now() + 1_800_000;
  await scheduler.addJob(Noop, { id: "sooner", trigger: "date", runDate: new Date(soonAt) });
  expect(await redis.zscore(`${place}:runs:marker`, "1")).toBe(String(soonAt));
});

test("a queue job that is due at once waits, and a marker says so unless the fleet is paused", async () => {
  await scheduler.pause();
  const paused = await scheduler.runJob("dated");
  expect(await redis.zscore(`${place}:runs:marker`, "0")).toBeNull();
  await scheduler.resume();
  const running = await scheduler.runJob("dated");
  expect(await redis.zscore(`${place}:runs:marker`, "0")).toBe("0");
  const waiting = (await queue.getWaiting()).map(({ id }) => id);
  expect(waiting).toEqual(expect.arrayContaining([paused, running]));
});

test("a queue job of a backfill has the last priority, written as BullMQ writes it", async () => {
  await scheduler.addJob(Noop, {
    id: "past",
    trigger: "interval",
    hours: 1,
    startDate: new Date(Date.now() - 3 * 3_600_000),
  });
  await scheduler.backfill("past", { from: new Date(Date.now() - 4 * 3_600_000), concurrency: 2 });
  const ours = await queue.getPrioritized();
  expect(ours.map(({ name, priority, delay }) => ({ name, priority, delay }))).toEqual([
    { name: "Noop", priority: 2 ** 21 - 1, delay: 0 },
    { name: "Noop", priority: 2 ** 21 - 1, delay: 0 },
  ]);
  await queue.add("Noop", 0, { jobId: "theirs:1:2", priority: 2 ** 21 - 1 });
  const scores = await redis.zrange(`${place}:runs:prioritized`, 0, -1, "WITHSCORES");
  // The order of their adding, ours before theirs.
  expect(scores[4]).toBe("theirs:1:2");
  expect(Number(scores[5]) - Number(scores[3])).toBe(1);
  const { opts } = await redis.hgetall(`${place}:runs:${ours[0]?.id}`);
  expect(JSON.parse(opts ?? "{}")).toMatchObject({ priority: 2 ** 21 - 1 });
});

test("of a delayed queue job that we take back no more is left than BullMQ leaves", async () => {
  const own = `taken-back-${randomUUID()}`;
  const bench = new TestEngine(inject("redisUrl"), own);
  await bench.engine.open();
  const theirs = new Queue("runs", { connection: redis, prefix: `{${own}:default}` });
  const left = async (): Promise<string[]> => {
    const keys = await redis.keys(`{${own}:default}:runs:*`);
    // The numbers and the stream of events of BullMQ's own adding.
    return keys.filter((key) => !/:(?:id|events|meta)$/.test(key)).toSorted();
  };
  const condition = { kind: "running", jobId: "nobody" } as const;
  const job = await bench.addJob({
    upcoming: [],
    policy: { when: { condition, waitMs: 60_000 } },
  });
  await bench.tick(job, { upcoming: [] });
  expect(await theirs.getDelayed()).toHaveLength(1);
  const runId = bench.queueJobId(job, bench.now);
  const cancel = { by: TESTER, jobId: job.id, runId, reason: "not needed" };
  expect(await bench.engine.requests.cancel(cancel)).toBe("cancelled");
  expect(await theirs.getDelayed()).toEqual([]);
  const ours = await left();
  const added = await theirs.add("Report", 0, { jobId: "theirs:1:2", delay: 60_000 });
  await added.remove();
  expect(ours).toEqual(await left());
  await theirs.close();
  await bench.engine.close();
});
