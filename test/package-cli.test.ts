// The command line as people get it: packed, installed, and started in a folder of theirs.
import { spawn } from "node:child_process";
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { end, outputOf, track } from "./helpers/children.ts";
import { type PackedProject, packedProject, run } from "./helpers/packed-project.ts";

let project: PackedProject;
beforeAll(async () => {
  project = await packedProject();
}, 300_000);
afterAll(() => project.remove());

test("cronduit dev begins in an empty folder with the database of the package, and runs a job", async () => {
  const folder = join(project.outside, "mine");
  mkdirSync(folder);
  const bin = join(project.dir, "node_modules/.bin/cronduit");
  const dev = spawn(bin, ["dev", "--yes", "--port", "0"], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, NODE_OPTIONS: "", VITEST: "", COMPILED_TESTS_OF_CRONDUIT: undefined },
  });
  track(dev, "cronduit dev");
  const output = outputOf(dev);
  try {
    await expect.poll(output, { timeout: 60_000 }).toMatch(/✓ hello .*"Hello, World!"/);
    // The packed one has no databases to copy others from; one that PostgreSQL made has three.
    expect(readdirSync(join(folder, ".cronduit/data/base"))).toHaveLength(1);
    const [, url = "", token = ""] = /dashboard  (\S+)\/\?token=(\S+)/.exec(output()) ?? [];
    const page = await fetch(`${url}/?token=${token}`);
    expect(await page.text()).toContain("<title>cronduit");
    const signedIn = await fetch(`${url}/api/session/link`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ token }),
    });
    expect(signedIn.status).toBe(201);
    const list = await run(folder, [bin, "job", "list", "--connection", "embedded://.cronduit"]);
    expect(list).toContain("hello");
  } finally {
    await end(dev, "SIGINT");
  }
  expect(dev.exitCode).toBe(0);
  expect(output()).toContain("Nothing is lost");
}, 120_000);

test("its version takes nothing else", async () => {
  const bin = join(project.dir, "node_modules/.bin/cronduit");
  expect(await run(project.outside, [bin, "--version"])).toMatch(/^\d+\.\d+\.\d+$/);
});
