// Each call that takes an instant takes what every other takes, and means the same by it.
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { eventually, onEachEngine, TestScheduler } from "./test-scheduler.ts";

const noon = Date.parse("2026-03-01T11:00:00Z");

/** The same instant, as it may be written; without an offset it is on the clock of Berlin. */
const ways: readonly unknown[] = [
  new Date(noon),
  runInNewContext("new Date(noon)", { noon }),
  noon,
  noon / 1_000,
  "2026-03-01 12:00",
  "2026-03-01T12:00:00",
  "2026-03-01T11:00:00Z",
  "03/01/2026 12:00 pm",
  String(noon),
];

/** No instant, at any door. */
const nones: readonly unknown[] = [
  "soon",
  "2026-02-30",
  "",
  Number.NaN,
  new Date(Number.NaN),
  null,
  true,
  {},
  [],
  1n,
  "x".repeat(1_000),
];

async function ranOnce({ scheduler }: TestScheduler, id: string): Promise<void> {
  await eventually(
    `the run of ${id}`,
    async () => (await scheduler.getRuns(id)).runs[0]?.verdict === "succeeded",
  );
}

onEachEngine((connection) => {
  test("getRuns, explain, backfill, cleanupLogs, nextRunTime and addJob read one kind of instant", async () => {
    await using fleet = await TestScheduler.open(connection(), { timezone: "Europe/Berlin" });
    const { scheduler } = fleet;
    const id = await fleet.job(() => "done", { runDate: "2026-03-01 12:00" });
    await ranOnce(fleet, id);
    for (const way of ways as Date[]) {
      expect((await scheduler.getRuns(id, { from: way, to: way })).runs).toHaveLength(1);
      expect((await scheduler.explain(id, way)).state).toBe("succeeded");
      const dry = await scheduler.backfill(id, { from: way, to: way, dryRun: true });
      expect(dry).toMatchObject({ runs: 0, alreadyRun: 1 });
      expect(await scheduler.cleanupLogs(id, { before: way })).toBe(0);
      const first = await fleet.job(() => "done", {
        trigger: "interval",
        runDate: undefined,
        hours: 1,
        nextRunTime: way,
        misfireGraceTime: 1,
      });
      expect((await scheduler.explain(first, way)).text).not.toContain("was not due");
    }
    const calls: Record<string, (none: Date) => Promise<unknown>> = {
      from: (none) => scheduler.getRuns(id, { from: none }),
      to: (none) => scheduler.getRuns(id, { to: none }),
      at: (none) => scheduler.explain(id, none),
      before: (none) => scheduler.cleanupLogs(id, { before: none }),
      "from ": (none) => scheduler.backfill(id, { from: none }),
      "to ": (none) => scheduler.backfill(id, { from: "2026-01-01", to: none }),
    };
    for (const [name, call] of Object.entries(calls))
      for (const none of nones as Date[])
        await expect(call(none)).rejects.toMatchObject({
          code: "INVALID_OPTION",
          data: { path: name.trim() },
          message: expect.stringContaining("2026-12-25 09:00") as string,
        });
  });

  test("a date without a time as an end is the whole day; a range has to have a past", async () => {
    await using fleet = await TestScheduler.open(connection(), { timezone: "Europe/Berlin" });
    const { scheduler } = fleet;
    const id = await fleet.job(() => "done", {
      trigger: "cron",
      runDate: undefined,
      hour: 2,
      minute: 0,
    });
    const october = { from: "2025-10-01", to: "2025-10-31" };
    expect(await scheduler.backfill(id, { ...october, dryRun: true })).toMatchObject({ runs: 31 });
    expect(
      await scheduler.backfill(id, { from: "2025-10-01", to: "2025-10-31 00:00", dryRun: true }),
    ).toMatchObject({ runs: 30 });
    expect(
      await scheduler.backfill(id, { from: "2025-10-31", to: "2025-10-31", dryRun: true }),
    ).toMatchObject({ runs: 1 });
    await scheduler.backfill(id, { ...october, concurrency: 31 });
    await eventually(
      "its end",
      async () => (await scheduler.getBackfill(id))?.state === "finished",
    );
    expect((await scheduler.getRuns(id, october)).runs).toHaveLength(31);

    const reversed = { from: "2025-10-31", to: "2025-10-01" };
    for (const call of [
      () => scheduler.backfill(id, reversed),
      () => scheduler.getRuns(id, reversed),
    ])
      await expect(call()).rejects.toMatchObject({
        code: "INVALID_OPTION",
        data: { path: "to" },
        message: expect.stringMatching(/2025-10-01.*before.*2025-10-31/) as string,
      });
    await expect(scheduler.backfill(id, { from: "2100-01-01" })).rejects.toMatchObject({
      code: "INVALID_OPTION",
      data: { path: "from" },
      message: expect.stringContaining("future") as string,
    });
  });

  test("the first instant of all is a date like others: it runs at once, and one line says so", async () => {
    await using fleet = await TestScheduler.open(connection());
    const { scheduler } = fleet;
    const id = await fleet.job(() => "done", { runDate: new Date(0) });
    await ranOnce(fleet, id);
    const { runs } = await scheduler.getRuns(id);
    expect(runs).toMatchObject([{ verdict: "succeeded", fireTime: new Date(0) }]);
    expect((await scheduler.explain(id, new Date(0))).state).toBe("succeeded");

    const warnings = (): string[] =>
      fleet.logged
        .filter(({ level, message }) => level === "warn" && /^job .* in the past/.test(message))
        .map(({ message }) => message);
    expect(warnings()).toEqual([
      expect.stringMatching(/^job "job-1".*1970-01-01.*past.*runs immediately/),
    ]);
    await fleet.job(() => "done", { runDate: new Date(Date.now() - 1_000) });
    await fleet.job(() => "done", { runDate: new Date(), nextRunTime: null });
    await fleet.job(() => "done", { runDate: "2020-01-01", misfireGraceTime: 60 });
    await fleet.job(() => "done", {
      trigger: "interval",
      runDate: undefined,
      hours: 1,
      nextRunTime: "2020-01-01",
    });
    expect(warnings().slice(1)).toEqual([
      expect.stringMatching(/^job "job-4".*2020-01-01.*misfireGraceTime.*missed/),
      expect.stringMatching(/^job "job-5".*nextRunTime.*2020-01-01/),
    ]);
  });
});
