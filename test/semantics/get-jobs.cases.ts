import { describe, expect, test } from "vitest";
import { Pipeline } from "../../src/index.ts";
import { tallyJobs } from "../../src/scheduler/job-query.ts";
import { TestFleet } from "../helpers/test-fleet.ts";

class Other extends Pipeline {
  run(): void {}
}

function dated(id: string, minute: number, more: object = {}): object {
  return {
    id,
    trigger: "date",
    runDate: `2026-03-01 13:${String(minute).padStart(2, "0")}`,
    ...more,
  };
}

/** A cursor that says whatever one likes. */
function cursorOf(written: unknown): string {
  return Buffer.from(JSON.stringify(written)).toString("base64url");
}

async function ids(fleet: TestFleet, query: object = {}): Promise<string[]> {
  return (await fleet.jobs(query)).jobs.map(({ id }) => id);
}

describe("getJobs: in the order of their next run, those without one last; a page at a time", () => {
  test("order and filters", async () => {
    await using fleet = await TestFleet.open();
    await fleet.desk.add([
      { pipeline: fleet.Work, options: dated("third", 30) },
      { pipeline: fleet.Work, options: dated("first", 10, { tags: ["x", "y"] }) },
      { pipeline: Other, options: dated("second", 20, { tags: ["y"], description: "Of LONDON" }) },
      { pipeline: Other, options: dated("paused", 5, { nextRunTime: null }) },
    ]);
    expect(await ids(fleet)).toEqual(["first", "second", "third", "paused"]);
    expect(await ids(fleet, { pipeline: "Other" })).toEqual(["second", "paused"]);
    expect(await ids(fleet, { state: "paused" })).toEqual(["paused"]);
    expect(await ids(fleet, { state: ["paused", "active"] })).toHaveLength(4);
    expect(await ids(fleet, { tag: "y" })).toEqual(["first", "second"]);
    expect(await ids(fleet, { text: "london" })).toEqual(["second"]);
    expect(await ids(fleet, { text: "IR" })).toEqual(["first", "third"]);
    expect(await ids(fleet, { tag: "y", pipeline: "Work" })).toEqual(["first"]);
    expect(await ids(fleet, { tag: "none" })).toEqual([]);
  });

  test("by id; by owner, source and last verdict; how far it looked; counts", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 12:00" });
    await fleet.desk.add([
      { pipeline: fleet.Work, options: dated("c", 1, { owner: "ann" }) },
      { pipeline: fleet.Work, options: dated("a", 2, { owner: "bob" }) },
      { pipeline: Other, options: dated("b", 3) },
    ]);
    await fleet.workTo("13:01");
    expect(await ids(fleet, { order: "id" })).toEqual(["a", "b", "c"]);
    expect(await ids(fleet, { owner: ["ann", "bob"] })).toEqual(["a", "c"]);
    expect(await ids(fleet, { lastVerdict: "succeeded" })).toEqual(["c"]);
    expect(await ids(fleet, { lastVerdict: ["none", "failed"] })).toEqual(["a", "b"]);
    expect(await ids(fleet, { source: "code" })).toHaveLength(3);
    expect(await ids(fleet, { source: "api" })).toEqual([]);
    expect((await fleet.jobs({ text: "nothing" })).lookedAt).toBe(3);
    const parts = { engine: fleet.engine };
    expect(await tallyJobs(parts, { by: "state" }, "all")).toEqual({
      total: 3,
      groups: [
        { key: "active", count: 2 },
        { key: "finished", count: 1 },
      ],
    });
    const byOwner = await tallyJobs(parts, { by: "owner", state: "active" }, "all");
    expect(byOwner.groups.toSorted((x, y) => (x.key ?? "").localeCompare(y.key ?? ""))).toEqual([
      { key: null, count: 1 },
      { key: "bob", count: 1 },
    ]);
    expect(await tallyJobs(parts, { pipeline: "Other" }, ["ann"])).toEqual({
      total: 0,
      groups: [],
    });
  });

  test("pages by the cursor, each job once", async () => {
    await using fleet = await TestFleet.open();
    const all = Array.from({ length: 45 }, (_, i) => `job-${String(i).padStart(2, "0")}`);
    await fleet.desk.add(all.map((id, i) => ({ pipeline: fleet.Work, options: dated(id, i) })));
    const found: string[] = [];
    let cursor: string | undefined;
    let pages = 0;
    do {
      const page = await fleet.jobs({ limit: 10, ...(cursor && { cursor }) });
      found.push(...page.jobs.map(({ id }) => id));
      cursor = page.cursor;
      pages += 1;
    } while (cursor !== undefined);
    expect(found).toEqual(all);
    expect(pages).toBe(5);
  });

  test.each([
    [{ state: "gone" }, "state"],
    [{ limit: 0 }, "limit"],
    [{ limit: 1_001 }, "limit"],
    [{ cursor: "x" }, "cursor"],
    [{ cursor: "" }, "cursor"],
    [{ cursor: cursorOf(["id", null, "job"]) }, "cursor"],
    [{ cursor: cursorOf(["next-run", "now", "job"]) }, "cursor"],
    [{ cursor: cursorOf(["next-run", 1e300, "job"]) }, "cursor"],
    [{ cursor: cursorOf(["next-run", 1, "\u0000"]) }, "cursor"],
    [{ cursor: cursorOf(["next-run", 1, "job", "more"]) }, "cursor"],
    [{ cursor: cursorOf({ id: "job" }) }, "cursor"],
    [{ cursor: cursorOf("job".repeat(1_000)) }, "cursor"],
    [{ order: "id", cursor: cursorOf(["next-run", 1, "job"]) }, "cursor"],
    [{ order: "size" }, "order"],
    [{ owner: [] }, "owner"],
    [{ lastVerdict: "missed" }, "lastVerdict"],
    [{ colour: "red" }, "colour"],
  ])("%j is refused", async (query, path) => {
    await using fleet = await TestFleet.open();
    await expect(fleet.jobs(query as object)).rejects.toMatchObject({
      code: "INVALID_OPTION",
      data: { path },
    });
  });
});

test("addJobs: 3,000 at once are all there, and wait in the queue", async () => {
  await using fleet = await TestFleet.open();
  const jobs = Array.from({ length: 3_000 }, (_, i) => ({
    pipeline: fleet.Work,
    options: dated(`job-${i}`, i % 60),
  }));
  expect(await fleet.desk.add(jobs)).toHaveLength(3_000);
  expect(await fleet.engine.jobs.count()).toBe(3_000);
  expect(await fleet.queueJobs()).toHaveLength(3_000);
});
