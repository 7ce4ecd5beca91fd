import { CronduitError } from "../../core/errors.ts";
import * as codec from "../codec/decision-codec.ts";
import type {
  Claim,
  ClaimedPut,
  ClaimedPutResult,
  ClaimResult,
  Directory,
} from "../port/queue-engine.ts";
import { toJson } from "../codec/stored-json.ts";
import { decodePutJob, encodeDefinition } from "./job-codec.ts";
import type { RedisCalls } from "./redis-calls.ts";

/** Where the jobs of other queues are, on Redis; a claim is written as `<number> <queue>`. */
export class RedisDirectory implements Directory {
  readonly #calls: RedisCalls;

  constructor(calls: RedisCalls) {
    this.#calls = calls;
  }

  queues(): Promise<string[]> {
    return this.#calls.bounded("queues", () =>
      this.#calls.redis.smembers(this.#calls.key("queues")),
    );
  }

  async addQueue(queue: string): Promise<void> {
    await this.#calls.run("add_queue", { name: queue });
  }

  async claim(queue: string, jobIds: readonly string[]): Promise<ClaimResult[]> {
    const request = toJson({ queue, jobIds });
    return codec.decodeClaims(await this.#calls.run("claim_jobs", { request }));
  }

  async find(jobIds: readonly string[]): Promise<(Claim | undefined)[]> {
    if (jobIds.length === 0) return [];
    const texts = await this.#calls.bounded("findJobs", () =>
      this.#calls.redis.hmget(this.#calls.key("homes"), ...jobIds),
    );
    return texts.map((text) => {
      const [number = "", queue] = text?.split(" ") ?? [];
      return queue === undefined ? undefined : { queue, number: Number(number) };
    });
  }

  async release(jobId: string, number: number, sequence: number): Promise<void> {
    await this.#calls.run("release_claim", { jobId, number, sequence });
  }

  async putClaimed(puts: readonly ClaimedPut[]): Promise<ClaimedPutResult[]> {
    const jobs = toJson(puts.map((put) => codec.encodePut(put, encodeDefinition)));
    return codec.decodeClaimedPuts(
      await this.#calls.run("put_jobs", { jobs }),
      puts,
      decodePutJob(this.#calls.tell),
    );
  }

  async fence(jobId: string, number: number): Promise<{ readonly sequence: number } | "exists"> {
    const sequence = await this.#calls.run("fence_job", { jobId, number });
    if (typeof sequence !== "number")
      throw new CronduitError("INTERNAL", "fence_job answered no number");
    return sequence < 0 ? "exists" : { sequence };
  }
}
