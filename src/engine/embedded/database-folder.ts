import { chmod, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CronduitError, isCronduitError } from "../../core/errors.ts";

/** PGlite's own files, beside the lock. */
const DATA = "data";
/** Exists while the folder is first created. Until it is gone, nobody has been told that the folder is open. */
const BEING_MADE = "cronduit.making";
/** The PostgreSQL version that PGlite is and whose files it reads. */
export const EMBEDDED_VERSION = "18";

/**
 * Opens a folder's database, or creates it if the folder is empty or a process died while creating it.
 * @throws {@link CronduitError} `UNSUPPORTED_SERVER`, `FOLDER_DAMAGED`
 */
export async function openFolder<T>(
  path: string,
  open: (dataFolder: string, isNew: boolean) => Promise<T>,
): Promise<T> {
  const data = join(path, DATA);
  const mark = join(path, BEING_MADE);
  if (await isThere(mark)) await rm(data, { recursive: true, force: true });
  const files = await readdir(data).catch(() => []);
  const isNew = files.length === 0;
  if (isNew) await writeFile(mark, "");
  else await requireVersion(path, data);
  // PGlite makes files that everybody may write; nobody else comes this far.
  await mkdir(data, { recursive: true, mode: 0o700 });
  await chmod(data, 0o700);
  let opened: T;
  try {
    opened = await open(data, isNew);
  } catch (error) {
    if (isCronduitError(error)) throw error;
    throw damaged(path, error instanceof Error ? error.message : String(error), error);
  }
  await rm(mark, { force: true });
  return opened;
}

async function isThere(file: string): Promise<boolean> {
  return (await readFile(file).catch(() => undefined)) !== undefined;
}

async function requireVersion(path: string, data: string): Promise<void> {
  const version = (await readFile(join(data, "PG_VERSION"), "utf8").catch(() => "")).trim();
  if (version === EMBEDDED_VERSION) return;
  // PGlite would create a new database over the existing files.
  if (!/^\d+(?:\.\d+)?$/.test(version))
    throw damaged(path, "its file PG_VERSION is missing or unreadable");
  throw new CronduitError(
    "UNSUPPORTED_SERVER",
    `The folder "${path}" was made by PostgreSQL ${version}, and the embedded engine of this version is PostgreSQL ${EMBEDDED_VERSION}. Export the state with the version of cronduit that made it (exportState), and import it into a new folder.`,
    { data: { folder: path, version, needed: EMBEDDED_VERSION } },
  );
}

function damaged(path: string, reason: string, cause?: unknown): CronduitError {
  return new CronduitError(
    "FOLDER_DAMAGED",
    `The database in the folder "${path}" can't be opened: ${reason}. Files may be missing or damaged: put back a copy of the folder, or move it away, and a new one is made.`,
    { cause, data: { folder: path, reason } },
  );
}
