import type { StoredJob } from "../../jobs/definition.ts";
import type { LedgerRow } from "../../jobs/run.ts";
import type { LedgerQuery } from "../engine.ts";
import { decodeJob } from "./job-codec.ts";
import { decodeRow, rowOfAsked, rowOfInstance, rowOfQueued } from "./ledger-codec.ts";
import type { RedisClient } from "./redis-client.ts";

/** Reads jobs and what became of their occurrences; nothing is decided by it. */
export class JobReader {
  readonly #redis: RedisClient;
  readonly #key: (name: string) => string;

  constructor(redis: RedisClient, key: (name: string) => string) {
    this.#redis = redis;
    this.#key = key;
  }

  async jobs(ids: readonly string[]): Promise<(StoredJob | undefined)[]> {
    if (ids.length === 0) return [];
    const pipeline = this.#redis.pipeline().hmget(this.#key("defs"), ...ids);
    for (const id of ids) pipeline.hgetall(this.#key(`job:${id}`)).hlen(this.#key(`inst:${id}`));
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

  async ledger(query: LedgerQuery): Promise<LedgerRow[]> {
    const key = this.#key(`ledger:${query.jobId}`);
    const { fromAt, toAt, offset, limit } = query;
    const rows =
      query.order === "latest"
        ? await this.#redis.zrevrangebyscore(key, toAt, fromAt, "LIMIT", offset, limit)
        : await this.#redis.zrangebyscore(key, fromAt, toAt, "LIMIT", offset, limit);
    return rows.map(decodeRow);
  }

  async openRuns(jobId: string): Promise<LedgerRow[]> {
    const [held, queued, asked] = await Promise.all([
      this.#redis.hvals(this.#key(`inst:${jobId}`)),
      this.#redis.zrange(this.#key(`pend:${jobId}`), 0, -1),
      this.#redis.hgetall(this.#key(`asked:${jobId}`)),
    ]);
    return [
      ...held.map(rowOfInstance),
      ...queued.map((text) => rowOfQueued(jobId, text)),
      ...Object.entries(asked).map(([id, text]) => rowOfAsked(id, text)),
    ];
  }
}
