// Builds dist: what the compiler makes of src, and the Lua and SQL files beside the modules that read them.
import { spawnSync } from "node:child_process";
import { cpSync, readdirSync, renameSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const ASSETS = /\.(?:lua|sql)$/;

const root = fileURLToPath(new URL("..", import.meta.url));
const src = join(root, "src");
const dist = join(root, "dist");
// Built beside dist and then put in its place, so that nobody meets a half-built one. The same depth keeps the paths
// in the source maps right.
const fresh = join(root, `.dist-${process.pid}`);

function compile() {
  const bin = join(
    dirname(createRequire(import.meta.url).resolve("typescript/package.json")),
    "bin/tsc",
  );
  const args = [bin, "-p", join(root, "tsconfig.json"), "--outDir", fresh];
  const { status } = spawnSync(process.execPath, args, { stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}

function copyAssets() {
  const assets = readdirSync(src, { recursive: true, encoding: "utf8" }).filter((name) =>
    ASSETS.test(name),
  );
  for (const name of assets) cpSync(join(src, name), join(fresh, name));
}

process.on("exit", () => rmSync(fresh, { recursive: true, force: true }));
compile();
copyAssets();
rmSync(dist, { recursive: true, force: true });
renameSync(fresh, dist);
