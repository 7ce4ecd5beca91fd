// What is no condition is refused where it is built, and the message names the function and what to write.
import { expect, test } from "vitest";
import * as when from "../../src/conditions/when.ts";
import { ConditionError } from "../../src/core/errors.ts";

type Untyped = (...given: readonly unknown[]) => unknown;
const untyped = when as unknown as Readonly<Record<keyof typeof when, Untyped>>;
const a = when.running("a");
const b = when.neverRan("b");

function refusal(call: () => unknown): ConditionError {
  try {
    call();
  } catch (error) {
    expect(error).toBeInstanceOf(ConditionError);
    expect(error).toMatchObject({ code: "INVALID_CONDITION" });
    return error as ConditionError;
  }
  throw new Error("it was accepted");
}

const WRONG: readonly unknown[] = [
  undefined,
  null,
  "",
  5,
  Number.NaN,
  true,
  [],
  ["a"],
  {},
  new Map(),
  1n,
  Symbol("a"),
  () => 1,
  new Date(0),
  new Date(Number.NaN),
  Promise.resolve(),
];
const names = Object.keys(when) as (keyof typeof when)[];

test.each(names)("%s: nothing, or a wrong first argument", (name) => {
  for (const given of [[], ...WRONG.map((value) => [value]), ...WRONG.map((value) => [value, 1])]) {
    const { message } = refusal(() => untyped[name](...given));
    expect(message).toMatch(new RegExp(`^when\\.${name}: .+\\. Write .*when\\.`));
    expect(message).not.toMatch(/Cannot read|is not a function|symbol to a/);
  }
});

test.each(names.filter((name) => name !== "all" && name !== "any"))(
  "%s: an argument too many",
  (name) => {
    const valid = {
      lastRunSuccessful: ["a", { within: "1h" }],
      finishedWithin: ["a", "1h"],
      lastRunsSuccessful: ["a", 3],
      not: [a],
    }[name as string] ?? ["a"];
    expect(() => untyped[name](...valid)).not.toThrow();
    expect(refusal(() => untyped[name](...valid, b)).message).toMatch(
      new RegExp(
        `^when\\.${name}: an object with kind, jobId is an argument too many\\. Write when\\.`,
      ),
    );
  },
);

test.each<[string, unknown]>([
  ["the span beside the id", "1h"],
  ["a number beside the id", 3600],
  ["null", null],
  ["a list", ["1h"]],
  ["a misspelled option", { withn: "1h" }],
  ["an option of its own beside within", { within: "1h", after: 1 }],
  ["a setting that is missing", { within: undefined }],
  ["no span", { within: null }],
  ["an empty span", { within: "" }],
])("lastRunSuccessful never drops its limit: %s", (_, options) => {
  expect(refusal(() => untyped.lastRunSuccessful("a", options)).message).toMatch(
    /^when\.lastRunSuccessful.* Write /,
  );
});

test.each<[() => unknown, string]>([
  [
    () => untyped.lastRunSuccessful("a", { withn: "1h" }),
    'when.lastRunSuccessful: unknown option "withn". Did you mean "within"? Write when.lastRunSuccessful("job_2", { within: "1h" }).',
  ],
  [
    () => untyped.lastRunSuccessful("a", "1h"),
    'when.lastRunSuccessful: the options "1h" are not an object. Write when.lastRunSuccessful("job_2", { within: "1h" }).',
  ],
  [
    () => untyped.finishedWithin("a"),
    'when.finishedWithin: the span for job "a" is missing. Write when.finishedWithin("job_2", "1h").',
  ],
  [
    () => untyped.lastRunsSuccessful("a"),
    'when.lastRunsSuccessful: the count for job "a", undefined, is not a whole number from 1 to 10000. Write when.lastRunsSuccessful("job_2", 3).',
  ],
  [
    () => untyped.running(),
    'when.running: the job id undefined is not a string. Write when.running("job_2").',
  ],
  [
    () => untyped.all([a, b]),
    "when.all: a list of 2 is not a condition. Write the conditions one by one: when.all(a, b).",
  ],
  [
    () => untyped.any([a]),
    "when.any: a list of 1 is not a condition. Write the conditions one by one: when.any(a, b).",
  ],
  [
    () => untyped.not("a.running"),
    'when.not: "a.running" is text, not a condition. Write when.not(parseCondition("a.running")), or build it, as with when.running("job_2").',
  ],
  [
    () => untyped.all("a.running"),
    'when.all: "a.running" is text, not a condition. Write when.all(parseCondition("a.running")), or build it, as with when.running("job_2").',
  ],
  [
    () => untyped.not(),
    'when.not: undefined is not a condition. Write when.not(when.running("job_2")).',
  ],
])("%s", (call, message) => {
  expect(refusal(call).message).toBe(message);
});

test.each(["finishedWithin", "lastRunsSuccessful"] as const)(
  "%s: a wrong second argument",
  (name) => {
    for (const value of WRONG.filter((wrong) => wrong !== 5)) {
      expect(refusal(() => untyped[name]("a", value)).message).toMatch(
        new RegExp(`^when\\.${name}: the (span|count) for job "a".+\\. Write when\\.`),
      );
    }
  },
);

test("a span that is out of range names function and option", () => {
  expect(refusal(() => when.finishedWithin("a", 0)).message).toMatch(
    /^when\.finishedWithin: the span for job "a" is not longer than zero\. Write /,
  );
  expect(refusal(() => when.lastRunSuccessful("a", { within: "soon" })).message).toMatch(
    /^when\.lastRunSuccessful: the span for job "a": Duration "soon" can't be read\. Write /,
  );
});
