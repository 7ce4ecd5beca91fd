import { Redis } from "ioredis";
import { expect, test } from "vitest";
import { redisStores } from "../helpers/redis-stores.ts";
import { TestFleet } from "../helpers/test-fleet.ts";
import { startRedis } from "../helpers/redis-server.ts";

const inAnHour = { trigger: "date", runDate: "2026-03-01 13:00" } as const;

/** How often the server was asked to run a script. */
async function scriptCalls(client: Redis): Promise<number> {
  const stats = await client.info("commandstats");
  const calls = (command: string): number =>
    Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(stats)?.[1] ?? 0);
  return calls("evalsha") + calls("eval");
}

test("3,000 jobs take 7 script calls, and two whose source was not there yet; to declare them again takes 6", async () => {
  await using server = await startRedis();
  const client = new Redis(server.url);
  await using fleet = await TestFleet.open({ stores: redisStores(() => server.url) });
  const callsBefore = await scriptCalls(client);
  const jobs = Array.from({ length: 3_000 }, (_, i) => ({
    pipeline: fleet.Work,
    options: { id: `job-${i}`, ...inAnHour },
  }));
  expect(await fleet.desk.add(jobs)).toHaveLength(3_000);
  const callsBetween = await scriptCalls(client);
  expect(callsBetween - callsBefore).toBeLessThanOrEqual(9);
  expect(await fleet.desk.add(jobs)).toHaveLength(3_000);
  expect((await scriptCalls(client)) - callsBetween).toBeLessThanOrEqual(6);
  client.disconnect();
});

test("of many jobs those that are there stay, those that are new are stored, and those that are others are refused", async () => {
  await using server = await startRedis();
  await using fleet = await TestFleet.open({ stores: redisStores(() => server.url) });
  const declare = (ids: readonly number[], description?: string) =>
    fleet.desk.add(
      ids.map((i) => ({
        pipeline: fleet.Work,
        options: { id: `job-${i}`, ...inAnHour, ...(description ? { description } : {}) },
      })),
    );
  const numbers = Array.from({ length: 1_200 }, (_, i) => i);
  await declare(numbers.filter((i) => i % 3 === 0));
  await declare(numbers);
  expect(await fleet.engine.jobs.count()).toBe(1_200);
  await fleet.desk.remove("job-777");
  await expect(declare(numbers, "another")).rejects.toMatchObject({
    code: "CONFLICTING_ID",
  });
  // New ones are stored anyway.
  expect(await fleet.engine.jobs.count()).toBe(1_200);
});

test("removeAllJobs passes over an id whose job is gone", async () => {
  await using server = await startRedis();
  const client = new Redis(server.url);
  await using fleet = await TestFleet.open({ stores: redisStores(() => server.url) });
  await fleet.add({ id: "there", ...inAnHour });
  const [next = ""] = await client.keys("*:next");
  await client.zadd(next, 1, "gone");
  expect(await fleet.desk.removeAll()).toBe(1);
  expect((await fleet.jobs()).jobs).toEqual([]);
  client.disconnect();
});
