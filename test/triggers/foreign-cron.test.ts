// Texts of other schedulers, which would be read as something else or not at all, are refused with the translation.
import { describe, expect, it } from "vitest";
import { trigger } from "../../src/index.ts";
import { parseSchedule } from "../../src/triggers.ts";
import { errorOf, fires, refusalOf } from "./ask.ts";

describe("the order of AWS: the year last, one ? in day or weekday", () => {
  it.each([
    ["0 12 * * ? *", 'trigger.cron("0 12 * * *")'],
    ["0/10 * * * ? *", 'trigger.cron("0/10 * * * *")'],
    ["15 10 ? * MON-FRI *", 'trigger.cron("15 10 * * mon-fri")'],
    // There 1 is Sunday.
    ["0 8 ? * 2-6 *", 'trigger.cron("0 8 * * mon-fri")'],
    ["0 8 ? * 1,7 *", 'trigger.cron("0 8 * * sun,sat")'],
    ["0 9 ? * 2#1 *", 'trigger.cron("0 9 * * mon#1")'],
    ["0 9 ? * 6L *", 'trigger.cron("0 9 * * fril")'],
    ["0 9 ? * L *", 'trigger.cron("0 9 * * sat")'],
    ["0 9 L * ? *", 'trigger.cron("0 9 l * *")'],
    [
      "0 12 1 * ? 2026-2028",
      'trigger.cron({ year: "2026-2028", month: "*", day: "1", dayOfWeek: "*", hour: "12", minute: "0" })',
    ],
  ])("%s", (text, translation) => {
    const errors = [
      errorOf({ trigger: "cron", expression: text }),
      refusalOf(() => trigger.cron(text)),
      refusalOf(() => parseSchedule(text)),
      refusalOf(() => trigger.cron(`cron(${text})`)),
      refusalOf(() => parseSchedule(`cron(${text})`)),
      errorOf({ trigger: `cron(${text})` } as never),
    ];
    for (const { message, data } of errors) {
      expect(message).toContain("AWS");
      expect(message).toContain(translation);
      expect(data["column"]).toBeGreaterThanOrEqual(1);
    }
    // The translation is one that we take.
    const written = translation.slice("trigger.cron(".length, -1);
    const given = (
      written.startsWith('"')
        ? JSON.parse(written)
        : JSON.parse(written.replaceAll(/(\w+):/g, '"$1":'))
    ) as string;
    expect(fires({ trigger: trigger.cron(given) }, { count: 1 })).toHaveLength(1);
  });

  it.each(["? 12 * * *", "0 ? * * *", "0 9 * ? *", "? 0 9 * * *", "0 9 ? ? *"])(
    "? stands for a day or a weekday only: %s",
    (text) => {
      const error = errorOf({ trigger: "cron", expression: text });
      expect(error.message).toMatch(/"\?".*day.*weekday/);
    },
  );

  it("? in fields, too", () => {
    expect(errorOf({ trigger: "cron", hour: "?", minute: 0 }).data["field"]).toBe("hour");
    expect(fires({ trigger: "cron", day: "?", dayOfWeek: "mon" }, { count: 1 })).toHaveLength(1);
    expect(fires({ trigger: "cron", expression: "0 0 12 ? * mon" }, { count: 1 })).toHaveLength(1);
  });
});

describe("rate(…), at(…) and @every", () => {
  it.each([
    ["rate(5 minutes)", 'trigger.every("5 minutes")'],
    ["rate(1 hour)", 'trigger.every("1 hour")'],
    ["at(2026-11-20T13:00:00)", 'trigger.at("2026-11-20T13:00:00")'],
  ])("%s", (text, translation) => {
    for (const error of [
      refusalOf(() => parseSchedule(text)),
      refusalOf(() => trigger.cron(text)),
      refusalOf(() => trigger.every(text)),
      errorOf({ trigger: text } as never),
    ])
      expect(error.message).toContain(translation);
  });

  it("@every belongs to every", () => {
    for (const error of [
      refusalOf(() => trigger.cron("@every 1h")),
      refusalOf(() => trigger.cron("@every 1h30m")),
      errorOf({ trigger: "@every 1h30m" } as never),
    ])
      expect(error.message).toMatch(/trigger\.every\("1h(?:30m)?"\)/);
  });
});

describe("a wrong number of fields", () => {
  it.each([
    ["0 0 12 * * ? 2026", "7", 'year: "2026"'],
    ["0 0 12 * * ? *", "7", 'trigger.cron("0 0 12 * * ?")'],
    ["0 0 12 1 * ?  2026-2030", "7", "year"],
    ["0 9 * *", "4", "5 fields"],
    ["0 9 *", "3", "5 fields"],
    ["* * * * * * * *", "8", "5 fields"],
  ])("%j: counted alike by cron and parseSchedule", (text, count, hint) => {
    const messages = [
      refusalOf(() => trigger.cron(text)).message,
      refusalOf(() => parseSchedule(text)).message,
      errorOf({ trigger: "cron", expression: text }).message,
    ];
    expect(new Set(messages).size).toBe(1);
    expect(messages[0]).toContain(`has ${count}`);
    expect(messages[0]).toContain(hint);
  });

  it("a text of other words is no cron expression", () => {
    for (const text of ["10 times a day", "5 days ago"])
      expect(refusalOf(() => parseSchedule(text)).message).toContain("can't be read");
  });
});
