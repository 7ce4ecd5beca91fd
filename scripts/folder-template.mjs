import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import { brotliCompressSync, constants } from "node:zlib";

const SEGMENT = /^[0-9A-F]{24}$/;

/**
 * Packs a database for new folders of the embedded engine into dist: created and migrated, 1 MB instead of three seconds of work.
 * src/engine/embedded/folder-template.ts unpacks it.
 * @param dist A built dist, which makes the database.
 */
export async function packFolderTemplate(dist) {
  const folder = mkdtempSync(join(tmpdir(), "cronduit-template-"));
  try {
    const data = join(folder, "data");
    const { migrate } = await import(pathToFileURL(join(dist, "index.js")).href);
    await migrate(`embedded://${folder}`);
    await slim(data);
    const version = readFileSync(join(data, "PG_VERSION"), "utf8").trim();
    const packed = brotliCompressSync(packFolder(data), {
      params: { [constants.BROTLI_PARAM_QUALITY]: 9, [constants.BROTLI_PARAM_LGWIN]: 24 },
    });
    writeFileSync(join(dist, "engine/embedded", `folder-${version}.br`), packed);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Leaves out what nobody needs: the two databases that others are copied from, which are most of the files, and the journal up to the
 * last checkpoint, whose files have 16 MB.
 */
async function slim(data) {
  const { PGlite } = createRequire(import.meta.url)("@electric-sql/pglite");
  const db = await PGlite.create({ dataDir: data });
  await db.exec("UPDATE pg_database SET datistemplate = false WHERE datname LIKE 'template_'");
  for (const name of ["template0", "template1"]) await db.exec(`DROP DATABASE ${name}`);
  await db.exec("SELECT pg_switch_wal()");
  await db.exec("CHECKPOINT");
  const { rows } = await db.query("SELECT redo_wal_file AS file FROM pg_control_checkpoint()");
  await db.close();
  const journal = join(data, "pg_wal");
  for (const name of readdirSync(journal))
    if (SEGMENT.test(name) && name !== rows[0].file) rmSync(join(journal, name));
}

/** A list of what is there, behind its length, and then the contents: no format that a stranger could write. */
function packFolder(folder) {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
    .map((entry) => {
      const path = join(entry.parentPath, entry.name);
      const name = path.slice(folder.length + 1).replaceAll("\\", "/");
      return { name, content: entry.isDirectory() ? undefined : readFileSync(path) };
    })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  // What is alike stands together, which packs better.
  const files = entries
    .filter(({ content }) => content !== undefined)
    .toSorted((a, b) => (basename(a.name) < basename(b.name) ? -1 : 1));
  const folders = entries.filter(({ content }) => content === undefined);
  const index = Buffer.from(
    JSON.stringify({
      folders: folders.map(({ name }) => name),
      files: files.map(({ name, content }) => [name, content.length]),
    }),
  );
  const length = Buffer.alloc(4);
  length.writeUInt32BE(index.length);
  return Buffer.concat([length, index, ...files.map(({ content }) => content)]);
}
