import type { PgPool, PgQueryResult } from "bullmq";
import type { Socket } from "node:net";
import { callbackify } from "node:util";
import type { Pool, PoolClient, PoolConfig } from "pg";
import { unsupportedLibrary } from "../../core/unsupported-library.ts";
import type { Database } from "./database.ts";
import { beginSession, requireSessions, type Session } from "./server-session.ts";
import { SERVER_TYPES } from "./server-types.ts";

/** For concurrent calls, plus one connection that listens for events and one for a worker. */
const MAX_CONNECTIONS = 14;
const CONNECT_TIMEOUT_MS = 5_000;
/** A call without an answer by then hangs on a silently cut connection, and fails. */
const QUERY_TIMEOUT_MS = 30_000;
/**
 * The share of a call's time that one statement may take. The server ends longer ones, so that no abandoned statement waits for a
 * lock and is executed later.
 */
const STATEMENT_SHARE = 0.8;
const KEEP_ALIVE_AFTER_MS = 10_000;

/** How a server is connected to. */
export interface ServerOptions {
  readonly url: string;
  /** The only schema that statements without one look into. */
  readonly schema: string;
  /** The time that a call has. */
  readonly timeoutMs: number;
  readonly onError: (error: unknown) => void;
}

/** Connects to a PostgreSQL server. */
export async function connectServer(options: ServerOptions): Promise<Database> {
  const { default: pg } = await import("pg");
  const sessions = new Sessions(options);
  const config = poolConfig(options, sessions);
  const pool: Pool = new pg.Pool(config);
  // The next call replaces an idle connection that the server ended.
  pool.on("error", options.onError);
  pool.on("connect", neverUnheard);
  clientsOf(pool);
  const { host, port, database } = new pg.Client(config);
  let closing: Promise<void> | undefined;
  return {
    // pg's types overload listeners in another way; the objects are what BullMQ needs.
    pool: pool as unknown as PgPool,
    label: `postgres at ${host}:${port}/${database ?? ""}`,
    check: () => sessions.check(pool),
    queryWithin: (leftMs, text, params) =>
      queryWithin(pool, sessions.statementMs, leftMs, { text, params }),
    grow: (connections) => {
      pool.options.max += connections;
      // BullMQ adds an error listener to the pool for each queue and worker.
      pool.setMaxListeners(pool.getMaxListeners() + connections);
    },
    close: () => (closing ??= pool.end()),
    cut: () => {
      for (const client of clientsOf(pool)) socketOf(client)?.destroy();
    },
  };
}

/**
 * Like the pool's `query`, within what is left of a call's time. Waiting for a connection, or a retry, may leave less than a
 * statement usually has.
 */
async function queryWithin<R>(
  pool: Pool,
  statementMs: number,
  leftMs: () => number,
  { text, params }: { readonly text: string; readonly params: readonly unknown[] },
): Promise<PgQueryResult<R>> {
  const client = await pool.connect();
  let isReusable = false;
  try {
    const left = Math.floor(leftMs());
    const isLate = left < statementMs;
    if (left <= 0) throw new Error("timeout: no connection was free in time");
    if (isLate) await client.query(`SET statement_timeout = ${left}`);
    const { rows, rowCount } = await client.query(text, [...params]);
    isReusable = !isLate;
    return { rows: rows as R[], rowCount: rowCount ?? 0 };
  } finally {
    client.release(!isReusable);
  }
}

/** The settings of a pool's connections. */
class Sessions {
  readonly #options: ServerOptions;
  readonly statementMs: number;
  readonly #begun = new WeakMap<PoolClient, Session>();
  #isProven = false;

  constructor(options: ServerOptions) {
    this.#options = options;
    this.statementMs = Math.ceil(options.timeoutMs * STATEMENT_SHARE);
  }

  async begin(client: PoolClient): Promise<void> {
    if (!socketOf(client))
      throw unsupportedLibrary("pg", "has no connection.stream in its connections");
    const { schema } = this.#options;
    const rules = { schema, statementMs: this.statementMs };
    this.#begun.set(client, await beginSession(client, rules, this.#isProven));
  }

  /** @throws `UNSUPPORTED_SERVER` if a pooler in between keeps no sessions */
  async check(pool: Pool): Promise<void> {
    if (this.#isProven) return;
    const clients = [await pool.connect()];
    try {
      if (this.#of(clients[0])?.isPooled) {
        clients.push(await pool.connect());
        const [one, two] = clients;
        const [first, second] = [this.#of(one), this.#of(two)];
        if (one && two && first && second) await requireSessions([one, first], [two, second]);
        this.#isProven = true;
        for (const client of clients) await this.begin(client);
      }
      this.#isProven = true;
    } finally {
      for (const client of clients) client.release();
    }
  }

  #of(client: PoolClient | undefined): Session | undefined {
    return client && this.#begun.get(client);
  }
}

function poolConfig({ url, timeoutMs }: ServerOptions, sessions: Sessions): PoolConfig {
  return {
    // Parameters of the URL override these.
    connectionString: url,
    application_name: "cronduit",
    types: SERVER_TYPES,
    max: MAX_CONNECTIONS,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: Math.max(QUERY_TIMEOUT_MS, timeoutMs),
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_AFTER_MS,
    // The pool must not keep the process alive.
    allowExitOnIdle: true,
    verify: callbackify((client: PoolClient) => sessions.begin(client)),
  };
}

/**
 * A connection that breaks without an error listener ends the process, and BullMQ removes all listeners from a connection that
 * it releases.
 */
function neverUnheard(client: PoolClient): void {
  const ignore = (): void => undefined;
  const removeAllListeners = client.removeAllListeners.bind(client);
  client.on("error", ignore);
  client.removeAllListeners = (event) => {
    removeAllListeners(event);
    return client.on("error", ignore);
  };
}

/** The pool's connections, including those being made, which pg (8.23) does not declare. @throws `UNSUPPORTED_LIBRARY` */
function clientsOf(pool: Pool): readonly unknown[] {
  const clients: unknown = Reflect.get(pool, "_clients");
  if (!Array.isArray(clients)) throw unsupportedLibrary("pg", "has no _clients in its pool");
  return clients;
}

/** A connection's socket, which pg (8.23) does not declare. */
function socketOf(client: unknown): Socket | undefined {
  return (client as { readonly connection?: { readonly stream?: Socket } }).connection?.stream;
}
