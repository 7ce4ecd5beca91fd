import { describe, expect, test } from "vitest";
import { compileCondition } from "../../src/conditions/compile.ts";
import { describeEvaluation, evaluate } from "../../src/conditions/evaluate.ts";
import { type JobFacts, jobFactsSchema } from "../../src/conditions/facts.ts";
import { parseCondition } from "../../src/conditions/parse.ts";
import { runCondition } from "./run-condition.ts";

const MINUTE = 60_000;
const NOW = 1_000 * 86_400_000;

const fresh: JobFacts = {
  lastVerdict: null,
  lastSuccessAt: null,
  successStreak: 0,
  running: 0,
  everRan: false,
};
const good: JobFacts = {
  lastVerdict: "succeeded",
  lastSuccessAt: NOW - 47 * MINUTE,
  successStreak: 3,
  running: 0,
  everRan: true,
};
const bad: JobFacts = { ...good, lastVerdict: "failed", successStreak: 0 };
const cancelled: JobFacts = { ...bad, lastVerdict: "cancelled" };

function judge(text: string, facts: JobFacts | undefined): [boolean, string] {
  const { value, terms } = evaluate(parseCondition(text), () => facts, NOW);
  return [value, terms[0]?.why ?? ""];
}

describe("what each term says", () => {
  test.each<[string, JobFacts | undefined, boolean, string]>([
    ["j.last_run_successful", good, true, "the last run of j succeeded"],
    ["j.last_run_successful", bad, false, "the last run of j failed"],
    ["j.last_run_successful", cancelled, false, "the last run of j was cancelled"],
    ["j.last_run_successful", fresh, false, "no run of j has finished yet"],
    ["j.last_run_failed", bad, true, "the last run of j failed"],
    ["j.last_run_failed", good, false, "the last run of j succeeded"],
    ["j.last_run_failed", cancelled, false, "the last run of j was cancelled"],
    ["j.last_run_failed", fresh, false, "no run of j has finished yet"],
    ["j.last_runs_successful(3)", good, true, "the last 3 runs of j succeeded"],
    [
      "j.last_runs_successful(4)",
      good,
      false,
      "only the last 3 runs of j succeeded, and 4 must have",
    ],
    [
      "j.last_runs_successful(2)",
      { ...good, successStreak: 1 },
      false,
      "only the last run of j succeeded, and 2 must have",
    ],
    ["j.last_runs_successful(1)", bad, false, "the last run of j failed"],
    ["j.last_runs_successful(1)", fresh, false, "no run of j has finished yet"],
    ["j.finished_within(1h)", good, true, "j last succeeded 47m ago, which is within 1h"],
    ["j.finished_within(30m)", good, false, "j last succeeded 47m ago, which is not within 30m"],
    // Successfully finished: a failure after it takes nothing away.
    ["j.finished_within(1h)", bad, true, "j last succeeded 47m ago, which is within 1h"],
    ["j.finished_within(1h)", fresh, false, "j has never succeeded"],
    ["j.running", { ...good, running: 1 }, true, "j has 1 run in progress"],
    ["j.running", { ...good, running: 2 }, true, "j has 2 runs in progress"],
    ["j.running", good, false, "j has no run in progress"],
    ["j.never_ran", fresh, true, "j has never run"],
    ["j.never_ran", good, false, "j has run before"],
    ["j.never_ran", { ...fresh, running: 1, everRan: true }, false, "j has run before"],
    ['"job-2".never_ran', undefined, false, 'there is no job "job-2"'],
  ])("%s", (text, facts, value, why) => {
    expect(judge(text, facts)).toEqual([value, why]);
    expect(runCondition(compileCondition(parseCondition(text)), () => facts, NOW)).toBe(value);
  });
});

test.each([
  [30 * MINUTE, true, "j last succeeded 30m ago, which is within 30m"],
  [30 * MINUTE + 1, false, "j last succeeded just over 30m ago, which is not within 30m"],
  [30 * MINUTE + 1_000, false, "j last succeeded 30m 1s ago, which is not within 30m"],
  [1_500, true, "j last succeeded 1s 500ms ago, which is within 30m"],
  [0, true, "j last succeeded 0ms ago, which is within 30m"],
  // The success was recorded after the clock was read.
  [-5, true, "j last succeeded 0ms ago, which is within 30m"],
])("the bound of finished_within is inclusive: %i ms ago", (agoMs, value, why) => {
  const facts = { ...good, lastSuccessAt: NOW - agoMs };
  expect(judge("j.finished_within(30m)", facts)).toEqual([value, why]);
});

test.each([
  "typo.running",
  "not typo.running",
  "not not typo.running",
  "typo.never_ran",
  "not typo.never_ran",
  "typo.running or not typo.running",
  "not (typo.running and other.running)",
])("%s is false while its job does not exist", (text) => {
  expect(judge(text, undefined)[0]).toBe(false);
});

test("a job that does not exist decides nothing where others suffice", () => {
  const facts = (id: string): JobFacts | undefined => (id === "j" ? good : undefined);
  const value = (text: string): boolean => evaluate(parseCondition(text), facts, NOW).value;
  expect(value("typo.running or j.last_run_successful")).toBe(true);
  expect(value("not (typo.running and j.last_run_failed)")).toBe(true);
  expect(value("not typo.running and j.last_run_successful")).toBe(false);
});

test("every term is explained, and those that decided are marked", () => {
  const facts = (id: string): JobFacts => (id === "b" ? bad : good);
  const condition = parseCondition(
    "a.last_run_successful and b.last_run_successful and not a.finished_within(1h)",
  );
  const evaluation = evaluate(condition, facts, NOW);
  expect(evaluation).toEqual({
    value: false,
    terms: [
      {
        text: "a.last_run_successful",
        jobId: "a",
        value: true,
        negated: false,
        decisive: false,
        why: "the last run of a succeeded",
      },
      {
        text: "b.last_run_successful",
        jobId: "b",
        value: false,
        negated: false,
        decisive: true,
        why: "the last run of b failed",
      },
      {
        text: "a.finished_within(1h)",
        jobId: "a",
        value: true,
        negated: true,
        decisive: true,
        why: "a last succeeded 47m ago, which is within 1h",
      },
    ],
  });
  expect(describeEvaluation(evaluation)).toBe(
    "The condition is false: b.last_run_successful is false, the last run of b failed; not a.finished_within(1h) is false, a last succeeded 47m ago, which is within 1h.",
  );
});

test("the same reason is told once", () => {
  const evaluation = evaluate(
    parseCondition("(a.running and b.running) or a.running"),
    () => good,
    NOW,
  );
  expect(describeEvaluation(evaluation)).toBe(
    "The condition is false: a.running is false, a has no run in progress; b.running is false, b has no run in progress.",
  );
});

test("the program of an example", () => {
  const program = compileCondition(
    parseCondition("job_2.last_run_successful and not (job_3.finished_within(30m) or x.running)"),
  );
  expect(program).toEqual([
    ["ok", "job_2"],
    ["within", "job_3", 1_800_000],
    ["running", "x"],
    ["or"],
    ["not"],
    ["and"],
  ]);
});

test.each([
  [[]],
  [[["and"]]],
  [
    [
      ["ok", "a"],
      ["ok", "a"],
    ],
  ],
] as const)("a program that no condition gives is refused: %j", (program) => {
  expect(() => runCondition(program, () => good, NOW)).toThrow("A condition's program");
});

test("facts have a schema for their stored form", () => {
  for (const facts of [fresh, good, bad, cancelled])
    expect(jobFactsSchema.parse(facts)).toEqual(facts);
  for (const wrong of [{}, { ...good, running: -1 }, { ...good, lastVerdict: "missed" }])
    expect(jobFactsSchema.safeParse(wrong).success).toBe(false);
});
