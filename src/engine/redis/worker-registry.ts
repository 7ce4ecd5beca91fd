import type { WorkerRecord } from "../port/engine.ts";
import { readResult } from "../codec/readable.ts";
import type { RedisClient } from "./redis-client.ts";

/** Where workers say that they are alive: one hash, each record with the time at which it ends. */
export class WorkerRegistry {
  readonly #redis: RedisClient;
  readonly #key: string;

  constructor(redis: RedisClient, key: string) {
    this.#redis = redis;
    this.#key = key;
  }

  async write(record: WorkerRecord, ttlMs: number): Promise<void> {
    await this.#redis.hset(
      this.#key,
      record.id,
      JSON.stringify({ record, endsAt: record.seenAt + ttlMs }),
    );
  }

  async forget(id: string): Promise<void> {
    await this.#redis.hdel(this.#key, id);
  }

  /** The records that have not ended; those that have are deleted. */
  async list(now: number): Promise<WorkerRecord[]> {
    const live: WorkerRecord[] = [];
    const ended: string[] = [];
    for (const [id, text] of Object.entries(await this.#redis.hgetall(this.#key))) {
      const { record, endsAt } = readRecord(text);
      if (!record || endsAt < now) ended.push(id);
      else live.push(record);
    }
    if (ended.length > 0) await this.#redis.hdel(this.#key, ...ended);
    return live;
  }
}

/** One that can't be read has ended: a worker that lives writes another. */
function readRecord(text: string): { readonly record?: WorkerRecord; readonly endsAt: number } {
  const read = readResult(text) as {
    readonly record?: WorkerRecord;
    readonly endsAt?: number;
  } | null;
  return { endsAt: 0, ...read };
}
