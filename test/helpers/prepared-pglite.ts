// PGlite makes a new database by initdb, which takes seconds of a processor. Tests that only need a database start from a
// copy of one that is made once for the whole run.
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type * as Pglite from "@electric-sql/pglite";
import { inject } from "vitest";

/** The library as `src` loads it: by `require`, once for this process. */
const { PGlite } = createRequire(import.meta.url)("@electric-sql/pglite") as typeof Pglite;
const createForReal = PGlite.create.bind(PGlite);

let isFirstStartTested = false;

/** For files whose subject is a first start: each database of this file is made as users' are. */
export function testFirstStarts(): void {
  isFirstStartTested = true;
}

async function create(options: Pglite.PGliteOptions = {}): Promise<Pglite.PGlite> {
  const { dataDir, loadDataDir, noInitDb } = options;
  const isMade = dataDir !== undefined && existsSync(join(dataDir, "PG_VERSION"));
  if (isFirstStartTested || isMade || loadDataDir || noInitDb) return createForReal(options);
  return createForReal({ ...options, loadDataDir: await prepared() });
}

let loaded: Promise<Blob> | undefined;

/** A database without anything in it, as tar. The first file of a run that needs one makes it. */
function prepared(): Promise<Blob> {
  loaded ??= (async () => {
    const path = join(inject("preparedFolder"), "pglite.tar");
    if (!existsSync(path)) {
      const made = await createForReal();
      const own = `${path}.${process.pid}`;
      writeFileSync(own, new Uint8Array(await (await made.dumpDataDir("none")).arrayBuffer()));
      await made.close();
      renameSync(own, path);
    }
    return new Blob([readFileSync(path)]);
  })();
  return loaded;
}

PGlite.create = create as typeof PGlite.create;
