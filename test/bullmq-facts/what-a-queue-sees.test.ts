// What docs/queues.md says about a plain BullMQ Queue, and so about bull-board, on our queues.
import { randomUUID } from "node:crypto";
import { Queue } from "bullmq";
import { Redis } from "ioredis";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { Pipeline, PipelineScheduler } from "../../src/index.ts";
import { silent } from "../helpers/silent.ts";

let began = (): void => undefined;
let goOn = (): void => undefined;

class Held extends Pipeline {
  async run(): Promise<unknown> {
    const ended = new Promise<void>((resolve) => (goOn = resolve));
    began();
    await ended;
    return { success: true };
  }
}

const WAIT = { timeout: 30_000, interval: 20 };
const prefix = `seen-${randomUUID()}`;
let redis: Redis;
let scheduler: PipelineScheduler;

beforeAll(async () => {
  redis = new Redis(inject("redisUrl"), { maxRetriesPerRequest: null });
  scheduler = new PipelineScheduler({
    connection: inject("redisUrl"),
    prefix,
    worker: { queues: ["default", "mail"] },
    pipelines: [Held],
    logger: silent,
  });
  await scheduler.start();
});

afterAll(async () => {
  await scheduler.shutdown();
  redis.disconnect();
});

test.each(["default", "mail"])("a Queue named runs sees the queue %s", async (name) => {
  const queue = new Queue("runs", { connection: redis, prefix: `{${prefix}:${name}}` });
  const id = `nightly-${name}`;
  await scheduler.addJob(Held, { id, queue: name, trigger: "interval", hours: 1 });

  // The occurrences ahead are delayed queue jobs: job, number of the schedule, and fire time.
  const delayed = await queue.getDelayed();
  expect(delayed.length).toBeGreaterThanOrEqual(1);
  for (const job of delayed) {
    expect(job.name).toBe("Held");
    expect(job.id).toMatch(new RegExp(`^${id}:\\d+:\\d+$`));
    // Neither params nor a result: those are in the job and in the ledger.
    expect(job.data).toBe(0);
  }

  const isRunning = new Promise<void>((resolve) => (began = resolve));
  await scheduler.runJob(id);
  await isRunning;
  const [active] = await queue.getActive();
  expect(active?.id).toMatch(new RegExp(`^${id}:m\\d+:\\d+$`));
  goOn();
  await expect.poll(async () => queue.getActiveCount(), WAIT).toBe(0);
  await expect
    .poll(async () => (await scheduler.getRuns(id)).runs.map(({ verdict }) => verdict), WAIT)
    .toEqual(["succeeded"]);
  // Ended runs are gone from the queue, and there are no BullMQ schedulers.
  expect(await queue.getJobCounts("completed", "failed")).toEqual({ completed: 0, failed: 0 });
  expect(await queue.getJobSchedulers()).toEqual([]);

  // Paused: the fleet is, and so is the queue; a job that is paused is only absent.
  await scheduler.pause();
  expect(await queue.isPaused()).toBe(true);
  await scheduler.resume();
  expect(await queue.isPaused()).toBe(false);
  await scheduler.pauseJob(id);
  expect(await queue.getDelayed()).toEqual([]);
  await queue.close();
});

test("what a Queue adds is dropped, and what it removes is added again", async () => {
  const queue = new Queue("runs", { connection: redis, prefix: `{${prefix}:default}` });
  await queue.add("Held", { mine: true });
  await expect.poll(() => queue.getJobCountByTypes("waiting", "active"), WAIT).toBe(0);
  const job = await scheduler.addJob(Held, { id: "removed", trigger: "interval", hours: 1 });
  const delayed = async (): Promise<string[]> =>
    (await queue.getDelayed()).map(({ id = "" }) => id).toSorted();
  const first = await delayed();
  expect(first.length).toBeGreaterThan(0);
  for (const waiting of await queue.getDelayed()) await waiting.remove();
  await expect.poll(delayed, WAIT).toEqual(first);
  // A promoted queue job doesn't run early.
  for (const waiting of await queue.getDelayed()) await waiting.promote();
  await expect.poll(delayed, WAIT).toEqual(first);
  expect((await scheduler.getRuns(job.id)).runs).toEqual([]);
  await queue.close();
});
