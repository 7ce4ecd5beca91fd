import { Redis } from "ioredis";
import { expect, test } from "vitest";
import { redisArena } from "../helpers/arena.ts";
import { EngineBench } from "../helpers/engine-bench.ts";
import { startRedis } from "../helpers/redis-server.ts";

const inAnHour = { trigger: "date", runDate: "2026-03-01 13:00" } as const;

/** How often the server was asked to run a script. */
async function scriptCalls(client: Redis): Promise<number> {
  const stats = await client.info("commandstats");
  const calls = (command: string): number =>
    Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(stats)?.[1] ?? 0);
  return calls("evalsha") + calls("eval");
}

test("3,000 jobs take 6 script calls, and one whose source was not there yet", async () => {
  await using server = await startRedis();
  const client = new Redis(server.url);
  await using bench = await EngineBench.open({ arena: redisArena(() => server.url) });
  const callsBefore = await scriptCalls(client);
  const jobs = Array.from({ length: 3_000 }, (_, i) => ({
    pipeline: bench.Work,
    options: { id: `job-${i}`, ...inAnHour },
  }));
  expect(await bench.desk.add(jobs)).toHaveLength(3_000);
  expect((await scriptCalls(client)) - callsBefore).toBeLessThanOrEqual(7);
  client.disconnect();
});

test("removeAllJobs passes over an id whose job is gone", async () => {
  await using server = await startRedis();
  const client = new Redis(server.url);
  await using bench = await EngineBench.open({ arena: redisArena(() => server.url) });
  await bench.add({ id: "there", ...inAnHour });
  const [next = ""] = await client.keys("*:next");
  await client.zadd(next, 1, "gone");
  expect(await bench.desk.removeAll()).toBe(1);
  expect((await bench.jobs()).jobs).toEqual([]);
  client.disconnect();
});
