import type { Database } from "../../src/engine/postgres/database.ts";
import { PostgresEngine } from "../../src/engine/postgres/postgres-engine.ts";
import { schemasOf } from "../../src/engine/postgres/schema-name.ts";
import type { ConnectionOption } from "../../src/index.ts";
import {
  type TestStores,
  engineSettings,
  type TestStore,
  type TestStoreOptions,
  type HandQueue,
  type Reach,
} from "./test-stores.ts";

/** Tables whose rows say what there is, and not what happened. */
const KEPT = new Set(["migrations", "migration", "event_log"]);

/** How test fleets get to PostgreSQL. */
export interface PostgresPlace {
  /** @param queueSchema The schema for statements that name none. */
  connect(queueSchema: string): Promise<Database>;
  readonly connection: () => ConnectionOption | undefined;
  readonly reach: Reach;
}

/**
 * PostgreSQL, as a server or in this process. Making a schema takes longer than most cases, and a whole database much
 * longer: a store that was left is swept and used again.
 */
export class PostgresStores implements TestStores, AsyncDisposable {
  readonly connection: () => ConnectionOption | undefined;
  readonly reach: Reach;
  readonly #place: PostgresPlace;
  readonly #all: PostgresStore[] = [];
  readonly #free: PostgresStore[] = [];

  constructor(place: PostgresPlace) {
    this.#place = place;
    this.connection = place.connection;
    this.reach = place.reach;
  }

  async open(options: TestStoreOptions): Promise<TestStore> {
    const store = this.#free.pop() ?? (await this.#make(options));
    store.serverNow = options.serverNow;
    return {
      engine: store.engine,
      queue: store.queue,
      placesOf: (jobId) => store.placesOf(jobId),
      ledgerEndsInMs: (jobId) => store.ledgerEndsInMs(jobId),
      close: async () => {
        await store.sweep();
        this.#free.push(store);
      },
    };
  }

  async #make(options: TestStoreOptions): Promise<PostgresStore> {
    const store = new PostgresStore(options, this.#place);
    await store.engine.open();
    this.#all.push(store);
    return store;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { engine } of this.#all) await engine.close();
  }
}

class PostgresStore {
  serverNow: () => number;
  readonly engine: PostgresEngine;
  readonly #own: string;
  readonly #queue: string;
  #database: Database | undefined;
  #sweeping: string | undefined;

  constructor(options: TestStoreOptions, place: PostgresPlace) {
    this.serverNow = options.serverNow;
    const { own, queue } = schemasOf(options.prefix);
    this.#own = own;
    this.#queue = queue;
    this.engine = new PostgresEngine({
      ...engineSettings({ prefix: options.prefix, serverNow: () => this.serverNow() }),
      label: "postgres of a test",
      migrate: true,
      openTimeoutMs: 120_000,
      connect: async () => {
        this.#database = await place.connect(queue);
        return this.#database;
      },
    });
  }

  async ask<R>(text: string, params: readonly unknown[] = []): Promise<R[]> {
    if (!this.#database) throw new Error("the store is not open");
    return (await this.#database.pool.query<R>(text, params)).rows;
  }

  async placesOf(jobId: string): Promise<string[]> {
    const places: string[] = [];
    for (const { table, column } of await this.#columns()) {
      const [{ found } = { found: false }] = await this.ask<{ found: boolean }>(
        `SELECT EXISTS (SELECT 1 FROM ${table} WHERE strpos(${column}::text, $1) > 0) AS found`,
        [jobId],
      );
      const place = table.replace(/^.*\."(ledger|revisions)s?"$/, "$1");
      if (found) places.push(place.replace(/^.*\."(?:job_days|roll_up_deltas)"$/, "days"));
    }
    return [...new Set(places)];
  }

  /** It expires by the server's own clock, which nobody moves, as on Redis. */
  async ledgerEndsInMs(jobId: string): Promise<number | undefined> {
    const [row] = await this.ask<{ left: string | null }>(
      `SELECT expires_at - extract(epoch FROM clock_timestamp()) * 1000 AS left
       FROM "${this.#own}".ledgers WHERE job_id = $1`,
      [jobId],
    );
    return row?.left == null ? undefined : Number(row.left);
  }

  /** Deletes every row. */
  async sweep(): Promise<void> {
    this.#sweeping ??= [...new Set((await this.#tables()).map((table) => `DELETE FROM ${table}`))]
      .concat(`UPDATE "${this.#own}".event_log SET trimmed_to = last_id`)
      .join(";");
    await this.ask(this.#sweeping);
  }

  async #tables(): Promise<string[]> {
    const rows = await this.ask<{ schema: string; name: string }>(
      "SELECT schemaname AS schema, tablename AS name FROM pg_tables WHERE schemaname = ANY($1)",
      [[this.#own, this.#queue]],
    );
    return rows
      .filter(({ name }) => !KEPT.has(name))
      .map(({ schema, name }) => `"${schema}"."${name}"`);
  }

  /** The columns in which a job's id stands, alone or as a part. Events name jobs for ever. */
  async #columns(): Promise<{ table: string; column: string }[]> {
    const rows = await this.ask<{ schema: string; name: string; column: string }>(
      `SELECT c.table_schema AS schema, c.table_name AS name, c.column_name AS column
       FROM information_schema.columns c JOIN pg_tables t
         ON t.schemaname = c.table_schema AND t.tablename = c.table_name
       JOIN pg_class r ON r.relname = t.tablename AND r.relnamespace = to_regnamespace(quote_ident(t.schemaname))
         AND NOT r.relispartition
       WHERE c.table_schema = ANY($1) AND c.column_name IN ('id', 'job_id', 'run_id')`,
      [[this.#own, this.#queue]],
    );
    return rows
      .filter(({ name }) => !KEPT.has(name) && !["events", "event"].includes(name))
      .map(({ schema, name, column }) => ({ table: `"${schema}"."${name}"`, column }));
  }

  get queue(): HandQueue {
    const jobs = `"${this.#queue}".job`;
    const inLine = `FROM ${jobs} WHERE state IN ('waiting', 'delayed') ORDER BY state <> 'waiting', process_at_ms, seq`;
    type Row = { id: string; at: string | null };
    const timeOf = (row: Row | undefined) => (row?.at == null ? undefined : Number(row.at));
    return {
      next: async () => {
        const [row] = await this.ask<Row>(`SELECT id, process_at_ms AS at ${inLine} LIMIT 1`);
        return row && { id: row.id, dueAt: timeOf(row) };
      },
      ids: async () => (await this.ask<Row>(`SELECT id ${inLine}`)).map(({ id }) => id),
      dueAt: async (id) =>
        timeOf(
          (
            await this.ask<Row>(
              `SELECT id, process_at_ms AS at FROM ${jobs} WHERE id = $1 AND state = 'delayed'`,
              [id],
            )
          )[0],
        ),
      take: async (id) => {
        const [row] = await this.ask<{ name: string }>(
          `UPDATE ${jobs} SET state = 'active', process_at_ms = NULL WHERE id = $1 RETURNING name`,
          [id],
        );
        return row?.name ?? "";
      },
      putBack: async (id, at) => {
        await this.ask(`UPDATE ${jobs} SET state = 'delayed', process_at_ms = $2 WHERE id = $1`, [
          id,
          at,
        ]);
      },
      drop: async (id) => {
        await this.ask(`DELETE FROM ${jobs} WHERE id = $1`, [id]);
      },
    };
  }
}
