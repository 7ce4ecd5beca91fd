import { inspect } from "node:util";
import { afterEach, describe, expect, test, vi } from "vitest";
import { Pipeline, PipelineScheduler, type Logger } from "../../src/index.ts";
import { PostgresServer } from "../helpers/postgres-server.ts";
import { startRedisCluster } from "../helpers/redis-cluster.ts";
import { startRedis } from "../helpers/redis-server.ts";
import { startSentinels } from "../helpers/redis-sentinel.ts";
import type { ConnectionOption } from "../../src/engine/open-engine.ts";
import { TcpProxy } from "./tcp-proxy.ts";

/** A server, or several that are one, that can be taken away. */
interface Server extends AsyncDisposable {
  readonly connection: ConnectionOption;
  /** How the messages name it. */
  readonly name: RegExp;
  stop(): Promise<unknown>;
  start(): Promise<unknown>;
}

class Noop extends Pipeline {
  run(): unknown {
    return { success: true };
  }
}

const WAIT = { timeout: 60_000, interval: 50 };
const KINDS: Readonly<Record<string, () => Promise<Server>>> = {
  "Redis that is stopped": async () => {
    const server = await startRedis({ appendonly: true });
    return {
      connection: `redis://:not-to-be-told@127.0.0.1:${server.port}`,
      name: new RegExp(`redis \\S+ at 127\\.0\\.0\\.1:${server.port}`),
      stop: () => server.stop("SIGKILL"),
      start: () => server.restart(),
      [Symbol.asyncDispose]: () => server.dispose(),
    };
  },
  "Redis on the other side of a network that drops everything": async () => {
    const server = await startRedis();
    const proxy = await TcpProxy.start(server.url);
    return {
      connection: { host: "127.0.0.1", port: proxy.port, socketTimeout: 6_000 },
      name: new RegExp(`redis \\S+ at 127\\.0\\.0\\.1:${proxy.port}`),
      stop: async () => proxy.set("hole"),
      start: async () => proxy.set("pass"),
      [Symbol.asyncDispose]: async () => {
        await proxy[Symbol.asyncDispose]();
        await server.dispose();
      },
    };
  },
  "Redis Cluster": async () => {
    const cluster = await startRedisCluster(3, { appendonly: true });
    return {
      connection: { cluster: cluster.nodes },
      name: /redis \S+ at a cluster of 3 masters/,
      stop: () => Promise.all(cluster.servers.map((server) => server.stop("SIGKILL"))),
      start: () => Promise.all(cluster.servers.map((server) => server.restart())),
      [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose](),
    };
  },
  Sentinel: async () => {
    const group = await startSentinels({ appendonly: true });
    const all = [...group.servers, ...group.sentinels];
    return {
      connection: group.connection,
      name: /redis \S+ at Sentinel master main/,
      stop: () => Promise.all(all.map((server) => server.stop("SIGKILL"))),
      start: () => Promise.all(all.map((server) => server.restart())),
      [Symbol.asyncDispose]: () => group[Symbol.asyncDispose](),
    };
  },
  PostgreSQL: async () => {
    const server = await PostgresServer.start();
    return {
      connection: server.url,
      name: new RegExp(`postgres at 127\\.0\\.0\\.1:${server.port}/postgres`),
      stop: () => server.stop(),
      start: () => server.launch(),
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  },
};

afterEach(() => {
  vi.restoreAllMocks();
});

describe("a server that is away is told once, and once that it is back:", () => {
  test.for(Object.keys(KINDS))("%s", { timeout: 180_000 }, async (kind) => {
    const printed = vi.spyOn(console, "error").mockImplementation(() => undefined);
    await using server = await KINDS[kind]?.();
    if (!server) throw new Error("no such kind");
    const lines: string[] = [];
    const at =
      (level: string): Logger["warn"] =>
      (message, fields) => {
        lines.push(`${level} ${message} ${inspect(fields ?? "")}`);
      };
    await using scheduler = new PipelineScheduler({
      connection: server.connection,
      prefix: "lost",
      pipelines: [Noop],
      timeout: 5,
      reconcile: 0.3,
      logger: { debug: () => undefined, info: at("info"), warn: at("warn"), error: at("error") },
    });
    let heard = 0;
    scheduler.on("JOB_EXECUTED", () => void (heard += 1));
    scheduler.on("JOB_EXECUTED", () => undefined, { name: "durable" });
    await scheduler.start();
    await scheduler.addJob(Noop, { id: "tick", trigger: "interval", milliseconds: 250 });
    await expect.poll(() => heard, WAIT).toBeGreaterThan(2);
    lines.length = 0;

    await server.stop();
    const told = (): string[] =>
      lines.filter((line) => /^(warn|error) |connection|is back/.test(line));
    await expect.poll(told, WAIT).toContainEqual(expect.stringMatching(/no connection to/));
    // Long enough for each part to miss the server: heartbeats come every 5 s.
    for (let failed = 0; failed < 2; failed += 1) {
      await expect(scheduler.getJob("tick")).rejects.toMatchObject({ code: "CONNECTION_FAILED" });
    }
    await server.start();
    await expect.poll(told, WAIT).toContainEqual(expect.stringMatching(/is back/));
    const before = heard;
    await expect.poll(() => heard, WAIT).toBeGreaterThan(before + 2);

    // A server that is stopping may take one connection more before it is away.
    const once = told().filter((line) => !/ broke .* made again/.test(line));
    expect(once).toEqual([
      expect.stringMatching(/^warn no connection to /),
      expect.stringMatching(/^info /),
    ]);
    const [lost = "", back = ""] = once;
    expect(lost).toMatch(server.name);
    expect(lost).toMatch(/\(.+\)/);
    expect(lost).toMatch(/connects again by itself/);
    expect(back).toMatch(server.name);
    expect(back).toMatch(/is back after \d/);
    expect(lines.join("\n")).not.toMatch(/not-to-be-told|\boptions\b/);
    expect(printed).not.toHaveBeenCalled();
  });
});
