import { readFileSync } from "node:fs";
import { runInNewContext } from "node:vm";
import { describe, expect, test } from "vitest";
import * as when from "../../src/conditions/when.ts";
import { TERM_NAMES } from "../../src/conditions/condition.ts";
import { describeEvaluation, evaluate } from "../../src/conditions/evaluate.ts";
import type { JobFacts } from "../../src/conditions/facts.ts";
import { parseCondition } from "../../src/conditions/parse.ts";
import { printCondition } from "../../src/conditions/print-condition.ts";
import { refusal } from "./refusal.ts";

const document = readFileSync("docs/conditions.md", "utf8");

/** The lines of all code blocks of a kind. */
function lines(kind: string): string[] {
  return [...document.matchAll(/^```(\w+)\n([^]*?)^```$/gm)]
    .filter(([, found]) => found === kind)
    .flatMap(([, , body = ""]) => body.trimEnd().split("\n"));
}

/** Lines, each followed by an indented one that belongs to it. */
function pairs(kind: string): [string, string][] {
  const read = lines(kind);
  return read.flatMap((line, i): [string, string][] =>
    line.startsWith("  ") ? [] : [[line, read[i + 1]?.trim() ?? ""]],
  );
}

describe("docs/conditions.md", () => {
  test.each(lines("condition"))("%s is written as it is printed", (text) => {
    expect(printCondition(parseCondition(text))).toBe(text);
  });

  test.each(pairs("errors"))("the error of %s", (text, message) => {
    expect(refusal(text).message).toBe(message);
  });

  test.each(lines("builders").map((line) => line.split(/\s+\/\/ /)))("%s is %s", (code, text) => {
    const built: unknown = runInNewContext(code ?? "", { when });
    expect(built).toEqual(parseCondition(text ?? ""));
    expect(printCondition(parseCondition(text ?? ""))).toBe(text);
  });

  const now = 10 * 86_400_000;
  const facts: JobFacts = {
    lastVerdict: "succeeded",
    lastSuccessAt: now - 47 * 60_000,
    successStreak: 5,
    running: 0,
    everRan: true,
  };
  test.each(pairs("evaluation"))("the reason of %s", (text, reason) => {
    const factsOf = (id: string): JobFacts | undefined => (id === "job_9" ? undefined : facts);
    expect(describeEvaluation(evaluate(parseCondition(text), factsOf, now))).toBe(reason);
  });

  const precedence = document
    .split("\n")
    .filter((line) => /^\| (?:closest|then|last) /.test(line))
    .map((line) => line.split("|").map((cell) => cell.trim().replaceAll("`", "")));
  test.each(precedence)("precedence: %s%s binds, %s", (...[, , , bare, explicit]) => {
    expect(parseCondition(bare ?? "")).toEqual(parseCondition(explicit ?? ""));
  });

  test("has what it is tested for, and each term", () => {
    expect(lines("condition").length).toBeGreaterThan(10);
    expect(pairs("errors").length).toBeGreaterThan(5);
    expect(lines("builders").length).toBeGreaterThan(5);
    expect(pairs("evaluation")).toHaveLength(3);
    expect(precedence).toHaveLength(3);
    for (const name of Object.values(TERM_NAMES)) expect(document).toMatch(`| \`${name}`);
  });
});
