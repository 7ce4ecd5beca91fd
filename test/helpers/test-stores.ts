import { Cluster, type ClusterNode, Redis } from "ioredis";
import { inject } from "vitest";
import { systemClock } from "../../src/core/clock.ts";
import type { ConsumeOptions, Engine } from "../../src/engine/port/engine.ts";
import { RedisEngine } from "../../src/engine/redis/redis-engine.ts";
import type { ConnectionOption } from "../../src/index.ts";
import { engineWith } from "./engine-with.ts";

/** The queue jobs of a test fleet, which it takes and puts back in BullMQ's stead. */
export interface HandQueue {
  /** What a worker would get next; `dueAt` is `undefined` for one that is already waiting. */
  next(): Promise<{ readonly id: string; readonly dueAt: number | undefined } | undefined>;
  /** Those that wait first, then by their time. */
  ids(): Promise<string[]>;
  dueAt(id: string): Promise<number | undefined>;
  /** Takes one, due or not. @returns its pipeline */
  take(id: string): Promise<string>;
  putBack(id: string, dueAt: number): Promise<void>;
  drop(id: string): Promise<void>;
}

/** An empty engine, and access to what lies beneath it. */
export interface TestStore {
  readonly engine: Engine;
  readonly queue: HandQueue;
  /** Where something of a job is stored: `ledger`, or the engine's own names. */
  placesOf(jobId: string): Promise<string[]>;
  /** In how many ms the ledger of a job ends as a whole; `undefined`: never. */
  ledgerEndsInMs(jobId: string): Promise<number | undefined>;
  close(): Promise<void>;
}

/** Options of a store. */
export interface TestStoreOptions {
  readonly prefix: string;
  readonly serverNow: () => number;
}

/** Makes the stores of one engine under test. */
export interface TestStores {
  open(options: TestStoreOptions): Promise<TestStore>;
  /** Where whole schedulers are to connect to; an engine inside a process serves one at a time. */
  readonly connection: () => ConnectionOption | undefined;
  /** How many schedulers may use it: many at once, one after another, or a single one. */
  readonly reach: Reach;
}

/** How many schedulers an engine brings together. */
export type Reach = "many" | "one after another" | "one";

/** The settings of an engine under test, but for what names its place. */
export function engineSettings({ prefix, serverNow }: TestStoreOptions) {
  return {
    prefix,
    queue: "default",
    clock: systemClock,
    timeoutMs: 20_000,
    maxEvents: 100_000,
    serverNow,
    onError: (error: unknown) => console.error("test store", error),
  };
}

/** An engine whose queue jobs are taken by hand, since BullMQ goes by the machine's clock. */
export function takenByHand(engine: Engine): { engine: Engine; consumers: ConsumeOptions[] } {
  const consumers: ConsumeOptions[] = [];
  const gone = (): Promise<void> => Promise.resolve();
  const byHand = engineWith(engine, {
    queue: {
      consume(options) {
        consumers.push(options);
        return { stop: gone, abandon: gone };
      },
    },
  });
  return { engine: byHand, consumers };
}

/** Redis or a Cluster; each store has its own prefix. */
export function redisStores(
  place: () => string | { readonly cluster: readonly ClusterNode[] },
): TestStores {
  return {
    connection: place,
    reach: "many",
    async open(options) {
      const connection = place();
      const engine = new RedisEngine({
        ...engineSettings(options),
        connection,
        onNote: () => undefined,
      });
      await engine.open();
      const client =
        typeof connection === "string"
          ? new Redis(connection, { maxRetriesPerRequest: null })
          : new Cluster([...connection.cluster]);
      const own = `{${options.prefix}:default}:`;
      return {
        engine,
        queue: redisQueue(client, `${own}runs:`),
        async placesOf(jobId) {
          const nodes = client instanceof Cluster ? client.nodes("master") : [client];
          const keys = await Promise.all(nodes.map((node) => node.keys(`${own}*${jobId}*`)));
          return keys
            .flat()
            .map((key) => key.slice(own.length).replace(`ledger:${jobId}`, "ledger"));
        },
        async ledgerEndsInMs(jobId) {
          const leftMs = await client.pttl(`${own}ledger:${jobId}`);
          return leftMs < 0 ? undefined : leftMs;
        },
        async close() {
          await engine.close();
          client.disconnect();
        },
      };
    },
  };
}

/** BullMQ's keys of a queue: a list of those that wait, and sets of those that have a priority or are delayed. */
function redisQueue(client: Redis | Cluster, prefix: string): HandQueue {
  const [wait, delayed] = [`${prefix}wait`, `${prefix}delayed`];
  const prioritized = `${prefix}prioritized`;
  const dueAt = async (id: string): Promise<number | undefined> => {
    const score = await client.zscore(delayed, id);
    return score === null ? undefined : Math.floor(Number(score) / 4096);
  };
  return {
    dueAt,
    async next() {
      const [waiting] = await client.lrange(wait, -1, -1);
      if (waiting !== undefined) return { id: waiting, dueAt: undefined };
      const [behind] = await client.zrange(prioritized, 0, 0);
      if (behind !== undefined) return { id: behind, dueAt: undefined };
      const [id] = await client.zrange(delayed, 0, 0);
      return id === undefined ? undefined : { id, dueAt: await dueAt(id) };
    },
    async ids() {
      const waiting = await client.lrange(wait, 0, -1);
      return [
        ...waiting.toReversed(),
        ...(await client.zrange(prioritized, 0, -1)),
        ...(await client.zrange(delayed, 0, -1)),
      ];
    },
    async take(id) {
      const pipeline = (await client.hget(prefix + id, "name")) ?? "";
      await client.multi().lrem(wait, 0, id).zrem(prioritized, id).zrem(delayed, id).exec();
      return pipeline;
    },
    async putBack(id, at) {
      await client.zadd(delayed, at * 4096, id);
    },
    async drop(id) {
      await client.del(prefix + id);
    },
  };
}

let current: TestStores = redisStores(() => inject("redisUrl"));

/** The stores of this test file. */
export function testStores(): TestStores {
  return current;
}

/** Makes all fleets of this test file use another engine than the Redis server that all files share. */
export function useTestStores(other: TestStores): void {
  current = other;
}
