import { expect, test } from "vitest";
import { lineLogger } from "../../src/core/log.ts";

test("what people give begins no line of its own, and commands no terminal", () => {
  const lines: string[] = [];
  const logger = lineLogger("info", (line) => lines.push(line));
  logger.info('job "a" paused: x\ncronduit error: forged \u001b[2J \u009b1m\u2028end');
  expect(lines).toEqual([
    'cronduit info: job "a" paused: x\\ncronduit error: forged \\u001b[2J \\u009b1m\\u2028end\n',
  ]);
});

test("nor do fields, in any spelling that JSON leaves as it is", () => {
  const lines: string[] = [];
  const logger = lineLogger("info", (line) => lines.push(line));
  logger.warn("refused", { path: "\u009b2J\u202egnp.exe\u2066\u2028\n" });
  expect(lines).toEqual([
    'cronduit warn: refused {"path":"\\u009b2J\\u202egnp.exe\\u2066\\u2028\\n"}\n',
  ]);
});
