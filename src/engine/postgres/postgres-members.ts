import { toJson } from "../codec/stored-json.ts";
import type { MembersPort, WorkerRecord } from "../port/members.ts";
import type { PostgresLink } from "./postgres-link.ts";
import { quote } from "./schema-name.ts";

/** The fleet's workers and leases on PostgreSQL. */
export class PostgresMembers implements MembersPort {
  readonly #link: PostgresLink;
  readonly #table: string;

  constructor(link: PostgresLink) {
    this.#link = link;
    this.#table = `${quote(link.schemas.own)}.workers`;
  }

  async holdLease(name: string, owner: string, ttlMs: number): Promise<boolean> {
    const lease = { name, owner, ttl: Math.round(ttlMs) };
    return (await this.#link.run("holdLease", "hold_lease", lease)) === "1";
  }

  async releaseLease(name: string, owner: string): Promise<void> {
    await this.holdLease(name, owner, 0);
  }

  async heartbeat(record: WorkerRecord, ttlMs: number): Promise<void> {
    await this.#link.select(
      "heartbeat",
      `INSERT INTO ${this.#table} VALUES ($1, $2, $3)
       ON CONFLICT (id) DO UPDATE SET record = excluded.record, ends_at = excluded.ends_at`,
      [record.id, toJson(record), Math.round(record.seenAt + ttlMs)],
    );
  }

  async forget(workerId: string): Promise<void> {
    await this.#link.select("forgetWorker", `DELETE FROM ${this.#table} WHERE id = $1`, [workerId]);
  }

  /** The records that have not expired; deletes those that have. */
  async list(): Promise<WorkerRecord[]> {
    const now = await this.#link.now();
    const rows = await this.#link.select<{ record: string }>(
      "listWorkers",
      `WITH expired AS (DELETE FROM ${this.#table} WHERE ends_at < $1)
       SELECT record::text FROM ${this.#table} WHERE ends_at >= $1`,
      [now],
    );
    return rows.map(({ record }) => JSON.parse(record) as WorkerRecord);
  }
}
