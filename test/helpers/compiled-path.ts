// Apart from compiled.ts, which loads the compiler: compiled programs import this.
import { fileURLToPath, pathToFileURL } from "node:url";
import { join, relative } from "node:path";

/** The variable that names the folder of compiled programs to the processes of a run. */
export const COMPILED_IN = "COMPILED_TESTS_OF_CRONDUIT";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** A module's URL as a child process can import it: the compiled one. */
export function compiledUrl(url: string): string {
  const place = process.env[COMPILED_IN];
  if (place === undefined || !url.endsWith(".ts")) return url;
  const file = relative(ROOT, fileURLToPath(url)).replace(/\.ts$/, ".js");
  return pathToFileURL(join(place, file)).href;
}

/** Lets the children of isolated runs start from what is compiled: they start as this process did, and vitest has its own way with TypeScript. */
export function startCompiledChildren(): void {
  const preload = fileURLToPath(new URL("compiled-main.cjs", import.meta.url));
  process.execArgv.push("--require", preload);
}
