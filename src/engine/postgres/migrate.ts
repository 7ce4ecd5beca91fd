import { LATEST_SCHEMA_VERSION, type PgPool, type PgQueryable, runMigrations } from "bullmq";
import { CronduitError } from "../../core/errors.ts";
import { sqlState } from "./database.ts";
import { functionsSql, migrationSql } from "./functions.ts";
import { quote, type Schemas } from "./schema-name.ts";

/** The migrations in order; a migration that was released is never changed. Its place is its version. */
const MIGRATIONS = ["0001_tables", "0002_imports"] as const;
/** The version of the tables that this package reads and writes. */
export const SCHEMA_VERSION = MIGRATIONS.length;
const MIN_SERVER = 140_000;

interface Installed {
  readonly version: number;
  readonly digest: string;
  readonly queueVersion: number;
}

/**
 * Brings a fleet's schemas to this version. Any number of processes may do so at once: the first does it, under a lock.
 * @throws {@link CronduitError} `UNSUPPORTED_SERVER` if the server is too old or the schema newer than this package.
 */
export async function migrate(pool: PgPool, schemas: Schemas): Promise<void> {
  await checkServer(pool);
  const { digest } = functionsSql(schemas);
  // Most starts find all in place, need no right to change it, and wait for no lock.
  const installed = await readInstalled(pool, schemas);
  refuseNewer(installed, schemas);
  if (installed?.version === SCHEMA_VERSION && installed.digest === digest) {
    if (installed.queueVersion >= LATEST_SCHEMA_VERSION) return;
  }
  const client = await pool.connect();
  try {
    await runMigrations(client, schemas.queue);
    await client.query("BEGIN");
    try {
      await install(client, schemas);
      await client.query("COMMIT");
    } catch (error) {
      await client.query("ROLLBACK").catch(() => undefined);
      throw error;
    }
  } finally {
    client.release();
  }
}

async function checkServer(pool: PgPool): Promise<void> {
  const { rows } = await pool.query<{ number: string; version: string }>(
    "SELECT current_setting('server_version_num') AS number, current_setting('server_version') AS version",
  );
  const { number = "0", version = "unknown" } = rows[0] ?? {};
  if (Number(number) >= MIN_SERVER) return;
  throw new CronduitError(
    "UNSUPPORTED_SERVER",
    `PostgreSQL ${version} is too old; 14 or newer is needed.`,
    { data: { version } },
  );
}

async function readInstalled(db: PgQueryable, schemas: Schemas): Promise<Installed | undefined> {
  try {
    const { rows } = await db.query<Installed>(
      `SELECT version, functions AS digest, (SELECT max(version) FROM ${quote(schemas.queue)}.migration)
         AS "queueVersion" FROM ${quote(schemas.own)}.migrations ORDER BY version DESC LIMIT 1`,
    );
    return rows[0];
  } catch (error) {
    // No such table, or no such schema.
    if (sqlState(error) === "42P01" || sqlState(error) === "3F000") return undefined;
    throw error;
  }
}

function refuseNewer(installed: Installed | undefined, { own }: Schemas): void {
  if (!installed || installed.version <= SCHEMA_VERSION) return;
  throw new CronduitError(
    "UNSUPPORTED_SERVER",
    `Schema "${own}" has version ${installed.version}, written by a newer cronduit; this one knows ${SCHEMA_VERSION}. Upgrade this process.`,
    { data: { version: installed.version, known: SCHEMA_VERSION } },
  );
}

async function install(client: PgQueryable, schemas: Schemas): Promise<void> {
  const own = quote(schemas.own);
  await client.query("SELECT pg_advisory_xact_lock(hashtext('cronduit'), hashtext($1))", [
    schemas.own,
  ]);
  await client.query(`CREATE SCHEMA IF NOT EXISTS ${own}`);
  await client.query(`SET LOCAL search_path TO ${own}`);
  await client.query(
    `CREATE TABLE IF NOT EXISTS migrations (
       version integer PRIMARY KEY, name text NOT NULL, functions text NOT NULL,
       applied_at timestamptz NOT NULL DEFAULT now())`,
  );
  // Read again: another process may have done it while this one waited for the lock.
  const installed = await readInstalled(client, schemas);
  refuseNewer(installed, schemas);
  const { sql, digest } = functionsSql(schemas);
  for (const [i, name] of MIGRATIONS.entries()) {
    if (i < (installed?.version ?? 0)) continue;
    await client.query(migrationSql(name));
    await client.query("INSERT INTO migrations (version, name, functions) VALUES ($1, $2, '')", [
      i + 1,
      name,
    ]);
  }
  if (installed?.digest === digest && installed.version === SCHEMA_VERSION) return;
  await client.query(sql);
  await client.query("UPDATE migrations SET functions = $1 WHERE version = $2", [
    digest,
    SCHEMA_VERSION,
  ]);
}
