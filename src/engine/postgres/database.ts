import type { PgPool, PgQueryResult } from "bullmq";

/** A PostgreSQL that is connected: a server, or one inside this process. */
export interface Database {
  readonly pool: PgPool;
  /** For people, e.g. `postgres 16.2 at 127.0.0.1:5432/app`. */
  readonly label: string;
  /** The pool's `query` for a call that has a limited time; what the server has not done by then, it does not do. */
  queryWithin?<R>(
    leftMs: () => number,
    text: string,
    params: readonly unknown[],
  ): Promise<PgQueryResult<R>>;
  /** @throws `UNSUPPORTED_SERVER` if what stands between this process and the server can't be worked through */
  check?: (() => Promise<void>) | undefined;
  /** Makes room for so many connections more, which are held for long. */
  grow(connections: number): void;
  /** Lets go of every connection, as soon as nobody uses it. */
  close(): Promise<void>;
  /** Ends at once what `close` still waits for, as at a server that does not answer. */
  cut(): void;
}

/** What a queue holds for long: a connection that listens for events, and a worker's. */
const HELD_CONNECTIONS = 2;

/** The same connections for one queue more; who made them closes them. */
export function borrow(database: Database): Database {
  database.grow(HELD_CONNECTIONS);
  return {
    ...database,
    check: undefined,
    close: async () => database.grow(-HELD_CONNECTIONS),
    cut: () => undefined,
  };
}

/** The server's own code of an error, e.g. `40P01`; not on every error. */
export function sqlState(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/**
 * Deadlock, serialization failure, or a lock that was waited for too long: everything was rolled back, and the same call may
 * succeed now.
 */
const REPEATABLE = new Set(["40001", "40P01", "57014", "55P03"]);
/** The server ends, starts, fails over to a standby or has no connection left: Appendix A of PostgreSQL's manual. */
const UNAVAILABLE = /^(?:08...|57P0[1235]|53300|25006)$/;
const TROUBLE =
  /ECONN|ENOTFOUND|EHOSTUNREACH|ENETUNREACH|EPIPE|EAI_AGAIN|ETIMEDOUT|Connection terminated|not queryable|timeout|closed/i;

/** Whether a call that failed so may be sent again: nothing was done, or doing it twice is harmless. */
export function isWorthRepeating(error: unknown): boolean {
  const state = sqlState(error);
  if (state !== undefined && (REPEATABLE.has(state) || UNAVAILABLE.test(state))) return true;
  return error instanceof Error && TROUBLE.test(`${state ?? ""} ${error.message}`);
}
