import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { expect, inject, onTestFinished, test } from "vitest";
import { startProgram } from "./helpers/process.ts";
import { runProgram } from "./helpers/run-program.ts";

test("the demo ends by itself with a ledger that adds up", async () => {
  const { code, output } = await runProgram("examples/demo/main.ts");
  const total = /(\d+) occurrences were due, (\d+) were decided: every one has its verdict/.exec(
    output,
  );
  if (!total) throw new Error(`it does not add up:\n${output}`);
  expect(total[1]).toBe(total[2]);
  expect(output).toContain("attempt 2: taken up from the worker that died");
  expect(output).toContain("max-instances");
  expect(output).toContain("resumed");
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
}, 120_000);

test("the demo, interrupted by Ctrl-C, leaves no key and no file", async () => {
  const folder = mkdtempSync(join(tmpdir(), "demo-test-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const env = { REDIS_URL: inject("redisUrl"), TMPDIR: folder };
  await using demo = startProgram("examples/demo/main.ts", { env });
  while (demo.isRunning && !/ succeeded /.test(demo.output()))
    await new Promise((resolve) => setTimeout(resolve, 100));
  const { code } = await demo.kill("SIGINT");
  expect(demo.output()).toContain("two worker processes take runs");
  expect(code).toBe(130);
  expect(readdirSync(folder).filter((name) => name.startsWith("cronduit"))).toEqual([]);
  const redis = new Redis(inject("redisUrl"));
  onTestFinished(() => redis.disconnect());
  expect(await redis.keys("{cronduit-demo-*")).toEqual([]);
}, 120_000);
