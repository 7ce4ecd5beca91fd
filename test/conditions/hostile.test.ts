import fc from "fast-check";
import { expect, test } from "vitest";
import { isCronduitError } from "../../src/core/errors.ts";
import { MAX_TEXT } from "../../src/conditions/limits.ts";
import { parseCondition, resolveCondition } from "../../src/conditions/parse.ts";
import { printCondition } from "../../src/conditions/print-condition.ts";
import { conditions } from "./arbitraries.ts";

/** Parses any text: accepted text must print and parse back, the rest must raise our error with a position in range. */
function survives(text: string): "accepted" | "refused" {
  try {
    const condition = parseCondition(text);
    const printed = printCondition(condition);
    if (printCondition(parseCondition(printed)) !== printed) throw new Error(`differs: ${printed}`);
    return "accepted";
  } catch (error) {
    if (!isCronduitError(error, "INVALID_CONDITION")) throw error;
    const { column } = error.data;
    if (column !== undefined && !(Number(column) >= 1 && Number(column) <= text.length + 1))
      throw new Error(`column ${JSON.stringify(column)} is outside of the text`, { cause: error });
    return "refused";
  }
}

const SCRAPS = [
  ...'a job_2 "job-2" and or not AND ( ) . , \' " \\ && | ! 30m 3 -1 0x10 1e9 99999999999w'.split(
    " ",
  ),
  "running",
  "finished_within(30m)",
  "last_runs_successful(3)",
  "last_run_failed",
  ..." |\n|\t|\u0000|\u2028|\ufeff|é|😀|\ud800|__proto__".split("|"),
];
const fragments = fc
  .array(fc.constantFrom(...SCRAPS), { maxLength: 30 })
  .map((parts) => parts.join(""));

/** Texts that are valid; made once, since making them costs more than reading them. */
const valid = fc.sample(conditions, { numRuns: 1_000, seed: 5 }).map(printCondition);

const mutations = fc
  .record({
    text: fc.constantFrom(...valid),
    edits: fc.array(
      fc.record({
        at: fc.nat(200),
        remove: fc.nat(3),
        insert: fc.oneof(fc.constant(""), fc.string({ unit: "binary", maxLength: 3 }), fragments),
      }),
      { minLength: 1, maxLength: 4 },
    ),
  })
  .map(({ text, edits }) =>
    edits.reduce((edited, { at, remove, insert }) => {
      const from = at % (edited.length + 1);
      return edited.slice(0, from) + insert + edited.slice(from + remove);
    }, text),
  );

test("100,000 random texts are read or refused", { timeout: 120_000 }, () => {
  const counts = { accepted: 0, refused: 0 };
  const run = (texts: fc.Arbitrary<string>, numRuns: number): void =>
    fc.assert(
      fc.property(texts, (text) => {
        counts[survives(text)] += 1;
      }),
      { numRuns },
    );
  run(fc.string({ unit: "binary", maxLength: 100 }), 20_000);
  run(fragments, 40_000);
  run(mutations, 40_000);
  expect(counts.accepted + counts.refused).toBe(100_000);
  // A generator that never makes valid text would prove nothing about parsing.
  expect(counts.accepted).toBeGreaterThan(1_000);
});

test.each<[string, string]>([
  ["open parentheses", "("],
  ["closed parentheses", ")"],
  ["pairs of parentheses", "()"],
  ["nots", "not "],
  ["quotes", '"'],
  ["backslashes in a quote", '"\\'],
  ["bad escapes", '"\\x"'],
  ["dots", "."],
  ["digits", "9"],
  ["letters", "a"],
  ["spaces", " "],
  ["signs", "&"],
  ["surrogates", "\ud800"],
  ["terms", "a.running and "],
  ["quoted terms", '"a".running or '],
  ["durations", "a.finished_within(1s1s1s1s1s1s1s1s"],
])("a text full of %s is refused", (_, part) => {
  for (const start of ["", "a", "a.running and ", '"', "a.finished_within("])
    expect(survives((start + part.repeat(MAX_TEXT)).slice(0, MAX_TEXT))).toBe("refused");
});

test("a text of a hundred megabytes is refused unread", () => {
  expect(survives("(".repeat(100_000_000))).toBe("refused");
});

const cycle: { kind: string; of: unknown[] } = { kind: "and", of: [] };
cycle.of.push(cycle, cycle);
const term = { kind: "ok", jobId: "a" };
const nested = (levels: number): unknown => {
  let value: unknown = term;
  for (let i = 0; i < levels; i += 1) value = { kind: "not", of: value };
  return value;
};

test.each<[string, unknown]>([
  ["nothing", undefined],
  ["null", null],
  ["a number", 3],
  ["a list", [term]],
  ["a function", () => true],
  ["an empty object", {}],
  ["an unknown kind", { kind: "xor", of: [term, term] }],
  [
    "a getter that throws",
    {
      get kind(): string {
        throw new Error("no");
      },
    },
  ],
  ["a field too many", { ...term, count: 3 }],
  ["an empty id", { ...term, jobId: "" }],
  ["a long id", { ...term, jobId: "a".repeat(129) }],
  ["half a surrogate pair in an id", { ...term, jobId: "\ud800" }],
  ["a count of zero", { kind: "runs", jobId: "a", count: 0 }],
  ["a count that is a text", { kind: "runs", jobId: "a", count: "3" }],
  ["a fraction of a millisecond", { kind: "within", jobId: "a", withinMs: 0.5 }],
  ["an endless span", { kind: "within", jobId: "a", withinMs: Infinity }],
  ["a group of one", { kind: "and", of: [term] }],
  ["a group in one of its kind", { kind: "or", of: [term, { kind: "or", of: [term, term] }] }],
  ["members that are an object", { kind: "and", of: { length: 2, 0: term, 1: term } }],
  ["a cycle", cycle],
  ["33 nots", nested(33)],
  ["100,000 nots", nested(100_000)],
  ["101 terms", { kind: "or", of: Array.from({ length: 101 }, () => term) }],
  ["a million terms", { kind: "or", of: Array.from({ length: 1_000_000 }, () => term) }],
  [
    "a text too long when printed",
    { kind: "or", of: Array.from({ length: 50 }, () => ({ ...term, jobId: "a".repeat(100) })) },
  ],
])("a tree is refused: %s", (_, tree) => {
  expect(() => resolveCondition(tree)).toThrow(
    expect.objectContaining({ name: "ConditionError", code: "INVALID_CONDITION" }),
  );
});

test("what stands exactly at the limits is accepted", () => {
  expect(survives(`${"(".repeat(32)}a.running${")".repeat(32)}`)).toBe("accepted");
  expect(resolveCondition(nested(32))).toEqual(nested(32));
  expect(survives(Array.from({ length: 100 }, () => "a.running").join(" and "))).toBe("accepted");
  expect(survives(`a.running${" ".repeat(MAX_TEXT - 9)}`)).toBe("accepted");
  expect(survives(`"${"a".repeat(128)}".running`)).toBe("accepted");
});
