import { expect, it } from "vitest";
import { fires } from "./ask.ts";

it.each([
  ["DTSTART;TZID=America/New_York:20261029T210000", "2026-11-01T01:00:00Z"],
  ["DTSTART;TZID=Asia/Tokyo:20261029T050000", "2026-10-30T20:00:00Z"],
  ["DTSTART:20261029T235959Z", "2026-10-31T23:59:59Z"],
  ["DTSTART;VALUE=DATE;TZID=Europe/Berlin:20261029", "2026-10-30T23:00:00Z"],
])("UNTIL with a date alone includes that day in the rule's zone: %s", (start, last) => {
  const rule = `${start}\nRRULE:FREQ=DAILY;UNTIL=20261031`;
  const found = fires({ trigger: "rrule", rule }, { from: "2026-10-01T00:00:00Z", count: 9 });
  expect([found.length, found.at(-1)]).toEqual([3, last]);
});
