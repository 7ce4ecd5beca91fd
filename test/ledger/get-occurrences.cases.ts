import { describe, expect, test } from "vitest";
import {
  type JobOccurrence,
  type OccurrenceQuery,
  pageOfOccurrences,
} from "../../src/history/occurrences.ts";
import { clockText, TestFleet } from "../helpers/test-fleet.ts";

const everyMinute = { trigger: "interval", minutes: 1, startDate: "2026-03-01 12:00" } as const;

const page = (fleet: TestFleet, input: OccurrenceQuery, jobId = "job") =>
  pageOfOccurrences(fleet.engine, jobId, { input, timezone: "UTC" });

function texts(found: readonly JobOccurrence[]): string[] {
  return found.map(({ fireTime, state, run }) => {
    const kind = run && run.trigger !== "scheduled" ? ` (${run.trigger})` : "";
    return `${clockText(fireTime)} ${state}${kind}`;
  });
}

async function all(fleet: TestFleet, input: OccurrenceQuery): Promise<string[]> {
  const found: string[] = [];
  let cursor: string | undefined;
  do {
    const { occurrences, cursor: next } = await page(fleet, { ...input, cursor });
    found.push(...texts(occurrences));
    cursor = next;
  } while (cursor !== undefined);
  return found;
}

describe("getOccurrences: what was and what comes, in one list", () => {
  test("by fire time, each once, whatever the size of the pages", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    await fleet.add({ id: "job", ...everyMinute, misfireGraceTime: 30, coalesce: false });
    await fleet.workTo("12:01");
    fleet.moveTo("12:02:45");
    await fleet.work();
    fleet.isHolding = true;
    await fleet.workTo("12:03");
    fleet.moveTo("12:04:10");
    await fleet.skip("job", "2026-03-01 12:06");
    const range = { from: "2026-03-01 12:00", to: "2026-03-01 12:07" };
    const expected = [
      "12:00:00 succeeded",
      "12:01:00 succeeded",
      "12:02:00 missed",
      "12:03:00 running",
      "12:04:00 due",
      "12:05:00 future",
      "12:06:00 will-skip",
      "12:07:00 future",
    ];
    for (const limit of [1, 2, 3, 5, 100])
      expect(await all(fleet, { ...range, limit })).toEqual(expected);
  });

  test("runs by hand are among them, several of one time, too", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:30" });
    await fleet.add({ id: "job", ...everyMinute, maxInstances: 9 });
    await fleet.ask("job");
    await fleet.ask("job");
    await fleet.ask("job");
    await fleet.workTo("12:00");
    const to = "2026-03-01 12:01";
    const expected = [
      "11:59:30 succeeded (manual)",
      "11:59:30 succeeded (manual)",
      "11:59:30 succeeded (manual)",
      "12:00:00 succeeded",
      "12:01:00 future",
    ];
    for (const limit of [1, 2, 100]) expect(await all(fleet, { to, limit })).toEqual(expected);
  });

  test("those of a pause, and after its end", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    await fleet.add({ id: "job", ...everyMinute });
    await fleet.desk.pause("job", { until: "2026-03-01 12:02" });
    fleet.moveTo("12:00:30");
    expect(await all(fleet, { to: "2026-03-01 12:03" })).toEqual([
      "12:00:00 paused",
      "12:01:00 paused",
      "12:02:00 future",
      "12:03:00 future",
    ]);
  });

  test("what the clock did to a time", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 12:00" });
    await fleet.add({ id: "job", trigger: "cron", hour: 2, minute: 30, timezone: "Europe/Berlin" });
    const { occurrences } = await page(fleet, { from: "2026-03-28", to: "2026-03-29" });
    expect(occurrences.map(({ fireTime, flags }) => [fireTime.toISOString(), flags])).toEqual([
      ["2026-03-28T01:30:00.000Z", []],
      ["2026-03-29T01:00:00.000Z", ["in DST gap, moved"]],
    ]);
  });

  test("of a removed job what is on record; of none that there is none", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    await fleet.add({ id: "job", ...everyMinute });
    await fleet.workTo("12:00");
    await fleet.desk.remove("job");
    expect(await all(fleet, {})).toEqual(["12:00:00 succeeded"]);
    expect(await all(fleet, { from: "2026-04-01" })).toEqual([]);
    await expect(page(fleet, {}, "nope")).rejects.toMatchObject({ code: "JOB_NOT_FOUND" });
  });

  test.each([
    { limit: 0 },
    { limit: 1_001 },
    { from: "x" },
    { from: "2026-03-02", to: "2026-03-01" },
    { cursor: "x" },
    { cursor: Buffer.from("[1,-1]").toString("base64url") },
    { nonsense: 1 },
  ])("%o is refused", async (input) => {
    await using fleet = await TestFleet.open();
    await fleet.add({ id: "job", ...everyMinute });
    await expect(page(fleet, input as OccurrenceQuery)).rejects.toMatchObject({
      code: "INVALID_OPTION",
    });
  });
});
