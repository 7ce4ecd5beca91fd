import { describe, expect, test } from "vitest";
import type { BulkFilter } from "../../src/scheduler/bulk-input.ts";
import { BulkCommands } from "../../src/scheduler/bulk.ts";
import { engineWith } from "../helpers/engine-with.ts";
import { TestFleet } from "../helpers/test-fleet.ts";
import { TESTER } from "../helpers/tester.ts";

const LATER = { trigger: "date", runDate: "2026-03-01 13:00" } as const;

function bulkOf(fleet: TestFleet, engine = fleet.engine): BulkCommands {
  return new BulkCommands({ engine, by: TESTER, scope: "all" });
}

/** Five jobs: two of ann, one of them paused; two of bob; one of nobody. */
async function five(): Promise<TestFleet> {
  const fleet = await TestFleet.open();
  await fleet.desk.add([
    { pipeline: fleet.Work, options: { id: "a1", owner: "ann", ...LATER } },
    { pipeline: fleet.Work, options: { id: "a2", owner: "ann", ...LATER, nextRunTime: null } },
    { pipeline: fleet.Work, options: { id: "b1", owner: "bob", tags: ["x"], ...LATER } },
    { pipeline: fleet.Work, options: { id: "b2", owner: "bob", ...LATER } },
    { pipeline: fleet.Work, options: { id: "c", tags: ["x"], ...LATER } },
  ]);
  return fleet;
}

async function idsOf(fleet: TestFleet, query: object): Promise<string[]> {
  return (await fleet.jobs({ order: "id", ...query })).jobs.map(({ id }) => id);
}

describe("pauseJobs, resumeJobs, runJobs, removeJobs", () => {
  test("a dry run tells how many and which, and changes nothing", async () => {
    await using fleet = await five();
    const bulk = bulkOf(fleet);
    for (const call of ["pause", "run", "remove"] as const)
      expect(await bulk[call]({ owner: "bob" }, { dryRun: true })).toMatchObject({
        dryRun: true,
        matched: 2,
        changed: 2,
        ids: ["b1", "b2"],
        isComplete: true,
      });
    expect(await idsOf(fleet, { state: "active" })).toEqual(["a1", "b1", "b2", "c"]);
    expect(await fleet.engine.ledger.readOpenRuns("b1")).toEqual([]);
  });

  test("a dry run tells exactly what the call then does", async () => {
    await using fleet = await five();
    await fleet.add({ id: "ended", trigger: "date", runDate: "2026-03-01 12:00" });
    await fleet.work();
    const bulk = bulkOf(fleet);
    const calls = [
      ["pause", { all: true }, { reason: "holidays" }],
      ["pause", { ids: ["a1", "a2", "nope", "ended"] }, {}],
      ["pause", { owner: "ann" }, { until: "2026-03-02" }],
      ["resume", { tag: "x" }, {}],
      ["resume", { all: true }, {}],
      ["resume", { all: true }, {}],
      ["run", { all: true }, { bulkId: "again" }],
      ["run", { all: true }, { bulkId: "again" }],
      ["remove", { owner: "bob" }, {}],
      ["remove", { all: true }, {}],
    ] as const;
    for (const [call, filter, options] of calls) {
      const { bulkId: _, ...dry } = await bulk[call](filter, { ...options, dryRun: true });
      const { bulkId: __, ...done } = await bulk[call](filter, options);
      expect(dry).toEqual({ ...done, dryRun: true });
    }
    expect(await fleet.engine.jobs.count()).toBe(0);
  });

  test("they change what fits and tell exactly what they did; repeated, they do nothing more", async () => {
    await using fleet = await five();
    const bulk = bulkOf(fleet);
    const options = { reason: "holidays" };
    expect(await bulk.pause({ owner: "ann" }, options)).toMatchObject({
      matched: 2,
      changed: 1,
      skipped: 1,
      failed: 0,
      ids: ["a1"],
      problems: [{ jobId: "a2", code: "UNCHANGED" }],
    });
    expect((await fleet.find("a1"))?.pausedReason).toBe("holidays");
    expect(await bulk.pause({ owner: "ann" }, options)).toMatchObject({ changed: 0, skipped: 2 });
    expect(await bulk.resume({ state: "paused" }, {})).toMatchObject({ matched: 2, changed: 2 });
    expect(await bulk.resume({ state: "paused" }, {})).toMatchObject({ matched: 0, changed: 0 });
    expect(await bulk.remove({ tag: "x" }, {})).toMatchObject({ changed: 2, ids: ["b1", "c"] });
    expect(await idsOf(fleet, {})).toEqual(["a1", "a2", "b2"]);
    expect(await bulk.remove({ all: true }, {})).toMatchObject({ matched: 3, changed: 3 });
    expect(await fleet.engine.jobs.count()).toBe(0);
  });

  test("jobs may be named; those that are not there are told", async () => {
    await using fleet = await five();
    const ids = ["b1", "nobody", "c", "b1", "a1"];
    expect(await bulkOf(fleet).remove({ ids, tag: "x" }, {})).toMatchObject({
      matched: 2,
      changed: 2,
      skipped: 1,
      ids: ["b1", "c"],
      problems: [{ jobId: "nobody", code: "JOB_NOT_FOUND" }],
    });
    expect(await idsOf(fleet, {})).toEqual(["a1", "a2", "b2"]);
  });

  test("runJobs runs each once, also if the call is repeated by its bulkId", async () => {
    await using fleet = await five();
    const bulk = bulkOf(fleet);
    const first = await bulk.run({ owner: "bob" }, {});
    expect(first).toMatchObject({ matched: 2, changed: 2 });
    const { bulkId } = first;
    expect(await bulk.run({ owner: "bob" }, { bulkId })).toMatchObject({ changed: 0, skipped: 2 });
    await fleet.work();
    expect(await bulk.run({ owner: ["ann", "bob"] }, { bulkId })).toMatchObject({
      changed: 2,
      skipped: 2,
      ids: ["a1", "a2"],
    });
    await fleet.work();
    for (const id of ["a1", "a2", "b1", "b2"]) expect((await fleet.verdicts(id)).length).toBe(1);
    expect(await bulk.run({ owner: "bob" }, {})).toMatchObject({ changed: 2 });
  });

  test("a job that others change all the time is not removed once it does not fit", async () => {
    await using fleet = await five();
    const { engine } = fleet;
    let removals = 0;
    const busy = engineWith(engine, {
      jobs: {
        remove: async (removal) => {
          removals += 1;
          const changes = removals < 50 ? { description: `${removals}` } : { tags: ["kept"] };
          await fleet.desk.modify("b1", changes, "modifyJob");
          return engine.jobs.remove(removal);
        },
      },
    });
    const removed = await bulkOf(fleet, busy).remove({ ids: ["b1"], tag: "x" }, {});
    expect(removed).toMatchObject({ changed: 0, failed: 1, problems: [{ code: "INVALID_STATE" }] });
    expect(removals).toBe(50);
    expect((await fleet.find("b1"))?.definition.tags).toEqual(["kept"]);
  });

  test("two calls of one bulkId at once run each job once", async () => {
    await using fleet = await five();
    const bulk = bulkOf(fleet);
    for (let round = 1; round <= 10; round += 1) {
      const bulkId = `round-${round}`;
      const calls = await Promise.all([1, 2, 3].map(() => bulk.run({ all: true }, { bulkId })));
      expect(calls.reduce((sum, { changed }) => sum + changed, 0)).toBe(5);
      await fleet.work();
      expect((await fleet.verdicts("a1")).length).toBe(round);
    }
  });

  test("jobs that change between the look and the step are left and named", async () => {
    await using fleet = await five();
    const { engine } = fleet;
    const bulk = bulkOf(
      fleet,
      engineWith(engine, {
        jobs: {
          list: async (query, scope) => {
            const page = await engine.jobs.list(query, scope);
            await fleet.desk.remove("b1");
            await fleet.desk.modify("b2", { owner: "carl" }, "modifyJob");
            return page;
          },
        },
      }),
    );
    const told = await bulk.pause({ owner: ["ann", "bob"] }, {});
    expect(told).toMatchObject({ matched: 4, changed: 1, skipped: 3, ids: ["a1"] });
    expect(told.problems.toSorted((x, y) => (x.jobId < y.jobId ? -1 : 1))).toMatchObject([
      { jobId: "a2", code: "UNCHANGED" },
      { jobId: "b1", code: "JOB_NOT_FOUND" },
      { jobId: "b2", code: "NO_FIT" },
    ]);
    expect((await fleet.find("b2"))?.state).toBe("active");
  });

  test("a reader of some owners changes their jobs alone", async () => {
    await using fleet = await five();
    const bulk = new BulkCommands({ engine: fleet.engine, by: TESTER, scope: ["bob"] });
    expect(await bulk.pause({ all: true }, {})).toMatchObject({ changed: 2, ids: ["b1", "b2"] });
    expect(await bulk.remove({ ids: ["a1", "b1", "c"] }, {})).toMatchObject({
      changed: 1,
      ids: ["b1"],
      problems: [
        { jobId: "a1", code: "NOT_ALLOWED" },
        { jobId: "c", code: "NOT_ALLOWED" },
      ],
    });
    expect(await idsOf(fleet, {})).toEqual(["a1", "a2", "b2", "c"]);
    const viewer = new BulkCommands({ engine: fleet.engine, by: TESTER, scope: [] });
    await expect(viewer.pause({ all: true }, {})).rejects.toMatchObject({ code: "NOT_ALLOWED" });
  });

  test("more than a page, while others come", async () => {
    await using fleet = await TestFleet.open();
    const jobs = Array.from({ length: 450 }, (_, i) => ({
      pipeline: fleet.Work,
      options: { id: `job-${i}`, ...LATER },
    }));
    await fleet.desk.add(jobs);
    const bulk = bulkOf(fleet);
    expect(await bulk.pause({ text: "job-" }, {})).toMatchObject({ matched: 450, changed: 450 });
    expect((await bulk.pause({ state: "active" }, {})).matched).toBe(0);
    const removed = await bulk.remove({ all: true }, {});
    expect(removed).toMatchObject({ matched: 450, changed: 450, problems: [] });
    expect(removed.ids).toHaveLength(100);
  });

  test.each([
    [{}, "all"],
    [{ owner: undefined }, "all"],
    [{ all: true, owner: "ann" }, "all"],
    [{ all: false }, "all"],
    [{ ids: [] }, "ids"],
    [{ colour: "red" }, "colour"],
  ])("the filter %j is refused", async (filter, path) => {
    await using fleet = await TestFleet.open();
    const bulk = bulkOf(fleet);
    for (const call of ["pause", "resume", "run", "remove"] as const)
      await expect(bulk[call](filter as BulkFilter, {})).rejects.toMatchObject({
        code: "INVALID_OPTION",
        data: { path },
      });
  });
});
