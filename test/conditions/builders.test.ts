import { expect, test } from "vitest";
import { after, all, any, not } from "../../src/conditions/builders.ts";
import type { Condition } from "../../src/conditions/condition.ts";
import { parseCondition } from "../../src/conditions/parse.ts";
import { ConditionError } from "../../src/core/errors.ts";

test.each<[string, Condition]>([
  ["job_2.last_run_successful", after.ok("job_2")],
  ["job_2.last_run_successful and job_2.finished_within(1h)", after.ok("job_2", { within: "1h" })],
  ["job_2.finished_within(30m)", after.within("job_2", "30 minutes")],
  ["job_2.finished_within(90s)", after.within("job_2", 90)],
  ["job_2.last_run_failed", after.failed("job_2")],
  ["job.last_runs_successful(3)", after.runs("job", 3)],
  ["job.running", after.running("job")],
  ["job.never_ran", after.never("job")],
  ['"job-2".running', after.running("job-2")],
  [
    "a.running and b.running and c.running",
    all(after.running("a"), after.running("b"), after.running("c")),
  ],
  [
    "a.running and b.running and c.running",
    all(all(after.running("a"), after.running("b")), after.running("c")),
  ],
  ["a.running or b.running", any(after.running("a"), after.running("b"))],
  ["a.running", any(all(after.running("a")))],
  [
    "not (a.running or b.never_ran) and c.last_run_successful and c.finished_within(1h)",
    all(not(any(after.running("a"), after.never("b"))), after.ok("c", { within: "1h" })),
  ],
  ["not not a.running", not(not(after.running("a")))],
])("%s", (text, built) => {
  expect(built).toEqual(parseCondition(text));
  expect(JSON.stringify(built)).toBe(JSON.stringify(parseCondition(text)));
  expect(Object.isFrozen(built)).toBe(true);
});

const running = after.running("a");
const times = (n: number): Condition[] => Array.from({ length: n }, () => running);

test.each<[string, () => Condition]>([
  ["an empty id", () => after.ok("")],
  ["a long id", () => after.ok("a".repeat(129))],
  ["a line break in an id", () => after.running("a\nb")],
  ["an id that is no text", () => after.running(3 as unknown as string)],
  ["a count of zero", () => after.runs("a", 0)],
  ["half a run", () => after.runs("a", 1.5)],
  ["a span of zero", () => after.within("a", 0)],
  ["no number", () => after.within("a", Number.NaN)],
  ["a negative span", () => after.ok("a", { within: -1 })],
  ["no duration", () => after.ok("a", { within: "soon" })],
  ["a span of 200 years", () => after.within("a", "80000d")],
  ["101 terms", () => all(running, ...times(100))],
  [
    "33 nots",
    () => {
      let condition: Condition = running;
      for (let i = 0; i < 33; i += 1) condition = not(condition);
      return condition;
    },
  ],
  ["nothing to join", () => all()],
  ["a text among trees", () => any(running, "b.running" as unknown as Condition)],
  ["undefined", () => not(undefined as unknown as Condition)],
])("refused: %s", (_, build) => {
  expect(build).toThrow(ConditionError);
});
