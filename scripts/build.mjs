// Builds dist: compiles src, turns the Lua and SQL files into modules, and merges all modules into few files.
// `node scripts/build.mjs <folder>` builds into another, new folder.
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { ENTRIES } from "./entries.mjs";
import { packFolderTemplate } from "./folder-template.mjs";
import { mergeModules } from "./merge-modules.mjs";

/** Modules that read files in src and contain their texts in dist: bundlers don't include files that are read at run time. */
const TEXTS = [
  {
    module: "engine/redis/script-texts.js",
    reads: "scriptText",
    folder: "engine/redis/scripts",
    extension: ".lua",
  },
  {
    module: "engine/postgres/sql-texts.js",
    reads: "sqlText",
    folder: "engine/postgres/sql",
    extension: ".sql",
  },
];

/**
 * Modules that stay files of their own: their place or their turn matters; or they are texts that only one engine needs; or
 * they load engines, or are shared with what does. In a file with what every program needs, those would bring all engines into each
 * bundle.
 */
const APART = [
  "cli/bin",
  "core/bundled-require",
  "core/here",
  "engine/calls/with-deadline",
  "engine/migrate-connection",
  "execution/child-main",
  "pipeline/reflect",
  "engine/redis/script-texts",
  "engine/postgres/sql-texts",
];

const root = fileURLToPath(new URL("..", import.meta.url));
const src = join(root, "src");
const [target = join(root, "dist")] = process.argv.slice(2);
// Built beside dist and then moved into place, so that nobody sees a half-built one. The same depth keeps the paths in
// the source maps valid.
const compiled = join(root, `.compiled-${process.pid}`);
const fresh = join(root, `.dist-${process.pid}`);

function compile() {
  const bin = join(
    dirname(createRequire(import.meta.url).resolve("typescript/package.json")),
    "bin/tsc",
  );
  const args = [bin, "-p", join(root, "tsconfig.json"), "--outDir", compiled];
  const { status } = spawnSync(process.execPath, args, { stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}

function textsOf({ folder, extension }) {
  const files = readdirSync(join(src, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(extension))
    .map((name) => name.replaceAll("\\", "/"))
    .toSorted();
  return Object.fromEntries(
    files.map((name) => [
      name.slice(0, -extension.length),
      readFileSync(join(src, folder, name), "utf8"),
    ]),
  );
}

function writeTexts({ module, reads, folder, extension }) {
  const texts = textsOf({ folder, extension });
  writeFileSync(
    join(compiled, module),
    `// Made by scripts/build.mjs of the files in src/${folder}.
const TEXTS = ${JSON.stringify(texts, null, 1)};
export function ${reads}(file) {
  if (!Object.hasOwn(TEXTS, file)) throw new Error(\`There is no ${folder}/\${file}${extension}.\`);
  return TEXTS[file];
}
`,
  );
}

/** The declarations, which stay one for each module, as tools show them. */
function copyDeclarations() {
  for (const name of readdirSync(compiled, { recursive: true, encoding: "utf8" })) {
    if (!/\.d\.ts(?:\.map)?$/.test(name)) continue;
    mkdirSync(join(fresh, dirname(name)), { recursive: true });
    copyFileSync(join(compiled, name), join(fresh, name));
  }
}

/** The declarations reachable from those of the entries. */
function declarationsFrom(entries) {
  const found = new Set(entries);
  for (const path of found) {
    const text = readFileSync(join(fresh, path), "utf8");
    for (const [, mentioned] of text.matchAll(/(?:from|import) ?\(?"(\.[^"]+)\.ts"/g))
      found.add(join(dirname(path), `${mentioned}.d.ts`));
  }
  return [...found];
}

/**
 * The CommonJS entry: the same modules through `require`, which Node supports. A compiler set to `node16` doesn't know
 * that and refuses declarations of ES modules (TS1479), so it gets the same declarations as CommonJS.
 */
function writeCommonJs() {
  const folder = join(fresh, "cjs");
  mkdirSync(folder);
  writeFileSync(join(folder, "package.json"), '{ "type": "commonjs" }\n');
  for (const entry of ENTRIES) {
    const path = join(folder, `${entry}.js`);
    mkdirSync(dirname(path), { recursive: true });
    const up = relative(dirname(path), join(fresh, `${entry}.js`)).replaceAll("\\", "/");
    writeFileSync(path, `module.exports = require("${up}");\n`);
  }
  for (const path of declarationsFrom(ENTRIES.map((entry) => `${entry}.d.ts`))) {
    const text = readFileSync(join(fresh, path), "utf8");
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text.replace(/^\/\/# sourceMappingURL=.*$/m, ""));
  }
}

process.on("exit", () => {
  for (const folder of [compiled, fresh]) rmSync(folder, { recursive: true, force: true });
});
compile();
for (const texts of TEXTS) writeTexts(texts);
await mergeModules(compiled, fresh, [...ENTRIES, ...APART]);
// What npm links into PATH.
chmodSync(join(fresh, "cli/bin.js"), 0o755);
copyDeclarations();
writeCommonJs();
await packFolderTemplate(fresh);
rmSync(target, { recursive: true, force: true });
try {
  renameSync(fresh, target);
} catch (error) {
  // The other folder is on another disk.
  if (error.code !== "EXDEV") throw error;
  cpSync(fresh, target, { recursive: true });
}
