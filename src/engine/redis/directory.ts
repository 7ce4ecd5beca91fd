import { CronduitError } from "../../core/errors.ts";
import * as codec from "../codec/decision-codec.ts";
import type {
  Claim,
  ClaimedPut,
  ClaimedPutResult,
  ClaimResult,
  Directory,
  DuePlace,
} from "../port/queue-engine.ts";
import { toJson } from "../codec/stored-json.ts";
import { encodeDefinition } from "./job-codec.ts";
import type { RedisClient } from "./redis-client.ts";
import type { ScriptRunner } from "./scripts.ts";

/** What the directory works with. */
export interface RedisDirectoryParts {
  readonly redis: RedisClient;
  readonly scripts: ScriptRunner;
  readonly key: (name: string) => string;
  readonly bounded: <T>(what: string, work: () => Promise<T>) => Promise<T>;
}

/** What a queue's keys hold beside the port's state; a claim is written as `<number> <queue>`. */
export class RedisDirectory implements Directory {
  readonly #parts: RedisDirectoryParts;

  constructor(parts: RedisDirectoryParts) {
    this.#parts = parts;
  }

  queues(): Promise<string[]> {
    const { redis, key, bounded } = this.#parts;
    return bounded("queues", () => redis.smembers(key("queues")));
  }

  async addQueue(queue: string): Promise<void> {
    const { scripts, bounded } = this.#parts;
    await bounded("addQueue", () => scripts.run("add_queue", { name: queue }));
  }

  async claim(queue: string, jobIds: readonly string[]): Promise<ClaimResult[]> {
    const { scripts, bounded } = this.#parts;
    const request = toJson({ queue, jobIds });
    return codec.decodeClaims(
      await bounded("claimJobs", () => scripts.run("claim_jobs", { request })),
    );
  }

  async find(jobIds: readonly string[]): Promise<(Claim | undefined)[]> {
    if (jobIds.length === 0) return [];
    const { redis, key, bounded } = this.#parts;
    const texts = await bounded("findJobs", () => redis.hmget(key("homes"), ...jobIds));
    return texts.map((text) => {
      const [number = "", queue] = text?.split(" ") ?? [];
      return queue === undefined ? undefined : { queue, number: Number(number) };
    });
  }

  async release(jobId: string, number: number, sequence: number): Promise<void> {
    const { scripts, bounded } = this.#parts;
    await bounded("releaseClaim", () => scripts.run("release_claim", { jobId, number, sequence }));
  }

  async putClaimed(puts: readonly ClaimedPut[]): Promise<ClaimedPutResult[]> {
    const { scripts, bounded } = this.#parts;
    const jobs = toJson(puts.map((put) => codec.encodePut(put, encodeDefinition)));
    return codec.decodeClaimedPuts(
      await bounded("putJobs", () => scripts.run("put_jobs", { jobs })),
    );
  }

  async fence(jobId: string, number: number): Promise<{ readonly sequence: number } | "exists"> {
    const { scripts, bounded } = this.#parts;
    const sequence = await bounded("fenceJob", () => scripts.run("fence_job", { jobId, number }));
    if (typeof sequence !== "number")
      throw new CronduitError("INTERNAL", "fence_job answered no number");
    return sequence < 0 ? "exists" : { sequence };
  }

  async firstDue(count: number): Promise<DuePlace[]> {
    const { redis, key, bounded } = this.#parts;
    const flat = await bounded("listJobIds", () =>
      redis.zrange(key("next"), 0, count - 1, "WITHSCORES"),
    );
    return Array.from({ length: flat.length / 2 }, (_, i) => {
      const score = flat[2 * i + 1] ?? "inf";
      return {
        id: flat[2 * i] ?? "",
        dueAt: score === "inf" ? Number.POSITIVE_INFINITY : Number(score),
      };
    });
  }
}
