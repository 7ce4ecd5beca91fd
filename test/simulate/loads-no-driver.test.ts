import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import ts from "typescript";
import { expect, test } from "vitest";

const compilerOptions: ts.CompilerOptions = {
  module: ts.ModuleKind.ESNext,
  target: ts.ScriptTarget.ES2022,
  verbatimModuleSyntax: true,
};

/** Everything that is loaded with a file of `src`: its imports and theirs, without those of types. */
function loadedWith(entry: string): ReadonlySet<string> {
  const loaded = new Set([entry]);
  for (const path of loaded) {
    if (!path.startsWith("src/")) continue;
    const { outputText } = ts.transpileModule(readFileSync(path, "utf8"), { compilerOptions });
    for (const [, from = ""] of outputText.matchAll(/^(?:import|export)\b[^;]*?"([^"]+)";/gm))
      loaded.add(from.startsWith(".") ? join(dirname(path), from) : from);
  }
  return loaded;
}

test("cronduit/simulate loads no driver, and no engine", () => {
  const loaded = [...loadedWith("src/simulate.ts")];
  expect(loaded).toContain("src/simulate/fleet-player.ts");
  expect(loaded).toContain("flatqueue");
  const forbidden = /^(?:bullmq|ioredis|pg|@electric-sql\/.+)$|^src\/(?:engine|worker|execution)\//;
  expect(loaded.filter((path) => forbidden.test(path))).toEqual([]);
});
