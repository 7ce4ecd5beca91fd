import { mkdir, readdir, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { PGlite } from "@electric-sql/pglite";
import type { Clock } from "../../core/clock.ts";
import { CronduitError, isCronduitError } from "../../core/errors.ts";
import type { Database } from "../postgres/database.ts";
import { openFolder } from "./database-folder.ts";
import { lockFolder } from "./folder-lock.ts";
import { unpackTemplate } from "./folder-template.ts";
import { loadPglite } from "./load-pglite.ts";
import { PglitePool } from "./pglite-pool.ts";

/** What somebody may want to know: a new folder took longer than it had to. */
export interface FolderNote {
  readonly level: "debug" | "warn";
  readonly message: string;
}

/**
 * Starts PostgreSQL inside this process (PGlite), with its files in a folder.
 *
 * Each commit reaches the operating system before it is acknowledged, so it survives a SIGKILL at any
 * moment. PGlite can't make the operating system write to the disk (its fsync does nothing), so a power cut can lose
 * the last seconds; see docs/engines.md.
 *
 * @param schema The schema for statements that name none.
 * @throws {@link CronduitError} `FOLDER_IN_USE`; `FOLDER_DAMAGED`; `UNSUPPORTED_SERVER` if another version created it;
 * `NOT_IN_BUNDLE`; `INVALID_OPTION` if the folder is impossible or not writable
 */
export async function openEmbedded(
  folder: string,
  schema: string,
  clock: Clock,
  onNote: (note: FolderNote) => void = () => undefined,
): Promise<Database> {
  const path = resolve(folder);
  const unlock = await claim(path, clock);
  try {
    const db = await openFolder(path, (dataDir, isNew) =>
      isNew ? create(dataDir, schema, onNote) : start(dataDir, schema),
    );
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

/**
 * PostgreSQL's own default for its cache, 128 MB, took 130 MB more of this process, and 10,000 jobs ran no faster: the
 * operating system caches the same files.
 */
const SETTINGS = ["-c", "shared_buffers=16MB"];

/** Begins with the database that comes with the package; without it, PostgreSQL makes one. */
async function create(
  dataDir: string,
  schema: string,
  onNote: (note: FolderNote) => void,
): Promise<PGlite> {
  const note = (level: FolderNote["level"], reason: string): void =>
    onNote({
      level,
      message: `The new folder does not begin with the database of the package, which takes seconds longer: ${reason}.`,
    });
  const none = unpackTemplate(dataDir, schema);
  if (none?.isExpected === true) {
    note("debug", none.reason);
    return start(dataDir, schema);
  }
  try {
    if (none) throw new Error(none.reason);
    return await start(dataDir, schema);
  } catch (error) {
    note("warn", error instanceof Error ? error.message : String(error));
    for (const name of await readdir(dataDir))
      await rm(join(dataDir, name), { recursive: true, force: true });
    return start(dataDir, schema);
  }
}

/** Statements that name no schema are BullMQ's. */
async function start(dataDir: string, schema: string): Promise<PGlite> {
  const { PGlite } = loadPglite();
  const db = await PGlite.create({
    dataDir,
    startParams: [...PGlite.defaultStartParams, ...SETTINGS],
    initDbStartParams: SETTINGS,
  });
  await db.exec(`SET search_path TO "${schema}"`);
  return db;
}

function databaseOf(db: PGlite, where: string, unlock: () => Promise<void>): Database {
  const pool = new PglitePool(db);
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    // An executing statement ends first.
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
    // One connection serves all callers.
    grow: () => undefined,
    close: () => (closing ??= close()),
    cut: () => undefined,
  };
}
