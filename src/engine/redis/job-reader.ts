import type { StoredJob } from "../../jobs/definition.ts";
import { decodeJob } from "./job-codec.ts";
import type { RedisClient } from "./redis-client.ts";

/** Reads jobs in one round trip. @param key Makes a key of its name. */
export async function readJobs(
  redis: RedisClient,
  key: (name: string) => string,
  ids: readonly string[],
): Promise<(StoredJob | undefined)[]> {
  if (ids.length === 0) return [];
  const pipeline = redis.pipeline().hmget(key("defs"), ...ids);
  for (const id of ids) pipeline.hgetall(key(`job:${id}`)).hlen(key(`inst:${id}`));
  const replies = ((await pipeline.exec()) ?? []).map(([error, reply]) => {
    if (error) throw error;
    return reply;
  });
  const definitions = replies[0] as (string | null)[];
  return ids.map((_, i) => {
    const definition = definitions[i];
    const hash = replies[1 + 2 * i] as Record<string, string>;
    if (!definition || !hash["rev"]) return undefined;
    return decodeJob(definition, hash, Number(replies[2 + 2 * i]));
  });
}
