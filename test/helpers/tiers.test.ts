import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { needsOf, quickFiles, testFiles } from "../tiers.ts";

const folder = mkdtempSync(join(tmpdir(), "cronduit-tiers-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

test("a file needs what it names, and what the files need that it imports", () => {
  write("own.ts", 'export const url = () => inject("redisUrl");\n');
  write("again.ts", 'export {\n  url,\n} from "./own.ts";\nexport const two = 2;\n');
  write("loads.ts", 'export const load = () => import("./starts.ts");\n');
  write("starts.ts", 'import { spawn } from "node:child_process";\nexport const go = spawn;\n');
  const both = 'import { url } from "./again.ts";\nimport { load } from "./loads.ts";\n';
  expect([...needsOf(write("both.test.ts", both))].toSorted()).toEqual(["process", "redis"]);
  const inText = 'const program = `\n  import { spawn } from "node:child_process";`;\n';
  expect([...needsOf(write("in-text.test.ts", inText))]).toEqual([]);
  const types = 'import type { url } from "./own.ts";\nimport { test } from "vitest";\n';
  expect([...needsOf(write("types.test.ts", types))]).toEqual([]);
});

test("who imports the prepared PGlite needs it", () => {
  const prepared = join(import.meta.dirname, "prepared-pglite.ts");
  expect([...needsOf(prepared)]).toEqual(["pglite"]);
});

test("the quick tier is all of what computes alone", () => {
  const quick = new Set(quickFiles());
  const all = testFiles();
  expect(quick.size).toBeGreaterThan(60);
  expect(quick.size).toBeLessThan(all.length);
  const whole = ["triggers", "conditions", "jobs"].map((name) => `test/${name}/`);
  const promised = all
    .map((path) => path.slice(path.indexOf("/test/") + 1))
    .filter((path) => whole.some((start) => path.startsWith(start)));
  promised.push("test/architecture.test.ts");
  expect(promised.filter((path) => !quick.has(path))).toEqual([]);
});
