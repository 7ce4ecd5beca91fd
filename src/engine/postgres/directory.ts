import type { PgPool } from "bullmq";
import * as codec from "../codec/decision-codec.ts";
import type {
  Claim,
  ClaimedPut,
  ClaimedPutResult,
  ClaimResult,
  Directory,
  DuePlace,
} from "../port/queue-engine.ts";
import { encodeDefinition } from "./job-codec.ts";
import type { FunctionCaller } from "./functions.ts";
import { quote } from "./schema-name.ts";

/** What the directory works with, once there is a connection. */
export interface DirectoryTools {
  readonly pool: PgPool;
  readonly functions: FunctionCaller;
}

/** What a queue's tables hold beside the port's state. */
export class PostgresDirectory implements Directory {
  readonly #own: string;
  readonly #call: <T>(what: string, work: (tools: DirectoryTools) => Promise<T>) => Promise<T>;

  constructor(
    schema: string,
    call: <T>(what: string, work: (tools: DirectoryTools) => Promise<T>) => Promise<T>,
  ) {
    this.#own = quote(schema);
    this.#call = call;
  }

  async queues(): Promise<string[]> {
    const rows = await this.#select<{ name: string }>("queues", "SELECT name FROM {own}.queues");
    return rows.map(({ name }) => name);
  }

  async addQueue(queue: string): Promise<void> {
    await this.#call("addQueue", ({ functions }) => functions.run("add_queue", { name: queue }));
  }

  async claim(queue: string, jobIds: readonly string[]): Promise<ClaimResult[]> {
    const request = { queue, jobIds };
    return codec.decodeClaims(
      await this.#call("claimJobs", ({ functions }) => functions.run("claim_jobs", request)),
    );
  }

  async find(jobIds: readonly string[]): Promise<(Claim | undefined)[]> {
    const rows = await this.#select<{ id: string; queue: string; number: string | number }>(
      "findJobs",
      `SELECT job_id AS id, queue, claim AS number FROM {own}.homes WHERE job_id = ANY ($1)`,
      [jobIds],
    );
    const claims = new Map(
      rows.map(({ id, queue, number }) => [id, { queue, number: Number(number) }]),
    );
    return jobIds.map((id) => claims.get(id));
  }

  /** All queues share one counter here. */
  async release(jobId: string, number: number): Promise<void> {
    await this.#call("releaseClaim", ({ functions }) =>
      functions.run("release_claim", { jobId, number }),
    );
  }

  async putClaimed(puts: readonly ClaimedPut[]): Promise<ClaimedPutResult[]> {
    const encoded = puts.map((put) => codec.encodePut(put, encodeDefinition));
    return codec.decodeClaimedPuts(
      await this.#call("putJobs", ({ functions }) => functions.run("put_jobs", encoded)),
    );
  }

  async fence(jobId: string, number: number): Promise<{ readonly sequence: number } | "exists"> {
    const fence = { jobId, number };
    const answer = await this.#call("fenceJob", ({ functions }) =>
      functions.run("fence_job", fence),
    );
    return answer === "-1" ? "exists" : { sequence: 0 };
  }

  async firstDue(count: number): Promise<DuePlace[]> {
    const rows = await this.#select<{ id: string; due: number | null }>(
      "listJobIds",
      `SELECT id, next_due_at::float8 AS due FROM {own}.jobs ORDER BY next_due_at, id LIMIT $1`,
      [count],
    );
    return rows.map(({ id, due }) => ({ id, dueAt: due ?? Number.POSITIVE_INFINITY }));
  }

  async #select<R>(what: string, sql: string, params: readonly unknown[] = []): Promise<R[]> {
    const text = sql.replaceAll("{own}", this.#own);
    return this.#call(what, async ({ pool }) => (await pool.query<R>(text, params)).rows);
  }
}
