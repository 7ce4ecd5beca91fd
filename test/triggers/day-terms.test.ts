import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fires, triggerOf } from "./ask.ts";

const DAY = 86_400_000;
const NAMES = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"] as const;

/** A form of a day, and a slow and obvious test of whether a date has it. */
interface DayForm {
  readonly field: "day" | "dayOfWeek" | "week";
  readonly text: string;
  readonly holds: (date: Date) => boolean;
}

const dayOf = (date: Date): number => date.getUTCDate();
const shifted = (date: Date, days: number): Date => new Date(date.getTime() + days * DAY);
const isLast = (date: Date): boolean => dayOf(shifted(date, 1)) === 1;
const isWeekday = (date: Date): boolean => date.getUTCDay() >= 1 && date.getUTCDay() <= 5;
/** Every date of the month of `date`. */
const monthOf = (date: Date): Date[] => {
  const first = shifted(date, 1 - dayOf(date));
  return Array.from({ length: 31 }, (_, i) => shifted(first, i)).filter(
    (one) => one.getUTCMonth() === date.getUTCMonth(),
  );
};

const isNth = (date: Date, weekday: number, nth: number): boolean => {
  const same = monthOf(date).filter((one) => one.getUTCDay() === weekday);
  return same.at(nth - 1)?.getTime() === date.getTime() && nth !== 0 && nth <= same.length;
};
const isLastOf = (date: Date, weekday: number): boolean =>
  monthOf(date)
    .findLast((one) => one.getUTCDay() === weekday)
    ?.getTime() === date.getTime();

/** The weekdays of the month by their distance to a day; the nearer, and of two as near the earlier. */
const isNearest = (date: Date, day: number): boolean => {
  const month = monthOf(date);
  if (day > month.length) return false;
  const sorted = month
    .filter(isWeekday)
    .toSorted((a, b) => Math.abs(dayOf(a) - day) - Math.abs(dayOf(b) - day));
  return sorted[0]?.getTime() === date.getTime();
};

const isoWeek = (date: Date): number => {
  const thursday = shifted(date, 3 - ((date.getUTCDay() + 6) % 7));
  const ordinal = (thursday.getTime() - Date.UTC(thursday.getUTCFullYear(), 0, 1)) / DAY;
  return Math.floor(ordinal / 7) + 1;
};

const weekday = fc.integer({ min: 0, max: 6 });
const forms: fc.Arbitrary<DayForm> = fc.oneof(
  fc.constantFrom("L", "last").map((text) => ({ field: "day" as const, text, holds: isLast })),
  fc.integer({ min: 0, max: 30 }).map((n) => ({
    field: "day" as const,
    text: `L-${n}`,
    holds: (date: Date) => monthOf(date).length - n === dayOf(date),
  })),
  fc.integer({ min: 1, max: 31 }).map((n) => ({
    field: "day" as const,
    text: `${n}W`,
    holds: (date: Date) => isNearest(date, n),
  })),
  fc.constant({
    field: "day" as const,
    text: "LW",
    holds: (date: Date) => monthOf(date).findLast(isWeekday)?.getTime() === date.getTime(),
  }),
  fc.tuple(weekday, fc.integer({ min: 1, max: 5 })).map(([day, n]) => ({
    field: "day" as const,
    text: `${["", "1st", "2nd", "3rd", "4th", "5th"][n] ?? ""} ${NAMES[day] ?? ""}`,
    holds: (date: Date) => isNth(date, day, n),
  })),
  weekday.map((day) => ({
    field: "day" as const,
    text: `last ${NAMES[day] ?? ""}`,
    holds: (date: Date) => isLastOf(date, day),
  })),
  weekday.map((day) => ({
    field: "dayOfWeek" as const,
    text: `${day}L`,
    holds: (date: Date) => isLastOf(date, day),
  })),
  fc.tuple(weekday, fc.integer({ min: 1, max: 5 })).map(([day, n]) => ({
    field: "dayOfWeek" as const,
    text: `${NAMES[day] ?? ""}#${n}`,
    holds: (date: Date) => isNth(date, day, n),
  })),
  fc.integer({ min: 1, max: 53 }).map((n) => ({
    field: "week" as const,
    text: String(n),
    holds: (date: Date) => isoWeek(date) === n,
  })),
);

describe("days that depend on their month", () => {
  it("are those that a calendar on the wall shows", { timeout: 120_000 }, () => {
    fc.assert(
      fc.property(
        fc.array(forms, { minLength: 1, maxLength: 3 }),
        fc.integer({ min: 1971, max: 2100 }),
        (chosen, year) => {
          const [first] = chosen;
          if (first === undefined) return;
          const same = chosen.filter(({ field }) => field === first.field);
          const text = same.map((form) => form.text).join(",");
          const from = Date.UTC(year, 0, 1);
          const to = Date.UTC(year + 2, 0, 1);
          const expected: number[] = [];
          for (let at = from; at < to; at += DAY)
            if (same.some(({ holds }) => holds(new Date(at)))) expected.push(at);
          const trigger = triggerOf({ trigger: "cron", [first.field]: text });
          expect(trigger.between(from - 1, to - 1, 1000)).toEqual(expected);
          expect(trigger.count(from - 1, to - 1)).toBe(expected.length);
          const back: number[] = [];
          for (let at = trigger.prev(to); at !== undefined && at >= from; at = trigger.prev(at))
            back.unshift(at);
          expect(back).toEqual(expected);
        },
      ),
      { numRuns: 300 },
    );
  });

  it("find the rarest", () => {
    expect(
      fires({ trigger: "cron", expression: "0 0 29 2 *", startDate: "2096-03-01" }, { count: 1 }),
    ).toEqual(["2104-02-29T00:00:00Z"]);
    expect(fires({ trigger: "cron", month: 2, day: 29, dayOfWeek: "mon" }, { count: 2 })).toEqual([
      "2044-02-29T00:00:00Z",
      "2072-02-29T00:00:00Z",
    ]);
  });
});
