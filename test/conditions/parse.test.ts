import { describe, expect, test } from "vitest";
import { type Condition, jobsIn } from "../../src/conditions/condition.ts";
import { parseCondition, resolveCondition } from "../../src/conditions/parse.ts";
import { printCondition } from "../../src/conditions/print-condition.ts";

const ok = (jobId: string): Condition => ({ kind: "ok", jobId });
const within = (jobId: string, withinMs: number): Condition => ({
  kind: "within",
  jobId,
  withinMs,
});
const running = (jobId: string): Condition => ({ kind: "running", jobId });

test.each<[string, Condition]>([
  ["job_2.last_run_successful", ok("job_2")],
  ["job_2.finished_within(2h)", within("job_2", 7_200_000)],
  [
    "job_2.last_run_successful and job_2.finished_within(1h)",
    { kind: "and", of: [ok("job_2"), within("job_2", 3_600_000)] },
  ],
  [
    "job_2.last_run_successful and job_3.finished_within(30m)",
    { kind: "and", of: [ok("job_2"), within("job_3", 1_800_000)] },
  ],
  [
    "data_etl_job.last_run_successful and data_etl_job.finished_within(1h)",
    { kind: "and", of: [ok("data_etl_job"), within("data_etl_job", 3_600_000)] },
  ],
  ["job_2.finished_within(10s)", within("job_2", 10_000)],
])("an example of the scheduler whose language this is: %s", (text, expected) => {
  expect(parseCondition(text)).toEqual(expected);
  expect(printCondition(expected)).toBe(text);
});

test.each<[string, Condition]>([
  ["a.last_run_failed", { kind: "failed", jobId: "a" }],
  ["a.last_runs_successful(3)", { kind: "runs", jobId: "a", count: 3 }],
  ["a.running", running("a")],
  ["a.never_ran", { kind: "never", jobId: "a" }],
])("the term %s", (text, expected) => {
  expect(parseCondition(text)).toEqual(expected);
  expect(printCondition(expected)).toBe(text);
});

test.each([
  ["250ms", 250],
  ["10s", 10_000],
  ["30m", 1_800_000],
  ["2h", 7_200_000],
  ["1d", 86_400_000],
  ["2w", 1_209_600_000],
  ["1h30m", 5_400_000],
  ["36500d", 3_153_600_000_000],
])("the duration %s", (span, withinMs) => {
  expect(parseCondition(`a.finished_within(${span})`)).toEqual(within("a", withinMs));
});

describe("precedence", () => {
  test.each([
    ["a.running or b.running and c.running", "a.running or (b.running and c.running)"],
    ["not a.running and b.running", "(not a.running) and b.running"],
    ["not not a.running", "not (not a.running)"],
    ["a.running and b.running and c.running", "a.running and (b.running and c.running)"],
    ["a.running or b.running or c.running", "(a.running or b.running) or c.running"],
    ["not a.running or b.running and c.running", "((not a.running) or (b.running and c.running))"],
  ])("%s means %s", (bare, explicit) => {
    expect(parseCondition(bare)).toEqual(parseCondition(explicit));
    expect(printCondition(parseCondition(explicit))).toBe(bare);
  });

  test.each([
    "(a.running or b.running) and c.running",
    "not (a.running and b.running)",
    "not (a.running or b.running) and not c.running",
    "a.running and (b.running or c.running and (d.running or e.running))",
  ])("the parentheses of %s are needed, and printed", (text) => {
    expect(printCondition(parseCondition(text))).toBe(text);
  });
});

test("layout and capitals of keywords don't matter", () => {
  const expected = parseCondition("not a.running and (b.running or c.finished_within(30m))");
  for (const text of [
    "NOT a.running AND (b.running OR c.finished_within(30m))",
    "not(a.running)and(b.running or c.finished_within(30m))",
    "  not\ta . running\r\n  and ( b.running\n or c.finished_within ( 30m ) )\n",
  ])
    expect(parseCondition(text)).toEqual(expected);
});

test.each([
  ['"job-2".running', "job-2"],
  ['"say \\"hi\\"".running', 'say "hi"'],
  ['"back\\\\slash".running', "back\\slash"],
  ['"größe 2".running', "größe 2"],
  ['"a.b/c:d@e".running', "a.b/c:d@e"],
  ['"and".running', "and"],
  ['"NOT".running', "NOT"],
])("the quoted id %s", (text, jobId) => {
  expect(parseCondition(text)).toEqual(running(jobId));
  expect(printCondition(running(jobId))).toBe(text);
});

test("quotes that are not needed are not printed", () => {
  expect(printCondition(parseCondition('"job_2".running'))).toBe("job_2.running");
});

test("words that begin or end like a keyword, or are terms, are ids", () => {
  for (const id of [
    "android",
    "order",
    "nothing",
    "And",
    "band",
    "running",
    "last_run_failed",
    "_",
  ])
    expect(parseCondition(`${id}.running`)).toEqual(running(id));
});

test("the tree is frozen all through", () => {
  const tree = parseCondition("a.running and not (b.never_ran or c.last_runs_successful(2))");
  const visit = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    expect(Object.isFrozen(value)).toBe(true);
    Object.values(value).forEach(visit);
  };
  visit(tree);
  visit(resolveCondition(JSON.parse(JSON.stringify(tree))));
});

test("jobsIn names each job once, in the order of the text", () => {
  expect(jobsIn(parseCondition("b.running or not (a.never_ran and b.last_run_failed)"))).toEqual([
    "b",
    "a",
  ]);
});
