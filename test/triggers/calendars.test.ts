import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TriggerError } from "../../src/core/errors.ts";
import { Calendar } from "../../src/triggers/calendars/calendar.ts";
import {
  parseCalendar,
  type CalendarInput,
  type CalendarSpec,
} from "../../src/triggers/calendars/calendar-spec.ts";
import { createTrigger } from "../../src/triggers/create.ts";
import { errorOf, fires, specOf, triggerOf } from "./ask.ts";
import { CHANGES } from "./arbitraries.ts";

const timezone = "Europe/Berlin";
const calendars = new Map<string, CalendarSpec>([
  ["holidays", parseCalendar({ timezone, exclude: { dates: ["*-12-25", "2026-12-26"] } })],
  [
    "office",
    parseCalendar({
      timezone,
      only: {
        windows: [{ days: ["mon", "tue", "wed", "thu", "fri"], from: "09:00", to: "17:00" }],
      },
    }),
  ],
  [
    "freeze",
    parseCalendar({
      timezone,
      exclude: { spans: [{ from: "2026-12-20 18:00", to: "2027-01-04 06:00" }] },
    }),
  ],
  ["nights", parseCalendar({ timezone, only: { windows: [{ from: "22:00", to: "06:00" }] } })],
  ["never", parseCalendar({ only: { dates: ["1980-01-01"] } })],
]);
const ask = { timezone, calendars, from: "2026-12-24T00:00:00Z" };

describe("calendars", () => {
  it("leave excluded dates out", () => {
    expect(
      fires({ trigger: "cron", hour: 12, calendars: "holidays" }, { ...ask, count: 2 }),
    ).toEqual(["2026-12-24T11:00:00Z", "2026-12-27T11:00:00Z"]);
  });

  it("allow only windows, with their end exclusive", () => {
    const options = {
      trigger: "cron",
      hour: "8,9,16,17",
      calendars: ["office", "holidays"],
    } as const;
    expect(fires({ ...options, calendars: [...options.calendars] }, { ...ask, count: 3 })).toEqual([
      "2026-12-24T08:00:00Z",
      "2026-12-24T15:00:00Z",
      "2026-12-28T08:00:00Z",
    ]);
  });

  it("move to the next allowed instant, several as one", () => {
    const shift = { names: ["office", "holidays"], shift: "next-allowed" as const };
    expect(fires({ trigger: "cron", hour: "*/6", calendars: shift }, { ...ask, count: 4 })).toEqual(
      [
        "2026-12-24T08:00:00Z",
        "2026-12-24T11:00:00Z",
        "2026-12-28T08:00:00Z",
        "2026-12-28T11:00:00Z",
      ],
    );
  });

  it("know spans and windows past midnight", () => {
    expect(fires({ trigger: "cron", hour: 5, calendars: "freeze" }, { ...ask, count: 1 })).toEqual([
      "2027-01-05T04:00:00Z",
    ]);
    expect(
      fires({ trigger: "cron", hour: "5,6,21,22", calendars: "nights" }, { ...ask, count: 3 }),
    ).toEqual(["2026-12-24T04:00:00Z", "2026-12-24T21:00:00Z", "2026-12-25T04:00:00Z"]);
  });

  it("find nothing, soon, where nothing is allowed", () => {
    expect(fires({ trigger: "cron", second: "*", calendars: "never" }, ask)).toEqual([]);
    expect(
      triggerOf({ trigger: "cron", second: "*", calendars: "never" }, ask).count(0, 2e12),
    ).toBeLessThan(86_401);
  });

  it("stay in the spec by name and are missed by name", () => {
    const spec = specOf(
      { trigger: "cron", hour: 12, calendars: { names: ["holidays"], shift: "next-allowed" } },
      ask,
    );
    expect(spec).toMatchObject({
      kind: "calendars",
      calendars: ["holidays"],
      shift: "next-allowed",
    });
    expect(() => createTrigger(spec)).toThrow(TriggerError);
    expect(errorOf({ trigger: "cron", hour: 12, calendars: "holiday" }, ask).message).toContain(
      'Did you mean "holidays"?',
    );
  });

  it.each<[CalendarInput, string]>([
    [{ exclude: { dates: ["2026-02-30"] } }, "exclude.dates.0"],
    [{ only: { windows: [{ from: "9", to: "17:00" }] } }, "only.windows.0.from"],
    [{ timezone: "Mars" }, "timezone"],
    [{ only: { windows: [{ days: ["monday" as "mon"] }] } }, "only.windows.0.days.0"],
    [{ exclude: { dates: [20261225 as unknown as string] } }, "exclude.dates.0"],
    [{ exclude: "weekends" } as unknown as CalendarInput, "exclude"],
    [{ exclude: { day: [] } } as unknown as CalendarInput, "exclude.day"],
  ])("refuse %o", (input, field) => {
    try {
      parseCalendar(input);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(TriggerError);
      if (error instanceof TriggerError) {
        expect(error.data["field"]).toBe(field);
        // Ours, not the validator's: the value, or what is allowed, and never its "Invalid …".
        expect(error.message).toMatch(/is not allowed|is not known|Use an IANA name|unknown|Write/);
        expect(error.message).not.toMatch(/Invalid|expected/);
      }
    }
  });
});

describe("calendars, laws", () => {
  const made = new Map([...calendars].map(([name, spec]) => [name, new Calendar(spec)]));
  const allows = (names: readonly string[], at: number): boolean =>
    names.every((name) => made.get(name)?.allows(at));
  const cases = fc.record({
    names: fc.uniqueArray(fc.constantFrom("holidays", "office", "freeze", "nights"), {
      minLength: 1,
      maxLength: 2,
    }),
    shift: fc.constantFrom("skip" as const, "next-allowed" as const),
    hour: fc.constantFrom("*", "*/5", "8", "3,9,21"),
    minute: fc.constantFrom(0, 30),
    from: fc.integer({
      min: Date.parse("2026-12-10T00:00Z"),
      max: Date.parse("2027-01-10T00:00Z"),
    }),
  });

  it(
    "fire where the member fires and all allow it, or at the first such instant after",
    { timeout: 120_000 },
    () => {
      fc.assert(
        fc.property(cases, ({ names, shift, hour, minute, from }) => {
          const to = from + 10 * 86_400_000;
          const plain = triggerOf({ trigger: "cron", hour, minute }, ask);
          const trigger = triggerOf(
            { trigger: "cron", hour, minute, calendars: { names, shift } },
            ask,
          );
          // The freeze, the longest of the stretches that are not allowed, lasts 15 days.
          const start = Math.floor(from / 60_000) * 60_000 - 17 * 86_400_000;
          // Slow and obvious: by the minute, which is as fine as these calendars are, from the end to the start.
          const firstAllowed = new Map<number, number>();
          let following = Number.POSITIVE_INFINITY;
          for (let at = Math.floor(to / 60_000) * 60_000; at >= start; at -= 60_000) {
            if (allows(names, at)) following = at;
            firstAllowed.set(at, following);
          }
          const expected = new Set<number>();
          for (const at of plain.between(start, to, 10_000)) {
            const moved = firstAllowed.get(at) ?? 0;
            if (moved > from && moved <= to && (moved === at || shift === "next-allowed"))
              expected.add(moved);
          }
          const sorted = [...expected].toSorted((a, b) => a - b);
          expect(trigger.between(from, to, 10_000)).toEqual(sorted);
          expect(trigger.count(from, to)).toBe(sorted.length);
          const back: number[] = [];
          for (let at = trigger.prev(to + 1); at !== undefined && at > from; at = trigger.prev(at))
            back.unshift(at);
          expect(back).toEqual(sorted);
        }),
        { numRuns: 40 },
      );
    },
  );

  it("count seconds by stretches as they would one by one", () => {
    const trigger = triggerOf(
      { trigger: "cron", second: "*", calendars: { names: ["office"], shift: "next-allowed" } },
      ask,
    );
    const [from, to] = [Date.parse("2026-12-27T12:00:00Z"), Date.parse("2026-12-28T09:00:00Z")];
    expect(trigger.count(from, to)).toBe(trigger.between(from, to, 1e6).length);
  });

  it("never change between two edges", { timeout: 120_000 }, () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...CHANGES),
        fc.integer({ min: -2e8, max: 2e8 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (change, offset, part) => {
          const [zone, instant] = change;
          const calendar = new Calendar(
            parseCalendar({
              timezone: zone,
              only: {
                windows: [
                  { from: "01:30", to: "02:30" },
                  { days: ["sun"], from: "23:00", to: "01:00" },
                ],
              },
            }),
          );
          const at = Date.parse(instant) + offset;
          const edge = calendar.nextEdge(at);
          const between = at + Math.floor((edge - at) * part * 0.999_999);
          expect(calendar.allows(between)).toBe(calendar.allows(at));
          const since = calendar.prevEdge(at);
          expect(calendar.allows(since + Math.floor((at - since) * part))).toBe(
            calendar.allows(at),
          );
        },
      ),
      { numRuns: 1000 },
    );
  });
});
