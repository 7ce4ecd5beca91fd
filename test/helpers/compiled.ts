// Programs that tests start run as plain JavaScript, which is compiled once: tsx would compile and hook each in each
// process, for 0.7 s of a processor.
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { buildSync } from "esbuild";
import type { TestProject } from "vitest/node";
import { COMPILED_IN } from "./compiled-path.ts";
import { isNeeded } from "./is-needed.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** Each with the settings of the compiler that apply to it. */
const FOLDERS = [
  ["src", "tsconfig.json"],
  ["examples", "tsconfig.json"],
  ["scripts", "tsconfig.json"],
  ["test", "test/tsconfig.json"],
] as const;
/** Neither started nor imported by a program; the latter are parts of other packages. */
const IS_LEFT_OUT = /\.test\.ts$|^test\/package\//;
/** How a file names another one: in imports, and relative to its own URL. */
const NAMES_A_FILE = /(\b(?:from|import) ?\(?|\bnew URL\()"([^"]+)\.ts"/g;

/** The compiled form of a file of this repository, also of one that was written just now. */
export function compiledPath(file: string): string {
  const place = (process.env[COMPILED_IN] ??= compileForThisProcess());
  const path = join(place, file.replace(/\.ts$/, ".js"));
  if (!existsSync(path)) compileFiles([file], "test/tsconfig.json", place);
  return path;
}

/** vitest's global set-up. */
export default async function setup(project: TestProject): Promise<(() => void) | undefined> {
  if (!(await isNeeded(project, "process"))) return undefined;
  const place = compile();
  process.env[COMPILED_IN] = place;
  return () => rmSync(place, { recursive: true, force: true });
}

/** For programs that start others without vitest. */
function compileForThisProcess(): string {
  const place = compile();
  process.once("exit", () => rmSync(place, { recursive: true, force: true }));
  return place;
}

/** Makes a folder that looks like the repository, with JavaScript in TypeScript's place. */
function compile(): string {
  const place = mkdtempSync(join(tmpdir(), "cronduit-compiled-"));
  const compiled = new Set<string>(FOLDERS.map(([folder]) => folder));
  for (const name of readdirSync(ROOT))
    if (!compiled.has(name) && name !== "package.json")
      symlinkSync(join(ROOT, name), join(place, name));
  // `import "cronduit"` finds the package that the importing file is in.
  const about = readFileSync(join(ROOT, "package.json"), "utf8");
  writeFileSync(join(place, "package.json"), about.replaceAll('"./dist/', '"./src/'));
  for (const [folder, tsconfig] of FOLDERS) {
    const files = filesIn(folder);
    const programs = files.filter((file) => file.endsWith(".ts"));
    compileFiles(programs, tsconfig, place);
    // What programs read: Lua, SQL, examples of due times.
    for (const file of files)
      if (!file.endsWith(".ts")) cpSync(join(ROOT, file), join(place, file));
  }
  return place;
}

function filesIn(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => relative(ROOT, join(parentPath, name)))
    .filter((file) => !IS_LEFT_OUT.test(file));
}

function compileFiles(files: readonly string[], tsconfig: string, place: string): void {
  const { outputFiles } = buildSync({
    absWorkingDir: ROOT,
    entryPoints: [...files],
    outdir: place,
    outbase: ROOT,
    tsconfig: join(ROOT, tsconfig),
    format: "esm",
    platform: "node",
    target: "node20",
    write: false,
    logLevel: "error",
  });
  for (const { path, text } of outputFiles) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text.replaceAll(NAMES_A_FILE, '$1"$2.js"'));
  }
}
