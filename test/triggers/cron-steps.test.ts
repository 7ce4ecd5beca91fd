import { CronExpressionParser } from "cron-parser";
import { describe, expect, it } from "vitest";
import { FIELD_RANGE } from "../../src/triggers/cron/field-names.ts";
import { parseField } from "../../src/triggers/cron/parse-field.ts";
import { fires } from "./ask.ts";

const PLACES = { second: 0, minute: 1, hour: 2, day: 3, month: 4, dayOfWeek: 5 } as const;
const THEIRS = { day: "dayOfMonth" } as const;

/** What cron-parser, and so each of BullMQ's schedules, makes of a field; `undefined` if it refuses it. */
function theirs(field: keyof typeof PLACES, text: string): number[] | undefined {
  const words = ["0", "0", "0", "*", "*", "*"];
  words[PLACES[field]] = text;
  const name = field === "day" ? THEIRS.day : field;
  try {
    const { values } = CronExpressionParser.parse(words.join(" ")).fields[name];
    return sorted(values.map(Number), field);
  } catch {
    return undefined;
  }
}

function sorted(values: readonly number[], field: string): number[] {
  const folded = field === "dayOfWeek" ? values.map((value) => value % 7) : values;
  return [...new Set(folded)].toSorted((a, b) => a - b);
}

describe("a step after a single value runs to the field's end, as with cron-parser", () => {
  it.each(Object.keys(PLACES) as (keyof typeof PLACES)[])("%s", (field) => {
    const [min, max] = FIELD_RANGE[field];
    const last = field === "dayOfWeek" ? 7 : max;
    let compared = 0;
    for (let value = min; value <= last; value++)
      for (let step = 1; step <= max - min + 1; step++) {
        const text = `${value}/${step}`;
        const other = theirs(field, text);
        if (other === undefined) continue;
        compared += 1;
        expect({ text, values: sorted(parseField(field, text).values, field) }).toEqual({
          text,
          values: other,
        });
      }
    expect(compared).toBeGreaterThan(40);
  });

  it.each([
    ["1/2", ["01-02", "01-04", "01-05", "01-07"]],
    ["mon/2", ["01-02", "01-04", "01-05", "01-07"]],
    ["5/2", ["01-02", "01-04", "01-09", "01-11"]],
    ["7/2", ["01-04", "01-11", "01-18", "01-25"]],
  ])("so 0 0 * * %s", (dayOfWeek, days) => {
    const expected = days.map((day) => `2026-${day}T00:00:00Z`);
    const from = "2026-01-01T12:00:00Z";
    const options = { trigger: "cron", expression: `0 0 * * ${dayOfWeek}` } as const;
    expect(fires(options, { from, count: 4 })).toEqual(expected);
    expect(fires({ trigger: "cron", dayOfWeek }, { from, count: 4 })).toEqual(expected);
  });
});

describe("a field that contains every value is a wildcard at the change of the clock", () => {
  const ask = (expression: string, from: string): string[] =>
    fires({ trigger: "cron", expression }, { from, count: 40, timezone: "Europe/Berlin" });

  it.each([
    ["0 * * * *", ["0 0 0/1 * * ?", "0 0-23 * * *", "0 0-11,12-23 * * *", "0 5-4 * * *"]],
    ["* * * * *", ["0-59 0-23 * * *", "0/1 * * * *", "30-29 0/1 * * *", "0-59 * * * *"]],
    ["* 2 * * *", ["0-59 2 * * *", "0/1 2 * * *"]],
  ])("%s", (star, others) => {
    for (const from of ["2026-03-28T23:30:00Z", "2026-10-24T23:30:00Z"])
      for (const other of others)
        expect([other, ask(other, from)]).toEqual([other, ask(star, from)]);
  });

  it("and one that leaves a value out is fixed", () => {
    // 02:00 comes twice, and runs once.
    expect(ask("0 0-22 * * *", "2026-10-24T23:30:00Z").slice(0, 3)).toEqual([
      "2026-10-25T00:00:00Z",
      "2026-10-25T02:00:00Z",
      "2026-10-25T03:00:00Z",
    ]);
  });
});
