// Runs around every file of the quick tier: one that starts something, or connects anywhere, fails.
import childProcess, { ChildProcess } from "node:child_process";
import { createRequire, syncBuiltinESMExports } from "node:module";
import { Socket } from "node:net";
import type * as Pglite from "@electric-sql/pglite";

function refuse(what: string): () => never {
  return () => {
    throw new Error(
      `A file of the quick tier ${what}. test/README.md says how a file is put into the full tier.`,
    );
  };
}

const starts = refuse("starts a process");
for (const name of ["spawnSync", "execSync", "execFileSync"] as const) childProcess[name] = starts;
(ChildProcess.prototype as unknown as { spawn: () => never }).spawn = starts;
syncBuiltinESMExports();
Socket.prototype.connect = refuse("connects to a server");
const { PGlite } = createRequire(import.meta.url)("@electric-sql/pglite") as typeof Pglite;
PGlite.create = refuse("starts PGlite");
