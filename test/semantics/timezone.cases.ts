import { describe, expect, test } from "vitest";
import { TestFleet } from "../helpers/test-fleet.ts";

const atEight = { trigger: "cron", hour: 8 } as const;

describe("timezone, default the scheduler's, else UTC: fixed at addJob, stored with the job; never a worker's local zone", () => {
  test("UTC by default", async () => {
    await using fleet = await TestFleet.open();
    expect((await fleet.add({ id: "job", ...atEight })).definition.timezone).toBe("UTC");
    expect(await fleet.next("job")).toBe("2026-03-02 08:00:00");
  });

  test("the scheduler's, if the job names none", async () => {
    await using fleet = await TestFleet.open({ timezone: "Asia/Tokyo" });
    expect((await fleet.add({ id: "job", ...atEight })).definition.timezone).toBe("Asia/Tokyo");
    expect(await fleet.next("job")).toBe("23:00:00");
    await fleet.add({ id: "own", ...atEight, timezone: "Europe/Berlin" });
    expect(await fleet.next("own")).toBe("2026-03-02 07:00:00");
  });

  test("it is stored: a change of something else, by a scheduler of another zone too, keeps it", async () => {
    await using fleet = await TestFleet.open({ timezone: "Asia/Tokyo" });
    await fleet.add({ id: "job", ...atEight });
    await fleet.desk.modify("job", { maxInstances: 2 }, "modifyJob");
    expect(await fleet.next("job")).toBe("23:00:00");
    // A new trigger without a zone is read in the job's.
    const changed = await fleet.desk.modify("job", { trigger: "cron", hour: 9 }, "rescheduleJob");
    expect(changed.definition.timezone).toBe("Asia/Tokyo");
    expect(await fleet.next("job")).toBe("2026-03-02 00:00:00");
  });

  test("never a worker's local zone", async () => {
    const before = process.env["TZ"];
    try {
      process.env["TZ"] = "America/Los_Angeles";
      await using fleet = await TestFleet.open();
      await fleet.add({ id: "job", ...atEight });
      await fleet.workTo("2026-03-02 09:00");
      expect(fleet.fired).toEqual(["2026-03-02 08:00:00"]);
    } finally {
      if (before === undefined) delete process.env["TZ"];
      else process.env["TZ"] = before;
    }
  });

  test("daylight saving of the stored zone: each day once, at 08:00 there", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-27 12:00" });
    await fleet.add({ id: "job", ...atEight, timezone: "Europe/Berlin" });
    await fleet.workTo("2026-03-30 12:00");
    expect(fleet.fired).toEqual([
      "2026-03-28 07:00:00",
      "2026-03-29 06:00:00",
      "2026-03-30 06:00:00",
    ]);
  });

  test("in the gap the day's run comes at its end; in the overlap in the first pass only", async () => {
    await using spring = await TestFleet.open({ start: "2026-03-28 12:00" });
    await spring.add({
      id: "job",
      trigger: "cron",
      hour: 2,
      minute: 30,
      timezone: "Europe/Berlin",
    });
    await spring.workTo("2026-03-30 12:00");
    expect(spring.fired).toEqual(["2026-03-29 01:00:00", "2026-03-30 00:30:00"]);
    await using autumn = await TestFleet.open({ start: "2026-10-24 12:00" });
    await autumn.add({
      id: "job",
      trigger: "cron",
      hour: 2,
      minute: 30,
      timezone: "Europe/Berlin",
    });
    await autumn.workTo("2026-10-26 12:00");
    expect(autumn.fired).toEqual(["2026-10-25 00:30:00", "2026-10-26 01:30:00"]);
  });

  test("intervals are elapsed time; calendar intervals keep the local time of day", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-28 12:00" });
    const rest = { startDate: "2026-03-28 14:00", timezone: "Europe/Berlin" } as const;
    await fleet.add({ id: "elapsed", trigger: "interval", days: 1, ...rest });
    await fleet.add({ id: "local", trigger: "calendarInterval", days: 1, at: "14:00", ...rest });
    await fleet.workTo("2026-03-28 13:30");
    expect(await fleet.next("elapsed")).toBe("2026-03-29 13:00:00");
    expect(await fleet.next("local")).toBe("2026-03-29 12:00:00");
  });
});
