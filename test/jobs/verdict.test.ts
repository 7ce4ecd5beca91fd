import { describe, expect, test } from "vitest";
import { OPEN_STATES, TRANSITIONS, VERDICTS } from "../../src/jobs/verdict.ts";

const states = Object.keys(TRANSITIONS) as (keyof typeof TRANSITIONS)[];

function reachableFrom(start: keyof typeof TRANSITIONS): Set<string> {
  const seen = new Set<keyof typeof TRANSITIONS>([start]);
  for (const state of seen) for (const next of TRANSITIONS[state]) seen.add(next);
  return seen;
}

describe("the table of transitions", () => {
  test("has every state once", () => {
    expect(states.toSorted()).toEqual(["due", ...OPEN_STATES, ...VERDICTS].toSorted());
  });

  test("nothing follows a verdict, and something follows every other state", () => {
    expect(states.filter((state) => TRANSITIONS[state].length === 0).toSorted()).toEqual(
      [...VERDICTS].toSorted(),
    );
  });

  test("every state can come of `due`", () => {
    expect([...reachableFrom("due")].toSorted()).toEqual(states.toSorted());
  });

  test("every state that is open ends in a verdict", () => {
    for (const state of OPEN_STATES) {
      expect([...reachableFrom(state)].some((next) => VERDICTS.some((one) => one === next))).toBe(
        true,
      );
    }
  });

  test("what never ran can't succeed or fail", () => {
    for (const state of ["due", "queued"] as const) {
      expect(TRANSITIONS[state]).not.toContain("succeeded");
      expect(TRANSITIONS[state]).not.toContain("failed");
    }
  });
});
