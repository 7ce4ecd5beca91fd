import { readFileSync } from "node:fs";

/**
 * The text of an SQL file, e.g. `functions/admit`. It is read from its place in the sources; the build puts a module here
 * that holds all of the texts, since a bundler takes along what is imported, and no file that is read.
 */
export function sqlText(file: string): string {
  return readFileSync(new URL(`./sql/${file}.sql`, import.meta.url), "utf8");
}
