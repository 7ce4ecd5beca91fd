import * as codec from "../codec/decision-codec.ts";
import type { Tell } from "../codec/readable.ts";
import type {
  Claim,
  ClaimedPut,
  ClaimedPutResult,
  ClaimResult,
  Directory,
} from "../port/queue-engine.ts";
import { decodePutJob, encodeDefinition } from "./job-codec.ts";
import type { PostgresLink } from "./postgres-link.ts";
import { quote } from "./schema-name.ts";

/** Where the jobs of other queues are, on PostgreSQL. */
export class PostgresDirectory implements Directory {
  readonly #link: PostgresLink;
  readonly #own: string;
  readonly #tell: Tell;

  constructor(link: PostgresLink, tell: Tell) {
    this.#link = link;
    this.#own = quote(link.schemas.own);
    this.#tell = tell;
  }

  async queues(): Promise<string[]> {
    const rows = await this.#link.select<{ name: string }>(
      "queues",
      `SELECT name FROM ${this.#own}.queues`,
    );
    return rows.map(({ name }) => name);
  }

  async addQueue(queue: string): Promise<void> {
    await this.#link.run("addQueue", "add_queue", { name: queue });
  }

  async claim(queue: string, jobIds: readonly string[]): Promise<ClaimResult[]> {
    const request = { queue, jobIds };
    return codec.decodeClaims(await this.#link.run("claimJobs", "claim_jobs", request));
  }

  async find(jobIds: readonly string[]): Promise<(Claim | undefined)[]> {
    const rows = await this.#link.select<{ id: string; queue: string; number: string | number }>(
      "findJobs",
      `SELECT job_id AS id, queue, claim AS number FROM ${this.#own}.homes WHERE job_id = ANY ($1)`,
      [jobIds],
    );
    const claims = new Map(
      rows.map(({ id, queue, number }) => [id, { queue, number: Number(number) }]),
    );
    return jobIds.map((id) => claims.get(id));
  }

  /** All queues share one counter here. */
  async release(jobId: string, number: number): Promise<void> {
    await this.#link.run("releaseClaim", "release_claim", { jobId, number });
  }

  async putClaimed(puts: readonly ClaimedPut[]): Promise<ClaimedPutResult[]> {
    const encoded = puts.map((put) => codec.encodePut(put, encodeDefinition));
    return codec.decodeClaimedPuts(
      await this.#link.run("putJobs", "put_jobs", encoded),
      puts,
      decodePutJob(this.#tell),
    );
  }

  async fence(jobId: string, number: number): Promise<{ readonly sequence: number } | "exists"> {
    const fence = { jobId, number };
    const answer = await this.#link.run("fenceJob", "fence_job", fence);
    return answer === "-1" ? "exists" : { sequence: 0 };
  }
}
