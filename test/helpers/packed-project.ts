import { spawn } from "node:child_process";
import {
  cpSync,
  existsSync,
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
import { setTimeout as sleep } from "node:timers/promises";
import { inject } from "vitest";
import { end, outputOf, track } from "./children.ts";

const require = createRequire(import.meta.url);
const root = process.cwd();

/** A tool's file in this repository; a project has only cronduit and its dependencies installed. */
export function tool(name: string, path: string): string {
  return join(dirname(require.resolve(`${name}/package.json`)), path);
}

/** How a program ended. */
export interface Ended {
  readonly code: number | null;
  readonly output: string;
}

/** Runs a program to its end, however it ends. */
export async function finish(
  cwd: string,
  args: readonly [string, ...string[]],
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const [command, ...rest] = args;
  const child = spawn(command, rest, {
    cwd,
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      ...process.env,
      NODE_OPTIONS: "",
      VITEST: "",
      NO_COLOR: "1",
      REDIS_URL: inject("redisUrl"),
      ...env,
    },
  });
  track(child, args.join(" "));
  const output = outputOf(child);
  try {
    await new Promise((resolve, reject) => child.once("close", resolve).once("error", reject));
  } finally {
    await end(child, "SIGKILL");
  }
  return { code: child.exitCode, output: output() };
}

/** Runs a program to its end and returns its output; a failure carries it, too. */
export async function run(
  cwd: string,
  args: readonly [string, ...string[]],
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const { code, output } = await finish(cwd, args, env);
  if (code !== 0) throw new Error(`${args.join(" ")} ended with ${code}: ${output}`);
  return output;
}

/** A program's last line of output, as JSON. */
export function lastLine(output: string): unknown {
  return JSON.parse(output.split("\n").at(-1) ?? "");
}

/** An empty project in which the packed package is installed. */
export interface PackedProject {
  /** A folder for this project alone, with a name that no other test can use. */
  readonly dir: string;
  /** The folder above, where nothing is installed. */
  readonly outside: string;
  remove(): void;
}

/**
 * Installs the package as it would be published.
 * @param more Packages to install beside it, e.g. `zod`.
 */
export async function packedProject(...more: string[]): Promise<PackedProject> {
  const tarball = await packedOnce();
  const outside = mkdtempSync(join(tmpdir(), "cronduit-package-"));
  const dir = join(outside, "project");
  mkdirSync(dir);
  writeFileSync(join(dir, "package.json"), '{ "name": "project", "type": "module" }');
  const quiet = ["--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error"];
  await run(dir, ["npm", "install", tarball, ...more, ...quiet]);
  return { dir, outside, remove: () => rmSync(outside, { recursive: true, force: true }) };
}

/** The package's tarball. The first file of a run that asks makes it, and others wait. */
async function packedOnce(): Promise<string> {
  const folder = join(inject("preparedFolder"), "package");
  const made = join(folder, "package.tgz");
  while (!existsSync(made)) {
    if (!isFirstToMake(folder)) {
      await sleep(100);
      continue;
    }
    try {
      renameSync(await pack(folder), made);
    } catch (error) {
      rmSync(folder, { recursive: true });
      throw error;
    }
  }
  return made;
}

function isFirstToMake(folder: string): boolean {
  try {
    mkdirSync(folder);
    return true;
  } catch {
    return false;
  }
}

/** Builds and packs the package as it would be published. */
async function pack(folder: string): Promise<string> {
  const stage = join(folder, "stage");
  // Apart from the checkout, whose dist other tests may be building.
  for (const name of ["package.json", "README.md", "LICENSE", "docs", "src"])
    cpSync(join(root, name), join(stage, name), { recursive: true });
  await run(root, [process.execPath, "scripts/build.mjs", join(stage, "dist")]);
  const to = ["--pack-destination", folder];
  await run(stage, ["npm", "pack", "--ignore-scripts", ...to, "--loglevel=error"]);
  const tarball = readdirSync(folder).find((name) => name.endsWith(".tgz"));
  if (tarball === undefined) throw new Error("npm pack made no tarball");
  return join(folder, tarball);
}

/** The types of Node that fit the one that runs. */
export const NODE_TYPES = `@types/node@${process.versions.node.split(".")[0]}`;
