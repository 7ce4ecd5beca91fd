import { describe, expect, test } from "vitest";
import { ConditionError } from "../../src/core/errors.ts";
import { parseCondition } from "../../src/conditions/parse.ts";
import { refusal } from "./refusal.ts";

const TERMS =
  "`last_run_successful`, `last_run_failed`, `last_runs_successful(…)`, `finished_within(…)`, `running` or `never_ran`";
const START = "a job id, `not` or `(`";
const DURATION = "a duration such as 10s, 30m, 2h or 1d";
const COUNT = "a number of runs such as 3";

/** Text, column, and the message after the column. */
const CASES: readonly (readonly [string, number, string])[] = [
  ["", 1, `the text is empty, expected ${START}.`],
  ["  \n ", 1, `the text is empty, expected ${START}.`],
  ["job_2", 6, "the text ends, expected a dot and a term."],
  ["job_2.", 7, `the text ends, expected ${TERMS}.`],
  [
    "job_2.succeeded",
    7,
    `found \`succeeded\`, expected ${TERMS}. Did you mean \`last_run_successful\`?`,
  ],
  ["a.Failed", 3, `found \`Failed\`, expected ${TERMS}. Did you mean \`last_run_failed\`?`],
  ["job_2.and", 7, `found \`and\`, expected ${TERMS}.`],
  ["a.running b.running", 11, "found `b`, expected `and`, `or` or the end."],
  ["a.running, b.running", 10, "found `,`, expected `and`, `or` or the end."],
  ["a.running == 1", 11, "found `==`, expected `and`, `or` or the end."],
  ["a.running)", 10, "found `)`, expected `and`, `or` or the end."],
  ["(a.running", 11, "the text ends, expected `and`, `or` or `)`."],
  ["(a.running b.running)", 12, "found `b`, expected `and`, `or` or `)`."],
  ["()", 2, `found \`)\`, expected ${START}.`],
  ["not", 4, `the text ends, expected ${START}.`],
  ["a.running and ", 14, `the text ends, expected ${START}.`],
  ["a.running and and b.running", 15, `found \`and\`, expected ${START}.`],
  [
    "a.running\nand\nb.runing",
    17,
    `found \`runing\`, expected ${TERMS}. Did you mean \`running\`?`,
  ],
  ["a b.running", 3, "found `b`, expected a dot and a term."],
  ["😀", 1, `found \`😀\`, expected ${START}.`],
];

const ARGUMENT_CASES: typeof CASES = [
  ["a.running(3)", 10, "running takes no argument, expected `and`, `or` or the end."],
  [
    "a.finished_within",
    18,
    `finished_within needs an argument in parentheses, expected ${DURATION}.`,
  ],
  [
    "a.last_runs_successful or b.running",
    24,
    `last_runs_successful needs an argument in parentheses, expected ${COUNT}.`,
  ],
  ["a.finished_within()", 19, `found \`)\`, expected ${DURATION}.`],
  ["a.finished_within(x)", 19, `found \`x\`, expected ${DURATION}.`],
  ["a.finished_within(-5m)", 19, `found \`-\`, expected ${DURATION}.`],
  ["a.finished_within(30x)", 19, `\`30x\` is not a duration, expected ${DURATION}.`],
  [
    "a.finished_within(30)",
    19,
    `\`30\` is not a duration, expected ${DURATION}. Did you mean \`30s\`?`,
  ],
  ["a.finished_within(0s)", 19, `\`0s\` is not longer than zero, expected ${DURATION}.`],
  ["a.finished_within(36501d)", 19, `\`36501d\` is longer than 36500d, expected ${DURATION}.`],
  ["a.finished_within(1.5h)", 20, "found `.`, expected `)`."],
  ["a.finished_within(30 m)", 22, "found `m`, expected `)`."],
  ["a.finished_within(30m", 22, "the text ends, expected `)`."],
  ["a.last_runs_successful(x)", 24, `found \`x\`, expected ${COUNT}.`],
  [
    "a.last_runs_successful(0)",
    24,
    `\`0\` is not a whole number from 1 to 10000, expected ${COUNT}.`,
  ],
  [
    "a.last_runs_successful(3x)",
    24,
    `\`3x\` is not a whole number from 1 to 10000, expected ${COUNT}.`,
  ],
  [
    "a.last_runs_successful(10001)",
    24,
    `\`10001\` is not a whole number from 1 to 10000, expected ${COUNT}.`,
  ],
];

const QUOTE_CASES: typeof CASES = [
  ['"job-2.running', 1, "this quote is not closed, expected a closing quote."],
  ['a.running and "b', 15, "this quote is not closed, expected a closing quote."],
  ['"".running', 1, "this job id is empty."],
  [`"${"a".repeat(129)}".running`, 1, "this job id has more than 128 characters."],
  [`${"a".repeat(129)}.running`, 1, "this job id has more than 128 characters."],
  ['"a\nb".running', 1, "this job id contains a control character."],
  ['"a\\nb".running', 3, 'unknown escape `\\n`, expected `\\"` or `\\\\`.'],
];

describe.each([
  ["order", CASES],
  ["arguments", ARGUMENT_CASES],
  ["ids", QUOTE_CASES],
])("errors of %s", (_, cases) => {
  test.each(cases)("%j, column %i: %s", (text, column, message) => {
    const error = refusal(text);
    expect(error.data["column"]).toBe(column);
    expect(error.message.slice(error.message.indexOf(", column") + 2)).toBe(
      `column ${column}: ${message}`,
    );
  });
});

test.each([
  ["a.last_run_sucessful", "last_run_successful"],
  ["a.last_runs_succesful(3)", "last_runs_successful"],
  ["a.lastRunSuccessful", "last_run_successful"],
  ["a.finishedWithin(3m)", "finished_within"],
  ["a.Running", "running"],
  ["a.neverran", "never_ran"],
  ["a.running && b.running", "and"],
  ["a.running || b.running", "or"],
  ["!a.running", "not"],
  ["a.running And b.running", "and"],
  ["(a.running adn b.running)", "and"],
  ["job-2.running", '"job-2"'],
  ["a.running and etl/job-2.never_ran", '"etl/job-2"'],
  ["2nd.running", '"2nd"'],
  ["größe.running", '"größe"'],
  ["a.b.running", '"a.b"'],
  ["a.running.last_run_failed", '"a.running"'],
  ["'job-2'.running", '"job-2"'],
  ["and.running", '"and"'],
  ["last_run_successful", "job_id.last_run_successful"],
  ["not running or a.running", "job_id.running"],
])("%j: did you mean %s?", (text, suggestion) => {
  const error = refusal(text);
  expect(error.data["suggestion"]).toBe(suggestion);
  expect(error.message).toMatch(/ Did you mean `.*`\?$/);
});

test.each(["a.exploded", "$.running", "a,b.running", "a.running == true", "a b c", "a.running.b"])(
  "%j: no guess is better than a wild one",
  (text) => {
    expect(refusal(text).data).not.toHaveProperty("suggestion");
  },
);

test("an error says where in its data too", () => {
  const error = refusal("job_2.last_run_sucessful");
  expect(error).toBeInstanceOf(ConditionError);
  expect(error).toMatchObject({
    code: "INVALID_CONDITION",
    data: { column: 7, found: "last_run_sucessful", suggestion: "last_run_successful" },
  });
  expect(error.data["expected"]).toContain("never_ran");
});

test("a long text is shown around the column only", () => {
  const text = `${"a.running and ".repeat(20)}b.runing and ${"a.running or ".repeat(20)}c.running`;
  expect(refusal(text).message).toMatch(
    /^Condition `….{40}runing and a\.running or a\.running or a\.r…`, column 283: /,
  );
});

test.each([
  ["(".repeat(33), 33, "nested more than 32 parentheses and nots deep."],
  [`${"not ".repeat(33)}a.running`, 129, "nested more than 32 parentheses and nots deep."],
  [Array.from({ length: 101 }, () => "a.running").join(" or "), 1301, "more than 100 terms."],
  ["x".repeat(4_097), 4_097, "longer than 4096 characters."],
])("limit %#", (text, column, end) => {
  const error = refusal(text);
  expect(error.message.endsWith(`, column ${column}: ${end}`)).toBe(true);
  expect(error.data["column"]).toBe(column);
});

test("a text that fits but grows over the limit when printed is refused", () => {
  // Each "1w1s" becomes "604801s".
  const term = `${"a".repeat(16)}.finished_within(1w1s)`;
  const text = Array.from({ length: 99 }, () => term).join("or ");
  expect(text.length).toBeLessThanOrEqual(4_096);
  expect(refusal(text).message).toBe(
    "The condition has 4451 characters when printed, more than 4096.",
  );
});

test("what is no text at all is refused", () => {
  for (const value of [undefined, null, 3, {}, ["a.running"]])
    expect(() => parseCondition(value as string)).toThrow(ConditionError);
});
