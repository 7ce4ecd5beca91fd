import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

/** What a test file needs before it can start. */
export type Need = "redis" | "postgres" | "pglite" | "process" | "sockets" | "browser";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
/** A file needs what it names, and what the test files that it imports need. */
const SIGNS: Readonly<Record<Need, RegExp>> = {
  redis: /\binject\("redisUrl"\)/,
  postgres: /\binject\("postgresUrl"\)/,
  pglite: /\bopenEmbedded\(|\binject\("preparedFolder"\)/,
  browser: /\binject\("dashboardFiles"\)/,
  // At the start of a line, where imports stand: a test may have such an import in a text.
  sockets: /^(?:import|\}) (?!type\b).*from "node:(?:http|https|net|tls)"/m,
  process: /^(?:import|\}) .*from "node:(?:child_process|cluster|worker_threads)"/m,
};
const NEEDS = Object.keys(SIGNS) as Need[];
/** Imports of types are gone when a file runs. */
const IMPORT = /^(?:import|export)\s(?!type\b)[^;]*?"(\.[^"]+)";|\bimport\("(\.[^"]+)"\)/gm;

interface ReadFile {
  readonly own: readonly Need[];
  readonly imports: readonly string[];
}
const read = new Map<string, ReadFile>();

function readOnce(path: string): ReadFile {
  const known = read.get(path);
  if (known) return known;
  const text = readFileSync(path, "utf8");
  const imports = [...text.matchAll(IMPORT)].map(([, named, loaded]) =>
    join(dirname(path), named ?? loaded ?? ""),
  );
  const file = {
    own: NEEDS.filter((need) => SIGNS[need].test(text)),
    imports: imports.filter((each) => !isSource(each) && existsSync(each)),
  };
  read.set(path, file);
  return file;
}

/** `src` can do anything; each test decides by its input. */
const isSource = (path: string): boolean => path.startsWith(join(ROOT, "src/"));

/** What a test file needs, directly or through an imported file of tests, scripts or examples. */
export function needsOf(path: string): ReadonlySet<Need> {
  const needs = new Set<Need>();
  const reached = new Set([path]);
  for (const each of reached) {
    const { own, imports } = readOnce(each);
    for (const need of own) needs.add(need);
    for (const file of imports) reached.add(file);
  }
  return needs;
}

/** All test files. */
export function testFiles(): string[] {
  return readdirSync(join(ROOT, "test"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".test.ts"))
    .map((name) => join(ROOT, "test", name))
    .toSorted();
}

/** The quick tier: the test files that need no server, no database in the process and no other process. */
export function quickFiles(): string[] {
  return testFiles()
    .filter((path) => needsOf(path).size === 0)
    .map((path) => relative(ROOT, path));
}
