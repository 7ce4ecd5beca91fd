import type { PgPool, PgQueryResult } from "bullmq";

/** A connected PostgreSQL: a server, or one inside this process. */
export interface Database {
  readonly pool: PgPool;
  /** For people, e.g. `postgres 16.2 at 127.0.0.1:5432/app`. */
  readonly label: string;
  /** The pool's `query` with a deadline, after which the server does nothing of it any more. */
  queryWithin?<R>(
    leftMs: () => number,
    text: string,
    params: readonly unknown[],
  ): Promise<PgQueryResult<R>>;
  /** @throws `UNSUPPORTED_SERVER` if a pooler between this process and the server can't be used */
  check?: (() => Promise<void>) | undefined;
  /** Makes room for this many more connections that are held for long. */
  grow(connections: number): void;
  /** Closes every connection as soon as it is idle. */
  close(): Promise<void>;
  /** Ends at once what `close` still waits for, e.g. when the server does not answer. */
  cut(): void;
}

/** Connections that a queue holds for long: one that listens for events, and a worker's. */
const HELD_CONNECTIONS = 2;

/** The same connections for another queue; their owner closes them. */
export function borrow(database: Database): Database {
  database.grow(HELD_CONNECTIONS);
  return {
    ...database,
    check: undefined,
    close: async () => database.grow(-HELD_CONNECTIONS),
    cut: () => undefined,
  };
}

/** The server's code of an error, e.g. `40P01`; not every error has one. */
export function sqlState(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/**
 * Deadlock, serialization failure, or a lock wait that took too long: everything was rolled back, and the same call may succeed
 * now.
 */
const REPEATABLE = new Set(["40001", "40P01", "57014", "55P03"]);
/** The server is stopping, starting, failing over or out of connections: Appendix A of PostgreSQL's manual. */
const UNAVAILABLE = /^(?:08...|57P0[1235]|53300|25006)$/;
const TROUBLE =
  /ECONN|ENOTFOUND|EHOSTUNREACH|ENETUNREACH|EPIPE|EAI_AGAIN|ETIMEDOUT|Connection terminated|not queryable|timeout|closed/i;

/** Whether a call that failed like this may be repeated: nothing was done, or doing it twice is harmless. */
export function isWorthRepeating(error: unknown): boolean {
  const state = sqlState(error);
  if (state !== undefined && (REPEATABLE.has(state) || UNAVAILABLE.test(state))) return true;
  return error instanceof Error && TROUBLE.test(`${state ?? ""} ${error.message}`);
}
