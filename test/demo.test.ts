import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import pg from "pg";
import { describe, inject, test, type TestContext } from "vitest";
import { end, outputOf, track } from "./helpers/children.ts";
import { compiledPath } from "./helpers/compiled.ts";
import { runProgram } from "./helpers/run-program.ts";

const NONE = { REDIS_URL: "", DATABASE_URL: "" };
const ENGINES = [
  // With nothing on the PATH: Node is all that it needs.
  ["embedded", { ...NONE, PATH: "" }, /engine: embedded postgres in .*cronduit_demo_/],
  ["redis", { ...NONE, REDIS_URL: inject("redisUrl") }, /engine: redis \d/],
  ["postgres", { ...NONE, DATABASE_URL: inject("postgresUrl") }, /engine: postgres at 127/],
] as const;

/** A folder for temporary files that is the demo's own. */
function ownFolder(onEnd: TestContext["onTestFinished"]): string {
  const folder = mkdtempSync(join(tmpdir(), "demo-test-"));
  onEnd(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const leftIn = (folder: string): string[] =>
  readdirSync(folder).filter((name) => name.startsWith("cronduit"));

// They mostly wait for due times.
describe.concurrent.each(ENGINES)("the demo on %s", (name, engine, label) => {
  test("ends by itself with a ledger that adds up, and removes what it made", async ({
    expect,
    onTestFinished,
  }) => {
    const folder = ownFolder(onTestFinished);
    const { code, output } = await runProgram("examples/demo/main.ts", {
      env: { ...engine, TMPDIR: folder },
      // One of them as `npm run demo` does.
      isTypeScript: name === "redis",
      // PostgreSQL inside a process is started twice; that takes long where others compete for the processor.
      limitMs: 160_000,
    });
    expect(output).toMatch(label);
    expect(output).toContain("attempt 2: taken over from the process that was killed");
    expect(output).toContain("max-instances");
    expect(output).toContain("resumed");
    expect(output).toMatch(/watch: .* ran in attempt 2 .* and succeeded/);
    expect(output.trimEnd()).toMatch(
      /(\d+) due, \1 decided, one process killed, \d+ s on .*\.\nIt adds up: .* exactly one verdict\.$/,
    );
    expect(code).toBe(0);
    // The rows of the table, added up again: due = the verdicts' sum = decided.
    const rows = output.split("\n").flatMap((line) => {
      const cells = /^[a-z]+((?:\s+\d+){8})$/.exec(line)?.[1]?.trim().split(/\s+/).map(Number);
      return cells ? [cells] : [];
    });
    expect(rows).toHaveLength(7);
    for (const [due = -1, ...rest] of rows) {
      const decided = rest.pop();
      expect(rest.reduce((sum, count) => sum + count, 0)).toBe(due);
      expect(decided).toBe(due);
    }
    expect(leftIn(folder)).toEqual([]);
  }, 180_000);

  test.for(["SIGINT", "SIGKILL"] as const)(
    "ended by %s, it leaves no file",
    { timeout: 120_000 },
    async (signal, { expect, onTestFinished }) => {
      const folder = ownFolder(onTestFinished);
      const demo = spawn(process.execPath, [compiledPath("examples/demo/main.ts")], {
        env: { ...process.env, ...engine, TMPDIR: folder },
        stdio: ["ignore", "pipe", "pipe"],
      });
      track(demo, "the demo");
      const output = outputOf(demo);
      await expect.poll(output, { timeout: 60_000 }).toMatch(/ succeeded /);
      expect(output()).toMatch(label);
      const { code } = await end(demo, signal);
      expect(code).toBe(signal === "SIGINT" ? 130 : null);
      // Where the demo itself could not, its processes tidy up.
      await expect.poll(() => leftIn(folder), { timeout: 30_000 }).toEqual([]);
    },
  );
});

test("no demo has left a key or a schema", async ({ expect, onTestFinished }) => {
  const redis = new Redis(inject("redisUrl"));
  onTestFinished(() => redis.disconnect());
  const client = new pg.Client(inject("postgresUrl"));
  await client.connect();
  onTestFinished(() => client.end());
  const left = async (): Promise<unknown[]> => [
    ...(await redis.keys("{cronduit_demo_*")),
    ...(await client.query("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'cronduit_demo_%'"))
      .rows,
  ];
  await expect.poll(left, { timeout: 30_000 }).toEqual([]);
}, 60_000);
