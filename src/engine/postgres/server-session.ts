import type { PoolClient } from "pg";
import { CronduitError } from "../../core/errors.ts";
import { unsupportedLibrary } from "../../core/unsupported-library.ts";

/** The settings of every connection. */
export interface SessionRules {
  /** Where statements without a schema look, which are BullMQ's. */
  readonly schema: string;
  /** The server ends a statement after this long. */
  readonly statementMs: number;
}

/** A connection, and whether a pooler in between may give its session to others. */
export interface Session {
  /** The server's process. */
  readonly pid: number;
  /** A pooler announces a process id of its own on connecting. */
  readonly isPooled: boolean;
}

/** How often two sessions are compared: at any moment others may hold the pooler's connections. */
const ROUNDS = 5;

/** The server process that answers. */
async function pidOf(client: PoolClient): Promise<number> {
  const { rows } = await client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
  return rows[0]?.pid ?? 0;
}

/**
 * Applies the settings, whatever the database, the role or a pooler say; by a statement, because PgBouncer refuses the start-up
 * parameter `options`. Sets nothing on a connection that a pooler may hand to another program.
 * @param isProven Whether a pooler, if there is one, is known to keep sessions.
 */
export async function beginSession(
  client: PoolClient,
  rules: SessionRules,
  isProven: boolean,
): Promise<Session> {
  const told: unknown = Reflect.get(client, "processID");
  // null: a pooler that tells none.
  if (told === undefined) throw unsupportedLibrary("pg", "has no processID in its connections");
  const { rows } = await client.query<{ pid: number }>(sessionSql(rules, isProven, Number(told)));
  const pid = rows[0]?.pid;
  return pid === undefined
    ? { pid: await pidOf(client), isPooled: true }
    : { pid, isPooled: pid !== told };
}

function sessionSql({ schema, statementMs }: SessionRules, isProven: boolean, told: number) {
  // Keeps a shorter limit of the role or the database.
  const limit = `(SELECT CASE WHEN setting::bigint BETWEEN 1 AND ${statementMs} THEN setting ELSE '${statementMs}' END
    FROM pg_settings WHERE name = 'statement_timeout')`;
  const settings = {
    search_path: `'"${schema}"'`,
    // With a stricter default of the role, reading what others have just written could fail.
    default_transaction_isolation: "'read committed'",
    statement_timeout: limit,
    // A listening connection is idle for long.
    idle_session_timeout: "'0'",
    // Numbers come with full precision.
    extra_float_digits: "'1'",
  };
  const set = Object.entries(settings).map(([name, to]) => `set_config('${name}', ${to}, false)`);
  return `SELECT pid, ${set.join(", ")} FROM (SELECT pg_backend_pid() AS pid) AS server
    WHERE ${isProven} OR pid = ${told}`;
}

/**
 * Makes sure that a pooler gives each of two connections its own server process for as long as the connection lasts.
 * @throws {@link CronduitError} `UNSUPPORTED_SERVER` if it does not
 */
export async function requireSessions(
  [one, oneBefore]: readonly [PoolClient, Session],
  [two, twoBefore]: readonly [PoolClient, Session],
): Promise<void> {
  let isShared = oneBefore.pid === twoBefore.pid;
  for (let round = 0; round < ROUNDS && !isShared; round += 1) {
    // While one keeps its process by a transaction, the other must still have its own.
    const [holder, other] = round % 2 === 0 ? [one, two] : [two, one];
    const [held, free] =
      round % 2 === 0 ? [oneBefore.pid, twoBefore.pid] : [twoBefore.pid, oneBefore.pid];
    try {
      await holder.query("BEGIN");
      isShared = (await pidOf(holder)) !== held || (await pidOf(other)) !== free;
      await holder.query("ROLLBACK");
    } catch (error) {
      // PgBouncer's message with pool_mode = statement.
      if (!(error instanceof Error) || !/transaction blocks not allowed/i.test(error.message))
        throw error;
      isShared = true;
    }
  }
  if (!isShared) return;
  throw new CronduitError(
    "UNSUPPORTED_SERVER",
    "Between this process and PostgreSQL stands a pooler (PgBouncer, say) in transaction mode or statement mode, which gives each transaction another session. Workers listen, and need a session of their own: connect to the server itself, or to a pool with pool_mode = session.",
    { data: { pooler: "transaction" } },
  );
}
