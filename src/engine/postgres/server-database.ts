import type { PgPool } from "bullmq";
import type { Socket } from "node:net";
import type { Pool, PoolClient, PoolConfig } from "pg";
import type { Database } from "./database.ts";

/** Calls at once, and beside them one connection that listens for events and one for a worker. */
const MAX_CONNECTIONS = 14;
const CONNECT_TIMEOUT_MS = 5_000;
/** A call that is not answered by then hangs on a connection that was cut in silence: it is given up, and the call fails. */
const QUERY_TIMEOUT_MS = 30_000;
const KEEP_ALIVE_AFTER_MS = 10_000;

/**
 * Connects to a PostgreSQL server. Whatever schemas there are, only `schema` is looked into by statements that name none.
 */
export async function connectServer(
  url: string,
  schema: string,
  onError: (error: unknown) => void,
  queryTimeoutMs = QUERY_TIMEOUT_MS,
): Promise<Database> {
  const { default: pg } = await import("pg");
  const pool: Pool = new pg.Pool(poolConfig(url, schema, queryTimeoutMs));
  // An idle connection that the server ends is replaced with the next call.
  pool.on("error", onError);
  pool.on("connect", neverUnheard);
  const { hostname, port, pathname } = new URL(url);
  let closing: Promise<void> | undefined;
  return {
    // pg's types take each listener for the sum of all; the objects are what BullMQ asks for.
    pool: pool as unknown as PgPool,
    label: `postgres at ${hostname}:${port || 5432}${pathname}`,
    grow: (connections) => {
      pool.options.max += connections;
      // BullMQ listens to the pool's errors once for each queue and each worker.
      pool.setMaxListeners(pool.getMaxListeners() + connections);
    },
    close: () => (closing ??= pool.end()),
    cut: () => {
      for (const socket of socketsOf(pool)) socket.destroy();
    },
  };
}

function poolConfig(url: string, schema: string, queryTimeoutMs: number): PoolConfig {
  const parsed = new URL(url);
  const options = [parsed.searchParams.get("options"), `-c search_path="${schema}"`];
  parsed.searchParams.delete("options");
  return {
    connectionString: parsed.href,
    options: options.filter(Boolean).join(" "),
    application_name: parsed.searchParams.get("application_name") ?? "cronduit",
    max: MAX_CONNECTIONS,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: queryTimeoutMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_AFTER_MS,
    // The pool does not keep the process alive.
    allowExitOnIdle: true,
  };
}

/**
 * A connection that breaks while nobody listens to it ends the process, and BullMQ takes all listeners away from the one
 * that it lets go of.
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

/** What pg does not declare, as of 8.16: the connections, also those that are being made, and their sockets. */
function socketsOf(pool: Pool): Socket[] {
  const clients = (Reflect.get(pool, "_clients") ?? []) as readonly {
    readonly connection?: { readonly stream?: Socket };
  }[];
  return clients.flatMap(({ connection }) => connection?.stream ?? []);
}
