import { createRequire } from "node:module";
import type * as Pglite from "@electric-sql/pglite";
import { CronduitError } from "../../core/errors.ts";
import { here } from "../../core/here.ts";

/**
 * Loads PGlite from where it is installed. It reads its WebAssembly and data beside itself, so it has to stay out of
 * bundles: a bundler takes along what is imported, and does not see this.
 * @throws {@link CronduitError} `NOT_IN_BUNDLE` if it is not installed where the program runs
 */
export function loadPglite(): typeof Pglite {
  const name = "@electric-sql/pglite";
  const own = createRequire(here());
  try {
    // Some package managers let only this package resolve its dependencies.
    const seen = isThere(own, name) ? own : createRequire(own.resolve("cronduit/package.json"));
    return seen(name) as typeof Pglite;
  } catch (error) {
    if ((error as { code?: unknown }).code !== "MODULE_NOT_FOUND") throw error;
    throw new CronduitError(
      "NOT_IN_BUNDLE",
      `The embedded engine needs the package ${name}, whose WebAssembly can't be bundled, and finds none from ${here()}. Install it where the program runs, or connect to redis:// or postgres://.`,
      { data: { package: name }, cause: error },
    );
  }
}

function isThere(from: NodeJS.Require, name: string): boolean {
  try {
    from.resolve(name);
    return true;
  } catch {
    return false;
  }
}
