// Where the real thing runs: engines, and their queues seen from below, so that a test can do BullMQ's part by hand.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ChainableCommander, Cluster, Redis } from "ioredis";
import type { PgPool } from "bullmq";
import { type Clock, systemClock } from "../../src/core/clock.ts";
import { openEmbedded } from "../../src/engine/embedded/embedded-database.ts";
import { MemoryEngine } from "../../src/engine/memory/memory-engine.ts";
import { emptyFleet } from "../../src/engine/memory/memory-link.ts";
import type { QueueEngine } from "../../src/engine/port/queue-engine.ts";
import type { Database } from "../../src/engine/postgres/database.ts";
import { PostgresEngine } from "../../src/engine/postgres/postgres-engine.ts";
import { quote, type Schemas, schemasOf } from "../../src/engine/postgres/schema-name.ts";
import { connectServer } from "../../src/engine/postgres/server-database.ts";
import type { RedisConnectionOptions } from "../../src/engine/redis/connection.ts";
import { RedisEngine } from "../../src/engine/redis/redis-engine.ts";
import { DEFAULT_QUEUE } from "../../src/jobs/queue.ts";

const TIMEOUT_MS = 20_000;
const MAX_EVENTS = 1_000_000;
/** The queues of every place. */
export const QUEUES = [DEFAULT_QUEUE, "other"] as const;

/** A queue job that waits for its time or for a worker. */
export interface Waiting {
  readonly id: string;
  /** 0 if it waits for a worker. */
  readonly dueAt: number;
}

/** A queue as it is stored. */
export interface RawLine {
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
  /** Engines by their queues, as several processes would have them; one where there can be only one. */
  readonly engines: readonly ReadonlyMap<string, QueueEngine>[];
  readonly lines: ReadonlyMap<string, RawLine>;
  /**
   * Redis does some things in its own way: rows of one fire time have no order in a ledger, and wakeups (queue jobs that stand
   * for nothing and only make a worker look) may be more or fewer. That nothing waits in vain is seen at the end of a trial.
   */
  readonly isLoose?: boolean;
  /** Opens another one, where that costs nothing. */
  readonly again?: () => Promise<Place>;
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

/** Opens an engine and those of the other queues. */
async function withSiblings(home: QueueEngine): Promise<Map<string, QueueEngine>> {
  const [, ...others] = QUEUES;
  const engines = new Map<string, QueueEngine>([[DEFAULT_QUEUE, home]]);
  await home.open();
  for (const queue of others) {
    const engine = home.sibling(queue);
    await engine.open();
    await home.directory.addQueue(queue);
    engines.set(queue, engine);
  }
  return engines;
}

async function close(engines: readonly ReadonlyMap<string, QueueEngine>[]): Promise<void> {
  for (const queues of engines)
    for (const engine of [...queues.values()].toReversed()) await engine.close();
}

/** A Redis server or Cluster. */
export async function openRedis(
  name: string,
  connection: RedisConnectionOptions &
    (string | { cluster: readonly { host: string; port: number }[] }),
  options: PlaceOptions,
): Promise<Place> {
  const onNote = (): void => undefined;
  const more = { ...common(options), connection, queue: DEFAULT_QUEUE, onNote };
  const engines: Map<string, QueueEngine>[] = [];
  for (let i = 0; i < options.engines; i += 1)
    engines.push(await withSiblings(new RedisEngine(more)));
  const redis =
    typeof connection === "string" ? new Redis(connection) : new Cluster([...connection.cluster]);
  return {
    name,
    engines,
    isLoose: true,
    lines: new Map(QUEUES.map((queue) => [queue, redisLine(redis, options.prefix, queue)])),
    async close() {
      await close(engines);
      redis.disconnect();
    },
  };
}

function redisLine(redis: Redis | Cluster, prefix: string, queue: string): RawLine {
  const key = (rest: string): string => `{${prefix}:${queue}}:runs:${rest}`;
  const atOnce = async (commands: (multi: ChainableCommander) => ChainableCommander) => {
    await commands(redis.multi()).exec();
  };
  const takeOut = (multi: ChainableCommander, id: string): ChainableCommander =>
    multi.lrem(key("wait"), 0, id).zrem(key("delayed"), id).zrem(key("prioritized"), id);
  return {
    async waiting() {
      const [ready, last, delayed] = await Promise.all([
        redis.lrange(key("wait"), 0, -1),
        redis.zrange(key("prioritized"), 0, -1),
        redis.zrange(key("delayed"), 0, -1, "WITHSCORES"),
      ]);
      return [
        ...[...ready, ...last].map((id) => ({ id, dueAt: 0 })),
        ...delayed.flatMap((id, i) =>
          i % 2 === 0 ? [{ id, dueAt: Math.floor(Number(delayed[i + 1]) / 4096) }] : [],
        ),
      ];
    },
    activate: (id) => atOnce((multi) => takeOut(multi, id).lpush(key("active"), id)),
    delay: (id, dueAt) =>
      atOnce((multi) => multi.lrem(key("active"), 0, id).zadd(key("delayed"), dueAt * 4096, id)),
    remove: (id) => atOnce((multi) => takeOut(multi, id).lrem(key("active"), 0, id).del(key(id))),
  };
}

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

/** This process. What other fleets did is of no interest here: each gets a place of its own. */
export async function openMemory(options: PlaceOptions): Promise<Place> {
  const fleet = emptyFleet();
  const engines: Map<string, QueueEngine>[] = [];
  const lines = new Map<string, RawLine>();
  for (let i = 0; i < options.engines; i += 1) {
    const home = new MemoryEngine({ ...common(options), queue: DEFAULT_QUEUE }, fleet);
    engines.push(await withSiblings(home));
  }
  for (const [queue, { line }] of fleet.stores) {
    const lock = "by hand";
    lines.set(queue, {
      waiting: async () => line.inLine().map(({ id, dueAt = 0 }) => ({ id, dueAt })),
      activate: async (id) => void line.takeOut(id, lock),
      delay: async (id, dueAt) => line.park(id, lock, dueAt),
      remove: async (id) => void line.remove(id),
    });
  }
  const again = (): Promise<Place> => openMemory(options);
  return { name: "memory", engines, lines, again, close: () => close(engines) };
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
      ...common(options),
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
    close: () => close(engines),
  };
}

function sqlLine(pool: PgPool, schemas: Schemas): RawLine {
  const table = `${quote(schemas.queue)}.job`;
  const change = async (text: string, ...params: unknown[]): Promise<void> => {
    await pool.query(`${text} AND queue = '${schemas.runs}'`, params);
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
    delay: (id, dueAt) =>
      change(`UPDATE ${table} SET state = 'delayed', process_at_ms = $2 WHERE id = $1`, id, dueAt),
    remove: (id) => change(`DELETE FROM ${table} WHERE id = $1`, id),
  };
}
