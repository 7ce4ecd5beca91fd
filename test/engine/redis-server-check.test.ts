import { Redis } from "ioredis";
import { describe, expect, test } from "vitest";
import {
  type Clock,
  type ConnectionOption,
  lineLogger,
  Pipeline,
  PipelineScheduler,
  systemClock,
} from "../../src/index.ts";
import { startRedisCluster } from "../helpers/redis-cluster.ts";
import { type RedisServer, startRedis } from "../helpers/redis-server.ts";
import { startSentinels } from "../helpers/redis-sentinel.ts";

class Noop extends Pipeline {
  run(): unknown {
    return { success: true };
  }
}

/** A minute passes in 50 ms; nothing else does. */
const fastMinutes: Clock = {
  ...systemClock,
  after: (delayMs, action) => systemClock.after(delayMs === 60_000 ? 50 : delayMs, action),
};
const WAIT = { timeout: 20_000, interval: 20 };

interface Started extends AsyncDisposable {
  /** The log so far. */
  readonly lines: readonly string[];
}

async function start(connection: ConnectionOption): Promise<Started> {
  const lines: string[] = [];
  const scheduler = new PipelineScheduler({
    connection,
    pipelines: [Noop],
    clock: fastMinutes,
    logger: lineLogger("info", (line) => void lines.push(line)),
    timeout: 5,
  });
  await scheduler.start().catch(async (error: unknown) => {
    await scheduler.shutdown();
    throw error;
  });
  return { lines, [Symbol.asyncDispose]: () => scheduler.shutdown() };
}

/** Everything logged between start and shutdown. */
async function linesOf(connection: ConnectionOption): Promise<readonly string[]> {
  await using started = await start(connection);
  return started.lines;
}

async function withSetting(server: RedisServer, ...settings: string[]): Promise<void> {
  const client = new Redis(server.url);
  for (let i = 0; i < settings.length; i += 2)
    await client.config("SET", settings[i] ?? "", settings[i + 1] ?? "");
  client.disconnect();
}

describe("what is told at the start", () => {
  test("a server that is set up well is met in silence", async () => {
    await using server = await startRedis({ appendonly: true, config: ["--maxmemory", "100mb"] });
    expect(await linesOf(server.url)).toEqual([]);
  });

  test.each([
    ["allkeys-lru", "100mb", /^cronduit warn: .*allkeys-lru.*schedules.*can vanish.*noeviction/],
    ["volatile-ttl", "100mb", /^cronduit warn: .*volatile-ttl.*locks.*twice.*noeviction/],
    ["allkeys-lru", "0", /^cronduit info: .*as long as maxmemory is 0.*noeviction/],
  ])("maxmemory-policy %s with maxmemory %s", async (policy, maxmemory, line) => {
    const config = ["--maxmemory", maxmemory, "--maxmemory-policy", policy];
    await using server = await startRedis({ appendonly: true, config });
    expect(await linesOf(server.url)).toEqual([expect.stringMatching(line)]);
  });

  test("no file of any kind on disk", async () => {
    await using server = await startRedis();
    const line = /^cronduit warn: .*nothing on disk.*appendonly yes/;
    expect(await linesOf(server.url)).toEqual([expect.stringMatching(line)]);
    await withSetting(server, "save", "3600 1");
    expect(await linesOf(server.url)).toEqual([]);
  });

  test("hz: only a lower one", async () => {
    await using server = await startRedis({ appendonly: true, config: ["--hz", "1"] });
    const lines = await linesOf(server.url);
    expect(lines).toEqual([expect.stringMatching(/^cronduit info: .* 1 times a second \(hz/)]);
    await withSetting(server, "hz", "500");
    expect(await linesOf(server.url)).toEqual([]);
  });
});

describe("while it runs", () => {
  test("a policy that is changed is told within a minute, once; so is what it evicts", async () => {
    await using server = await startRedis({ appendonly: true, config: ["--maxmemory", "100mb"] });
    await using started = await start(server.url);
    const { lines } = started;
    await withSetting(server, "maxmemory-policy", "allkeys-lru");
    await expect.poll(() => lines.length, WAIT).toBe(1);
    expect(lines[0]).toMatch(/^cronduit warn: .*allkeys-lru/);
    // Several minutes later still once.
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(lines).toHaveLength(1);
    await withSetting(server, "maxmemory-policy", "noeviction");
    await new Promise((resolve) => setTimeout(resolve, 300));
    await withSetting(server, "maxmemory-policy", "allkeys-random");
    await expect.poll(() => lines.length, WAIT).toBe(2);

    const client = new Redis(server.url);
    const used = Number(/used_memory:(\d+)/.exec(await client.info("memory"))?.[1]);
    for (let i = 0; i < 20; i += 1) await client.set(`filler:${i}`, "x".repeat(50_000));
    await client.config("SET", "maxmemory", String(used + 300_000));
    client.disconnect();
    const told = () => lines.some((line) => /warn: Redis evicted \d+ keys/.test(line));
    await expect.poll(told, WAIT).toBe(true);
  }, 60_000);

  test("a scheduler that was shut down asks no more", async () => {
    await using server = await startRedis();
    await linesOf(server.url);
    const client = new Redis(server.url);
    const asked = async () =>
      Number(/cmdstat_info:calls=(\d+)/.exec(await client.info("commandstats"))?.[1]);
    const before = await asked();
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await asked()).toBe(before + 1);
    client.disconnect();
  });
});

describe("a server that has to be connected to in another way is refused", () => {
  const refusal = (words: RegExp) =>
    expect.objectContaining({ code: "INVALID_OPTION", message: expect.stringMatching(words) });

  test("a node of a cluster", async () => {
    await using cluster = await startRedisCluster(3);
    const [node] = cluster.nodes;
    await expect(start({ ...node })).rejects.toEqual(refusal(/Redis Cluster.*\{ cluster: /));
    const lines = await linesOf({ cluster: cluster.nodes });
    expect(lines).toEqual([expect.stringMatching("nothing on disk")]);
  }, 60_000);

  test("a Sentinel, and a replica", async () => {
    await using group = await startSentinels();
    const [sentinel] = group.sentinels;
    await expect(start(sentinel?.url ?? "")).rejects.toEqual(refusal(/Sentinel.*\{ sentinels: /));
    const [, replica] = group.servers;
    await expect(start(replica?.url ?? "")).rejects.toEqual(refusal(/replica.*its master/));
  }, 60_000);
});
