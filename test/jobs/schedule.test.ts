import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { JobDefinition } from "../../src/jobs/definition.ts";
import { NO_TIME, type Occurrence, Schedule, type Span } from "../../src/jobs/schedule.ts";
import type { TriggerOptions } from "../../src/triggers/trigger-options.ts";
import { resolveTrigger } from "../../src/triggers/resolve.ts";
import { declaredDefinition, timingOf } from "../../src/jobs/overrides.ts";
import { TESTER } from "../helpers/tester.ts";
import { aDefinition } from "../helpers/a-definition.ts";

const START = Date.parse("2026-03-01T00:00:00Z");
const HOUR_MS = 3_600_000;

type More = Partial<Pick<JobDefinition, "jitter" | "firstRunAt">>;

function define(options: TriggerOptions, more: More = {}): JobDefinition {
  const trigger = resolveTrigger(options, { now: START, timezone: "UTC", jobId: "job" });
  return aDefinition({ trigger, createdAt: START, ...more });
}

function make(options: TriggerOptions, more: More = {}): Schedule {
  return new Schedule(define(options, more));
}

const triggers = fc.oneof(
  fc
    .integer({ min: 1_000, max: 20 * 60_000 })
    .map((milliseconds) => ({ trigger: "interval", milliseconds, startDate: new Date(START) })),
  fc
    .constantFrom("*/7 * * * *", "0,13,59 * * * *", "30 */2 * * *")
    .map((expression) => ({ trigger: "cron", expression })),
  fc.constant({ trigger: "date", runDate: new Date(START + HOUR_MS) }),
);

const definitions = fc
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
    return define(options as TriggerOptions, { jitter, firstRunAt });
  });

/** A definition whose schedule is overridden until an instant. */
const overridden = fc
  .record({
    values: definitions,
    declared: definitions,
    until: fc.integer({ min: START - HOUR_MS, max: START + 6 * HOUR_MS }),
  })
  .map(({ values, declared, until }): JobDefinition => {
    const schedule = { by: TESTER, at: START, until, declared: timingOf(declared) };
    return Object.assign({}, values, { overrides: { schedule } });
  });

const schedules = fc.oneof(definitions, overridden).map((definition) => new Schedule(definition));

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

/** These occurrences as a span; with due times only where they differ. */
function spanOf(all: readonly Occurrence[]): Span | undefined {
  const [first, last] = [all[0], all.at(-1)];
  if (!first || !last) return undefined;
  const { fireAt: toAt, dueAt } = last;
  return {
    fromAt: first.fireAt,
    toAt,
    count: all.length,
    ...(dueAt === toAt ? {} : { dueAt }),
  };
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
          expect(latest).toHaveLength(Math.min(limit, expected.length));
          expect(older).toEqual(spanOf(expected.slice(0, count)));
        },
      ),
      { numRuns: 500 },
    );
  });

  test("span counts what there is, one by one", () => {
    fc.assert(
      fc.property(schedules, instants, instants, (schedule, one, other) => {
        const [after, upTo] = [Math.min(one, other), Math.max(one, other)];
        const all = walk(schedule, after, upTo);
        expect(schedule.span(after, upTo)).toEqual(spanOf(all));
      }),
    );
  });

  test("dueUpTo leaves out what is due later, and that alone", () => {
    fc.assert(
      fc.property(schedules, instants, (schedule, now) => {
        const all = walk(schedule, START - HOUR_MS, now);
        const isDue = ({ dueAt }: Occurrence): boolean => dueAt <= now;
        const settled = schedule.dueUpTo(now);
        expect(all.filter(({ fireAt }) => fireAt <= settled)).toEqual(all.filter(isDue));
        for (const { fireAt } of all.slice(-20)) expect(schedule.has(fireAt)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  test("a first time before the trigger's own, one in its midst, and one on an occurrence", () => {
    const hourly = { trigger: "interval", hours: 1, startDate: new Date(START) } as const;
    const at = (minutes: number): number => START + minutes * 60_000;
    const fires = (first: number, from: number): number[] =>
      walk(make(hourly, { firstRunAt: first }), from, at(130)).map(({ fireAt }) => fireAt);
    expect(fires(at(-20), at(-30))).toEqual([at(-20), at(0), at(60), at(120)]);
    expect(fires(at(70), at(-30))).toEqual([at(70), at(120)]);
    expect(fires(at(60), at(-30))).toEqual([at(60), at(120)]);
    const late = make(hourly, { firstRunAt: at(70) });
    expect(late.prev(at(70))).toBe(NO_TIME);
    expect(late.prev(at(71))).toBe(at(70));
    expect(late.prev(at(121))).toBe(at(120));
    expect(late.span(at(-30), at(130))).toEqual({ fromAt: at(70), toAt: at(120), count: 2 });
  });

  test("a first time after the trigger's end is the only one", () => {
    const options = {
      trigger: "interval",
      hours: 1,
      startDate: new Date(START),
      endDate: new Date(START + 3_600_000),
    } as const;
    const first = START + 5 * 3_600_000;
    const of = make(options, { firstRunAt: first });
    expect(of.ahead(START - 1)).toEqual([{ fireAt: first, dueAt: first }]);
    expect(of.prev(first + 1)).toBe(first);
    expect(of.span(START - 1, first)).toEqual({ fromAt: first, toAt: first, count: 1 });
  });

  test("two wait ahead, fewer at the end", () => {
    const of = make({
      trigger: "interval",
      seconds: 10,
      startDate: new Date(START),
      endDate: new Date(START + 20_000),
    });
    expect(of.ahead(START - 1).map(({ fireAt }) => fireAt - START)).toEqual([0, 10_000]);
    expect(of.ahead(START + 10_000).map(({ fireAt }) => fireAt - START)).toEqual([20_000]);
    expect(of.ahead(START + 20_000)).toEqual([]);
  });

  test("a year of seconds costs no more than a few", () => {
    const of = make({ trigger: "interval", seconds: 1, startDate: new Date(START) });
    const year = 365 * 86_400_000;
    const { older, latest } = of.due(START - 1, START + year, 10);
    expect(latest).toHaveLength(10);
    expect(older?.count).toBe(year / 1_000 + 1 - 10);
  });
});

test("a schedule that is overridden until an instant has the times of each on its side of it", () => {
  fc.assert(
    fc.property(overridden, (definition) => {
      const { until = 0 } = definition.overrides?.schedule ?? {};
      const { overrides: _, ...values } = definition;
      const timesOf = (one: JobDefinition): number[] =>
        walk(new Schedule(one), START - 2 * HOUR_MS, START + 7 * HOUR_MS).map(
          ({ fireAt }) => fireAt,
        );
      expect(timesOf(definition)).toEqual([
        ...timesOf(values).filter((at) => at < until),
        ...timesOf(declaredDefinition(definition)).filter((at) => at >= until),
      ]);
    }),
  );
});
