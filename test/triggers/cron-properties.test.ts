import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isCronduitError } from "../../src/core/errors.ts";
import { createTrigger } from "../../src/triggers/create.ts";
import { resolveTrigger } from "../../src/triggers/resolve.ts";
import { type CronSpec, triggerSpecSchema } from "../../src/triggers/spec.ts";
import type { Trigger } from "../../src/triggers/trigger.ts";
import { dstRules, schedules, stretches } from "./arbitraries.ts";
import { enumerate } from "./reference.ts";

/** The trigger of an expression, or nothing if the schedule is one that can never fire. */
function triggerOf(
  expression: string,
  timezone: string,
  dst: "once" | "wall-clock",
): Trigger | undefined {
  try {
    return createTrigger(
      resolveTrigger({ trigger: "cron", expression, dst }, { now: 0, timezone, jobId: "job" }),
    );
  } catch (error) {
    if (isCronduitError(error, "INVALID_TRIGGER") && error.data["reason"] === "never-fires")
      return undefined;
    throw error;
  }
}

const cases = fc.record({ schedule: schedules, stretch: stretches, dst: dstRules });

describe("cron, against a reference that walks through time", () => {
  it(
    "fires at exactly the instants that the reference finds, wherever one starts",
    { timeout: 120_000 },
    () => {
      fc.assert(
        fc.property(cases, ({ schedule, stretch: { timezone, from, to }, dst }) => {
          const expected = enumerate(schedule, timezone, dst, from, to);
          const trigger = triggerOf(schedule.expression, timezone, dst);
          expect(trigger?.between(from, to, 10_000) ?? []).toEqual(expected);
          expect(trigger?.count(from, to) ?? 0).toBe(expected.length);
        }),
        { numRuns: 400 },
      );
    },
  );

  it("looks back as it looks ahead", { timeout: 120_000 }, () => {
    fc.assert(
      fc.property(cases, ({ schedule, stretch: { timezone, from, to }, dst }) => {
        const expected = enumerate(schedule, timezone, dst, from, to);
        const trigger = triggerOf(schedule.expression, timezone, dst);
        const found: number[] = [];
        for (let at = trigger?.prev(to + 1); at !== undefined && at > from; at = trigger?.prev(at))
          found.unshift(at);
        expect(found).toEqual(expected);
      }),
      { numRuns: 200 },
    );
  });

  it("gives from any instant the same sequence as from far before", { timeout: 120_000 }, () => {
    fc.assert(
      fc.property(
        cases,
        fc.integer({ min: 0, max: 3 * 86_400_000 }),
        ({ schedule, stretch, dst }, later) => {
          const { timezone, from, to } = stretch;
          const trigger = triggerOf(schedule.expression, timezone, dst);
          const all = trigger?.between(from, to, 10_000) ?? [];
          const middle = from + later;
          expect(trigger?.between(middle, to, 10_000) ?? []).toEqual(
            all.filter((at) => at > middle),
          );
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe("cron, laws", () => {
  const anywhere = fc.integer({ min: 0, max: Date.UTC(2120, 0, 1) });

  it("next(t) > t, monotone, and prev(next(t)) <= t", { timeout: 120_000 }, () => {
    fc.assert(
      fc.property(
        cases,
        anywhere,
        fc.integer({ min: 1, max: 1e10 }),
        ({ schedule, stretch, dst }, at, step) => {
          const trigger = triggerOf(schedule.expression, stretch.timezone, dst);
          const next = trigger?.next(at);
          if (trigger === undefined || next === undefined) return;
          expect(next).toBeGreaterThan(at);
          const later = trigger.next(at + step);
          if (later !== undefined) expect(later).toBeGreaterThanOrEqual(next);
          const before = trigger.prev(next);
          if (before !== undefined) {
            expect(before).toBeLessThanOrEqual(at);
            expect(trigger.next(before)).toBe(next);
          }
          expect(trigger.prev(next + 1)).toBe(next);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it("counts what it lists, over years", { timeout: 120_000 }, () => {
    fc.assert(
      fc.property(
        cases,
        anywhere,
        fc.integer({ min: 0, max: 3e10 }),
        ({ schedule, stretch, dst }, from, span) => {
          const trigger = triggerOf(schedule.expression, stretch.timezone, dst);
          const listed = trigger?.between(from, from + span, 20_000) ?? [];
          const counted = trigger?.count(from, from + span) ?? 0;
          expect(Math.min(counted, 20_000)).toBe(listed.length);
        },
      ),
      { numRuns: 300 },
    );
  });

  it("makes an equal trigger from its spec as JSON", { timeout: 120_000 }, () => {
    fc.assert(
      fc.property(cases, anywhere, ({ schedule, stretch, dst }, at) => {
        const trigger = triggerOf(schedule.expression, stretch.timezone, dst);
        if (trigger === undefined) return;
        const spec = triggerSpecSchema.parse(JSON.parse(JSON.stringify(trigger.spec)));
        expect(spec).toEqual(trigger.spec);
        expect(createTrigger(spec).next(at)).toBe(trigger.next(at));
        expect(trigger.describe()).toContain(stretch.timezone);
      }),
    );
  });

  it("or is the earliest and and the common instants of its members", { timeout: 120_000 }, () => {
    fc.assert(
      fc.property(schedules, schedules, stretches, (one, other, { timezone, from, to }) => {
        const [a, b] = [one, other].map(({ expression }) =>
          triggerOf(expression, timezone, "once"),
        );
        if (a === undefined || b === undefined) return;
        const [inA, inB] = [a, b].map((trigger) => trigger.between(from, to, 10_000)) as [
          number[],
          number[],
        ];
        const triggers = [a.spec, b.spec] as CronSpec[];
        const either = createTrigger({ kind: "or", triggers });
        const both = createTrigger({ kind: "and", triggers });
        const union = [...new Set([...inA, ...inB])].toSorted((x, y) => x - y);
        const setB = new Set(inB);
        const common = inA.filter((at) => setB.has(at));
        expect(either.between(from, to, 20_000)).toEqual(union);
        expect(either.count(from, to)).toBe(union.length);
        expect(both.between(from, to, 20_000)).toEqual(common);
        expect(both.count(from, to)).toBe(common.length);
        const last = union.at(-1);
        if (last !== undefined) expect(either.prev(to + 1)).toBe(last);
        if (common.length > 0) expect(both.prev(to + 1)).toBe(common.at(-1));
      }),
      { numRuns: 100 },
    );
  });
});
