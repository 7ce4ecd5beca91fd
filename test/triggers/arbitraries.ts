import fc from "fast-check";
import type { ReferenceSchedule } from "./reference.ts";

/** Zones with a change of the clock at the given instant: whole hours, half hours, two hours, midnight, date line, and none. */
export const CHANGES: readonly (readonly [timezone: string, instant: string])[] = [
  ["Europe/Berlin", "2026-03-29T01:00Z"],
  ["Europe/Berlin", "2026-10-25T01:00Z"],
  ["America/New_York", "2024-03-10T07:00Z"],
  ["America/New_York", "2024-11-03T06:00Z"],
  ["Australia/Lord_Howe", "2024-04-06T15:00Z"],
  ["Australia/Lord_Howe", "2024-10-05T15:30Z"],
  ["Antarctica/Troll", "2024-03-31T01:00Z"],
  ["Antarctica/Troll", "2024-10-27T01:00Z"],
  ["Africa/Casablanca", "2024-03-10T02:00Z"],
  ["Africa/Casablanca", "2024-04-14T02:00Z"],
  ["America/Havana", "2024-03-10T05:00Z"],
  ["America/Havana", "2024-11-03T05:00Z"],
  ["America/Sao_Paulo", "2018-02-18T02:00Z"],
  ["America/Sao_Paulo", "2018-11-04T03:00Z"],
  ["Asia/Tehran", "2022-03-21T20:30Z"],
  ["Asia/Beirut", "2024-03-30T22:00Z"],
  ["America/Caracas", "2016-05-01T07:00Z"],
  ["Asia/Pyongyang", "2018-05-04T15:00Z"],
  ["Asia/Pyongyang", "2015-08-14T15:00Z"],
  ["Pacific/Apia", "2011-12-30T10:00Z"],
  ["Pacific/Kiritimati", "1994-12-31T10:00Z"],
  ["Pacific/Kwajalein", "1993-08-21T12:00Z"],
  ["America/St_Johns", "2010-03-14T03:31Z"],
  ["Pacific/Chatham", "2024-04-06T14:00Z"],
  ["America/Cambridge_Bay", "2000-10-29T07:00Z"],
  ["UTC", "2024-02-28T12:00Z"],
  ["Asia/Kathmandu", "2024-12-31T18:15Z"],
];

interface Field {
  readonly text: string;
  readonly values: readonly number[];
  readonly star: boolean;
}

const range = (min: number, max: number, step = 1): number[] =>
  Array.from({ length: Math.floor((max - min) / step) + 1 }, (_, i) => min + i * step);

/** A field in one of its forms, with the numbers that it means. */
function field(min: number, max: number): fc.Arbitrary<Field> {
  const value = fc.integer({ min, max });
  return fc.oneof(
    { weight: 3, arbitrary: fc.constant({ text: "*", values: range(min, max), star: true }) },
    fc
      .integer({ min: 1, max: max - min })
      .map((n) => ({ text: `*/${n}`, values: range(min, max, n), star: true })),
    { weight: 2, arbitrary: value.map((n) => ({ text: String(n), values: [n], star: false })) },
    fc
      .uniqueArray(value, { minLength: 1, maxLength: 5 })
      .map((list) => ({ text: list.join(","), values: list, star: false })),
    fc.tuple(value, value, fc.integer({ min: 1, max: 5 })).map(([from, to, step]) => {
      const end = to < from ? to + (max - min + 1) : to;
      const values = range(from, end, step).map((n) => min + ((n - min) % (max - min + 1)));
      return { text: `${from}-${to}/${step}`, values, star: false };
    }),
  );
}

/** A cron schedule of five fields; hours are often few, so that changes of the clock matter. */
export const schedules: fc.Arbitrary<ReferenceSchedule> = fc
  .tuple(field(0, 59), field(0, 23), field(1, 31), field(1, 12), field(0, 6))
  .map(([minute, hour, day, month, weekday]) => ({
    minutes: minute.values,
    hours: hour.values,
    days: day.values,
    months: month.values,
    weekdays: weekday.values,
    stars: { minute: minute.star, hour: hour.star, day: day.star, weekday: weekday.star },
    expression: [minute, hour, day, month, weekday].map(({ text }) => text).join(" "),
  }));

/** A zone, and a stretch of about three days around one of its changes; its start may lie inside of a gap or an overlap. */
export const stretches: fc.Arbitrary<{ timezone: string; from: number; to: number }> = fc
  .tuple(
    fc.constantFrom(...CHANGES),
    fc.integer({ min: -36 * 60, max: 3 * 60 }),
    fc.integer({ min: 0, max: 59_999 }),
  )
  .map(([[timezone, instant], minutes, ms]) => {
    const from = Date.parse(instant) + minutes * 60_000 + ms;
    return { timezone, from, to: from + 3 * 86_400_000 };
  });

/** Which of the two rules. */
export const dstRules = fc.constantFrom("once" as const, "wall-clock" as const);
