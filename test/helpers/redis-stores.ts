import { Cluster, type ClusterNode, Redis } from "ioredis";
import { RedisEngine } from "../../src/engine/redis/redis-engine.ts";
import { engineSettings, type HandQueue, type TestStores } from "./test-stores.ts";

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
          return keys.flat().map((key) => key.slice(own.length).replace(`:${jobId}`, ""));
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
