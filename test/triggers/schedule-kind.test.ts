import { expect, test } from "vitest";
import { parseSchedule } from "../../src/triggers/natural/parse-schedule.ts";
import { resolveTrigger } from "../../src/triggers/resolve.ts";
import { scheduleKindOf } from "../../src/triggers/schedule-kind.ts";

test.each([
  ["daily at 09:00", "daily"],
  ["0 2 * * *", "daily"],
  ["0 2,14 * * *", "daily"],
  ["every monday at 9am and 5:30pm", "weekly"],
  ["0 12 * * 1,3,5", "weekly"],
  ["weekdays at noon", "weekly"],
  ["monthly on the last day", "monthly"],
  ["0 9 1 * *", "monthly"],
  ["0 9 * * 5L", "monthly"],
  ["every 5 minutes", "interval"],
  ["every 2 months", "interval"],
  ["2030-12-25 09:00", "once"],
  ["*/5 * * * *", "custom"],
  ["0 * * * *", "custom"],
  ["0 9 1 6 *", "custom"],
  ["RRULE:FREQ=WEEKLY;BYDAY=MO", "custom"],
])("%j is %s", (text, kind) => {
  const context = { now: Date.UTC(2026, 0, 1), timezone: "UTC", jobId: "job" };
  const spec = resolveTrigger(parseSchedule(text), context);
  expect(scheduleKindOf(spec)).toBe(kind);
});
