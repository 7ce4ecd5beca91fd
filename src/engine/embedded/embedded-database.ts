import { mkdir } from "node:fs/promises";
import { resolve } from "node:path";
import type { PGlite } from "@electric-sql/pglite";
import type { Clock } from "../../core/clock.ts";
import { CronduitError, isCronduitError } from "../../core/errors.ts";
import type { Database } from "../postgres/database.ts";
import { openFolder } from "./database-folder.ts";
import { lockFolder } from "./folder-lock.ts";
import { loadPglite } from "./load-pglite.ts";
import { PglitePool } from "./pglite-pool.ts";

/**
 * Starts PostgreSQL inside this process (PGlite).
 *
 * In a folder, each commit is written to the operating system before it is acknowledged, and is there after a SIGKILL at
 * any moment. PGlite can't make the operating system write to the disk (its fsync does nothing), so a power cut can
 * take what was written in the last seconds; docs/engines.md says so.
 *
 * @param folder `undefined`: everything is in memory, and gone with the process.
 * @param schema Where statements look that name no schema.
 * @throws {@link CronduitError} `FOLDER_IN_USE`; `FOLDER_DAMAGED`; `UNSUPPORTED_SERVER` if another version made it;
 * `NOT_IN_BUNDLE`; `INVALID_OPTION` if there can be no such folder, or nobody may write there
 */
export async function openEmbedded(
  folder: string | undefined,
  schema: string,
  clock: Clock,
): Promise<Database> {
  if (folder === undefined) return databaseOf(await start(undefined, schema), "in memory");
  const path = resolve(folder);
  const unlock = await claim(path, clock);
  try {
    const db = await openFolder(path, (dataDir) => start(dataDir, schema));
    return databaseOf(db, `in ${path}`, unlock);
  } catch (error) {
    await unlock();
    throw error;
  }
}

async function claim(path: string, clock: Clock): Promise<() => Promise<void>> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
    return await lockFolder(path, clock);
  } catch (error) {
    if (isCronduitError(error)) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new CronduitError(
      "INVALID_OPTION",
      `connection: the folder "${path}" can't be used: ${why}.`,
      { cause: error, data: { path: "connection", folder: path } },
    );
  }
}

/** Statements that name no schema are BullMQ's. */
async function start(dataDir: string | undefined, schema: string): Promise<PGlite> {
  const db = await loadPglite().PGlite.create(dataDir === undefined ? {} : { dataDir });
  await db.exec(`SET search_path TO "${schema}"`);
  return db;
}

function databaseOf(
  db: PGlite,
  where: string,
  unlock: () => Promise<void> = async () => {},
): Database {
  const pool = new PglitePool(db);
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    // A statement that is being executed ends first.
    await pool.acquire();
    try {
      await db.close();
    } finally {
      await unlock();
    }
  };
  return {
    pool,
    label: `embedded postgres ${where}`,
    // One connection serves as many callers as there are.
    grow: () => undefined,
    close: () => (closing ??= close()),
    cut: () => undefined,
  };
}
