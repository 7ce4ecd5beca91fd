import { Redis } from "ioredis";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Pipeline, PipelineScheduler, type SchedulerEvent } from "../../src/index.ts";
import { allKeys, type RedisCluster, startRedisCluster } from "../helpers/redis-cluster.ts";

class Noop extends Pipeline {
  run(): unknown {
    return { success: true };
  }
}

let cluster: RedisCluster;

beforeAll(async () => {
  cluster = await startRedisCluster(3);
});

afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});

test("a fleet works on a cluster of three masters, all of its keys in one slot", async () => {
  await using scheduler = new PipelineScheduler({
    connection: { cluster: cluster.nodes },
    prefix: "on-cluster",
    pipelines: [Noop],
  });
  const seen: SchedulerEvent[] = [];
  const executed = new Promise<void>((resolve) => {
    scheduler.addListener((event) => {
      seen.push(event);
      if (seen.filter(({ name }) => name === "JOB_EXECUTED").length >= 4) resolve();
    });
  });
  await scheduler.start();
  expect(scheduler.engine).toContain("cluster of 3 masters");
  await scheduler.addJob(Noop, { id: "ticking", trigger: "interval", milliseconds: 200 });
  await scheduler.runJob("ticking");
  await executed;
  await scheduler.removeJob("ticking");
  const { runs } = await scheduler.getRuns("ticking");
  expect(runs.filter(({ verdict }) => verdict === "succeeded").length).toBeGreaterThanOrEqual(4);
  expect(runs.filter(({ trigger }) => trigger === "manual")).toHaveLength(1);

  const keys = await allKeys(cluster);
  expect(keys.length).toBeGreaterThan(3);
  expect(keys.filter((key) => !key.startsWith("{on-cluster:default}:"))).toEqual([]);
});

test("the keys of each queue are in a slot of their own, and all queues are served", async () => {
  const queues = ["default", "mail", "bulk"];
  await using scheduler = new PipelineScheduler({
    connection: { cluster: cluster.nodes },
    prefix: "spread",
    pipelines: [Noop],
    worker: { queues },
  });
  const ran = new Set<string>();
  scheduler.on("JOB_EXECUTED", ({ jobId }) => void ran.add(jobId));
  await scheduler.start();
  for (const queue of queues)
    await scheduler.addJob(Noop, { id: `of-${queue}`, queue, trigger: "interval", seconds: 1 });
  await expect.poll(() => ran.size, { timeout: 20_000 }).toBe(queues.length);

  const keys = (await allKeys(cluster)).filter((key) => key.startsWith("{spread:"));
  const [node] = cluster.nodes;
  const redis = new Redis(node?.port ?? 0);
  const slots: number[] = [];
  for (const queue of queues) {
    const own = keys.filter((key) => key.startsWith(`{spread:${queue}}:`));
    expect(own).toContain(`{spread:${queue}}:job:of-${queue}`);
    const ofQueue = new Set(await Promise.all(own.map((key) => redis.cluster("KEYSLOT", key))));
    expect(ofQueue.size).toBe(1);
    slots.push(...ofQueue);
  }
  redis.disconnect();
  expect(new Set(slots).size).toBe(queues.length);
  expect(keys.filter((key) => !/^\{spread:(?:default|mail|bulk)\}:/.test(key))).toEqual([]);
});

test("a master that hangs for a while: health says so, and afterwards the workers of all queues go on", async () => {
  const queues = ["default", "mail", "bulk"];
  const [node] = cluster.nodes;
  const redis = new Redis(node?.port ?? 0);
  const info = await redis.info("server");
  const pid = Number(/process_id:(\d+)/.exec(info)?.[1]);
  // The default queue is to be on this master, which has the first third of the slots.
  const isThere = async (name: string) =>
    (await redis.cluster("KEYSLOT", `{${name}:default}:meta`)) < 16_384 / 3 - 1;
  let prefix = "hangs";
  while (!(await isThere(prefix))) prefix += "x";
  redis.disconnect();

  await using scheduler = new PipelineScheduler({
    connection: { cluster: cluster.nodes },
    prefix,
    pipelines: [Noop],
    worker: { queues },
    timeout: 2,
    logger: { debug() {}, info() {}, warn() {}, error() {} },
  });
  const ran: string[] = [];
  scheduler.on("JOB_EXECUTED", ({ jobId }) => void ran.push(jobId));
  await scheduler.start();
  for (const queue of queues)
    await scheduler.addJob(Noop, { id: `of-${queue}`, queue, trigger: "interval", seconds: 1 });
  const patience = { timeout: 60_000, interval: 100 };
  await expect.poll(() => new Set(ran).size, patience).toBe(queues.length);

  process.kill(pid, "SIGSTOP");
  const until = Date.now() + 15_000;
  const healths: boolean[] = [];
  // Longer than a worker waits for work, which is when it connects anew.
  while (Date.now() < until) {
    healths.push((await scheduler.health()).ok);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  process.kill(pid, "SIGCONT");
  expect(new Set(healths)).toEqual(new Set([false]));
  await expect.poll(async () => (await scheduler.health()).ok, patience).toBe(true);
  const before = ran.length;
  const since = () =>
    queues.filter((queue) => ran.slice(before).filter((id) => id === `of-${queue}`).length > 5);
  await expect.poll(since, patience).toEqual(queues);
  await scheduler.removeAllJobs();
}, 180_000);
