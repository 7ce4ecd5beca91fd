import type { EpochMs } from "../../core/clock.ts";
import type { PgPool } from "bullmq";
import type { WorkerRecord } from "../port/engine.ts";
import { toJson } from "../codec/stored-json.ts";
import { quote } from "./schema-name.ts";

/** What stands in rows that nothing is decided by: cursors of listeners, workers, and the list of jobs. */
export class Registry {
  readonly #pool: PgPool;
  readonly #own: string;

  constructor(pool: PgPool, schema: string) {
    this.#pool = pool;
    this.#own = quote(schema);
  }

  async listJobIds(offset: number, limit: number): Promise<string[]> {
    const { rows } = await this.#pool.query<{ id: string }>(
      `SELECT id FROM ${this.#own}.jobs ORDER BY next_due_at, id OFFSET $1 LIMIT $2`,
      [offset, limit],
    );
    return rows.map(({ id }) => id);
  }

  async countJobs(): Promise<number> {
    const { rows } = await this.#pool.query<{ count: number }>(
      `SELECT count(*)::integer AS count FROM ${this.#own}.jobs`,
    );
    return rows[0]?.count ?? 0;
  }

  async loadCursor(listener: string): Promise<string | undefined> {
    const { rows } = await this.#pool.query<{ cursor: string }>(
      `SELECT cursor FROM ${this.#own}.cursors WHERE listener = $1`,
      [listener],
    );
    return rows[0]?.cursor;
  }

  async saveCursor(listener: string, cursor: string): Promise<void> {
    await this.#pool.query(
      `INSERT INTO ${this.#own}.cursors VALUES ($1, $2)
       ON CONFLICT (listener) DO UPDATE SET cursor = excluded.cursor`,
      [listener, cursor],
    );
  }

  async writeWorker(record: WorkerRecord, ttlMs: number): Promise<void> {
    await this.#pool.query(
      `INSERT INTO ${this.#own}.workers VALUES ($1, $2, $3)
       ON CONFLICT (id) DO UPDATE SET record = excluded.record, ends_at = excluded.ends_at`,
      [record.id, toJson(record), Math.round(record.seenAt + ttlMs)],
    );
  }

  async forgetWorker(id: string): Promise<void> {
    await this.#pool.query(`DELETE FROM ${this.#own}.workers WHERE id = $1`, [id]);
  }

  /** The records that have not ended; those that have are deleted. */
  async listWorkers(now: EpochMs): Promise<WorkerRecord[]> {
    const { rows } = await this.#pool.query<{ record: string }>(
      `WITH ended AS (DELETE FROM ${this.#own}.workers WHERE ends_at < $1)
       SELECT record::text FROM ${this.#own}.workers WHERE ends_at >= $1`,
      [now],
    );
    return rows.map(({ record }) => JSON.parse(record) as WorkerRecord);
  }
}
