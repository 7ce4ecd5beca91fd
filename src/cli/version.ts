import { readFileSync } from "node:fs";

/** The package's version. */
export function version(): string {
  const file = new URL("../../package.json", import.meta.url);
  const { version: written } = JSON.parse(readFileSync(file, "utf8")) as {
    readonly version: string;
  };
  return written;
}
