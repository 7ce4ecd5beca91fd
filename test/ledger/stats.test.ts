import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Distribution, figuresOf } from "../../src/history/figures.ts";
import { readStats } from "../../src/history/stats.ts";
import { bucketOf, BUCKET_BOUNDS_MS } from "../../src/jobs/marks.ts";
import type { Engine } from "../../src/engine/port/engine.ts";
import type { JobListPage, JobListQuery } from "../../src/jobs/job-list.ts";
import type { Scope } from "../../src/jobs/scope.ts";
import type { DaysQuery, HoursQuery, JobDays, RollUp } from "../../src/jobs/roll-up.ts";

const NONE = { latenessMaxMs: 0, durationMaxMs: 0 };
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

describe("figures", () => {
  test("each mark counts as what it means; the parts of due add up to it", () => {
    const marks = { s00: 5, f1: 1, c: 2, m: 3, o: 4, i: 1, n: 2, p: 3, d: 1, e: 1, l: 1, q: 2 };
    const others = { Sx0: 2, K: 1, "1x2": 7, r: 9 };
    const figures = figuresOf({ marks: { ...marks, ...others }, ...NONE });
    expect(figures).toMatchObject({
      due: 26,
      succeeded: 5,
      failed: 1,
      cancelled: 2,
      missed: 3,
      coalesced: 4,
      skipped: 11,
      skippedBy: {
        "max-instances": 1,
        condition: 2,
        paused: 3,
        removed: 1,
        rescheduled: 1,
        "overlap-replaced": 1,
        requested: 2,
      },
      manual: { succeeded: 2, skipped: 1 },
      backfill: { succeeded: 7 },
      retries: 9,
    });
  });

  test("without a run there is no lateness and no duration", () => {
    expect(figuresOf({ marks: { m: 3 }, ...NONE })).toMatchObject({
      latenessMs: undefined,
      durationMs: undefined,
    });
  });

  test("p50 and p95 are in the buckets of the values that they stand for; max is exact", () => {
    const lengths = fc.array(fc.nat(2e7), { minLength: 1, maxLength: 60 });
    const found = fc.check(
      fc.property(lengths, (took) => {
        const ordered = took.toSorted((a, b) => a - b);
        const marks: Record<string, number> = {};
        for (const ms of took) {
          const mark = `sx${bucketOf(ms)}`;
          marks[mark] = (marks[mark] ?? 0) + 1;
        }
        const max = ordered.at(-1) ?? 0;
        const { durationMs } = figuresOf({ marks, latenessMaxMs: 0, durationMaxMs: max });
        const { p50, p95, max: told } = durationMs as Distribution;
        const real = (share: number): number => ordered[Math.ceil(took.length * share) - 1] ?? 0;
        const isNear = (estimate: number, ms: number): boolean => {
          const bucket = bucketOf(ms);
          const i = "0123456789abcdef".indexOf(bucket);
          return (
            estimate >= (BUCKET_BOUNDS_MS[i - 1] ?? 0) && estimate <= (BUCKET_BOUNDS_MS[i] ?? max)
          );
        };
        return told === max && isNear(p50, real(0.5)) && isNear(p95, real(0.95)) && p50 <= p95;
      }),
    );
    expect(found.counterexample).toBeNull();
  });
});

describe("getStats", () => {
  const now = Date.UTC(2026, 10, 30, 8, 30);
  const today = Date.UTC(2026, 10, 30);
  const asked: HoursQuery[] = [];
  const listed: unknown[] = [];
  const day = (at: number, marks: Record<string, number>): RollUp => ({ at, marks, ...NONE });
  const engine = {
    now: async () => now,
    jobs: {
      get: async (ids: readonly string[]) => ids.map((id) => ({ definition: { id } })),
      list: async ({ filter }: JobListQuery, scope: Scope): Promise<JobListPage> => {
        listed.push([filter, scope]);
        const found = [{ id: "a", dueAt: 1 }];
        return { found, looked: 1, ...(scope === "all" ? {} : { next: { id: "a", dueAt: 1 } }) };
      },
    } as unknown as Engine["jobs"],
    stats: {
      readDays: async (query: DaysQuery): Promise<JobDays[]> => {
        asked.push(query);
        const days = [
          { jobId: "a", days: [day(today - DAY, { m: 1 }), day(today, { m: 2 })] },
          { jobId: "b", days: [day(today, { f: 4 })] },
        ];
        return days.filter(({ jobId }) => query.jobIds?.includes(jobId));
      },
      readHours: async (query: HoursQuery): Promise<RollUp[]> => {
        asked.push(query);
        return [day(today - HOUR, { m: 1 }), day(today, { m: 2 }), day(today + HOUR, { c: 3 })];
      },
    },
  };
  const span = async (query: object): Promise<string[]> => {
    const { from, to } = await readStats(engine, query, "all");
    return [from.toISOString().slice(0, 16), to.toISOString().slice(0, 16)];
  };

  test("days of several jobs are summed", async () => {
    const stats = await readStats(engine, { jobId: ["a", "b"], by: "day" }, "all");
    expect(
      stats.periods.map(({ from, due, missed, failed }) => [+from, due, missed, failed]),
    ).toEqual([
      [today - DAY, 1, 1, 0],
      [today, 6, 2, 4],
    ]);
    expect(stats.total).toMatchObject({ due: 7, missed: 3, failed: 4 });
  });

  test("the fleet's hours are summed to days of UTC", async () => {
    const { periods } = await readStats(engine, { by: "day" }, "all");
    expect(periods.map(({ from, due }) => [+from, due])).toEqual([
      [today - DAY, 1],
      [today, 5],
    ]);
    expect((await readStats(engine, { by: "hour" }, "all")).periods).toHaveLength(3);
    const { periods: none, total } = await readStats(engine, {}, "all");
    expect([none, total.due]).toEqual([[], 6]);
  });

  test("an owner's figures, and those of somebody who sees some owners, are of days of their jobs, and say of how many", async () => {
    const { total, jobs } = await readStats(engine, { owner: "ada" }, "all");
    expect([total.due, jobs]).toEqual([3, { count: 1, isAll: true }]);
    const scoped = await readStats(engine, { by: "day" }, ["bob"]);
    expect([scoped.total.due, scoped.jobs]).toEqual([3, { count: 1, isAll: false }]);
    expect(listed).toEqual([
      [{ owners: ["ada"] }, "all"],
      [{}, ["bob"]],
    ]);
    expect((await readStats(engine, { jobId: "a" }, ["bob"])).jobs).toEqual({
      count: 1,
      isAll: true,
    });
    expect((await readStats(engine, {}, "all")).jobs).toBeUndefined();
    await expect(readStats(engine, { by: "hour" }, ["bob"])).rejects.toMatchObject({
      code: "INVALID_OPTION",
    });
  });

  test("it tells which time is covered", async () => {
    expect(await span({})).toEqual(["2026-10-27T00:00", "2026-11-30T08:30"]);
    const range = { from: "2026-11-20 10:20", to: "2026-11-20 12:10" };
    expect(await span({ ...range, by: "hour" })).toEqual(["2026-11-20T10:00", "2026-11-20T13:00"]);
    expect(await span({ ...range, by: "day" })).toEqual(["2026-11-20T00:00", "2026-11-21T00:00"]);
    expect(await span({ ...range, jobId: "a" })).toEqual(["2026-11-20T00:00", "2026-11-21T00:00"]);
    expect(asked.at(-1)).toEqual({
      jobIds: ["a"],
      fromAt: Date.UTC(2026, 10, 20),
      toAt: Date.UTC(2026, 10, 21) - 1,
    });
    const long = { from: "2020-01-01" };
    expect(await span({ ...long, jobId: "a" })).toEqual(["2026-10-27T00:00", "2026-11-30T08:30"]);
    expect((await span({ ...long, by: "hour" }))[0]).toBe("2025-10-26T09:00");
    expect(await span({ from: "2030-01-01" })).toEqual(["2030-01-01T00:00", "2030-01-01T00:00"]);
  });

  test.each<[object, string]>([
    [{ jobId: "a", by: "hour" }, "by"],
    [{ jobId: [] }, "jobId"],
    [{ owner: "ada", by: "hour" }, "by"],
    [{ owner: "ada", jobId: "a" }, "owner"],
    [{ by: "week" }, "by"],
    [{ from: "soon" }, "from"],
    [{ from: "2026-11-02", to: "2026-11-01" }, "to"],
    [{ of: "all" }, "of"],
  ])("%j is refused", async (query, path) => {
    await expect(readStats(engine, query, "all")).rejects.toMatchObject({
      code: "INVALID_OPTION",
      message: expect.stringContaining(`"${path}"`) as string,
    });
  });
});
