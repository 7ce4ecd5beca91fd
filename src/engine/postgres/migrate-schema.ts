import { LATEST_SCHEMA_VERSION, type PgPool, type PgQueryable, runMigrations } from "bullmq";
import { CronduitError } from "../../core/errors.ts";
import { sqlState } from "./database.ts";
import { functionsSql, migrationSql } from "./functions.ts";
import { quote, type Schemas } from "./schema-name.ts";

/** The migrations in order; the position is the version. A released migration is never changed. */
const MIGRATIONS = [
  "0001_tables",
  "0002_queues",
  "0003_runs",
  "0004_imports",
  "0005_owners_and_actors",
  "0006_documents",
  "0007_ledger",
  "0008_roll_ups",
  "0009_lists",
  "0010_changes",
  "0011_skips",
  "0012_timed_changes",
  "0013_asked_runs",
] as const;
/** The version of the tables that this package uses. */
export const SCHEMA_VERSION = MIGRATIONS.length;
const MIN_SERVER = 140_000;

interface Installed {
  readonly version: number;
  readonly digest: string;
  readonly queueVersion: number;
}

/**
 * Migrates a fleet's schemas to this version. Any number of processes may do so at once: the first does it, under a lock.
 * @param grantTo Roles that may then use the schemas, but not change them.
 * @returns What was done, in order.
 * @throws {@link CronduitError} `UNSUPPORTED_SERVER` if the server is too old or the schema newer than this package;
 * `INVALID_OPTION` for a role that is not there.
 */
export async function migrate(
  pool: PgPool,
  schemas: Schemas,
  grantTo: readonly string[] = [],
): Promise<string[]> {
  await checkServer(pool);
  // Most starts find everything in place, and need neither the right to change it nor a lock.
  const installed = await readInstalled(pool, schemas);
  refuseNewer(installed, schemas);
  if (isCurrent(installed, schemas) && grantTo.length === 0) return [];
  await refuseUnknownRoles(pool, grantTo);
  const client = await pool.connect();
  try {
    const queueVersion = installed?.queueVersion ?? 0;
    // Building an index, or waiting for the process that migrates, may take longer than other statements may.
    await client.query("SELECT set_config('statement_timeout', '0', false)");
    await runMigrations(client, schemas.queue);
    await client.query("BEGIN");
    try {
      const applied = await install(client, schemas);
      if (grantTo.length > 0) await client.query(grantsSql(schemas, grantTo));
      await client.query("COMMIT");
      const isQueueNew = queueVersion < LATEST_SCHEMA_VERSION;
      return isQueueNew ? [`bullmq ${LATEST_SCHEMA_VERSION}`, ...applied] : applied;
    } catch (error) {
      await client.query("ROLLBACK").catch(() => undefined);
      throw error;
    }
  } finally {
    // Its settings go with it.
    client.release(true);
  }
}

/**
 * Checks that the schemas have this version, and changes nothing.
 * @throws {@link CronduitError} `SCHEMA_OUTDATED`; `UNSUPPORTED_SERVER` as {@link migrate}.
 */
export async function requireCurrent(pool: PgPool, schemas: Schemas): Promise<void> {
  await checkServer(pool);
  const installed = await readInstalled(pool, schemas);
  refuseNewer(installed, schemas);
  if (isCurrent(installed, schemas)) return;
  const state = installed ? "is not that of this package" : "has not been made";
  throw new CronduitError(
    "SCHEMA_OUTDATED",
    `Schema "${schemas.own}" ${state}, and the option migrate is false. Call migrate(connection, { prefix }) first, as a role that may create.`,
    { data: { schema: schemas.own, version: installed?.version ?? 0, needed: SCHEMA_VERSION } },
  );
}

function isCurrent(installed: Installed | undefined, schemas: Schemas): boolean {
  return (
    installed?.version === SCHEMA_VERSION &&
    installed.digest === functionsSql(schemas).digest &&
    installed.queueVersion >= LATEST_SCHEMA_VERSION
  );
}

async function refuseUnknownRoles(pool: PgPool, roles: readonly string[]): Promise<void> {
  const { rows } = await pool.query<{ name: string }>(
    "SELECT rolname AS name FROM pg_roles WHERE rolname = ANY($1)",
    [roles],
  );
  const missing = roles.filter((role) => !rows.some(({ name }) => name === role));
  if (missing.length === 0) return;
  throw new CronduitError(
    "INVALID_OPTION",
    `migrate, option "grantTo": the server has no role ${missing.map((role) => `"${role}"`).join(", ")}.`,
    { data: { path: "grantTo" } },
  );
}

/** What a role needs, granted anew after each migration, which replaces functions and may add tables. */
function grantsSql(schemas: Schemas, roles: readonly string[]): string {
  const [own, queue] = [quote(schemas.own), quote(schemas.queue)];
  const both = `${own}, ${queue}`;
  const to = roles.map((role) => `"${role.replaceAll('"', '""')}"`).join(", ");
  return `
    GRANT USAGE ON SCHEMA ${both} TO ${to};
    GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${both} TO ${to};
    REVOKE INSERT, UPDATE, DELETE ON ${own}.migrations, ${queue}.migration FROM ${to};
    GRANT USAGE, SELECT, UPDATE ON ALL SEQUENCES IN SCHEMA ${both} TO ${to};
    GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA ${both} TO ${to};`;
}

async function checkServer(pool: PgPool): Promise<void> {
  const { rows } = await pool.query<{ number: string; version: string; encoding: string }>(
    `SELECT current_setting('server_version_num') AS number, current_setting('server_version') AS version,
       current_setting('server_encoding') AS encoding`,
  );
  const { number = "0", version = "unknown", encoding } = rows[0] ?? {};
  if (Number(number) < MIN_SERVER) {
    throw new CronduitError(
      "UNSUPPORTED_SERVER",
      `PostgreSQL ${version} is too old; 14 or newer is needed.`,
      { data: { version } },
    );
  }
  if (encoding === "UTF8") return;
  throw new CronduitError(
    "UNSUPPORTED_SERVER",
    `The database holds text as ${encoding}; UTF8 is needed, since names, params and results may hold any character. Name a database made with CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0.`,
    { data: { encoding } },
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

async function install(client: PgQueryable, schemas: Schemas): Promise<string[]> {
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
  const missing = MIGRATIONS.slice(installed?.version ?? 0);
  for (const name of missing) {
    await client.query(migrationSql(name));
    await client.query("INSERT INTO migrations (version, name, functions) VALUES ($1, $2, '')", [
      MIGRATIONS.indexOf(name) + 1,
      name,
    ]);
  }
  if (installed?.digest === digest && missing.length === 0) return [];
  await client.query(sql);
  await client.query("UPDATE migrations SET functions = $1 WHERE version = $2", [
    digest,
    SCHEMA_VERSION,
  ]);
  return [...missing, "functions"];
}
