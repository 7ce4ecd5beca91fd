// Whether all is as it should be, as the fleet says: on real servers with real faults.
import { randomUUID } from "node:crypto";
import { Queue } from "bullmq";
import { Redis } from "ioredis";
import { afterEach, beforeEach, describe, expect, inject, onTestFinished, test } from "vitest";
import type { CheckAnswer } from "../../src/api/contract/check-routes.ts";
import { systemClock } from "../../src/core/clock.ts";
import { startRedis } from "../helpers/redis-server.ts";
import { AccountsFleet, Report } from "./accounts-fleet.ts";
import { callApi } from "./call-api.ts";

let prefix: string;
let fleet: AccountsFleet;

beforeEach(() => {
  prefix = `checks_${randomUUID().slice(0, 8)}`;
});
afterEach(() => fleet.scheduler.shutdown({ wait: false }));

function open(connection: string): AccountsFleet {
  fleet = new AccountsFleet({}, systemClock, { connection, prefix });
  return fleet;
}

async function checks(method: "GET" | "POST" = "GET"): Promise<CheckAnswer[]> {
  const path = method === "GET" ? "/checks" : "/checks/fix";
  const { status, body } = await callApi(fleet.local, path, { method });
  expect(status).toBe(200);
  return (body as { items: CheckAnswer[] }).items;
}

const of = (items: readonly CheckAnswer[], check: CheckAnswer["check"]) =>
  items.filter((item) => item.check === check).map(({ level, text }) => `${level}: ${text}`);

describe.each([
  ["redis", () => inject("redisUrl"), "noeviction"],
  ["postgres", () => inject("postgresUrl"), "autovacuum"],
] as const)("%s", (name, connection, setting) => {
  test("a fleet in order", async () => {
    open(connection());
    await fleet.scheduler.addJob(Report, { id: "daily", trigger: "cron", hour: 3 });
    await fleet.scheduler.start();
    const items = await checks();
    expect(of(items, "server")[0]).toMatch(new RegExp(`^good: ${name}`));
    expect(of(items, "settings").join()).toContain(setting);
    expect(of(items, "clocks")).toEqual([expect.stringMatching(/^good: clock skew of 1 worker/)]);
    expect(of(items, "schedules")).toEqual(["good: 1 job has its next occurrence waiting"]);
    expect(of(items, "overdue")).toEqual(["good: nothing is overdue"]);
    expect(of(items, "queues")).toEqual(["good: each queue with jobs has a worker"]);
    expect(of(items, "pipelines")[0]).toMatch(/^good/);
    expect(of(items, "zones")[0]).toMatch(/time zone data/);
    expect(of(items, "account")).toEqual(["good: unaccounted in the last 24 h: 0 of 0"]);
  });

  test("a queue that nobody serves", async () => {
    open(connection());
    await fleet.scheduler.addJob(Report, {
      id: "win",
      trigger: "cron",
      hour: 3,
      queue: "windows",
    });
    await fleet.scheduler.start();
    const items = await checks();
    expect(of(items, "queues")).toEqual(['problem: queue "windows": 1 job, no worker']);
  });
});

test("a lost occurrence is found, and put back by the fix", async () => {
  open(inject("redisUrl"));
  // Nobody watches over it: what is lost stays so.
  await fleet.scheduler.addJob(Report, { id: "daily", trigger: "cron", hour: 3 });
  const redis = new Redis(inject("redisUrl"), { maxRetriesPerRequest: null });
  const queue = new Queue("runs", { connection: redis, prefix: `{${prefix}:default}` });
  onTestFinished(async () => {
    await queue.close();
    redis.disconnect();
  });
  await queue.obliterate({ force: true });
  const items = await checks();
  expect(items.filter(({ canFix }) => canFix)).toHaveLength(1);
  expect(of(items, "schedules")[0]).toMatch(/^problem: 1 job without a waiting occurrence: daily/);
  expect(of(await checks("POST"), "schedules")).toEqual([
    "good: 1 job has its next occurrence waiting",
  ]);
});

test("a Redis that may evict, or keeps nothing, is told", async () => {
  await using server = await startRedis();
  const redis = new Redis(server.url);
  await redis.config("SET", "maxmemory", "100mb");
  await redis.config("SET", "maxmemory-policy", "allkeys-lru");
  redis.disconnect();
  open(server.url);
  await fleet.scheduler.addJob(Report, { id: "daily", trigger: "cron", hour: 3 });
  const told = of(await checks(), "settings").join("\n");
  expect(told).toMatch(/^warning: Redis evicts keys/m);
  await fleet.scheduler.shutdown();
});

test("only administrators ask", async () => {
  open("memory:");
  await fleet.addUser("root", { role: "admin" });
  await fleet.addUser("ana", { role: "editor" });
  const { secret } = await fleet.tokenOf("ana", { role: "editor" });
  expect((await fleet.call("/checks", { as: secret })).status).toBe(403);
  expect((await fleet.call("/checks/fix", { as: secret, method: "POST" })).status).toBe(403);
});
