import { expect, test } from "vitest";
import * as when from "../../src/conditions/when.ts";
import type { Condition } from "../../src/conditions/condition.ts";
import { parseCondition } from "../../src/conditions/parse.ts";
import { ConditionError } from "../../src/core/errors.ts";

test.each<[string, Condition]>([
  ["job_2.last_run_successful", when.lastRunSuccessful("job_2")],
  [
    "job_2.last_run_successful and job_2.finished_within(1h)",
    when.lastRunSuccessful("job_2", { within: "1h" }),
  ],
  ["job_2.finished_within(30m)", when.finishedWithin("job_2", "30 minutes")],
  ["job_2.finished_within(90s)", when.finishedWithin("job_2", 90)],
  ["job_2.last_run_failed", when.lastRunFailed("job_2")],
  ["job.last_runs_successful(3)", when.lastRunsSuccessful("job", 3)],
  ["job.running", when.running("job")],
  ["job.never_ran", when.neverRan("job")],
  ['"job-2".running', when.running("job-2")],
  [
    "a.running and b.running and c.running",
    when.all(when.running("a"), when.running("b"), when.running("c")),
  ],
  [
    "a.running and b.running and c.running",
    when.all(when.all(when.running("a"), when.running("b")), when.running("c")),
  ],
  ["a.running or b.running", when.any(when.running("a"), when.running("b"))],
  ["a.running", when.any(when.all(when.running("a")))],
  [
    "not (a.running or b.never_ran) and c.last_run_successful and c.finished_within(1h)",
    when.all(
      when.not(when.any(when.running("a"), when.neverRan("b"))),
      when.lastRunSuccessful("c", { within: "1h" }),
    ),
  ],
  ["not not a.running", when.not(when.not(when.running("a")))],
])("%s", (text, built) => {
  expect(built).toEqual(parseCondition(text));
  expect(JSON.stringify(built)).toBe(JSON.stringify(parseCondition(text)));
  expect(Object.isFrozen(built)).toBe(true);
});

const running = when.running("a");
const times = (n: number): Condition[] => Array.from({ length: n }, () => running);

test.each<[string, () => Condition]>([
  ["an empty id", () => when.lastRunSuccessful("")],
  ["a long id", () => when.lastRunSuccessful("a".repeat(129))],
  ["a line break in an id", () => when.running("a\nb")],
  ["an id that is no text", () => when.running(3 as unknown as string)],
  ["a count of zero", () => when.lastRunsSuccessful("a", 0)],
  ["half a run", () => when.lastRunsSuccessful("a", 1.5)],
  ["a span of zero", () => when.finishedWithin("a", 0)],
  ["no number", () => when.finishedWithin("a", Number.NaN)],
  ["a negative span", () => when.lastRunSuccessful("a", { within: -1 })],
  ["no duration", () => when.lastRunSuccessful("a", { within: "soon" })],
  ["a span of 200 years", () => when.finishedWithin("a", "80000d")],
  ["101 terms", () => when.all(running, ...times(100))],
  [
    "33 nots",
    () => {
      let condition: Condition = running;
      for (let i = 0; i < 33; i += 1) condition = when.not(condition);
      return condition;
    },
  ],
  ["nothing to join", () => when.all()],
  ["a text among trees", () => when.any(running, "b.running" as unknown as Condition)],
  ["undefined", () => when.not(undefined as unknown as Condition)],
])("refused: %s", (_, build) => {
  expect(build).toThrow(ConditionError);
});
