import type { EpochMs } from "../../core/clock.ts";
import { readResult } from "../codec/readable.ts";
import type { MembersPort, WorkerRecord } from "../port/members.ts";
import type { RedisCalls } from "./redis-calls.ts";

/** The fleet's workers and leases on Redis. Workers are one hash, each record with the time at which it expires. */
export class RedisMembers implements MembersPort {
  readonly #calls: RedisCalls;
  readonly #key: string;

  constructor(calls: RedisCalls) {
    this.#calls = calls;
    this.#key = calls.key("workers");
  }

  async holdLease(name: string, owner: string, ttlMs: number): Promise<boolean> {
    return (await this.#calls.run("hold_lease", { name, owner, ttl: ttlMs })) === 1;
  }

  async releaseLease(name: string, owner: string): Promise<void> {
    await this.holdLease(name, owner, 0);
  }

  async heartbeat(record: WorkerRecord, ttlMs: number): Promise<void> {
    const text = JSON.stringify({ record, endsAt: record.seenAt + ttlMs });
    await this.#calls.bounded("heartbeat", () =>
      this.#calls.redis.hset(this.#key, record.id, text),
    );
  }

  async forget(workerId: string): Promise<void> {
    await this.#calls.bounded("forgetWorker", () => this.#calls.redis.hdel(this.#key, workerId));
  }

  async list(): Promise<WorkerRecord[]> {
    const now = await this.#calls.now();
    return this.#calls.bounded("listWorkers", () => this.#listAt(now));
  }

  /** The records that have not expired; deletes those that have. */
  async #listAt(now: EpochMs): Promise<WorkerRecord[]> {
    const { redis } = this.#calls;
    const live: WorkerRecord[] = [];
    const expired: string[] = [];
    for (const [id, text] of Object.entries(await redis.hgetall(this.#key))) {
      const { record, endsAt } = readRecord(text);
      if (!record || endsAt < now) expired.push(id);
      else live.push(record);
    }
    if (expired.length > 0) await redis.hdel(this.#key, ...expired);
    return live;
  }
}

/** An unreadable record counts as expired: a worker that lives writes another. */
function readRecord(text: string): { readonly record?: WorkerRecord; readonly endsAt: number } {
  const read = readResult(text) as {
    readonly record?: WorkerRecord;
    readonly endsAt?: number;
  } | null;
  return { endsAt: 0, ...read };
}
