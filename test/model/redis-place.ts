import { type ChainableCommander, Cluster, Redis } from "ioredis";
import type { QueueEngine } from "../../src/engine/port/queue-engine.ts";
import type { RedisConnectionOptions } from "../../src/engine/redis/connection.ts";
import { RedisEngine } from "../../src/engine/redis/redis-engine.ts";
import { DEFAULT_QUEUE } from "../../src/jobs/queue.ts";
import {
  closeEngines,
  commonOptions,
  type Place,
  type PlaceOptions,
  QUEUES,
  type RawLine,
  withSiblings,
} from "./place.ts";

const ACTIVATE = `
local found = redis.call("LREM", KEYS[2], 0, ARGV[1]) + redis.call("ZREM", KEYS[3], ARGV[1])
  + redis.call("ZREM", KEYS[4], ARGV[1])
if found > 0 then redis.call("LPUSH", KEYS[1], ARGV[1]) end
return found`;

/** A Redis server or Cluster. */
export async function openRedis(
  name: string,
  connection: RedisConnectionOptions &
    (string | { cluster: readonly { host: string; port: number }[] }),
  options: PlaceOptions,
): Promise<Place> {
  const onNote = (): void => undefined;
  const more = { ...commonOptions(options), connection, queue: DEFAULT_QUEUE, onNote };
  const engines: Map<string, QueueEngine>[] = [];
  for (let i = 0; i < options.engines; i += 1)
    engines.push(await withSiblings(new RedisEngine(more)));
  const redis =
    typeof connection === "string" ? new Redis(connection) : new Cluster([...connection.cluster]);
  return {
    name,
    engines,
    isLoose: true,
    lines: new Map(QUEUES.map((queue) => [queue, redisLine(redis, options.prefix, queue)])),
    async close() {
      await closeEngines(engines);
      redis.disconnect();
    },
  };
}

function redisLine(redis: Redis | Cluster, prefix: string, queue: string): RawLine {
  const key = (rest: string): string => `{${prefix}:${queue}}:runs:${rest}`;
  const atOnce = async (commands: (multi: ChainableCommander) => ChainableCommander) => {
    await commands(redis.multi()).exec();
  };
  const takeOut = (multi: ChainableCommander, id: string): ChainableCommander =>
    multi.lrem(key("wait"), 0, id).zrem(key("delayed"), id).zrem(key("prioritized"), id);
  return {
    async waiting() {
      const [ready, last, delayed] = await Promise.all([
        redis.lrange(key("wait"), 0, -1),
        redis.zrange(key("prioritized"), 0, -1),
        redis.zrange(key("delayed"), 0, -1, "WITHSCORES"),
      ]);
      return [
        ...[...ready, ...last].map((id) => ({ id, dueAt: 0 })),
        ...delayed.flatMap((id, i) =>
          i % 2 === 0 ? [{ id, dueAt: Math.floor(Number(delayed[i + 1]) / 4096) }] : [],
        ),
      ];
    },
    async activate(id) {
      const keys = ["active", "wait", "delayed", "prioritized"].map(key);
      return (await redis.eval(ACTIVATE, keys.length, ...keys, id)) === 1;
    },
    delay: (id, dueAt) =>
      atOnce((multi) => multi.lrem(key("active"), 0, id).zadd(key("delayed"), dueAt * 4096, id)),
    remove: (id) => atOnce((multi) => takeOut(multi, id).lrem(key("active"), 0, id).del(key(id))),
  };
}
