import { expect, test } from "vitest";
import { eventually, onEachEngine, TestScheduler } from "./test-scheduler.ts";

onEachEngine((connection) => {
  test("runs of the past have steps, waits, retries, logs, and the interval of their time", async () => {
    await using fleet = await TestScheduler.open(connection());
    const calls: string[] = [];
    const id = await fleet.job(
      async ({ step, sleep, log, interval, trigger, fireTime, attempt }) => {
        const day = fireTime.toISOString().slice(8, 10);
        await step("once", () => calls.push(day));
        await sleep("2s");
        log.info(`${trigger} of ${day}`);
        if (attempt === 1) throw new Error("again");
        return [interval.start, interval.end].map((at) => at.toISOString().slice(8, 13));
      },
      {
        trigger: "cron",
        runDate: undefined,
        hour: 3,
        minute: 0,
        retry: { attempts: 2, delay: "1ms" },
        // Fewer than there are days, and younger: backfilled runs are kept anyway.
        logs: { runs: 3, age: "1h" },
      },
    );
    await fleet.scheduler.backfill(id, { from: "2026-03-01", to: "2026-03-03", concurrency: 3 });
    await eventually("its end", async () => {
      return (await fleet.scheduler.getBackfill(id))?.state === "finished";
    });
    const { runs } = await fleet.scheduler.getRuns(id);
    const days = ["01", "02", "03"];
    expect(runs.toReversed().map(({ verdict, result }) => [verdict, result])).toEqual(
      days.map((day) => [
        "succeeded",
        [`${day === "01" ? "28" : `0${Number(day) - 1}`}T03`, `${day}T03`],
      ]),
    );
    expect(calls.toSorted()).toEqual(days);
    for (const [i, run] of runs.toReversed().entries())
      expect(await fleet.lines(run.id)).toEqual([
        `info backfill of ${days[i]}`,
        `info backfill of ${days[i]}`,
      ]);
  });
});
