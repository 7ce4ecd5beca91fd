import { readFileSync } from "node:fs";

/**
 * The text of a Lua file. It is read from its place in the sources; the build puts a module here that holds all of the
 * texts, since a bundler takes along what is imported, and no file that is read.
 */
export function scriptText(file: string): string {
  return readFileSync(new URL(`./scripts/${file}.lua`, import.meta.url), "utf8");
}
