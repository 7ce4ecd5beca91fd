import { describe, expect, it } from "vitest";
import * as trigger from "../../src/triggers/trigger-builders.ts";
import type { TriggerOptions } from "../../src/triggers/trigger-options.ts";
import { errorOf, fires, iso, specOf, triggerOf } from "./ask.ts";

const berlin = { timezone: "Europe/Berlin", from: "2026-03-28T12:00:00Z" };

describe("interval", () => {
  it("fires first one interval after it was added", () => {
    expect(fires({ trigger: "interval", minutes: 30 }, { count: 2 })).toEqual([
      "2026-01-01T00:30:00Z",
      "2026-01-01T01:00:00Z",
    ]);
  });

  it("fires first at its start, if it has one, past or future", () => {
    const options = { trigger: "interval", hours: 2, startDate: "2025-12-31 23:00" } as const;
    expect(fires(options, { count: 2 })).toEqual(["2026-01-01T01:00:00Z", "2026-01-01T03:00:00Z"]);
    expect(fires({ ...options, startDate: "2026-02-01" }, { count: 1 })).toEqual([
      "2026-02-01T00:00:00Z",
    ]);
  });

  it.each([
    ["90s", 90_000],
    ["PT15M", 900_000],
    ["2 hours", 7_200_000],
    ["1h30m", 5_400_000],
    ["250ms", 250],
    ["1 week", 604_800_000],
  ])("every %s", (text, everyMs) => {
    expect(specOf({ trigger: "interval", every: text })).toMatchObject({ everyMs });
    expect(specOf({ trigger: trigger.every(text) })).toMatchObject({ everyMs });
  });

  it("is elapsed time through a change of the clock", () => {
    const options = { trigger: "interval", days: 1, startDate: "2026-03-28 13:00" } as const;
    expect(fires(options, { ...berlin, count: 2 })).toEqual([
      "2026-03-29T12:00:00Z",
      "2026-03-30T12:00:00Z",
    ]);
  });

  it("counts without stepping and looks back", () => {
    const resolved = triggerOf({ trigger: "interval", milliseconds: 1, startDate: "1970-01-01" });
    expect(resolved.count(0, 1e14)).toBe(1e14);
    expect(resolved.prev(500)).toBe(499);
    expect(resolved.prev(0)).toBeUndefined();
  });

  it.each([
    [{ trigger: "interval", minutes: 0 }, "minutes"],
    [{ trigger: "date" }, "runDate"],
    [{ trigger: "date", runDate: 1, in: "1m" }, "in"],
    [{ trigger: "calendarInterval" }, "days"],
    [{ trigger: "interval", every: "2 months", minutes: 5 }, "minutes"],
    [{ trigger: "interval", every: "soon" }, "every"],
    [{ trigger: "interval", every: "5m", minutes: 5 }, "minutes"],
    [{ trigger: "interval", minutes: -5 }, "minutes"],
    [{ trigger: "interval", minute: 5 }, "minute"],
  ] as [TriggerOptions, string][])("refuses %o", (options, field) => {
    expect(errorOf(options).data["field"]).toBe(field);
  });
});

describe("date", () => {
  it.each([
    ["2026-05-28 15:00", "2026-05-28T13:00:00Z"],
    ["2026-05-28T15:00:30+05:30", "2026-05-28T09:30:30Z"],
    ["05/28/2026 15:30", "2026-05-28T13:30:00Z"],
    ["05/28/2026 3:30 pm", "2026-05-28T13:30:00Z"],
    ["2026-05-28", "2026-05-27T22:00:00Z"],
    ["2026-03-29 02:30", "2026-03-29T01:30:00Z"],
    ["2026-10-25 02:30", "2026-10-25T00:30:00Z"],
    ["1779973200", "2026-05-28T13:00:00Z"],
    [1_779_973_200, "2026-05-28T13:00:00Z"],
    [1_779_973_200_000, "2026-05-28T13:00:00Z"],
    [new Date("2026-05-28T13:00:00Z"), "2026-05-28T13:00:00Z"],
  ])("%s in Berlin", (runDate, expected) => {
    expect(fires({ trigger: "date", runDate }, berlin)).toEqual([expected]);
    expect(fires({ trigger: trigger.at(runDate) }, berlin)).toEqual([expected]);
  });

  it("reads a local date of a TOML file in the job's zone", () => {
    class TomlDate extends Date {
      isLocal(): boolean {
        return true;
      }
      override toISOString(): string {
        return "2026-05-28T15:00:00.000";
      }
    }
    expect(
      fires({ trigger: "date", runDate: new TomlDate("2026-05-28T15:00:00Z") }, berlin),
    ).toEqual(["2026-05-28T13:00:00Z"]);
  });

  it("is relative to when it was added", () => {
    expect(fires({ trigger: trigger.in("30 minutes") }, berlin)).toEqual(["2026-03-28T12:30:00Z"]);
  });

  it.each([
    ["2026-13-28", 6, "month"],
    ["2026-02-30 09:00", 9, "day"],
    ["2026-02-03 24:00", 12, "hour"],
    ["28/05/2026 15:30", 1, "month"],
    ["tomorrow", 1, "can't be read"],
  ])("refuses %s", (runDate, column, hint) => {
    const error = errorOf({ trigger: "date", runDate });
    expect(error.data).toMatchObject({ field: "runDate", column });
    expect(error.message).toContain(hint);
  });
});

describe("calendar interval", () => {
  it("keeps the local time of day", () => {
    expect(
      fires(
        { trigger: trigger.calendarInterval({ days: 1, at: "09:00" }) },
        { ...berlin, count: 2 },
      ),
    ).toEqual(["2026-03-29T07:00:00Z", "2026-03-30T07:00:00Z"]);
  });

  it("leaves months out that lack the day: 31 January + 1 month is 31 March", () => {
    const options = {
      trigger: "calendarInterval",
      months: 1,
      startDate: "2026-01-31",
      hour: 9,
    } as const;
    expect(fires(options, { from: "2026-01-01T00:00:00Z", count: 4 })).toEqual(
      ["01-31", "03-31", "05-31", "07-31"].map((date) => `2026-${date}T09:00:00Z`),
    );
  });

  it("leaves out a day whose clock skips the time, or with dst once fires at the jump", () => {
    const options = {
      trigger: "calendarInterval",
      days: 1,
      at: "02:30",
      startDate: "2026-03-28",
    } as const;
    const from = "2026-03-28T12:00:00Z";
    expect(fires(options, { ...berlin, from, count: 1 })).toEqual(["2026-03-30T00:30:00Z"]);
    expect(fires({ ...options, dst: "once" }, { ...berlin, from, count: 1 })).toEqual([
      "2026-03-29T01:00:00Z",
    ]);
  });

  it("looks back as it looks ahead", () => {
    const resolved = triggerOf({
      trigger: "calendarInterval",
      months: 1,
      weeks: 1,
      startDate: "2024-01-31",
    });
    const ahead = resolved.between(0, 8e15, 200);
    const back: number[] = [];
    for (let t = resolved.prev((ahead.at(-1) ?? 0) + 1); t !== undefined; t = resolved.prev(t))
      back.unshift(t);
    expect(back).toEqual(ahead);
    expect(resolved.count((ahead[0] ?? 0) - 1, ahead.at(-1) ?? 0)).toBe(200);
    for (const [i, t] of ahead.slice(0, -1).entries()) expect(resolved.next(t)).toBe(ahead[i + 1]);
  });

  it.each([
    ["2026-01-02", ["2026-01-01T09:00:00Z", "2026-01-02T09:00:00Z"]],
    ["01/02/2026", ["2026-01-01T09:00:00Z", "2026-01-02T09:00:00Z"]],
    ["2026-01-02 00:00", ["2026-01-01T09:00:00Z"]],
  ])("every kind takes an end without a time as the whole day: %s", (endDate, expected) => {
    const startDate = "2026-01-01 09:00";
    const bounds = { startDate, endDate } as const;
    const triggers = [
      trigger.cron("0 9 * * *"),
      trigger.every("24h"),
      trigger.calendarInterval({ days: 1 }),
      trigger.rrule("FREQ=DAILY"),
      trigger.daily("09:00"),
      trigger.weekly(["thu", "fri", "sat"], "09:00"),
      trigger.or(trigger.cron("0 9 * * *")),
      trigger.and(trigger.cron("0 9 * * *"), trigger.every("1h", { startDate: "2026-01-01" })),
    ];
    const found = triggers.map((member) => fires({ trigger: member, ...bounds }, { count: 9 }));
    expect(found).toEqual(triggers.map(() => expected));
    expect(
      specOf({ trigger: trigger.at("2026-01-01 09:00"), endDate: "2026-01-01" }),
    ).toBeDefined();
  });

  it("a day ends where the next begins, also around a change of the clock", () => {
    const lastOf = (endDate: string, timezone: string): string =>
      iso(
        triggerOf(
          { trigger: "cron", minute: "*", second: 59, startDate: "2018-02-01", endDate },
          { timezone },
        ).prev(8e15) ?? 0,
      );
    expect(lastOf("2026-03-29", "Europe/Berlin")).toBe("2026-03-29T21:59:59Z");
    // At midnight the clock is put back to 23:00, so that the day has 25 hours.
    expect(lastOf("2018-02-17", "America/Sao_Paulo")).toBe("2018-02-18T02:59:59Z");
    // The next day begins at 01:00.
    expect(lastOf("2018-11-03", "America/Sao_Paulo")).toBe("2018-11-04T02:59:59Z");
    expect(lastOf("2026-03-29Z", "Europe/Berlin")).toBe("2026-03-29T23:59:59Z");
  });

  it("takes an end without a time as the whole day", () => {
    const options = {
      trigger: "calendarInterval",
      days: 1,
      at: "09:00",
      endDate: "2026-01-02",
    } as const;
    expect(fires(options, { count: 9 })).toEqual(["2026-01-01T09:00:00Z", "2026-01-02T09:00:00Z"]);
  });

  it("comes from trigger.every() for months and years", () => {
    expect(specOf({ trigger: trigger.every("2 months") })).toMatchObject({
      kind: "calendar-interval",
      months: 2,
    });
    expect(specOf({ trigger: trigger.every("P1Y6M") })).toMatchObject({
      kind: "calendar-interval",
      years: 1,
      months: 6,
    });
    expect(errorOf({ trigger: "calendarInterval", hour: 9 }).message).toContain("at least 1");
  });
});

describe("rrule", () => {
  it("starts now, in the job's zone, unless it says otherwise", () => {
    expect(
      fires(
        { trigger: trigger.rrule("RRULE:FREQ=WEEKLY;BYDAY=MO;BYHOUR=9;BYMINUTE=0;BYSECOND=0") },
        { ...berlin, count: 2 },
      ),
    ).toEqual(["2026-03-30T07:00:00Z", "2026-04-06T07:00:00Z"]);
    expect(
      fires(
        {
          trigger: trigger.rrule(
            "DTSTART:20260401T090000Z\nRRULE:FREQ=DAILY;COUNT=2\nEXDATE:20260402T090000Z",
          ),
        },
        berlin,
      ),
    ).toEqual(["2026-04-01T09:00:00Z"]);
    expect(
      fires(
        { trigger: trigger.rrule("DTSTART;TZID=Asia/Tokyo:20260401T090000 RRULE:FREQ=DAILY") },
        { ...berlin, count: 1 },
      ),
    ).toEqual(["2026-04-01T00:00:00Z"]);
  });

  it("leaves skipped times out, as RFC 5545 has it", () => {
    expect(
      fires(
        { trigger: trigger.rrule("DTSTART:20260301T023000 RRULE:FREQ=DAILY") },
        { ...berlin, count: 1 },
      ),
    ).toEqual(["2026-03-30T00:30:00Z"]);
  });

  it("looks back, counts and keeps to its bounds", () => {
    const resolved = triggerOf({
      trigger: "rrule",
      rule: "FREQ=MONTHLY;BYDAY=-1FR",
      startDate: "2026-01-01",
      endDate: "2026-06-26",
    });
    expect(resolved.between(0, 8e15, 99).map(iso)).toEqual(
      ["01-30", "02-27", "03-27", "04-24", "05-29", "06-26"].map(
        (date) => `2026-${date}T00:00:00Z`,
      ),
    );
    expect(resolved.count(0, 8e15)).toBe(6);
    expect(iso(resolved.prev(Date.parse("2026-03-27T00:00:00Z")) ?? 0)).toBe(
      "2026-02-27T00:00:00Z",
    );
    expect(resolved.prev(Date.parse("2026-01-30T00:00:00Z"))).toBeUndefined();
  });

  it.each([
    ["FREQ=DAILY;BYHOUR=99", 19, "0 to 23"],
    ["RRULE:FREQ=DALY", 12, "RFC 5545"],
    ["FREQ=DAILY;BYHOURS=9", 12, "Did you mean BYHOUR?"],
    ["DTSTART:yesterday\nRRULE:FREQ=DAILY", 1, "DTSTART"],
    ["RRULE:FREQ=DAILY RRULE:FREQ=WEEKLY", 18, "two RRULE"],
    ["FREQ=DAILY;COUNT=99999999", 18, "10000"],
    ["FREQ=MINUTELY;BYMONTH=2;BYMONTHDAY=30", 1, "never fire"],
    ["FREQ=SECONDLY", 1, "86400 times a day"],
    [
      "FREQ=DAILY;BYHOUR=0,1,2,3;BYMINUTE=0,1,2,3,4,5,6,7,8,9;BYSECOND=0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,32,33,34,35,36,37,38,39,40",
      1,
      "1640 times a day",
    ],
    ["FREQ=YEARLY;INTERVAL=9000", 1, "less than once in 100 years"],
    ["FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", undefined, "never fire"],
  ])("refuses %s", (rule, column, hint) => {
    const error = errorOf({ trigger: "rrule", rule, startDate: "2026-01-01" });
    expect(error.message).toContain(hint);
    expect(error.data["column"]).toBe(column);
  });
});

describe("weekly and daily", () => {
  it("fires on its days at its times", () => {
    const expected = ["2026-03-30T07:00:00Z", "2026-03-30T15:30:00Z", "2026-04-01T07:00:00Z"];
    expect(
      fires({ trigger: trigger.weekly(["mon", "Wednesday"], ["09:00", "5:30 pm"]) }, berlin),
    ).toEqual(expected);
    expect(fires({ trigger: { weekly: ["mon", "wed"], at: ["09:00", "17:30"] } }, berlin)).toEqual(
      expected,
    );
    expect(
      fires({ trigger: "weekly", weekly: ["mon", "wed"], at: ["09:00", "17:30"] }, berlin),
    ).toEqual(expected);
  });

  it("fires every day", () => {
    expect(fires({ trigger: trigger.daily("02:00") }, { count: 1 })).toEqual([
      "2026-01-01T02:00:00Z",
    ]);
    expect(fires({ trigger: { daily: true, at: "noon" } }, { count: 1 })).toEqual([
      "2026-01-01T12:00:00Z",
    ]);
  });

  it("refuses what is no day and no time", () => {
    expect(() => trigger.weekly("mo")).toThrow('"mon"');
    expect(errorOf({ trigger: "weekly", weekly: "mo" }).message).toContain('"mon"');
    expect(() => trigger.daily("25:00")).toThrow(/^at: "25:00"/);
    expect(errorOf({ trigger: "daily", at: "25:00" }).data["field"]).toBe("at");
  });
});

describe("or and and", () => {
  it("combines triggers of any kind and zone", () => {
    const both = trigger.or(
      trigger.cron("0 9 * * 1-5"),
      trigger.cron("0 9 * * *", { timezone: "Asia/Tokyo" }),
      trigger.at("2026-03-30 08:00"),
    );
    expect(fires({ trigger: both }, { ...berlin, count: 4 })).toEqual([
      "2026-03-29T00:00:00Z",
      "2026-03-30T00:00:00Z",
      "2026-03-30T06:00:00Z",
      "2026-03-30T07:00:00Z",
    ]);
    expect(
      fires(
        { trigger: trigger.and(trigger.cron({ day: 13 }), trigger.cron({ dayOfWeek: "fri" })) },
        { count: 1 },
      ),
    ).toEqual(["2026-02-13T00:00:00Z"]);
  });

  it("keeps to bounds of its own", () => {
    const options = {
      trigger: trigger.or(trigger.cron("0 9 * * *"), trigger.cron("0 10 * * *")),
      startDate: "2026-01-02 10:00",
      endDate: "2026-01-03 09:00",
    };
    expect(fires(options, { count: 9 })).toEqual(["2026-01-02T10:00:00Z", "2026-01-03T09:00:00Z"]);
  });

  it("refuses members that never meet, soon", () => {
    expect(
      errorOf({ trigger: trigger.and(trigger.cron({ hour: 1 }), trigger.cron({ hour: 2 })) }).data[
        "reason"
      ],
    ).toBe("never-fires");
    expect(
      errorOf({ trigger: trigger.and(trigger.cron("0 9 29 2 *"), trigger.cron("30 9 * * *")) })
        .data["reason"],
    ).toBe("never-fires");
  });

  it("bounds how deep and how many", () => {
    let deep = trigger.cron("@daily");
    for (let i = 0; i < 50; i++) deep = trigger.or(deep, trigger.cron("@hourly"));
    expect(errorOf({ trigger: deep }).message).toContain("deep");
    const many = Array.from({ length: 101 }, () => trigger.cron("@daily"));
    expect(errorOf({ trigger: "or", triggers: many }).message).toContain("up to 100");
    expect(() => trigger.or(...many)).toThrow("up to 100");
  });

  it("makes and of and one search", () => {
    expect(
      specOf({
        trigger: trigger.and(
          trigger.and(trigger.cron({ hour: 9 }), trigger.cron({ dayOfWeek: 1, hour: 9 })),
          trigger.cron({ day: 5, hour: 9 }),
        ),
      }),
    ).toMatchObject({
      kind: "and",
      triggers: [{ kind: "cron" }, { kind: "cron" }, { kind: "cron" }],
    });
  });
});

describe("a schedule without a fire time", () => {
  it.each([
    {
      trigger: trigger.or(trigger.cron("@daily"), trigger.cron("@hourly")),
      startDate: "2026-02-01",
      endDate: "2026-01-01",
    },
    { trigger: "rrule", rule: "FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30" },
    { trigger: "interval", hours: 1, startDate: "2026-02-01", endDate: "2026-01-01" },
    { trigger: "date", runDate: "2026-02-01", endDate: "2026-01-01" },
  ] as TriggerOptions[])("is refused: %o", (options) => {
    expect(errorOf(options).data["reason"]).toBe("never-fires");
  });

  it.each([
    { trigger: "interval", hours: 1, endDate: "2025-01-01" },
    { trigger: "calendarInterval", days: 1, endDate: "2025-01-01" },
    { trigger: "cron", hour: 9, endDate: "2025-01-01" },
    { trigger: "rrule", rule: "FREQ=DAILY;UNTIL=20250101T000000Z" },
    { trigger: "date", runDate: "2025-01-01" },
  ] as TriggerOptions[])(
    "is accepted if it is only over, so that a program may declare it at each start: %o",
    (options) => {
      expect(fires(options)).toEqual([]);
    },
  );
});

describe("trigger objects", () => {
  it("are frozen JSON", () => {
    const made = trigger.or(trigger.cron({ hour: 9 }), trigger.at(new Date(0)));
    expect(Object.isFrozen(made)).toBe(true);
    expect(specOf({ trigger: JSON.parse(JSON.stringify(made)) as typeof made })).toEqual(
      specOf({ trigger: made }),
    );
  });

  it("do not change the caller's object and refuse strays beside them", () => {
    const options = { trigger: trigger.cron("@daily"), timezone: "Asia/Tokyo" } as const;
    const before = JSON.stringify(options);
    specOf(options);
    expect(JSON.stringify(options)).toBe(before);
    expect(errorOf({ trigger: trigger.cron("@daily"), hour: 9 } as never).data["field"]).toBe(
      "hour",
    );
  });
});
