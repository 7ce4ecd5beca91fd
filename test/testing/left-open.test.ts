// A test that fails before it closes its scheduler must not hold up its runner.
import { expect, test } from "vitest";
import { startProgram } from "../helpers/process.ts";

test("a test scheduler that nobody closes does not keep the process alive", async () => {
  await using program = startProgram("test/testing/leaves-open-program.ts");
  expect(await program.exited()).toMatchObject({ code: 0 });
  expect(program.output()).toContain("ran 3");
}, 60_000);
