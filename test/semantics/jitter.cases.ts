import { describe, expect, test } from "vitest";
import { at, EngineBench } from "../helpers/engine-bench.ts";

const everyMinute = { trigger: "interval", minutes: 1, startDate: "2026-03-01 12:00" } as const;

/** Fire and due times of the first five occurrences, as the workers of one fleet saw them. */
async function times(id: string, jitter: number | string, workers = 1): Promise<number[][]> {
  await using bench = await EngineBench.open({ start: "2026-03-01 11:59:59", workers });
  await bench.add({ id, ...everyMinute, jitter });
  await bench.workTo("12:05:00");
  return bench.started
    .slice(0, 5)
    .map(({ fireTime, scheduledAt }) => [fireTime.getTime(), scheduledAt.getTime()]);
}

describe("jitter, default 0: deterministic from job id and fire time, 0…jitter; never passes the next occurrence; the nominal fire time is kept apart", () => {
  test("equal in any fleet and for any worker, another for another job", async () => {
    const one = await times("job", 30);
    expect(await times("job", 30, 3)).toEqual(one);
    expect(await times("other", 30)).not.toEqual(one);
    for (const [fireAt = 0, dueAt = 0] of one) {
      expect(dueAt).toBeGreaterThanOrEqual(fireAt);
      expect(dueAt).toBeLessThanOrEqual(fireAt + 30_000);
    }
    expect(new Set(one.map(([fireAt = 0, dueAt = 0]) => dueAt - fireAt)).size).toBeGreaterThan(1);
  });

  test("however large, no occurrence passes the next one", async () => {
    const seen = await times("job", "1h");
    expect(seen.map(([fireAt]) => fireAt)).toEqual(
      ["12:00", "12:01", "12:02", "12:03", "12:04"].slice(0, seen.length).map(at),
    );
    for (const [i, [, dueAt = 0]] of seen.entries())
      expect(dueAt).toBeLessThan(seen[i + 1]?.[0] ?? Number.POSITIVE_INFINITY);
  });

  test("the run starts when it is due and not before; the ledger has both times", async () => {
    await using bench = await EngineBench.open({ start: "2026-03-01 11:59:59" });
    await bench.add({ id: "job", ...everyMinute, jitter: 30 });
    bench.moveTo("12:00:00");
    const [first = ""] = await bench.queueJobs();
    await bench.take(first);
    expect(bench.fired).toEqual([]);
    await bench.workTo("12:00:59");
    const [run] = await bench.runs("job");
    expect(run?.fireTime).toEqual(new Date(at("12:00")));
    expect(run?.dueTime.getTime()).toBeGreaterThan(at("12:00"));
    expect(run?.startedAt).toEqual(run?.dueTime);
    expect(run?.latenessMs).toBe(0);
    expect(await bench.queueJobs()).toHaveLength(1);
  });

  test("the default is none", async () => {
    await using bench = await EngineBench.open({ start: "2026-03-01 11:59:59" });
    await bench.add({ id: "job", ...everyMinute });
    await bench.workTo("12:01:00");
    for (const { fireTime, scheduledAt } of bench.started) expect(scheduledAt).toEqual(fireTime);
  });

  test("after an outage, with maxCatchUp 1 and the latest one not due yet: the one before runs", async () => {
    await using bench = await EngineBench.open({ start: "2026-03-01 11:59:59" });
    await bench.add({ id: "job", ...everyMinute, jitter: 59, coalesce: false, maxCatchUp: 1 });
    // All but the latest have been due for long; that one is due within its minute.
    bench.moveTo("12:05:00");
    await bench.work();
    expect(bench.fired).toEqual(["12:04:00"]);
    expect(await bench.next("job")).toBe("12:05:00");
    await bench.workTo("12:05:59");
    expect(bench.fired).toEqual(["12:04:00", "12:05:00"]);
    expect((await bench.find("job"))?.counts).toEqual({ missed: 4, succeeded: 2 });
  });
});
