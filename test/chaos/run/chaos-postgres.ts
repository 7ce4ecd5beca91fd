import { readdirSync, readFileSync } from "node:fs";
import pg from "pg";
import { schemasOf } from "../../../src/engine/postgres/schema-name.ts";
import { PostgresServer } from "../../helpers/postgres-server.ts";
import { type ChaosServer, LIMIT_MS, pass, type ServerProbe, silence } from "./chaos-server.ts";

/** Below the server's `deadlock_timeout` of 1 s, so that the harness yields in a deadlock. */
const LOCK_TIMEOUT_MS = 300;
const RETRY_MS = 50;
/** Somebody else holds the lock; the server is starting, stopping, or has closed the connection. */
const PASSING = /^(?:55P03|40P01|57P0[1-3]|08...)$|ECONN|EPIPE/;

/** The harness's own PostgreSQL. */
export class ChaosPostgres implements ChaosServer {
  readonly #server: PostgresServer;

  private constructor(server: PostgresServer) {
    this.#server = server;
  }

  static async start(): Promise<ChaosServer> {
    // Ctrl-C in the terminal must not stop it before its clients.
    return new ChaosPostgres(await PostgresServer.start({ detached: true }));
  }

  get port(): number {
    return this.#server.port;
  }

  urlAt(port: number): string {
    return `postgres://cronduit@127.0.0.1:${port}/postgres`;
  }

  async restart(downMs: number): Promise<string | undefined> {
    const { pid } = this.#server;
    // Immediate shutdown: every process quits, and the next start recovers from the log.
    await this.#server.stop("SIGQUIT");
    await pass(downMs);
    await this.#server.launch();
    await this.#withClient((client) => client.query("SELECT 1"));
    return this.#server.pid === pid ? undefined : `pid ${pid} became ${this.#server.pid}`;
  }

  async freeze(ms: number): Promise<string | undefined> {
    return this.#withClient(async (client) => {
      await client.query("SELECT 1");
      const { pid } = this.#server;
      signal([pid], "SIGSTOP");
      // No new processes appear.
      const children = childrenOf(pid);
      signal(children, "SIGSTOP");
      return silence(
        ms,
        () => client.query("SELECT 1"),
        () => signal([...children, pid], "SIGCONT"),
      );
    });
  }

  /** Locks all tables of both schemas, so that even readers wait. */
  async sleep(ms: number, prefix: string): Promise<string | undefined> {
    const { own, queue } = schemasOf(prefix);
    return this.#withClient(async (locking) => {
      const { rows } = await locking.query<{ name: string }>(
        "SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname = ANY($1) ORDER BY 1",
        [[own, queue]],
      );
      return this.#lock(
        locking,
        rows.map(({ name }) => name),
        ms,
      );
    });
  }

  /** Like `ALTER TABLE` or `VACUUM FULL` on one of our tables, or BullMQ's. */
  async holdCalls(ms: number, prefix: string, dice: number): Promise<string | undefined> {
    const { own, queue } = schemasOf(prefix);
    const tables = [`"${own}".jobs`, `"${own}".running_runs`, `"${own}".ledger`, `"${queue}".job`];
    const table = tables[Math.floor(dice * tables.length)] ?? "";
    return this.#withClient(async (locking) => {
      const proof = await this.#lock(locking, [table], ms);
      return proof && `${table}: ${proof}`;
    });
  }

  async #lock(locking: pg.Client, tables: string[], ms: number): Promise<string | undefined> {
    await locking.query(`BEGIN; SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}`);
    await locking.query(`LOCK TABLE ${tables.join(", ")} IN ACCESS EXCLUSIVE MODE`);
    return silence(
      ms,
      () => this.#withClient((client) => client.query(`SELECT 1 FROM ${tables[0]} LIMIT 1`)),
      () => locking.query("COMMIT"),
    );
  }

  async killConnections(): Promise<string | undefined> {
    return this.#withClient(async (client) => {
      const { rowCount } = await client.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()`,
      );
      return rowCount ? `${rowCount} connections` : undefined;
    });
  }

  async deleteQueue(prefix: string, what: "all" | "waiting"): Promise<string | undefined> {
    const { queue } = schemasOf(prefix);
    const which = what === "all" ? "" : " WHERE state IN ('waiting', 'delayed')";
    return this.#withClient(async (client) => {
      const { rowCount } = await client.query(`DELETE FROM "${queue}".job${which}`);
      return rowCount ? `${rowCount} rows` : undefined;
    });
  }

  async probe(): Promise<ServerProbe> {
    const pool = new pg.Pool({ connectionString: this.urlAt(this.port), max: 1 });
    pool.on("error", () => undefined);
    return {
      ask: async () => void (await pool.query("SELECT 1")),
      close: () => void pool.end().catch(() => undefined),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { pid } = this.#server;
    signal([...childrenOf(pid), pid], "SIGCONT");
    await this.#server.stop("SIGQUIT");
    await this.#server[Symbol.asyncDispose]();
  }

  /** Works on its own connection, and retries while a transient condition prevents it. */
  async #withClient<T>(action: (client: pg.Client) => Promise<T>): Promise<T> {
    for (const until = Date.now() + LIMIT_MS; ; await pass(RETRY_MS)) {
      const client = new pg.Client({
        connectionString: this.urlAt(this.port),
        query_timeout: LIMIT_MS,
        connectionTimeoutMillis: LIMIT_MS,
      });
      client.on("error", () => undefined);
      try {
        await client.connect();
        return await action(client);
      } catch (error) {
        const code = error instanceof Error && "code" in error ? String(error.code) : "";
        if (!PASSING.test(code) || Date.now() > until) throw error;
      } finally {
        void client.end().catch(() => undefined);
      }
    }
  }
}

function signal(pids: readonly number[], name: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, name);
    } catch {
      // It has exited meanwhile.
    }
  }
}

/** A server's child processes, from Linux's /proc. */
function childrenOf(parent: number): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => parentOf(name) === parent)
    .map(Number);
}

function parentOf(pid: string): number | undefined {
  try {
    // The name in brackets may hold anything; the state and the parent come after it.
    const [, parent] =
      readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? [];
    return Number(parent);
  } catch {
    return undefined;
  }
}
