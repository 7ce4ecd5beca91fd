import { pathToFileURL } from "node:url";

/**
 * This module's own path, in source or compiled form; any other path means a bundle. The build may put it among the chunks, which are
 * as far below `dist`.
 */
const OWN_PLACE = /\/(?:core|chunks)\/here\.[jt]s$/;

/** The URL of this module's file, or of the bundle that contains it. */
export function here(): string {
  // In CommonJS output esbuild leaves this empty; there is a path instead.
  const url: unknown = import.meta.url;
  if (typeof url === "string") return url;
  return pathToFileURL(typeof __filename === "string" ? __filename : (process.argv[1] ?? "")).href;
}

/** Whether this package was bundled into another file, so that none of its own files are beside it. */
export function isBundled(): boolean {
  return !OWN_PLACE.test(here());
}
