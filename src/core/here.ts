import { pathToFileURL } from "node:url";

/** Where this module stands: as it was written, or as the compiler made it. */
const OWN_PLACE = /\/core\/here\.[jt]s$/;

/** The URL of this module's file, or of the bundle that it became a part of. */
export function here(): string {
  // esbuild leaves it empty in CommonJS, where there is a path instead.
  const url: unknown = import.meta.url;
  if (typeof url === "string") return url;
  return pathToFileURL(typeof __filename === "string" ? __filename : (process.argv[1] ?? "")).href;
}

/** Whether this package's modules were put into another file, so that nothing stands beside them. */
export function isBundled(): boolean {
  return !OWN_PLACE.test(here());
}
