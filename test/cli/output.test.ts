import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cutInMiddle, widthOf } from "../../src/cli/output/fit.ts";
import { harmless, harmlessJson, harmlessLines } from "../../src/cli/output/harmless.ts";
import { tableOf } from "../../src/cli/output/table.ts";
import { lengthText, relativeText, timeText } from "../../src/cli/output/times.ts";

/** Whatever a terminal obeys, or that turns text around. */
const DANGEROUS =
  // oxlint-disable-next-line no-control-regex
  /[\u0000-\u001F\u007F-\u009F\u061C\u200E\u200F\u2028-\u202E\u2066-\u2069]/;

describe("what others wrote", () => {
  const hostile = fc.string({
    unit: fc.oneof(
      fc.integer({ min: 0, max: 0x9f }).map((code) => String.fromCodePoint(code)),
      fc.constantFrom(
        "\u001b[31m",
        "\u009b2J",
        "\u202e",
        "\u2066",
        "\u{e0041}",
        "a",
        "ä",
        "\ud800",
      ),
    ),
  });

  test("can't command a terminal, in a line, in lines, or in JSON that says the same", () => {
    fc.assert(
      fc.property(hostile, (text) => {
        expect(harmless(text)).not.toMatch(DANGEROUS);
        expect(harmlessLines(text).join("").replaceAll("\t", "")).not.toMatch(DANGEROUS);
        const json = harmlessJson({ [text]: [text] });
        expect(json).not.toMatch(DANGEROUS);
        expect(JSON.parse(json)).toEqual({ [text]: [text] });
      }),
    );
  });

  test("is readable: colours are gone, the rest is an escape, other scripts stay", () => {
    expect(harmless("\u001b[1;31mred\u001b[0m \u001b[2J \u009b2J a\nb\u202e")).toBe(
      String.raw`red \x1b[2J \x9b2J a\nb\u{202e}`,
    );
    expect(harmless("日本 e\u0301 👩‍👩‍👧 עברית")).toContain("日本 e\u0301");
    expect(harmlessLines("a\tb\nc\r\nd")).toEqual(["a\tb", "c", "d"]);
  });
});

describe("widths", () => {
  test("a name is cut in the middle, between characters, and never too wide", () => {
    expect(cutInMiddle("nightly-eu-backup", 11)).toBe("night…ackup");
    expect(cutInMiddle("日本語日本語", 6)).toBe("日…語");
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.nat(30), (text, columns) => {
        expect(widthOf(cutInMiddle(text, columns))).toBeLessThanOrEqual(Math.max(columns, 0));
      }),
    );
  });

  test("only what may be cut is cut, and only at a terminal", () => {
    const rows = [{ name: "a-very-long-name-of-a-job", why: "because the disk is full" }];
    const shown = [
      { title: "JOB", cell: (row: (typeof rows)[0]) => row.name, mayBeCut: true },
      { title: "WHY", cell: (row: (typeof rows)[0]) => row.why },
    ];
    const look = { bold: (text: string) => text };
    const [, narrow = ""] = tableOf(rows, shown, { ...look, columns: 42 });
    expect(narrow).toBe("a-very-…f-a-job   because the disk is full");
    expect(tableOf(rows, shown, { ...look, columns: 5 })[1]).toContain("because the disk is full");
    expect(tableOf(rows, shown, { ...look, columns: undefined })[1]).toContain(rows[0]?.name);
  });
});

describe("times", () => {
  const reader = { zone: "Europe/Berlin", now: Date.parse("2026-11-30T01:15:00Z") };

  test.each([
    ["2026-11-30T00:45:00.000Z", "01:45"],
    ["2026-12-03T08:00:00.000Z", "Thu 09:00"],
    ["2026-11-29T22:30:00.000Z", "Sun 29 Nov 23:30"],
    ["2027-01-02T08:00:00.000Z", "Sat 2 Jan 2027 09:00"],
    [null, "–"],
  ])("%s is %s", (iso, text) => expect(timeText(iso, reader)).toBe(text));

  test.each([
    [7, "7 ms"],
    [100, "0.1 s"],
    [2_000, "2 s"],
    [131_000, "2 min 11 s"],
    [3_600_000, "1 h"],
    [83_700_000, "23 h 15 min"],
    [3 * 86_400_000, "3 days"],
  ])("%i ms are %s", (ms, text) => expect(lengthText(ms)).toBe(text));

  test("how far away", () => {
    expect(relativeText("2026-11-30T01:05:00.000Z", reader)).toBe("10 min ago");
    expect(relativeText("2026-11-30T01:15:00.400Z", reader)).toBe("now");
    expect(relativeText("2026-11-30T01:45:00.000Z", reader)).toBe("in 30 min");
  });
});
