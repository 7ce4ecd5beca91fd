import { describe, expect, it } from "vitest";
import { fires } from "./ask.ts";

/**
 * What Debian's own cron did under a faked clock through both changes of 2026 in Berlin: skipped fixed times ran at the
 * jump, repeated ones in the first pass; wild cards ran in both passes and in no gap.
 */
describe("daylight saving in Berlin, as Debian's cron", () => {
  const ask = (expression: string, from: string, count: number, dst?: "wall-clock"): string[] =>
    fires({ trigger: "cron", expression, dst }, { from, count, timezone: "Europe/Berlin" });
  const spring = "2026-03-28T12:00:00Z";
  const autumn = "2026-10-24T12:00:00Z";

  it.each([
    ["30 2 * * *", ["2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"]],
    ["0,30 2 * * *", ["2026-03-29T01:00:00Z", "2026-03-30T00:00:00Z"]],
    ["0 2-3 * * *", ["2026-03-29T01:00:00Z", "2026-03-30T00:00:00Z"]],
    ["*/30 2 * * *", ["2026-03-30T00:00:00Z", "2026-03-30T00:30:00Z"]],
    ["30 */2 * * *", ["2026-03-28T13:30:00Z", "2026-03-28T15:30:00Z"]],
  ])("in spring: %s", (expression, expected) => {
    expect(ask(expression, spring, 2)).toEqual(expected);
  });

  it.each([
    ["30 2 * * *", ["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"]],
    [
      "*/30 2 * * *",
      [
        "2026-10-25T00:00:00Z",
        "2026-10-25T00:30:00Z",
        "2026-10-25T01:00:00Z",
        "2026-10-25T01:30:00Z",
      ],
    ],
    ["30 2,3 * * *", ["2026-10-25T00:30:00Z", "2026-10-25T02:30:00Z"]],
  ])("in autumn: %s", (expression, expected) => {
    expect(ask(expression, autumn, expected.length)).toEqual(expected);
  });

  it("wall-clock fires wherever the clock reads the time", () => {
    expect(ask("30 2 * * *", spring, 1, "wall-clock")).toEqual(["2026-03-30T00:30:00Z"]);
    expect(ask("30 2 * * *", autumn, 2, "wall-clock")).toEqual([
      "2026-10-25T00:30:00Z",
      "2026-10-25T01:30:00Z",
    ]);
  });

  it("agrees with itself when asked inside of a gap or an overlap", () => {
    // 02:30 local does not exist; the instants around the jump do.
    expect(ask("30 2 * * *", "2026-03-29T00:59:59.999Z", 1)).toEqual(["2026-03-29T01:00:00Z"]);
    expect(ask("30 2 * * *", "2026-03-29T01:00:00Z", 1)).toEqual(["2026-03-30T00:30:00Z"]);
    // In the second pass of 02:00 to 03:00 nothing is left of the day.
    expect(ask("45 2 * * *", "2026-10-25T01:10:00Z", 1)).toEqual(["2026-10-26T01:45:00Z"]);
  });

  it("gives named fields the same rule", () => {
    const options = { trigger: "cron", hour: 2, minute: 30 } as const;
    expect(fires(options, { from: spring, count: 1, timezone: "Europe/Berlin" })).toEqual([
      "2026-03-29T01:00:00Z",
    ]);
  });

  it("does not make up for a day that the date line took", () => {
    const options = {
      trigger: "cron",
      expression: "0 12 30 12 *",
      timezone: "Pacific/Apia",
    } as const;
    expect(fires(options, { from: "2011-12-01T00:00:00Z", count: 1 })).toEqual([
      "2012-12-29T22:00:00Z",
    ]);
  });

  it("fires a daily midnight every day where midnight is skipped", () => {
    const options = {
      trigger: "cron",
      expression: "0 0 * * *",
      timezone: "America/Sao_Paulo",
    } as const;
    expect(fires(options, { from: "2018-11-03T12:00:00Z", count: 2 })).toEqual([
      "2018-11-04T03:00:00Z",
      "2018-11-05T02:00:00Z",
    ]);
  });

  it("ends a wall-clock schedule that only names skipped times, soon", () => {
    const skipped = {
      trigger: "cron",
      month: 3,
      day: "last sun",
      hour: 2,
      minute: 30,
      dst: "wall-clock",
    } as const;
    // The rule of the last Sunday of March is that of the European Union since 1981.
    expect(
      fires(skipped, { from: "2026-01-01T00:00:00Z", count: 1, timezone: "Europe/Berlin" }),
    ).toEqual([]);
  });
});
