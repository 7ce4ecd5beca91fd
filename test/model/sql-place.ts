import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { PgPool } from "bullmq";
import { systemClock } from "../../src/core/clock.ts";
import { openEmbedded } from "../../src/engine/embedded/embedded-database.ts";
import type { QueueEngine } from "../../src/engine/port/queue-engine.ts";
import type { Database } from "../../src/engine/postgres/database.ts";
import { PostgresEngine } from "../../src/engine/postgres/postgres-engine.ts";
import { quote, type Schemas, schemasOf } from "../../src/engine/postgres/schema-name.ts";
import { connectServer } from "../../src/engine/postgres/server-database.ts";
import { DEFAULT_QUEUE } from "../../src/jobs/queue.ts";
import {
  closeEngines,
  commonOptions,
  type Place,
  type PlaceOptions,
  QUEUES,
  type RawLine,
  report,
  withSiblings,
} from "./place.ts";

/** A Postgres server. */
export function openPostgres(url: string, options: PlaceOptions): Promise<Place> {
  return openSql("postgres", options, ({ queue }) =>
    connectServer({ url, schema: queue, timeoutMs: 20_000, onError: report }),
  );
}

/** Postgres in this process, in a folder that is removed afterwards. */
export async function openEmbeddedFolder(options: PlaceOptions): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), "cronduit-model-"));
  const connect = ({ queue }: Schemas): Promise<Database> =>
    openEmbedded(folder, queue, systemClock);
  const place = await openSql("embedded", { ...options, engines: 1 }, connect);
  return {
    ...place,
    async close() {
      await place.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function openSql(
  name: string,
  options: PlaceOptions,
  connect: (schemas: Schemas) => Promise<Database>,
): Promise<Place> {
  const pools: PgPool[] = [];
  const engines: Map<string, QueueEngine>[] = [];
  for (let i = 0; i < options.engines; i += 1) {
    const home = new PostgresEngine({
      ...commonOptions(options),
      label: name,
      migrate: true,
      queue: DEFAULT_QUEUE,
      openTimeoutMs: 120_000,
      async connect(schemas) {
        const database = await connect(schemas);
        pools.push(database.pool);
        return database;
      },
    });
    engines.push(await withSiblings(home));
  }
  const [pool] = pools;
  if (!pool) throw new Error("no engine was opened");
  return {
    name,
    engines,
    lines: new Map(QUEUES.map((queue) => [queue, sqlLine(pool, schemasOf(options.prefix, queue))])),
    close: () => closeEngines(engines),
  };
}

function sqlLine(pool: PgPool, schemas: Schemas): RawLine {
  const table = `${quote(schemas.queue)}.job`;
  const change = async (text: string, ...params: unknown[]): Promise<boolean> => {
    const { rowCount } = await pool.query(`${text} AND queue = '${schemas.runs}'`, params);
    return rowCount === 1;
  };
  return {
    async waiting() {
      const { rows } = await pool.query<{ id: string; due: string }>(
        `SELECT id, CASE state WHEN 'delayed' THEN process_at_ms ELSE 0 END AS due FROM ${table}
         WHERE queue = $1 AND state IN ('waiting', 'delayed')`,
        [schemas.runs],
      );
      return rows.map(({ id, due }) => ({ id, dueAt: Number(due) }));
    },
    activate: (id) => change(`UPDATE ${table} SET state = 'active' WHERE id = $1`, id),
    async delay(id, dueAt) {
      const text = `UPDATE ${table} SET state = 'delayed', process_at_ms = $2 WHERE id = $1`;
      await change(text, id, dueAt);
    },
    async remove(id) {
      await change(`DELETE FROM ${table} WHERE id = $1`, id);
    },
  };
}
