import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { JobDefinition } from "../../src/jobs/definition.ts";
import { type Occurrence, Schedule } from "../../src/jobs/schedule.ts";
import { resolveTrigger } from "../../src/triggers/resolve.ts";

const START = Date.parse("2026-03-01T00:00:00Z");
const HOUR_MS = 3_600_000;

const triggers = fc.oneof(
  fc
    .integer({ min: 1_000, max: 20 * 60_000 })
    .map((milliseconds) => ({ trigger: "interval", milliseconds, startDate: new Date(START) })),
  fc
    .constantFrom("*/7 * * * *", "0,13,59 * * * *", "30 */2 * * *")
    .map((expression) => ({ trigger: "cron", expression })),
  fc.constant({ trigger: "date", runDate: new Date(START + HOUR_MS) }),
);

const schedules = fc
  .record({
    options: triggers,
    jitter: fc.option(
      fc.oneof(
        fc.integer({ min: 0, max: HOUR_MS }).map((ms) => ({ kind: "ms" as const, ms })),
        fc.integer({ min: 0, max: 100 }).map((percent) => ({ kind: "percent" as const, percent })),
      ),
    ),
    firstRunAt: fc.option(fc.integer({ min: START, max: START + 3 * HOUR_MS })),
  })
  .map(({ options, jitter, firstRunAt }) => {
    const context = { now: START, timezone: "UTC", jobId: "job" };
    const trigger = resolveTrigger(options as Parameters<typeof resolveTrigger>[0], context);
    const definition: JobDefinition = {
      id: "job",
      pipeline: "Work",
      tags: [],
      params: null,
      timezone: "UTC",
      trigger,
      jitter,
      firstRunAt,
      policy: { maxInstances: 1, coalesce: true, misfireGraceMs: null, maxCatchUp: 1_000 },
      retention: { count: 1_000, ageMs: 1 },
      createdAt: START,
      declared: { all: "", schedule: "" },
    };
    return new Schedule(definition);
  });

const instants = fc.integer({ min: START - HOUR_MS, max: START + 6 * HOUR_MS });

/** All occurrences in (after, upTo] by their nominal time, one after another. */
function walk(schedule: Schedule, after: number, upTo: number): Occurrence[] {
  const found: Occurrence[] = [];
  for (
    let next = schedule.next(after);
    next && next.fireAt <= upTo;
    next = schedule.next(next.fireAt)
  )
    found.push(next);
  return found;
}

describe("a schedule", () => {
  test("next comes after, and its due time between it and the one that follows", () => {
    fc.assert(
      fc.property(schedules, instants, (schedule, after) => {
        const [first, second] = schedule.ahead(after);
        if (!first) return;
        expect(first.fireAt).toBeGreaterThan(after);
        expect(first.dueAt).toBeGreaterThanOrEqual(first.fireAt);
        if (second) expect(first.dueAt).toBeLessThan(second.fireAt);
      }),
    );
  });

  test("prev is the last that next passes", () => {
    fc.assert(
      fc.property(schedules, instants, (schedule, before) => {
        const last = walk(schedule, 0, before - 1).at(-1)?.fireAt ?? 0;
        // A cron without a start goes back for ever: then prev lies where next was not asked.
        expect(last > 0 ? schedule.prev(before) : 0).toBe(last);
      }),
      { numRuns: 30 },
    );
  });

  test("due lists the latest singly and the others as one span: each once, none that is not due", () => {
    fc.assert(
      fc.property(
        schedules,
        instants,
        instants,
        fc.integer({ min: 1, max: 20 }),
        (schedule, one, other, limit) => {
          const [after, now] = [Math.min(one, other), Math.max(one, other)];
          const expected = walk(schedule, after, now).filter(({ dueAt }) => dueAt <= now);
          const { older, latest } = schedule.due(after, now, limit);
          const count = expected.length - latest.length;
          expect(latest).toEqual(expected.slice(count));
          expect(latest.length).toBeLessThanOrEqual(limit);
          expect(older).toEqual(
            count === 0
              ? undefined
              : { fromAt: expected[0]?.fireAt, toAt: expected[count - 1]?.fireAt, count },
          );
        },
      ),
      { numRuns: 500 },
    );
  });
});
