import { describe, expect, test } from "vitest";
import { TriggerError } from "../../src/core/errors.ts";
import * as trigger from "../../src/triggers/trigger-builders.ts";
import { parseSchedule } from "../../src/triggers/natural/parse-schedule.ts";
import type { TriggerLike, TriggerOptions } from "../../src/triggers/trigger-options.ts";
import { previewTrigger } from "../../src/triggers/preview.ts";

function times(options: TriggerOptions | TriggerLike): string[] {
  return previewTrigger(options, { from: "2026-01-01T00:00:00Z", count: 3 }).map(
    ({ local }) => local,
  );
}

const LAST = ["2026-01-31 18:00", "2026-02-28 18:00", "2026-03-31 18:00"];
const FIRST = ["2026-01-01 09:00", "2026-02-01 09:00", "2026-03-01 09:00"];

describe("monthly", () => {
  test("by day, hour and minute", () => {
    expect(times({ trigger: "monthly", monthly: 15, hour: 9, minute: 30 })).toEqual([
      "2026-01-15 09:30",
      "2026-02-15 09:30",
      "2026-03-15 09:30",
    ]);
    expect(times({ trigger: "monthly", hour: 9 })).toEqual(FIRST);
  });

  test("a month that lacks the day is left out, and the last day is in each", () => {
    expect(times(trigger.monthly(31))).toEqual([
      "2026-01-31 00:00",
      "2026-03-31 00:00",
      "2026-05-31 00:00",
    ]);
    expect(times(trigger.monthly("last", "18:00"))).toEqual(LAST);
  });

  test.each([
    ["every month on the 1st at 09:00", FIRST],
    ["monthly at 9am", FIRST],
    ["monthly on day 1 at 09:00", FIRST],
    ["monthly on the last day at 18:00", LAST],
    ["every month on the last day of the month at 6pm", LAST],
    ["monthly on the 1st and 15th", ["2026-01-15 00:00", "2026-02-01 00:00", "2026-02-15 00:00"]],
    ["monthly", ["2026-02-01 00:00", "2026-03-01 00:00", "2026-04-01 00:00"]],
  ])("parseSchedule reads %j", (text, expected) => {
    expect(times(parseSchedule(text))).toEqual(expected);
  });

  test("what is no day, and a time said twice, is refused", () => {
    expect(() => trigger.monthly(32)).toThrow(TriggerError);
    expect(() => parseSchedule("monthly on the 32nd")).toThrow(TriggerError);
    expect(() => times({ trigger: "monthly", at: "09:00", hour: 9 })).toThrow(/^hour: .*with "at"/);
  });
});
