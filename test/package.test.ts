import { spawn } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { end, outputOf, track } from "./helpers/children.ts";

const require = createRequire(import.meta.url);
const root = process.cwd();
const temporary = mkdtempSync(join(tmpdir(), "cronduit-package-"));

/** A tool's file in this repository; only cronduit and what it depends on is installed in the project. */
function tool(name: string, path: string): string {
  return join(dirname(require.resolve(`${name}/package.json`)), path);
}

/** Runs a program to its end and gives what it printed; a failure carries that too. */
async function run(cwd: string, command: string, ...args: string[]): Promise<string> {
  const child = spawn(command, args, {
    cwd,
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      ...process.env,
      NODE_OPTIONS: "",
      VITEST: "",
      NO_COLOR: "1",
      REDIS_URL: inject("redisUrl"),
    },
  });
  track(child, [command, ...args].join(" "));
  const output = outputOf(child);
  try {
    await new Promise((resolve, reject) => child.once("close", resolve).once("error", reject));
  } finally {
    await end(child, "SIGKILL");
  }
  if (child.exitCode !== 0)
    throw new Error(`${command} ${args.join(" ")} ended with ${child.exitCode}: ${output()}`);
  return output();
}

const node = (cwd: string, ...args: string[]): Promise<string> =>
  run(cwd, process.execPath, ...args);

/** An empty project in which the packed package is installed. */
async function install(): Promise<string> {
  const project = join(temporary, "project");
  mkdirSync(project);
  await run(root, "npm", "pack", "--pack-destination", temporary, "--loglevel=error");
  const tarball = readdirSync(temporary).find((name) => name.endsWith(".tgz"));
  if (tarball === undefined) throw new Error("npm pack made no tarball");
  writeFileSync(join(project, "package.json"), '{ "name": "project", "type": "module" }');
  const types = `@types/node@${process.versions.node.split(".")[0]}`;
  const quiet = ["--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error"];
  await run(project, "npm", "install", join(temporary, tarball), "zod", types, ...quiet);
  return project;
}

/** The project's programs, under a compiler that reads decorators in one way or the other. */
function prepare(project: string, experimentalDecorators: boolean): string {
  const dir = join(project, experimentalDecorators ? "experimental" : "standard");
  cpSync(join(root, "test/package"), dir, { recursive: true });
  renameSync(join(dir, "report.check.ts"), join(dir, "report.test.ts"));
  const compilerOptions = {
    module: "nodenext",
    target: "es2022",
    lib: ["es2023", "esnext.disposable"],
    types: ["node"],
    strict: true,
    experimentalDecorators,
    rewriteRelativeImportExtensions: true,
    skipLibCheck: false,
    outDir: "out",
  };
  // vitest would take the configuration of a folder above.
  writeFileSync(join(dir, "vitest.config.js"), "export default {};");
  writeFileSync(
    join(dir, "tsconfig.json"),
    JSON.stringify({ compilerOptions, files: ["main.ts"] }),
  );
  return dir;
}

let project = "";

beforeAll(async () => {
  project = await install();
}, 300_000);

afterAll(() => {
  rmSync(temporary, { recursive: true, force: true });
});

describe.each([
  ["experimental", true],
  ["standard", false],
])(
  "in an empty project, with %s decorators",
  (_name, experimentalDecorators) => {
    const told = {
      names: ["NightlyReport", "given"],
      result: { success: true, text: "sent eu 10 3", runs: 1 },
      refusal: "INVALID_PARAMS",
      scheduled: {
        retval: { success: true, text: "sent eu 10 3", runs: 2 },
        verdicts: ["succeeded"],
      },
    };
    const lastLine = (output: string): unknown => JSON.parse(output.split("\n").at(-1) ?? "");
    let dir = "";

    beforeAll(() => {
      dir = prepare(project, experimentalDecorators);
    });

    test("it runs under tsx", async () => {
      const output = await node(dir, "--import", tool("tsx", "dist/loader.mjs"), "main.ts");
      expect(lastLine(output)).toEqual(told);
    });

    test("it compiles with tsc, libraries checked too, and runs under node", async () => {
      await node(dir, tool("typescript", "bin/tsc"), "-p", ".");
      expect(lastLine(await node(dir, "out/main.js"))).toEqual(told);
    });

    test("it runs in vitest", async () => {
      const args = ["run", "--root", dir, "--dir", dir, "--reporter", "default"];
      const output = await node(dir, tool("vitest", "vitest.mjs"), ...args);
      expect(output).toContain(JSON.stringify(told));
    });
  },
  120_000,
);
