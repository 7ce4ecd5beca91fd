import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TriggerError } from "../../src/core/errors.ts";
import { resolveTrigger } from "../../src/triggers/resolve.ts";
import { parseSchedule } from "../../src/triggers/natural/parse-schedule.ts";
import { fires } from "./ask.ts";

const berlin = { timezone: "Europe/Berlin", from: "2026-03-28T12:00:00Z", count: 1 };

describe("parseSchedule", () => {
  it.each([
    ["every 24 hours", "2026-03-29T12:00:00Z"],
    ["every 30 seconds", "2026-03-28T12:00:30Z"],
    ["every hour", "2026-03-28T13:00:00Z"],
    ["@every 5m", "2026-03-28T12:05:00Z"],
    ["every 2 months at 09:00", "2026-05-28T07:00:00Z"],
    ["in 30 minutes", "2026-03-28T12:30:00Z"],
    ["in an hour", "2026-03-28T13:00:00Z"],
    ["in 1 day", "2026-03-29T12:00:00Z"],
    ["2026-05-28 15:00", "2026-05-28T13:00:00Z"],
    ["2026-05-28 15:30:00", "2026-05-28T13:30:00Z"],
    ["05/28/2026 15:30", "2026-05-28T13:30:00Z"],
    ["2026-09-20T02:00:00Z", "2026-09-20T02:00:00Z"],
    ["0 9 * * 1-5", "2026-03-30T07:00:00Z"],
    ["30 0 9 * * *", "2026-03-29T07:00:30Z"],
    ["@daily", "2026-03-28T23:00:00Z"],
    ["TZ=Asia/Tokyo 0 9 * * *", "2026-03-29T00:00:00Z"],
    ["PT15M", "2026-03-28T12:15:00Z"],
    ["P1M", "2026-04-27T22:00:00Z"],
    ["daily at 09:00", "2026-03-29T07:00:00Z"],
    ["every day at 9am", "2026-03-29T07:00:00Z"],
    ["Every Monday and Friday at 9am and 5pm", "2026-03-30T07:00:00Z"],
    ["weekdays at noon", "2026-03-30T10:00:00Z"],
    ["RRULE:FREQ=WEEKLY;BYDAY=MO", "2026-03-30T11:00:00Z"],
    ["FREQ=DAILY;BYHOUR=3;BYMINUTE=0;BYSECOND=0", "2026-03-29T01:00:00Z"],
  ])("%s", (text, expected) => {
    expect(fires({ trigger: parseSchedule(text) }, berlin)).toEqual([expected]);
  });

  it.each([
    "",
    "soon",
    "every fortnight",
    "every 0 seconds",
    "2026-13-28 15:00",
    "61 * * * *",
    "* * *",
    "@reboot",
    "RRULE:",
    "P",
    "in",
  ])("refuses %j with a column", (text) => {
    try {
      parseSchedule(text);
      resolveTrigger({ trigger: parseSchedule(text) }, { now: 0, timezone: "UTC", jobId: "" });
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(TriggerError);
      if (error instanceof TriggerError) expect(error.data["column"]).toBeGreaterThanOrEqual(1);
    }
  });
});

describe("hostile text", () => {
  const words = fc.constantFrom(
    ..."* / - , # ? L W H ( ) @ = : ; . 0 1 2 5 7 9 12 23 31 59 60 99 1e9 -1 mon fri sunday jan last 2nd weekday TZ= UTC every in at and day hours".split(
      " ",
    ),
    ..."month P T RRULE: FREQ= DAILY BYDAY= 2026-01-01 09:00 __proto__ constructor toString @daily @reboot".split(
      " ",
    ),
    " ",
    "  ",
    "\0",
    "\n",
    "é",
    "𝟙",
  );
  const texts = fc.oneof(
    { weight: 5, arbitrary: fc.array(words, { maxLength: 14 }).map((parts) => parts.join("")) },
    {
      weight: 3,
      arbitrary: fc.array(words, { minLength: 5, maxLength: 6 }).map((parts) => parts.join(" ")),
    },
    { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 60 }) },
  );

  it("of 100,000 kinds is read or refused with our error", { timeout: 120_000 }, () => {
    let read = 0;
    const context = { now: 1.7e12, timezone: "UTC", jobId: "job" };
    const attempt = (action: () => unknown): void => {
      try {
        action();
        read += 1;
      } catch (error) {
        if (!(error instanceof TriggerError)) throw error;
      }
    };
    fc.assert(
      fc.property(texts, (text) => {
        attempt(() => resolveTrigger({ trigger: parseSchedule(text) }, context));
        attempt(() => resolveTrigger({ trigger: "cron", expression: text }, context));
      }),
      { numRuns: 50_000 },
    );
    expect(read).toBeGreaterThan(100);
  });

  it("in each field is read or refused with our error", () => {
    const fields = fc.constantFrom(
      "year",
      "month",
      "day",
      "week",
      "dayOfWeek",
      "hour",
      "minute",
      "second",
      "every",
      "runDate",
      "timezone",
      "rule",
      "at",
      "__proto__",
    );
    const kinds = fc.constantFrom(
      "cron",
      "interval",
      "date",
      "calendarInterval",
      "rrule",
      "weekly",
      "__proto__",
      "common",
    );
    fc.assert(
      fc.property(kinds, fields, fc.oneof(texts, fc.jsonValue()), (trigger, field, value) => {
        try {
          resolveTrigger({ trigger, [field]: value } as never, {
            now: 0,
            timezone: "UTC",
            jobId: "",
          });
        } catch (error) {
          expect(error).toBeInstanceOf(TriggerError);
        }
      }),
      { numRuns: 10_000 },
    );
  });

  it.each([
    ["very long", "1,".repeat(100_000)],
    ["a long list of years", `0 0 1 1 * ${"2000-9999/1,".repeat(20)}`],
    ["many spaces", `${" ".repeat(100_000)}x`],
    ["many stars", "*".repeat(100_000)],
    ["digits", "9".repeat(100_000)],
    ["every, for ever", `every ${"1 day and ".repeat(10_000)}`],
    ["at, for ever", `daily at ${"9am and ".repeat(10_000)}`],
  ])("%s is refused soon", (_, text) => {
    expect(() => parseSchedule(text)).toThrow(TriggerError);
    expect(() =>
      resolveTrigger({ trigger: "cron", expression: text }, { now: 0, timezone: "UTC", jobId: "" }),
    ).toThrow(TriggerError);
  });
});
