// The examples of users' tests run under each test runner, against the package as it is published.
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { finish, type PackedProject, packedProject, run, tool } from "./helpers/packed-project.ts";

/** What users install beside the package. Those of this repository, so that nothing is downloaded. */
const INSTALLED = ["vitest", "jest", "@jest/globals", "expect", "@types/node", "typescript"];

let project: PackedProject;
let dir = "";

beforeAll(async () => {
  project = await packedProject("zod");
  dir = join(project.dir, "examples");
  cpSync("examples/testing", dir, { recursive: true });
  for (const name of INSTALLED) {
    const link = join(project.dir, "node_modules", name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(tool(name, "."), link);
  }
  writeFileSync(join(dir, "package.json"), '{ "type": "module" }');
  const compilerOptions = {
    module: "nodenext",
    target: "es2022",
    lib: ["es2023", "esnext.disposable"],
    types: ["node"],
    strict: true,
    experimentalDecorators: true,
    rewriteRelativeImportExtensions: true,
    skipLibCheck: true,
    outDir: "out",
  };
  writeFileSync(join(dir, "tsconfig.json"), JSON.stringify({ compilerOptions }));
}, 300_000);

afterAll(() => project.remove());

const node = (...args: string[]) => finish(dir, [process.execPath, ...args]);

test("node:test", async () => {
  const args = ["--import", tool("tsx", "dist/loader.mjs"), "--test", "--test-reporter", "tap"];
  const { code, output } = await node(...args, "node-test/reminders.test.ts");
  expect(output).toContain("# pass 3");
  expect(code).toBe(0);
}, 120_000);

test("vitest", async () => {
  writeFileSync(join(dir, "vitest.config.js"), "export default {};");
  const vitest = [tool("vitest", "vitest.mjs"), "run", "--root", dir, "--dir", join(dir, "vitest")];
  const { code, output } = await node(...vitest, "--reporter", "default");
  expect(output).toMatch(/Tests +5 passed/);
  expect(code).toBe(0);
}, 120_000);

test("all of them compile, and jest runs what was compiled", async () => {
  await run(dir, [process.execPath, tool("typescript", "bin/tsc"), "-p", "."]);
  const jest = ["--experimental-vm-modules", tool("jest", "bin/jest.js")];
  const config = ["--rootDir", join(dir, "out"), "--config", join(dir, "jest/jest.config.js")];
  const { code, output } = await node(...jest, ...config);
  expect(output).toMatch(/Tests: +2 passed/);
  expect(code).toBe(0);
}, 120_000);
