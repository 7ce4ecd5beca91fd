import { cpSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { lastLine, type PackedProject, packedProject, run } from "./helpers/packed-project.ts";

interface Loaded {
  /** Our own files. */
  readonly own: readonly string[];
  readonly packages: readonly string[];
}

/** All that every program needs. chevrotain is part of our files. */
const ALWAYS = [
  "@pinojs/redact",
  "reflect-metadata",
  "rrule-temporal",
  "safe-stable-stringify",
  "tslib",
  "tsyringe",
  "zod",
];
const DRIVERS = new Set(["bullmq", "ioredis", "pg", "@electric-sql/pglite"]);

let project: PackedProject;

beforeAll(async () => {
  project = await packedProject();
  cpSync("test/package/loaded", join(project.dir, "loaded"), { recursive: true });
}, 300_000);

afterAll(() => project.remove());

/** What a new process loads for the package, and then for a job on the connection. */
async function loads(
  how: "import" | "require",
  connection?: string,
): Promise<{ imported: Loaded; worked?: Loaded }> {
  const env = connection === undefined ? {} : { CONNECTION: connection };
  const output = await run(project.dir, [process.execPath, "loaded/main.mjs", how], env);
  return lastLine(output) as { imported: Loaded; worked?: Loaded };
}

describe.each(["import", "require"] as const)("%s", (how) => {
  test("loads a few of our files, and no library that only a connection needs", async () => {
    const { imported } = await loads(how);
    expect(imported.packages).toEqual(ALWAYS);
    // Each costs time, so they are merged; see scripts/merge-modules.mjs.
    // Commands of the command line are loaded one by one, which divides what they share with the root into more files.
    expect(imported.own.length).toBeLessThanOrEqual(55);
    expect(imported.own).toContain("dist/index.js");
    expect(
      imported.own.filter((file) => /(?:redis|postgres|memory)-engine|-texts/.test(file)),
    ).toEqual([]);
  });
});

test.each([
  ["redis", () => inject("redisUrl"), ["bullmq", "ioredis"]],
  ["postgres", () => inject("postgresUrl"), ["bullmq", "pg"]],
  ["memory", () => "memory:", []],
  ["a folder", () => "embedded://state", ["@electric-sql/pglite", "bullmq"]],
])(
  "a job on %s loads its own libraries only",
  async (_name, connection, needed) => {
    const { worked } = await loads("import", connection());
    expect(worked?.packages.filter((name) => DRIVERS.has(name))).toEqual(needed);
  },
  120_000,
);
