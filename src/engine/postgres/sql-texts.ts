import { readFileSync } from "node:fs";

/**
 * The text of an SQL file, e.g. `functions/admit`, read from the sources. The build replaces this module by one that contains all
 * texts, since a bundler includes imported modules, and no files that are read.
 */
export function sqlText(file: string): string {
  return readFileSync(new URL(`./sql/${file}.sql`, import.meta.url), "utf8");
}
