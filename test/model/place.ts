// Where the real thing runs: an engine, and its queue seen from below, so that a test can do BullMQ's part by hand.
import { type ChainableCommander, Cluster, Redis } from "ioredis";
import type { PgPool } from "bullmq";
import { type Clock, systemClock } from "../../src/core/clock.ts";
import { MemoryEngine } from "../../src/engine/memory/memory-engine.ts";
import type { Engine } from "../../src/engine/port/engine.ts";
import type { Database } from "../../src/engine/postgres/database.ts";
import { PostgresEngine } from "../../src/engine/postgres/postgres-engine.ts";
import { quote, type Schemas } from "../../src/engine/postgres/schema-name.ts";
import { connectServer } from "../../src/engine/postgres/server-database.ts";
import type { RedisConnectionOptions } from "../../src/engine/redis/connection.ts";
import { RedisEngine } from "../../src/engine/redis/redis-engine.ts";

const TIMEOUT_MS = 20_000;
const MAX_EVENTS = 1_000_000;

/** A queue job that waits for its time or for a worker. */
export interface Waiting {
  readonly id: string;
  /** 0 if it waits for a worker. */
  readonly dueAt: number;
}

/** BullMQ's queue as BullMQ stores it. */
export interface RawQueue {
  waiting(): Promise<Waiting[]>;
  /** Gives a queue job to a worker. */
  activate(id: string): Promise<void>;
  /** Puts it back, until then. */
  delay(id: string, dueAt: number): Promise<void>;
  remove(id: string): Promise<void>;
}

/** One fleet's store. */
export interface Place {
  readonly name: string;
  /** Engines as several processes would have them; one where there can be only one. */
  readonly engines: readonly Engine[];
  readonly queue: RawQueue;
  close(): Promise<void>;
}

/** How a place is opened. */
export interface PlaceOptions {
  readonly prefix: string;
  /** How many engines, at most. */
  readonly engines: number;
  readonly now: () => number;
}

const report = (error: unknown): void => console.error("model bench", error);

function common({ prefix, now }: PlaceOptions) {
  const clock: Clock = { ...systemClock, now };
  const timing = { clock, timeoutMs: TIMEOUT_MS, maxEvents: MAX_EVENTS, serverNow: now };
  return { prefix, ...timing, onError: report };
}

/** A Redis server or Cluster. */
export async function openRedis(
  name: string,
  connection: RedisConnectionOptions &
    (string | { cluster: readonly { host: string; port: number }[] }),
  options: PlaceOptions,
): Promise<Place> {
  const queueName = "default";
  const onNote = (): void => undefined;
  const engines = Array.from(
    { length: options.engines },
    () => new RedisEngine({ ...common(options), connection, queue: queueName, onNote }),
  );
  for (const engine of engines) await engine.open();
  const redis =
    typeof connection === "string" ? new Redis(connection) : new Cluster([...connection.cluster]);
  const key = (rest: string): string => `{${options.prefix}:${queueName}}:runs:${rest}`;
  const atOnce = async (commands: (multi: ChainableCommander) => ChainableCommander) => {
    await commands(redis.multi()).exec();
  };
  return {
    name,
    engines,
    queue: {
      async waiting() {
        const ready = await redis.lrange(key("wait"), 0, -1);
        const delayed = await redis.zrange(key("delayed"), 0, -1, "WITHSCORES");
        return [
          ...ready.map((id) => ({ id, dueAt: 0 })),
          ...delayed.flatMap((id, i) =>
            i % 2 === 0 ? [{ id, dueAt: Math.floor(Number(delayed[i + 1]) / 4096) }] : [],
          ),
        ];
      },
      activate: (id) =>
        atOnce((m) => m.lrem(key("wait"), 0, id).zrem(key("delayed"), id).lpush(key("active"), id)),
      delay: (id, dueAt) =>
        atOnce((m) => m.lrem(key("active"), 0, id).zadd(key("delayed"), dueAt * 4096, id)),
      remove: (id) =>
        atOnce((m) =>
          m
            .lrem(key("wait"), 0, id)
            .lrem(key("active"), 0, id)
            .zrem(key("delayed"), id)
            .del(key(id)),
        ),
    },
    async close() {
      for (const engine of engines) await engine.close();
      redis.disconnect();
    },
  };
}

/** A Postgres server. */
export function openPostgres(url: string, options: PlaceOptions): Promise<Place> {
  return openSql("postgres", options, ({ queue }) =>
    connectServer({ url, schema: queue, timeoutMs: 20_000, onError: report }),
  );
}

/** This process. */
export async function openMemory(options: PlaceOptions): Promise<Place> {
  const engine = new MemoryEngine({ ...common(options), queue: "default" });
  await engine.open();
  const { line } = engine.store;
  const lock = "by hand";
  return {
    name: "memory",
    engines: [engine],
    queue: {
      waiting: async () => line.inLine().map(({ id, dueAt = 0 }) => ({ id, dueAt })),
      activate: async (id) => void line.takeOut(id, lock),
      delay: async (id, dueAt) => line.park(id, lock, dueAt),
      remove: async (id) => void line.remove(id),
    },
    close: () => engine.close(),
  };
}

async function openSql(
  name: string,
  options: PlaceOptions,
  connect: (schemas: Schemas) => Promise<Database>,
): Promise<Place> {
  const pools: { pool: PgPool; table: string }[] = [];
  const engines: Engine[] = [];
  for (let i = 0; i < options.engines; i += 1) {
    const engine = new PostgresEngine({
      ...common(options),
      label: name,
      migrate: true,
      queue: "default",
      openTimeoutMs: 120_000,
      async connect(schemas) {
        const database = await connect(schemas);
        pools.push({ pool: database.pool, table: `${quote(schemas.queue)}.job` });
        return database;
      },
    });
    await engine.open();
    engines.push(engine);
  }
  const [first] = pools;
  if (!first) throw new Error("no engine was opened");
  const { pool, table } = first;
  const change = async (text: string, ...params: unknown[]): Promise<void> => {
    await pool.query(text, params);
  };
  return {
    name,
    engines,
    queue: {
      async waiting() {
        const { rows } = await pool.query<{ id: string; due: string }>(
          `SELECT id, CASE state WHEN 'delayed' THEN process_at_ms ELSE 0 END AS due FROM ${table}
           WHERE queue = 'runs' AND state IN ('waiting', 'delayed') ORDER BY due, seq`,
        );
        return rows.map(({ id, due }) => ({ id, dueAt: Number(due) }));
      },
      activate: (id) => change(`UPDATE ${table} SET state = 'active' WHERE id = $1`, id),
      delay: (id, dueAt) =>
        change(
          `UPDATE ${table} SET state = 'delayed', process_at_ms = $2 WHERE id = $1`,
          id,
          dueAt,
        ),
      remove: (id) => change(`DELETE FROM ${table} WHERE id = $1`, id),
    },
    async close() {
      for (const engine of engines) await engine.close();
    },
  };
}
