// What counts as kept, late, excused and broken; and that figures count it the same.
import fc from "fast-check";
import { expect, test } from "vitest";
import { figuresOf } from "../../src/history/figures.ts";
import { LATE_MS, promiseOf } from "../../src/history/promise.ts";
import { BUCKET_BOUNDS_MS, markedOf } from "../../src/jobs/marks.ts";
import type { LedgerRow } from "../../src/jobs/ledger-row.ts";
import { OPEN_STATES, SKIP_REASONS, VERDICTS } from "../../src/jobs/verdict.ts";
import { toRun } from "../../src/history/run.ts";

const rowOf = (changes: Partial<LedgerRow>): LedgerRow => ({
  id: "job:1:1000",
  state: "succeeded",
  kind: "scheduled",
  fireAt: 1_000,
  dueAt: 1_000,
  attempt: 1,
  startedAt: 1_000,
  finishedAt: 2_000,
  ...changes,
});

test("lateness is told apart at a bound by which it is counted", () => {
  expect(BUCKET_BOUNDS_MS).toContain(LATE_MS);
});

test.each([
  [{}, "kept"],
  [{ startedAt: 1_000 + LATE_MS }, "kept"],
  [{ startedAt: 1_001 + LATE_MS }, "late"],
  // When the first attempt began is not on record.
  [{ startedAt: 1_001 + LATE_MS, attempt: 2 }, "kept"],
  [{ state: "failed" }, "broken"],
  [{ state: "missed" }, "broken"],
  [{ state: "skipped", reason: "max-instances" }, "broken"],
  [{ state: "skipped", reason: "condition" }, "excused"],
  [{ state: "skipped", reason: "paused" }, "excused"],
  [{ state: "skipped", reason: "requested" }, "excused"],
  [{ state: "cancelled" }, "excused"],
  [{ state: "coalesced" }, "excused"],
  [{ state: "queued" }, "in-flight"],
  [{ state: "sleeping" }, "in-flight"],
  [{ kind: "manual", state: "failed" }, undefined],
  [{ kind: "backfill" }, undefined],
] as const)("%j is %s", (changes, promise) => {
  expect(promiseOf(toRun(rowOf(changes)))).toBe(promise);
});

test("figures add up to what the promises of their rows say", () => {
  const row = fc.record({
    state: fc.constantFrom(...VERDICTS),
    reason: fc.constantFrom(...SKIP_REASONS),
    kind: fc.constantFrom("scheduled", "manual", "backfill"),
    attempt: fc.integer({ min: 1, max: 3 }),
    startedAt: fc.integer({ min: 1_000, max: 40_000 }),
    finishedAt: fc.constant(50_000),
    count: fc.integer({ min: 1, max: 5 }),
  });
  fc.assert(
    fc.property(fc.array(row), (given) => {
      const rows = given.map((each) => rowOf(each as Partial<LedgerRow>));
      const marks: Record<string, number> = {};
      const wanted: Record<string, number> = { kept: 0, late: 0, excused: 0, broken: 0 };
      for (const each of rows) {
        const { mark, count } = markedOf(each);
        marks[mark] = (marks[mark] ?? 0) + count;
        const promise = promiseOf(toRun(each));
        if (promise !== undefined) wanted[promise] = (wanted[promise] ?? 0) + count;
      }
      const figures = figuresOf({ marks, latenessMaxMs: 0, durationMaxMs: 0 });
      const overlaps = figures.skippedBy["max-instances"] ?? 0;
      expect({
        kept: figures.succeeded - figures.late,
        late: figures.late,
        broken: figures.failed + figures.missed + overlaps,
        excused: figures.cancelled + figures.coalesced + figures.skipped - overlaps,
      }).toEqual(wanted);
    }),
  );
});

test("every state has a promise", () => {
  for (const state of [...VERDICTS, ...OPEN_STATES])
    expect(promiseOf(toRun(rowOf({ state })))).toBeDefined();
});
