import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatDuration, parseDuration } from "../../src/core/durations.ts";

describe("parseDuration", () => {
  test.each([
    ["90s", 90_000],
    ["5m", 300_000],
    ["2 hours", 7_200_000],
    ["1h30m", 5_400_000],
    ["1 hour, 30 minutes", 5_400_000],
    ["1 hour and 30 minutes", 5_400_000],
    ["250ms", 250],
    ["1.5s", 1_500],
    ["  1 DAY  ", 86_400_000],
    ["2w", 1_209_600_000],
    ["0s", 0],
    ["0.4ms", 0],
    ["PT15M", 900_000],
    ["P1DT12H", 129_600_000],
    ["P2W", 1_209_600_000],
    ["pt0.5s", 500],
    ["PT0S", 0],
  ])("%s is %i ms", (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  test.each([
    "",
    " ",
    "5",
    "m",
    "-5m",
    "5 fortnights",
    "5m x",
    "x 5m",
    "1e3s",
    "P",
    "PT",
    "P1Y",
    "P1M",
    "PT1H garbage",
    "99999999999999999w",
    "1h".repeat(51),
    "1.s",
    "٣s",
  ])("%j is refused", (text) => {
    expect(() => parseDuration(text)).toThrow(expect.objectContaining({ code: "INVALID_OPTION" }));
  });

  test("a hostile text is refused at once", () => {
    expect(() => parseDuration("1".repeat(1_000_000))).toThrow(/too long/);
    expect(() => parseDuration(`${" ".repeat(90)}1`)).toThrow(/can't be read/);
  });

  test("any text is either a whole number of milliseconds or refused with a code", () => {
    const texts = fc.oneof(fc.string(), fc.stringMatching(/^[PT0-9.hmsdw ,an]{0,30}$/));
    fc.assert(
      fc.property(texts, (text) => {
        let ms = 0;
        try {
          ms = parseDuration(text);
        } catch (error) {
          expect(error).toMatchObject({ code: "INVALID_OPTION" });
        }
        expect(Number.isSafeInteger(ms) && ms >= 0).toBe(true);
      }),
    );
  });
});

describe("formatDuration", () => {
  test.each([
    [0, "0ms"],
    [1, "1ms"],
    [90_500, "1m 30s 500ms"],
    [3_600_000, "1h"],
    [90_061_001, "1d 1h 1m"],
    [-5_000, "-5s"],
    [0.4, "0ms"],
  ])("%d ms is %s", (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  test("what it prints is read back, when three units suffice", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 86_399_999 }), (ms) => {
        const seconds = Math.floor(ms / 1_000) * 1_000;
        expect(parseDuration(formatDuration(seconds))).toBe(seconds);
      }),
    );
  });
});
