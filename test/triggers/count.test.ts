import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TriggerError } from "../../src/core/errors.ts";
import * as trigger from "../../src/triggers/trigger-builders.ts";
import type { TriggerObject } from "../../src/triggers/trigger-options.ts";
import { dstRules, schedules, stretches } from "./arbitraries.ts";
import { triggerOf } from "./ask.ts";

const YEAR = 366 * 86_400_000;

/** `and` or `or` of the triggers, the last of them in a combination of the other kind. */
function nest(built: TriggerObject[], all: boolean): TriggerObject {
  const [one, two, ...others] = built;
  if (one === undefined || two === undefined)
    return all ? trigger.and(...built) : trigger.or(...built);
  return all
    ? trigger.and(trigger.or(one, two), ...others)
    : trigger.or(trigger.and(one, two), ...others);
}

describe("count", () => {
  it(
    "of combined triggers with bounds and rules of their own is what they list",
    { timeout: 120_000 },
    () => {
      const member = fc.record({
        schedule: schedules,
        dst: dstRules,
        start: fc.integer({ min: 0, max: 48 }),
        hours: fc.integer({ min: 1, max: 72 }),
      });
      fc.assert(
        fc.property(
          fc.array(member, { minLength: 1, maxLength: 4 }),
          stretches,
          fc.boolean(),
          (members, { timezone, from, to }, all) => {
            const built = members.map(({ schedule, dst, start, hours }) =>
              trigger.cron(schedule.expression, {
                dst,
                startDate: from + start * 3_600_000,
                endDate: from + (start + hours) * 3_600_000,
              }),
            );
            let resolved;
            try {
              resolved = triggerOf({ trigger: nest(built, all) }, { timezone });
            } catch (error) {
              // Members that never meet are refused.
              expect(error).toBeInstanceOf(TriggerError);
              return;
            }
            expect(resolved.count(from, to)).toBe(resolved.between(from, to, 1e6).length);
            expect(resolved.count(from + 1234, to - 4321)).toBe(
              resolved.between(from + 1234, to - 4321, 1e6).length,
            );
          },
        ),
        { numRuns: 400 },
      );
    },
  );

  it("takes a century of seconds as easily as a day", { timeout: 120_000 }, () => {
    const timezone = "Europe/Berlin";
    const seconds = triggerOf({ trigger: trigger.cron("* * * * * *") }, { timezone });
    expect(seconds.count(0, 100 * YEAR)).toBe((100 * YEAR) / 1000);
    const either = triggerOf(
      {
        trigger: trigger.or(
          trigger.cron("*/2 * * * * *"),
          trigger.cron("1-59/2 * * * * *"),
          trigger.cron("0 9 * * *"),
        ),
      },
      { timezone },
    );
    expect(either.count(0, 100 * YEAR)).toBe((100 * YEAR) / 1000);
    const both = triggerOf(
      { trigger: trigger.and(trigger.cron("*/2 * * * * *"), trigger.cron("*/3 * * * * *")) },
      { timezone },
    );
    expect(both.count(0, 100 * YEAR)).toBe((100 * YEAR) / 6000);
    expect(triggerOf({ trigger: trigger.every("1ms") }).count(0, 100 * YEAR)).toBeGreaterThan(1e12);
  });
});
