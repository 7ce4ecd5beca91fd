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
