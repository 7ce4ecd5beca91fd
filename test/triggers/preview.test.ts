import { describe, expect, it } from "vitest";
import * as trigger from "../../src/triggers/trigger-builders.ts";
import { parseCalendar } from "../../src/triggers/calendars/calendar-spec.ts";
import { previewTrigger } from "../../src/triggers/preview.ts";
import { specOf, triggerOf } from "./ask.ts";

const timezone = "Europe/Berlin";
const calendars = new Map([
  ["holidays", parseCalendar({ timezone, exclude: { dates: ["*-12-25"] } })],
  ["office", parseCalendar({ timezone, only: { windows: [{ from: "09:00", to: "17:00" }] } })],
]);

function preview(options: Parameters<typeof specOf>[0], from: string, count: number): string[] {
  const spec = specOf(options, { timezone });
  return previewTrigger(spec, { from: Date.parse(from), count, calendars }).map((row) =>
    [row.local, row.offset, row.fires ? "fires" : "-", ...row.flags].join(" | "),
  );
}

describe("previewTrigger", () => {
  it("tells what was moved out of a gap", () => {
    expect(preview({ trigger: trigger.cron("30 2 * * *") }, "2026-03-28T12:00:00Z", 2)).toEqual([
      "2026-03-29 03:00 | +02:00 | fires | in DST gap, moved",
      "2026-03-30 02:30 | +02:00 | fires",
    ]);
  });

  it("tells what was left out of the second pass of an overlap", () => {
    expect(preview({ trigger: trigger.cron("30 2 * * *") }, "2026-10-24T12:00:00Z", 2)).toEqual([
      "2026-10-25 02:30 | +02:00 | fires",
      "2026-10-25 02:30 | +01:00 | - | second pass skipped",
      "2026-10-26 02:30 | +01:00 | fires",
    ]);
  });

  it("tells which calendar left a time out or moved it", () => {
    expect(
      preview(
        { trigger: trigger.cron("0 12 * * *"), calendars: "holidays" },
        "2026-12-24T00:00:00Z",
        2,
      ),
    ).toEqual([
      "2026-12-24 12:00 | +01:00 | fires",
      "2026-12-25 12:00 | +01:00 | - | excluded by calendar holidays",
      "2026-12-26 12:00 | +01:00 | fires",
    ]);
    expect(
      preview(
        {
          trigger: trigger.cron("0 8 * * *"),
          calendars: { names: ["office"], shift: "next-allowed" },
        },
        "2026-12-24T00:00:00Z",
        1,
      ),
    ).toEqual([
      "2026-12-24 08:00 | +01:00 | - | excluded by calendar office",
      "2026-12-24 09:00 | +01:00 | fires | moved by calendar office",
    ]);
  });

  it("shows instants in another zone", () => {
    const [row] = previewTrigger(specOf({ trigger: trigger.cron("0 9 * * *") }, { timezone }), {
      from: Date.parse("2026-07-01T00:00:00Z"),
      count: 1,
      timezone: "Asia/Kathmandu",
    });
    expect(row).toEqual({
      instant: Date.parse("2026-07-01T07:00:00Z"),
      iso: "2026-07-01T12:45:00+05:45",
      local: "2026-07-01 12:45",
      offset: "+05:45",
      fires: true,
      flags: [],
    });
  });

  it("ends with the schedule", () => {
    expect(
      preview(
        { trigger: trigger.cron("0 9 * * *"), endDate: "2026-01-02 09:00" },
        "2026-01-01T00:00:00Z",
        50,
      ),
    ).toHaveLength(2);
  });

  it("is bounded for absurd schedules", () => {
    const absurd = trigger.or(
      trigger.cron("* * * * * *"),
      trigger.cron("0 0 29 2 1"),
      trigger.cron("30 2 * * *", { dst: "wall-clock" }),
    );
    const rows = preview(
      { trigger: absurd, calendars: { names: ["office", "holidays"] } },
      "2026-01-01T15:59:00Z",
      1000,
    );
    expect(rows.length).toBeLessThanOrEqual(1200);
    expect(rows.length).toBeGreaterThan(1000);
  });
});

describe("plain words", () => {
  it.each([
    ["0 9 * * 1-5", "at 09:00 on Monday to Friday (Europe/Berlin)"],
    ["*/15 * * * *", "every 15 minutes (Europe/Berlin)"],
    ["* * * * *", "every minute (Europe/Berlin)"],
    ["0,30 9 1,15 * *", "at 09:00 and 09:30 on day 1 and 15 (Europe/Berlin)"],
    ["0 0 13 * 5", "at 00:00 on day 13 or on Friday (Europe/Berlin)"],
    ["0 0 L * *", "at 00:00 on the last day of the month (Europe/Berlin)"],
    [
      "0 12 * 6-8 5#2",
      "at 12:00 on the second Friday of the month in June to August (Europe/Berlin)",
    ],
    ["*/10 * * * * *", "every 10 seconds (Europe/Berlin)"],
    ["5 * * * *", "at minute 5 of every hour (Europe/Berlin)"],
    ["*/15 */2 * * *", "every 15 minutes of every 2 hours (Europe/Berlin)"],
    ["5 9-17 * * *", "at minute 5 during hours 09 to 17 (Europe/Berlin)"],
  ])("%s", (expression, expected) => {
    expect(triggerOf({ trigger: "cron", expression }, { timezone }).describe()).toBe(expected);
  });
});
