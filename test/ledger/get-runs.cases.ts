import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Run, RunQuery } from "../../src/index.ts";
import { at, clockText, TestFleet } from "../helpers/test-fleet.ts";

const everyMinute = { trigger: "interval", minutes: 1, startDate: "2026-03-01 12:00" } as const;

function texts(runs: readonly Run[]): string[] {
  return runs.map(({ fireTime, verdict }) => `${clockText(fireTime).slice(0, 5)} ${verdict}`);
}

describe("getRuns: what became of a job's occurrences, the latest first; a page at a time", () => {
  let fleet: TestFleet;

  beforeAll(async () => {
    fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    await fleet.add({ id: "job", ...everyMinute, misfireGraceTime: 30 });
    await fleet.workTo("12:01");
    fleet.act = () => ({ success: false, error: "no luck" });
    await fleet.workTo("12:02");
    fleet.act = () => ({ rows: 5 });
    fleet.moveTo("12:03:45");
    await fleet.work();
    fleet.moveTo("12:06:10");
    await fleet.work();
    fleet.isHolding = true;
    await fleet.workTo("12:07");
    await fleet.workTo("12:08");
  });

  afterAll(async () => {
    await fleet[Symbol.asyncDispose]();
  });

  test("all, those that go on first", async () => {
    const { runs, cursor } = await fleet.page("job");
    expect(texts(runs)).toEqual([
      "12:07 running",
      "12:08 skipped",
      "12:06 succeeded",
      "12:05 coalesced",
      "12:03 missed",
      "12:02 failed",
      "12:01 succeeded",
      "12:00 succeeded",
    ]);
    expect(cursor).toBeUndefined();
  });

  test("with all fields", async () => {
    const { runs } = await fleet.page("job");
    const [running, skipped, ran, merged, missed, failed] = runs;
    expect(running).toMatchObject({ attempt: 1, startedAt: new Date(at("12:07")), count: 1 });
    expect(running?.worker).toBe(ran?.worker);
    expect(skipped).toMatchObject({ reason: "max-instances", decidedAt: new Date(at("12:08")) });
    expect(ran).toMatchObject({
      jobId: "job",
      trigger: "scheduled",
      dueTime: new Date(at("12:06")),
      startedAt: new Date(at("12:06:10")),
      latenessMs: 10_000,
      attempt: 1,
      result: { rows: 5 },
    });
    expect(merged).toMatchObject({
      count: 2,
      firstFireTime: new Date(at("12:04")),
      coalescedInto: ran?.id,
    });
    expect(missed).toMatchObject({ count: 1, latenessMs: 45_000 });
    expect(failed?.error).toMatchObject({ message: "no luck", code: "RUN_REPORTED_FAILURE" });
  });

  test.each([
    [{ verdict: "missed" }, ["12:03 missed"]],
    [{ verdict: ["failed", "running"] }, ["12:07 running", "12:02 failed"]],
    [{ from: new Date(at("12:06")) }, ["12:07 running", "12:08 skipped", "12:06 succeeded"]],
    [{ to: new Date(at("12:01")) }, ["12:01 succeeded", "12:00 succeeded"]],
    [
      { from: "2026-03-01T12:01:00Z", to: "2026-03-01T14:02:00+02:00" },
      ["12:02 failed", "12:01 succeeded"],
    ],
    [{ from: new Date(at("13:00")) }, []],
    [{ from: "2026-03-01 12:06" }, ["12:07 running", "12:08 skipped", "12:06 succeeded"]],
    [{ from: "2026-03-01 12:07", to: "2026-03-01" }, ["12:07 running", "12:08 skipped"]],
    [{ verdict: "queued" }, []],
  ] satisfies [RunQuery, string[]][])("%j", async (query, expected) => {
    expect(texts((await fleet.page("job", query)).runs)).toEqual(expected);
  });

  test.each([
    [{ verdict: "fine" }, "verdict"],
    [{ verdict: [] }, "verdict"],
    [{ limit: 0 }, "limit"],
    [{ cursor: "1" }, "cursor"],
    [{ from: "soon" }, "from"],
    [{ from: "2026-03-02", to: "2026-03-01" }, "to"],
    [{ to: new Date(Number.NaN) }, "to"],
    [{ colour: "red" }, "colour"],
  ])("%j is refused", async (query, path) => {
    await expect(fleet.page("job", query as RunQuery)).rejects.toMatchObject({
      code: "INVALID_OPTION",
      data: { path },
    });
  });

  test("of an unknown job: nothing; of an unknown run: an error", async () => {
    expect(await fleet.page("none")).toEqual({ runs: [], cursor: undefined });
    for (const id of ["", "job", "job:1:2", "job:999:1772366400000", "x".repeat(5_000)])
      await expect(fleet.getRun(id)).rejects.toMatchObject({ code: "RUN_NOT_FOUND" });
  });

  test("getRun gives the very row", async () => {
    for (const run of (await fleet.page("job")).runs)
      expect(await fleet.getRun(run.id)).toEqual(run);
  });
});

describe("the cursor", () => {
  test("goes through runs without a verdict, too: no page is longer than its limit", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 12:00:00" });
    await fleet.add({
      id: "job",
      trigger: "interval",
      seconds: 10,
      startDate: "2026-03-01 12:00",
      coalesce: false,
      maxInstances: 2,
    });
    await fleet.workTo("12:00:30");
    fleet.isHolding = true;
    fleet.moveTo("12:02:00");
    const asked = [await fleet.ask("job"), await fleet.ask("job")];
    await fleet.work();
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await fleet.page("job", { limit: 3, ...(cursor && { cursor }) });
      expect(page.runs.length).toBeLessThanOrEqual(3);
      seen.push(...page.runs.map(({ id }) => id));
      cursor = page.cursor;
    } while (cursor !== undefined);
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen).toHaveLength(13 + asked.length);
    expect(seen).toEqual(expect.arrayContaining(asked));
  });

  test("pages stay apart while rows are added: each row once, none left out", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    await fleet.add({ id: "job", ...everyMinute });
    await fleet.workTo("12:29");
    const found: Run[] = [];
    let cursor: string | undefined;
    let minute = 30;
    do {
      const page = await fleet.page("job", { limit: 7, ...(cursor && { cursor }) });
      found.push(...page.runs);
      cursor = page.cursor;
      await fleet.workTo(`12:${(minute += 1)}`);
    } while (cursor !== undefined);
    expect(new Set(found.map(({ id }) => id)).size).toBe(30);
    expect(texts(found)[0]).toBe("12:29 succeeded");
    expect(texts(found)[29]).toBe("12:00 succeeded");
  });

  test("rows of one instant are split between pages and stay whole", async () => {
    await using fleet = await TestFleet.open();
    await fleet.add({ id: "job", trigger: "date", runDate: "2026-03-01 13:00", maxInstances: 30 });
    const ids = await Promise.all(Array.from({ length: 25 }, () => fleet.ask("job")));
    await fleet.work();
    const found: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await fleet.page("job", { limit: 4, ...(cursor && { cursor }) });
      found.push(...page.runs.map(({ id }) => id));
      cursor = page.cursor;
    } while (cursor !== undefined);
    expect(found).toHaveLength(25);
    expect(found.toSorted()).toEqual(ids.toSorted());
  });

  test("counts add up: every occurrence since the start has one decision", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    await fleet.add({ id: "job", ...everyMinute, misfireGraceTime: "90s" });
    await fleet.workTo("12:03");
    fleet.moveTo("12:09:30");
    await fleet.work();
    fleet.moveTo("12:20:00");
    await fleet.desk.pause("job", undefined);
    fleet.moveTo("12:30:30");
    await fleet.desk.resume("job");
    fleet.isHolding = true;
    await fleet.workTo("12:35");
    await fleet.release();
    const rows = await fleet.runs("job");
    expect(rows.reduce((sum, { count }) => sum + count, 0)).toBe(36);
    const { counts } = await fleet.desk.get("job");
    expect(Object.values(counts).reduce((sum, n) => sum + n, 0)).toBe(36);
    for (const [verdict, count] of Object.entries(counts)) {
      const ofThat = rows.filter((row) => row.verdict === verdict);
      expect(ofThat.reduce((sum, row) => sum + row.count, 0)).toBe(count);
    }
  });
});
