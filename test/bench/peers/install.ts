import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** In a folder of their own: nothing of them is among this package's dependencies. */
const FOLDER = fileURLToPath(
  new URL("../../../node_modules/.cache/cronduit-bench", import.meta.url),
);
/** Some of them need a newer Node than this package does; it comes as a package too. */
const NODE = `node-${process.platform === "win32" ? "win" : process.platform}-${process.arch}`;

/** Which versions are measured. */
export const PEER_VERSIONS = {
  "graphile-worker": "0.18.0",
  "pg-boss": "12.35.0",
  agenda: "6.2.6",
  "@agendajs/redis-backend": "3.0.7",
  "@agendajs/postgres-backend": "3.0.6",
  "@dbos-inc/dbos-sdk": "5.3.0",
  node: "22.23.3",
} as const;

/** Where the peers are. */
export interface Installed {
  /** A Node that all of them run on. */
  readonly node: string;
  /** A module that imports a package from there. */
  readonly loader: string;
}

/** Installs the peers, unless these versions are there already. */
export function installPeers(say: (text: string) => void): Installed {
  const { node, ...packages } = PEER_VERSIONS;
  const manifest = JSON.stringify({ private: true, dependencies: { ...packages, [NODE]: node } });
  const file = join(FOLDER, "package.json");
  const found: Installed = {
    node: join(
      FOLDER,
      "node_modules",
      NODE,
      process.platform === "win32" ? "bin/node.exe" : "bin/node",
    ),
    loader: join(FOLDER, "load.mjs"),
  };
  const isThere =
    existsSync(found.node) && existsSync(file) && readFileSync(file, "utf8") === manifest;
  if (isThere) return found;
  say("installing the peers");
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(file, manifest);
  writeFileSync(found.loader, "export const load = (name) => import(name);\n");
  const { status } = spawnSync("npm", ["install", "--no-audit", "--no-fund", "--ignore-scripts"], {
    cwd: FOLDER,
    stdio: ["ignore", "ignore", "inherit"],
    timeout: 300_000,
  });
  if (status !== 0 || !existsSync(found.node)) {
    writeFileSync(file, "");
    throw new Error(`the peers could not be installed in ${FOLDER}`);
  }
  return found;
}
