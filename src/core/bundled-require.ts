// Must be imported before every other module. In an ES module bundle, esbuild turns a CommonJS package's
// `require("node:net")` into a lookup of a global `require`, which ES modules don't have; without this the bundle dies
// with "Dynamic require of "node:net" is not supported". Does nothing outside a bundle, or where `require` already
// exists.
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
