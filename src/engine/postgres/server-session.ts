import type { PoolClient } from "pg";
import { CronduitError } from "../../core/errors.ts";
import { unsupportedLibrary } from "../../core/unsupported-library.ts";

/** What holds on every connection of ours. */
export interface SessionRules {
  /** Where statements look that name no schema: they are BullMQ's. */
  readonly schema: string;
  /** After so long a statement is ended by the server. */
  readonly statementMs: number;
}

/** A connection, and whether something stands between it and the server that may give it to others. */
export interface Session {
  /** The server's process. */
  readonly pid: number;
  /** A pooler tells a number of its own when one connects. */
  readonly isPooled: boolean;
}

/** How often two sessions are compared: others may have a pooler's connections at that moment. */
const ROUNDS = 5;

/** Asks which process of the server answers. */
async function pidOf(client: PoolClient): Promise<number> {
  const { rows } = await client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
  return rows[0]?.pid ?? 0;
}

/**
 * Sets what must hold on a connection, whatever the database, the role or a pooler say. By a statement: PgBouncer refuses
 * the parameter `options` of a start. Nothing is set on a connection that a pooler may hand to another program.
 * @param isProven That a pooler, if there is one, keeps sessions.
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
  // A shorter limit of the role or the database stays.
  const limit = `(SELECT CASE WHEN setting::bigint BETWEEN 1 AND ${statementMs} THEN setting ELSE '${statementMs}' END
    FROM pg_settings WHERE name = 'statement_timeout')`;
  const settings = {
    search_path: `'"${schema}"'`,
    // By the default of a role, reading what others have just written could be an error instead.
    default_transaction_isolation: "'read committed'",
    statement_timeout: limit,
    // Who listens is idle for long.
    idle_session_timeout: "'0'",
    // Numbers are told whole.
    extra_float_digits: "'1'",
  };
  const set = Object.entries(settings).map(([name, to]) => `set_config('${name}', ${to}, false)`);
  return `SELECT pid, ${set.join(", ")} FROM (SELECT pg_backend_pid() AS pid) AS server
    WHERE ${isProven} OR pid = ${told}`;
}

/**
 * Makes sure that a pooler gives each of two connections a process of the server of its own for as long as it lasts.
 * @throws {@link CronduitError} `UNSUPPORTED_SERVER` if it does not
 */
export async function requireSessions(
  [one, oneBefore]: readonly [PoolClient, Session],
  [two, twoBefore]: readonly [PoolClient, Session],
): Promise<void> {
  let isShared = oneBefore.pid === twoBefore.pid;
  for (let round = 0; round < ROUNDS && !isShared; round += 1) {
    // While the one keeps its process by a transaction, the other must still have its own.
    const [holder, other] = round % 2 === 0 ? [one, two] : [two, one];
    const [held, free] =
      round % 2 === 0 ? [oneBefore.pid, twoBefore.pid] : [twoBefore.pid, oneBefore.pid];
    try {
      await holder.query("BEGIN");
      isShared = (await pidOf(holder)) !== held || (await pidOf(other)) !== free;
      await holder.query("ROLLBACK");
    } catch (error) {
      // PgBouncer's words, with pool_mode = statement.
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
