import { readFileSync } from "node:fs";

/**
 * The text of a Lua file, read from the sources. The build replaces this module by one that contains all texts, since a bundler
 * includes imported modules, and no files that are read.
 */
export function scriptText(file: string): string {
  return readFileSync(new URL(`./scripts/${file}.lua`, import.meta.url), "utf8");
}
