// Imported before every other module. In an ES module esbuild keeps CommonJS packages' `require("node:net")` as it is, where
// nothing of that name exists, and asks the global scope: without this, the bundle ends with "Dynamic require of
// "node:net" is not supported". Nothing is done outside of a bundle, or where there is a `require` already.
import { createRequire } from "node:module";
import { here, isBundled } from "./here.ts";

// Not `typeof require`, which esbuild rewrites.
if (isBundled() && typeof __filename === "undefined" && !("require" in globalThis))
  Object.defineProperty(globalThis, "require", {
    value: createRequire(here()),
    configurable: true,
    enumerable: false,
    writable: true,
  });
