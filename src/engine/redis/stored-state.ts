import type { StoredJob } from "../../jobs/definition.ts";
import type { LedgerRow } from "../../jobs/run.ts";
import type { LedgerQuery, RunHold } from "../port/engine.ts";
import { decodeJob } from "./job-codec.ts";
import { decodeRow, rowOfAsked, rowOfInstance, rowOfPending } from "./ledger-codec.ts";
import { readEach, readOne, type Tell } from "../codec/readable.ts";
import type { RedisClient } from "./redis-client.ts";

/** What the scripts stored, read without one. */
export class StoredState {
  readonly #redis: RedisClient;
  readonly #prefix: string;
  readonly #tell: Tell;

  constructor(redis: RedisClient, prefix: string, tell: Tell) {
    this.#redis = redis;
    this.#prefix = prefix;
    this.#tell = tell;
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
    return ids.map((id, i) => {
      const definition = definitions[i];
      const hash = replies[1 + 2 * i] as Record<string, string>;
      if (!definition || !hash["rev"]) return undefined;
      const running = Number(replies[2 + 2 * i]);
      const read = () => decodeJob(id, definition, hash, running);
      return readOne(`definition of job "${id}"`, read, this.#tell);
    });
  }

  jobIds(offset: number, limit: number): Promise<string[]> {
    return this.#redis.zrange(this.#key("next"), offset, offset + limit - 1);
  }

  countJobs(): Promise<number> {
    return this.#redis.zcard(this.#key("next"));
  }

  async ledger({ jobId, fromAt, toAt, offset, limit, order }: LedgerQuery): Promise<LedgerRow[]> {
    const key = this.#key(`ledger:${jobId}`);
    const rows: LedgerRow[] = [];
    // Callers take a page that is not full for the last one.
    for (let at = offset; ;) {
      const wanted = limit - rows.length;
      const texts =
        order === "latest"
          ? await this.#redis.zrevrangebyscore(key, toAt, fromAt, "LIMIT", at, wanted)
          : await this.#redis.zrangebyscore(key, fromAt, toAt, "LIMIT", at, wanted);
      rows.push(...readEach(texts, `row of the ledger of job "${jobId}"`, decodeRow, this.#tell));
      at += texts.length;
      if (texts.length < wanted || rows.length >= limit) return rows;
    }
  }

  async openRuns(jobId: string): Promise<LedgerRow[]> {
    const what = `run of job "${jobId}"`;
    const [held, backfilling, pending, asked] = await Promise.all([
      this.#redis.hvals(this.#key(`inst:${jobId}`)),
      this.#redis.hvals(this.#key(`bfrun:${jobId}`)),
      this.#redis.zrange(this.#key(`pend:${jobId}`), 0, -1),
      this.#redis.hgetall(this.#key(`asked:${jobId}`)),
    ]);
    return [
      ...readEach([...held, ...backfilling], what, rowOfInstance, this.#tell),
      ...readEach(pending, what, rowOfPending, this.#tell),
      ...readEach(Object.entries(asked), what, ([id, text]) => rowOfAsked(id, text), this.#tell),
    ];
  }

  /** Which of these runs somebody wants to end, and why. */
  async cancels(holds: readonly RunHold[]): Promise<{ queueJobId: string; reason: string }[]> {
    if (holds.length === 0) return [];
    const ids = holds.map(({ queueJobId }) => queueJobId);
    const reasons = await this.#redis.hmget(this.#key("cancels"), ...ids);
    return ids.flatMap((queueJobId, i) => {
      const reason = reasons[i];
      return typeof reason === "string" ? [{ queueJobId, reason }] : [];
    });
  }

  #key(name: string): string {
    return this.#prefix + name;
  }
}
