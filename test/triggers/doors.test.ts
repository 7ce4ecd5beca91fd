// Whatever one door takes, all doors take, with the same result.
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as trigger from "../../src/triggers/trigger-builders.ts";
import { parseSchedule } from "../../src/triggers/natural/parse-schedule.ts";
import { type PreviewOptions, previewTrigger } from "../../src/triggers/preview.ts";
import type { TriggerOptions } from "../../src/triggers/trigger-options.ts";
import { errorOf, fires, iso, specOf } from "./ask.ts";

const berlin = { timezone: "Europe/Berlin", from: "2026-01-31T09:00:00Z" };

/** A `Date` whose class is not ours, as in Jest and in `vm` contexts. */
function foreignDate(epochMs: number): Date {
  return runInNewContext("new Date(epochMs)", { epochMs }) as Date;
}

describe("a Date of another realm", () => {
  const foreign = foreignDate(Date.parse("2026-05-28T13:00:00Z"));

  it("is a date at each door", () => {
    expect(foreign instanceof Date).toBe(false);
    expect(fires({ trigger: trigger.at(foreign) }, berlin)).toEqual(["2026-05-28T13:00:00Z"]);
    expect(fires({ trigger: "date", runDate: foreign }, berlin)).toEqual(["2026-05-28T13:00:00Z"]);
    const bounds = { startDate: foreign, endDate: foreign };
    expect(specOf({ trigger: "cron", minute: 0, ...bounds }, berlin)).toMatchObject({
      startAt: foreign.getTime(),
      endAt: foreign.getTime(),
    });
  });

  it("is refused where it is none that exists", () => {
    const invalid = foreignDate(Number.NaN);
    expect(errorOf({ trigger: "date", runDate: invalid }).message).toContain("an invalid Date");
  });
});

describe("spans", () => {
  it.each([
    ["hour", { everyMs: 3_600_000 }],
    ["an hour", { everyMs: 3_600_000 }],
    ["day", { everyMs: 86_400_000 }],
    ["week", { everyMs: 604_800_000 }],
    ["a week", { everyMs: 604_800_000 }],
    ["minute", { everyMs: 60_000 }],
    ["second", { everyMs: 1_000 }],
    ["2 hours and 30 minutes", { everyMs: 9_000_000 }],
    ["PT15M", { everyMs: 900_000 }],
    ["month", { kind: "calendar-interval", months: 1 }],
    ["a year", { kind: "calendar-interval", years: 1 }],
    ["2 months", { kind: "calendar-interval", months: 2 }],
    ["P1Y6M", { kind: "calendar-interval", years: 1, months: 6 }],
    ["3 days at 9am", { kind: "calendar-interval", days: 3, timeOfDayMs: 32_400_000 }],
    ["monday at 9am", { kind: "cron" }],
  ])("every %s", (text, expected) => {
    const spec = specOf({ trigger: trigger.every(text) }, berlin);
    expect(spec).toMatchObject(expected);
    expect(specOf({ trigger: "interval", every: text }, berlin)).toEqual(spec);
    expect(specOf({ trigger: { trigger: "interval", every: text } }, berlin)).toEqual(spec);
    expect(specOf({ trigger: parseSchedule(`every ${text}`) }, berlin)).toEqual(spec);
    expect(specOf({ trigger: parseSchedule(`@every ${text}`) }, berlin)).toEqual(spec);
  });

  it.each([
    ["30 minutes", "2026-01-31T09:30:00Z"],
    ["hour", "2026-01-31T10:00:00Z"],
    ["an hour", "2026-01-31T10:00:00Z"],
    ["a week", "2026-02-07T09:00:00Z"],
    ["PT15M", "2026-01-31T09:15:00Z"],
    // The last day of a month that lacks the day, at the same time of day.
    ["1 month", "2026-02-28T09:00:00Z"],
    ["a month", "2026-02-28T09:00:00Z"],
    ["2 months", "2026-03-31T08:00:00Z"],
    ["1 year and 1 month", "2027-02-28T09:00:00Z"],
    ["P1M", "2026-02-28T09:00:00Z"],
    ["1 month and 3 days", "2026-03-03T09:00:00Z"],
  ])("in %s", (text, expected) => {
    expect(fires({ trigger: trigger.in(text) }, berlin)).toEqual([expected]);
    expect(fires({ trigger: "date", in: text }, berlin)).toEqual([expected]);
    expect(fires({ trigger: parseSchedule(`in ${text}`) }, berlin)).toEqual([expected]);
  });

  const units = "ms second seconds minutes hour h days week weeks month months y years mo".split(
    " ",
  );
  const spans = fc
    .array(
      fc
        .tuple(fc.constantFrom("", "a ", "an ", "1 ", "2 ", "07 "), fc.constantFrom(...units))
        .map((parts) => parts.join("")),
      { minLength: 1, maxLength: 3 },
    )
    .chain((parts) => fc.constantFrom(parts.join(" and "), parts.join(", "), parts.join(" ")));

  const outcome = (ask: () => unknown): string => {
    try {
      return JSON.stringify(ask());
    } catch (error) {
      return (error as { code?: string }).code ?? `no code: ${String(error)}`;
    }
  };

  it("of any kind are the same behind each door", () => {
    let taken = 0;
    fc.assert(
      fc.property(spans, (text) => {
        const asked = outcome(() => specOf({ trigger: trigger.every(text) }));
        if (asked.startsWith("{")) taken += 1;
        expect(outcome(() => specOf({ trigger: "interval", every: text }))).toBe(asked);
        expect(outcome(() => specOf({ trigger: parseSchedule(`every ${text}`) }))).toBe(asked);
        const later = outcome(() => specOf({ trigger: trigger.in(text) }));
        expect(outcome(() => specOf({ trigger: "date", in: text }))).toBe(later);
        expect(outcome(() => specOf({ trigger: parseSchedule(`in ${text}`) }))).toBe(later);
      }),
      { numRuns: 2_000 },
    );
    expect(taken).toBeGreaterThan(500);
  });

  const instants = fc
    .tuple(
      fc.date({ min: new Date("1970-01-02"), max: new Date("2100-01-01"), noInvalidDate: true }),
      fc.constantFrom(
        (date: Date) => date.toISOString(),
        (date: Date) => date.toISOString().slice(0, 10),
        (date: Date) => date.toISOString().slice(0, 16).replace("T", " "),
        (date: Date) => date.toISOString().slice(0, 19),
        (date: Date) => `${date.toISOString().slice(0, 19)}+05:30`,
        (date: Date) => String(Math.floor(date.getTime() / 1000) + 1e9),
        (date: Date) =>
          `${date.getUTCMonth() + 1}/${date.getUTCDate()}/${date.getUTCFullYear()} 3:30 pm`,
      ),
    )
    .map(([date, write]) => write(date));

  it("and instants, too", () => {
    fc.assert(
      fc.property(instants, (text) => {
        const spec = specOf({ trigger: "date", runDate: text }, berlin);
        if (spec.kind !== "date") throw new Error("no date");
        expect(specOf({ trigger: trigger.at(text) }, berlin)).toEqual(spec);
        expect(specOf({ trigger: parseSchedule(text) }, berlin)).toEqual(spec);
        const bounded = specOf({ trigger: "interval", hours: 1, startDate: text }, berlin);
        expect(bounded).toMatchObject({ anchorAt: spec.runAt });
      }),
    );
  });
});

describe("previewTrigger takes what addJob takes", () => {
  const from = "2026-03-28T12:00:00Z";
  const times = (options: unknown, more: Partial<PreviewOptions> = {}): string[] =>
    previewTrigger(options as TriggerOptions, { from, count: 2, ...more }).map(({ instant }) =>
      iso(instant),
    );

  it.each<[string, unknown]>([
    ["a trigger object", trigger.cron("0 9 * * *")],
    ["options with a kind", { trigger: "cron", hour: 9 }],
    ["options with an object", { trigger: trigger.cron("0 9 * * *"), timezone: "UTC" }],
    ["a short form", { daily: true, at: "09:00" }],
    ["an interval, which begins at `from`", { trigger: trigger.every("21h") }],
    ["a spec", specOf({ trigger: trigger.cron("0 9 * * *") })],
  ])("%s", (_, options) => {
    expect(times(options)[0]).toBe("2026-03-29T09:00:00Z");
  });

  it.each([undefined, null, "2026-03-28", 5])(
    "says what is missing if its options are %j",
    (options) => {
      expect(() => previewTrigger(trigger.cron("0 9 * * *"), options as never)).toThrow(
        expect.objectContaining({
          code: "INVALID_TRIGGER",
          message: expect.stringContaining("from") as string,
        }),
      );
    },
  );

  it("reads times in the zone asked for, unless the trigger names one", () => {
    const timezone = "Asia/Tokyo";
    expect(times(trigger.cron("0 9 * * *"), { timezone })[0]).toBe("2026-03-29T00:00:00Z");
    expect(times(trigger.cron("0 9 * * *", { timezone: "UTC" }), { timezone })[0]).toBe(
      "2026-03-29T09:00:00Z",
    );
  });

  it("takes a start in any form, and the job's id for H", () => {
    const spec = specOf({ trigger: trigger.cron("H H * * *") }, { jobId: "a" });
    expect(times(trigger.cron("H H * * *"), { jobId: "a", from: new Date(from) })).toEqual(
      times(spec),
    );
    expect(times(spec, { from: Date.parse(from) })).toEqual(
      times(spec, { from: "2026-03-28 12:00" }),
    );
  });

  it("refuses with our errors what it can't take", () => {
    for (const options of [
      undefined,
      null,
      5,
      "0 9 * * *",
      [],
      {},
      { kind: "cron" },
      { kind: "x" },
    ])
      expect(() => times(options)).toThrow(expect.objectContaining({ code: "INVALID_TRIGGER" }));
    for (const more of [{ from: undefined }, { from: "soon" }, { count: 0 }, { count: Number.NaN }])
      expect(() => times(trigger.cron("@daily"), more as never)).toThrow(
        expect.objectContaining({ code: expect.stringMatching(/^INVALID_(TRIGGER|OPTION)$/) }),
      );
  });
});

describe("a calendar interval's start", () => {
  it("gives the time of day, as it gives the day", () => {
    const weekly = trigger.calendarInterval({ weeks: 1 }, { startDate: "2026-12-01 02:30" });
    expect(fires({ trigger: weekly }, { ...berlin, count: 2 })).toEqual([
      "2026-12-01T01:30:00Z",
      "2026-12-08T01:30:00Z",
    ]);
    const date = trigger.every("month", { startDate: new Date("2026-12-01T02:30:15.250Z") });
    expect(fires({ trigger: date }, { ...berlin, count: 2 })).toEqual([
      "2026-12-01T02:30:15.250Z",
      "2027-01-01T02:30:15.250Z",
    ]);
  });

  it("without a time of day is midnight; a time of day that is given wins", () => {
    const startDate = "2026-12-01";
    expect(
      fires({ trigger: "calendarInterval", weeks: 1, startDate }, { ...berlin, count: 1 }),
    ).toEqual(["2026-11-30T23:00:00Z"]);
    expect(
      fires(
        { trigger: "calendarInterval", weeks: 1, startDate: "2026-12-01 02:30", at: "09:00" },
        { ...berlin, count: 1 },
      ),
    ).toEqual(["2026-12-01T08:00:00Z"]);
    expect(
      fires(
        { trigger: "calendarInterval", weeks: 1, startDate: "2026-12-01 02:30", hour: 9 },
        { ...berlin, count: 1 },
      ),
    ).toEqual(["2026-12-01T08:00:00Z"]);
  });
});
