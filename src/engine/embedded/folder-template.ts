import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliDecompressSync } from "node:zlib";
import { z } from "zod";
import { here, isBundled } from "../../core/here.ts";
import { schemasOf } from "../postgres/schema-name.ts";
import { EMBEDDED_VERSION } from "./database-folder.ts";

/** Made by scripts/folder-template.mjs, beside this module in dist. */
const FILE = `../engine/embedded/folder-${EMBEDDED_VERSION}.br`;
/** Of the prefix that the packed database was migrated for. */
const SCHEMA = schemasOf("cronduit").queue;
/** Several times what it is; no damaged file fills the memory. */
const MAX_BYTES = 256 * 1_048_576;

/** What the file begins with, behind its length in four bytes: all folders and files, then the files' contents follow. */
const indexSchema = z.object({
  folders: z.array(z.string()),
  files: z.array(z.tuple([z.string(), z.int().min(0)])),
});

/** Why a folder did not begin with the database of the package. */
export interface NoTemplate {
  /** Whether there was none, as in a bundle; otherwise it should have worked. */
  readonly isExpected: boolean;
  readonly reason: string;
}

/**
 * Puts the database that comes with the package into a new folder: created and migrated when the package was built, since that
 * takes seconds and copying it does not. What else differs between databases, an identifier for replication, matters to nobody here.
 * Everything is written at once, as PGlite does, too: nobody can wait for an engine that opens.
 * @param dataDir A folder without files. After a failure there may be some.
 * @param schema As for `openEmbedded`: only for the default prefix there is one.
 * @param file Where it is; for tests.
 * @returns `undefined` when it is there
 */
export function unpackTemplate(
  dataDir: string,
  schema: string,
  file: URL | undefined = isBundled() ? undefined : new URL(FILE, here()),
): NoTemplate | undefined {
  if (schema !== SCHEMA) return absent("it is for the default prefix alone");
  if (file === undefined) return absent("a bundle has none");
  try {
    unpack(dataDir, brotliDecompressSync(readFileSync(file), { maxOutputLength: MAX_BYTES }));
    return undefined;
  } catch (error) {
    if ((error as { code?: unknown }).code === "ENOENT") return absent("this package has none");
    return { isExpected: false, reason: error instanceof Error ? error.message : String(error) };
  }
}

function unpack(dataDir: string, packed: Buffer): void {
  let at = 4 + packed.readUInt32BE(0);
  const { folders, files } = indexSchema.parse(JSON.parse(packed.toString("utf8", 4, at)));
  const total = files.reduce((sum, [, size]) => sum + size, at);
  if (total !== packed.length) throw new Error(`it has ${packed.length} bytes instead of ${total}`);
  for (const folder of folders) mkdirSync(join(dataDir, folder), { mode: 0o700 });
  for (const [name, size] of files) {
    writeFileSync(join(dataDir, name), packed.subarray(at, at + size), { mode: 0o600 });
    at += size;
  }
}

function absent(reason: string): NoTemplate {
  return { isExpected: true, reason };
}
