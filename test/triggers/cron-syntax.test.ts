import { describe, expect, it } from "vitest";
import type { TriggerError } from "../../src/core/errors.ts";
import type { CronFieldOptions } from "../../src/triggers/trigger-options.ts";
import { fires, errorOf } from "./ask.ts";

describe("cron fields", () => {
  const first = (fields: CronFieldOptions, from = "2026-01-01T00:00:00Z", count = 3): string[] =>
    fires({ trigger: "cron", ...fields }, { from, count });

  it.each<[string, CronFieldOptions, string[]]>([
    [
      "fills less significant fields with their minimum",
      { month: 3 },
      ["2026-03-01T00:00:00Z", "2027-03-01T00:00:00Z"],
    ],
    [
      "leaves more significant fields open",
      { minute: 5 },
      ["2026-01-01T00:05:00Z", "2026-01-01T01:05:00Z"],
    ],
    [
      "leaves days open for a weekday",
      { dayOfWeek: "mon", hour: 9 },
      ["2026-01-05T09:00:00Z", "2026-01-12T09:00:00Z"],
    ],
    ["knows 0 as Sunday", { dayOfWeek: 0 }, ["2026-01-04T00:00:00Z", "2026-01-11T00:00:00Z"]],
    ["knows 7 as Sunday", { dayOfWeek: 7 }, ["2026-01-04T00:00:00Z", "2026-01-11T00:00:00Z"]],
    ["wraps weekdays", { dayOfWeek: "fri-mon" }, ["2026-01-02T00:00:00Z", "2026-01-03T00:00:00Z"]],
    ["wraps hours", { hour: "22-2/2", day: "*" }, ["2026-01-01T00:00:00Z", "2026-01-01T02:00:00Z"]],
    [
      "wraps months with a step",
      { month: "nov-feb/2" },
      ["2026-01-01T00:00:00Z", "2026-11-01T00:00:00Z"],
    ],
    [
      "keeps the step of a range of names",
      { dayOfWeek: "mon-fri/2" },
      ["2026-01-02T00:00:00Z", "2026-01-05T00:00:00Z"],
    ],
    ["last", { day: "last" }, ["2026-01-31T00:00:00Z", "2026-02-28T00:00:00Z"]],
    ["L", { day: "L" }, ["2026-01-31T00:00:00Z", "2026-02-28T00:00:00Z"]],
    ["L-3", { day: "L-3" }, ["2026-01-28T00:00:00Z", "2026-02-25T00:00:00Z"]],
    ["2nd fri", { day: "2nd fri" }, ["2026-01-09T00:00:00Z", "2026-02-13T00:00:00Z"]],
    ["last mon", { day: "last mon" }, ["2026-01-26T00:00:00Z", "2026-02-23T00:00:00Z"]],
    ["15W on a weekday", { day: "15W" }, ["2026-01-15T00:00:00Z", "2026-02-16T00:00:00Z"]],
    [
      "1W on a Saturday stays in its month",
      { day: "1W", month: 8 },
      ["2026-08-03T00:00:00Z", "2027-08-02T00:00:00Z"],
    ],
    [
      "31W on a Sunday stays in its month",
      { day: "31W", month: 5 },
      ["2026-05-29T00:00:00Z", "2027-05-31T00:00:00Z"],
    ],
    ["LW", { day: "LW" }, ["2026-01-30T00:00:00Z", "2026-02-27T00:00:00Z"]],
    ["5L", { dayOfWeek: "5L" }, ["2026-01-30T00:00:00Z", "2026-02-27T00:00:00Z"]],
    ["5#2", { dayOfWeek: "5#2" }, ["2026-01-09T00:00:00Z", "2026-02-13T00:00:00Z"]],
    [
      "5#5 leaves months out",
      { dayOfWeek: "5#5" },
      ["2026-01-30T00:00:00Z", "2026-05-29T00:00:00Z"],
    ],
    [
      "lists of all of these",
      { day: "1, 2nd fri, L" },
      ["2026-01-01T00:00:00Z", "2026-01-09T00:00:00Z"],
    ],
    [
      "ISO week 53",
      { week: 53, dayOfWeek: "mon" },
      ["2026-12-28T00:00:00Z", "2032-12-27T00:00:00Z"],
    ],
    [
      "years",
      { year: "2028-2040/4", month: 2, day: 29 },
      ["2028-02-29T00:00:00Z", "2032-02-29T00:00:00Z"],
    ],
    [
      "both days must match",
      { day: 13, dayOfWeek: "fri" },
      ["2026-02-13T00:00:00Z", "2026-03-13T00:00:00Z"],
    ],
  ])("%s", (_, fields, expected) => {
    expect(
      fires({ trigger: "cron", ...fields }, { from: "2025-12-31T23:59:59Z", count: 2 }),
    ).toEqual(expected);
  });

  it("treats both bounds as inclusive", () => {
    const bounds = { startDate: "2026-01-02 09:00", endDate: "2026-01-04 09:00" };
    expect(first({ hour: 9, ...bounds }, undefined, 9)).toEqual([
      "2026-01-02T09:00:00Z",
      "2026-01-03T09:00:00Z",
      "2026-01-04T09:00:00Z",
    ]);
  });
});

describe("cron expressions", () => {
  const first = (expression: string, count = 2, jobId = "job"): string[] =>
    fires({ trigger: "cron", expression }, { from: "2026-01-01T00:00:00Z", count, jobId });

  it.each([
    [
      "six fields, seconds first",
      "30 0 12 * * *",
      ["2026-01-01T12:00:30Z", "2026-01-02T12:00:30Z"],
    ],
    ["@weekly", "@weekly", ["2026-01-04T00:00:00Z", "2026-01-11T00:00:00Z"]],
    ["TZ= prefix", "TZ=Asia/Tokyo 0 9 * * *", ["2026-01-02T00:00:00Z", "2026-01-03T00:00:00Z"]],
    [
      "CRON_TZ= prefix",
      "CRON_TZ=Asia/Tokyo @daily",
      ["2026-01-01T15:00:00Z", "2026-01-02T15:00:00Z"],
    ],
    ["0,7", "0 0 * * 0,7", ["2026-01-04T00:00:00Z", "2026-01-11T00:00:00Z"]],
    ["repeated values", "0,0 9,9 * * *", ["2026-01-01T09:00:00Z", "2026-01-02T09:00:00Z"]],
    ["# in a list", "0 0 * * 1#1,5#2", ["2026-01-05T00:00:00Z", "2026-01-09T00:00:00Z"]],
    ["either day", "0 0 13 * 5", ["2026-01-02T00:00:00Z", "2026-01-09T00:00:00Z"]],
    [
      "both days where one begins with *",
      "0 0 */2 * 5",
      ["2026-01-09T00:00:00Z", "2026-01-23T00:00:00Z"],
    ],
    ["? is *", "0 0 ? * 5", ["2026-01-02T00:00:00Z", "2026-01-09T00:00:00Z"]],
  ])("%s", (_, expression, expected) => {
    expect(first(expression)).toEqual(expected);
  });

  it("fixes H by the job's id, spread over the field", () => {
    expect(first("H H * * *", 2, "a")).toEqual(first("H H * * *", 2, "a"));
    const minutes = new Set(
      Array.from({ length: 300 }, (_, i) => first("H * * * *", 1, `job-${i}`)[0]?.slice(14, 16)),
    );
    expect(minutes.size).toBeGreaterThan(50);
    for (let i = 0; i < 50; i++) {
      const hours = first("0 H(9-17) * * *", 1, `job-${i}`).map((text) =>
        Number(text.slice(11, 13)),
      );
      expect(hours[0]).toBeGreaterThanOrEqual(9);
      expect(hours[0]).toBeLessThanOrEqual(17);
      expect(first("H/15 * * * *", 4, `job-${i}`)).toHaveLength(4);
    }
  });
});

describe("cron errors point at the fault", () => {
  const expression = (text: string): TriggerError => errorOf({ trigger: "cron", expression: text });

  it.each([
    ["61 * * * *", "minute", 1, "0-59"],
    ["0 24 * * *", "hour", 3, "0-23"],
    ["0 9 * * monday", "dayOfWeek", 9, "did you mean 'monday' → mon?"],
    ["0 9 * * sunday", "dayOfWeek", 9, "did you mean 'sunday' → sun?"],
    ["0 9 * juni *", "month", 7, "did you mean 'juni' → jun?"],
    ["0 9 1,2,40 * *", "day", 9, "1-31"],
    ["0 9 * * 1-9", "dayOfWeek", 11, "0-7"],
    ["0 */0 * * *", "hour", 5, "1 to 24"],
    ["0 */25 * * *", "hour", 5, "1 to 24"],
    ["0 9 * * 5#6", "dayOfWeek", 11, "#1 to #5"],
    ["0,, 9 * * *", "minute", 3, "is empty"],
    ["0 9 * *", "expression", 8, "5 fields"],
    ["0 9 * * * * *", "expression", 13, "5 fields"],
    ["@dialy", "expression", 1, "Did you mean @daily?"],
    ["@reboot", "expression", 1, "not a time"],
    ["0 9 5L * *", "day", 5, "dayOfWeek"],
    ["TZ=Mars/Olympus 0 9 * * *", "timezone", undefined, "Mars/Olympus"],
  ])("%s", (text, field, column, hint) => {
    const error = expression(text);
    expect(error.data["field"]).toBe(field);
    expect(error.data["column"]).toBe(column);
    expect(error.message).toContain(hint);
  });

  it.each([
    [{ trigger: "cron", hour: 25 }, "hour", "0-23"],
    [{ trigger: "cron", dayOfWeek: "sunday" }, "dayOfWeek", "did you mean 'sunday' → sun?"],
    [{ trigger: "cron", hours: 5 }, "hours", 'Did you mean "hour"?'],
    [{ trigger: "corn", hour: 5 }, "trigger", 'Did you mean "cron"?'],
    [{ trigger: "cron", hour: 5, expression: "@daily" }, "hour", "with an expression"],
    [{ trigger: "cron", hour: 5.5 }, "hour", "0-23"],
    [{ trigger: "cron", hour: 5, timezone: "Berlin" }, "timezone", "IANA"],
    [{ trigger: "cron", hour: 5, dst: "never" }, "dst", "wall-clock"],
    [{ trigger: "cron", expression: "TZ=UTC @daily", timezone: "Asia/Tokyo" }, "timezone", "UTC"],
    [{ trigger: "cron", hour: 5, startDate: "2026-13-01" }, "startDate", "1 to 12"],
  ])("%o", (options, field, hint) => {
    const error = errorOf(options as never);
    expect(error.data["field"]).toBe(field);
    expect(error.message).toContain(hint);
  });

  it("refuses what can never fire, soon", () => {
    const impossible = ["0 0 30 2 *", "0 0 31 4,6,9,11 *", "0 0 31W 2 *", "0 0 L-30 2 *"];
    for (const text of impossible) expect(expression(text).data["reason"]).toBe("never-fires");
    expect(errorOf({ trigger: "cron", year: 2025, month: 2, day: 29 }).data["reason"]).toBe(
      "never-fires",
    );
    expect(errorOf({ trigger: "cron", week: 53, month: 6 }).data["reason"]).toBe("never-fires");
    expect(
      errorOf({ trigger: "cron", hour: 9, startDate: "2026-02-01", endDate: "2026-01-01" }).data[
        "reason"
      ],
    ).toBe("never-fires");
  });
});
