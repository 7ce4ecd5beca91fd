import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { CronduitError } from "../core/errors.ts";
import { here, isBundled } from "../core/here.ts";

/**
 * The program of child processes, in src or compiled. In a bundle it is the file `child-main` beside the bundle, if the
 * user built one from the entry `cronduit/child`, otherwise the installed package's.
 * @throws {@link CronduitError} `NOT_IN_BUNDLE`
 */
export function childProgram(): string {
  const url = here();
  const extension = extname(new URL(url).pathname);
  if (!isBundled()) return fileURLToPath(new URL(`../execution/child-main${extension}`, url));
  const beside = fileURLToPath(new URL(`./child-main${extension}`, url));
  if (existsSync(beside)) return beside;
  try {
    return createRequire(url).resolve("cronduit/child");
  } catch (error) {
    throw new CronduitError(
      "NOT_IN_BUNDLE",
      `A run with isolate: "process" starts a program of this package, and the bundle ${fileURLToPath(url)} has none: neither ${beside} is there, nor an installed package "cronduit". Bundle the entry "cronduit/child" to that file, or install the package beside the bundle.`,
      { data: { path: beside }, cause: error },
    );
  }
}
