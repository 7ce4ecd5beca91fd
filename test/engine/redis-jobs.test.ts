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

test("whose turn it is in a group is forgotten once nobody waits", async () => {
  await using server = await startRedis();
  const client = new Redis(server.url);
  await using fleet = await TestFleet.open({ stores: redisStores(() => server.url) });
  const turns = async (): Promise<number> => {
    const [key] = await client.keys("*:group-wakeups");
    return key === undefined ? 0 : client.hlen(key);
  };
  const seen: number[] = [];
  for (const key of ["a", "b", "c"]) {
    const group = { trigger: "manual", concurrencyGroup: { key, limit: 1 } } as const;
    for (const name of ["first", "second", "third"])
      await fleet.add({ id: `${key}-${name}`, ...group });
    fleet.isHolding = true;
    for (const name of ["first", "second", "third"]) await fleet.ask(`${key}-${name}`);
    await fleet.work();
    fleet.isHolding = false;
    await fleet.release();
    seen.push(await turns());
    await fleet.work();
    expect((await fleet.runs(`${key}-third`)).map(({ verdict }) => verdict)).toEqual(["succeeded"]);
    expect(await turns()).toBe(0);
  }
  // There was a turn to forget.
  expect(seen).toEqual([1, 1, 1]);
  // One that leaves without having had its turn.
  const group = { trigger: "manual", concurrencyGroup: { key: "d", limit: 1 } } as const;
  await fleet.add({ id: "d-first", ...group });
  await fleet.add({ id: "d-second", ...group });
  fleet.isHolding = true;
  await fleet.ask("d-first");
  await fleet.ask("d-second");
  await fleet.work();
  await fleet.release();
  await fleet.desk.remove("d-second");
  expect(await turns()).toBe(0);
  client.disconnect();
});
