import { describe, expect, test } from "vitest";
import { Pipeline } from "../../src/index.ts";
import { EngineBench } from "../helpers/engine-bench.ts";

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

async function ids(bench: EngineBench, query: object = {}): Promise<string[]> {
  return (await bench.jobs(query)).jobs.map(({ id }) => id);
}

describe("getJobs: in the order of their next run, those without one last; a page at a time", () => {
  test("order and filters", async () => {
    await using bench = await EngineBench.open();
    await bench.desk.add([
      { pipeline: bench.Work, options: dated("third", 30) },
      { pipeline: bench.Work, options: dated("first", 10, { tags: ["x", "y"] }) },
      { pipeline: Other, options: dated("second", 20, { tags: ["y"], description: "Of LONDON" }) },
      { pipeline: Other, options: dated("paused", 5, { nextRunTime: null }) },
    ]);
    expect(await ids(bench)).toEqual(["first", "second", "third", "paused"]);
    expect(await ids(bench, { pipeline: "Other" })).toEqual(["second", "paused"]);
    expect(await ids(bench, { state: "paused" })).toEqual(["paused"]);
    expect(await ids(bench, { state: ["paused", "active"] })).toHaveLength(4);
    expect(await ids(bench, { tag: "y" })).toEqual(["first", "second"]);
    expect(await ids(bench, { text: "london" })).toEqual(["second"]);
    expect(await ids(bench, { text: "IR" })).toEqual(["first", "third"]);
    expect(await ids(bench, { tag: "y", pipeline: "Work" })).toEqual(["first"]);
    expect(await ids(bench, { tag: "none" })).toEqual([]);
  });

  test("pages by the cursor, each job once", async () => {
    await using bench = await EngineBench.open();
    const all = Array.from({ length: 45 }, (_, i) => `job-${String(i).padStart(2, "0")}`);
    await bench.desk.add(all.map((id, i) => ({ pipeline: bench.Work, options: dated(id, i) })));
    const found: string[] = [];
    let cursor: string | undefined;
    let pages = 0;
    do {
      const page = await bench.jobs({ limit: 10, ...(cursor && { cursor }) });
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
    [{ colour: "red" }, "colour"],
  ])("%j is refused", async (query, path) => {
    await using bench = await EngineBench.open();
    await expect(bench.jobs(query as object)).rejects.toMatchObject({
      code: "INVALID_OPTION",
      data: { path },
    });
  });
});

test("addJobs: 3,000 at once are all there, and wait in the queue", async () => {
  await using bench = await EngineBench.open();
  const jobs = Array.from({ length: 3_000 }, (_, i) => ({
    pipeline: bench.Work,
    options: dated(`job-${i}`, i % 60),
  }));
  expect(await bench.desk.add(jobs)).toHaveLength(3_000);
  expect(await bench.engine.jobs.count()).toBe(3_000);
  expect(await bench.queueJobs()).toHaveLength(3_000);
});
