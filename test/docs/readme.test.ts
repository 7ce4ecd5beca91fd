import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { startProgram } from "../helpers/process.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

test("the first program of the README runs as it stands", async () => {
  const readme = readFileSync(join(ROOT, "README.md"), "utf8");
  const program = /^```ts\n([\s\S]*?)^```$/m.exec(readme)?.[1] ?? "";
  // It needs no server, as the README says just before.
  expect(program).not.toContain("connection");
  const folder = mkdtempSync(join(ROOT, "test/docs/.readme-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, "main.ts"), program);
  await using running = startProgram(relative(ROOT, join(folder, "main.ts")));
  while (running.isRunning && !running.output().includes("greet {"))
    await new Promise((resolve) => setTimeout(resolve, 50));
  expect(running.output()).toContain("greet { greeting: 'hello' }");
}, 60_000);
