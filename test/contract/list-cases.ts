import { TESTER } from "../helpers/tester.ts";
import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { StoredJob } from "../../src/jobs/definition.ts";
import {
  compareIds,
  comparePlaces,
  fitsFilter,
  type JobFilter,
  type JobGroup,
  type JobListOrder,
  lastVerdictOf,
  narrowed,
} from "../../src/jobs/job-list.ts";
import type { Scope } from "../../src/jobs/scope.ts";
import type { CaseContext } from "./suite.ts";
import { at, type CaseJob, type JobShape, type TestEngine } from "./test-engine.ts";

const ORDERS = ["next-run", "id"] as const satisfies readonly JobListOrder[];

/** Jobs that differ in whatever lists are filtered by, under a name of their own. */
function shapes(name: string, now: number): JobShape[] {
  const due = (i: number): JobShape => ({ upcoming: [at(now + 1e8 + i), at(now + 2e8)] });
  return [
    { owner: `${name}-ann`, ...due(3), tags: ["x", "y"], description: "Of LONDON" },
    { owner: `${name}-ann`, ...due(1), state: "paused", source: "api" },
    { owner: `${name}-ann`, ...due(1), pipeline: `${name}Other` },
    { owner: `${name}-bob`, ...due(1), tags: ["y"], source: "file:jobs.toml" },
    { owner: `${name}-bob`, ...due(1), description: 'say "x", [y] \\ "owner":"ann" \n\u0001' },
    { ...due(1), tags: ['"quoted"', "owner", "ann,bob"], description: "Tags, queue" },
    { ...due(2), description: "200 \u{212A}m für die GRÖSSE \u{1F600}", tags: ["größe"] },
    { ...due(0), state: "paused", description: "nul \u0000 and half \ud800", tags: ["\u0000"] },
    { ...due(5), pipeline: `${name}Other`, tags: ["y"] },
    { upcoming: [], description: "by hand" },
  ];
}

function filtersOf(name: string): JobFilter[] {
  const texts = ["london", name, "report", "km", "größe", "\u{1F600}", 'say "x",', "\\", "nb"];
  const more = ["pipeline", '","', "description", "tags", "\n", "nothing like it", "y", "\u0000"];
  return [
    {},
    { owners: [`${name}-ann`] },
    { owners: [`${name}-ann`, `${name}-bob`, "nobody"] },
    { owners: ["nobody"] },
    { owners: [] },
    { sources: ["code"] },
    { sources: ["api", "file:jobs.toml"] },
    { sources: ["code", "api"] },
    { states: ["active"] },
    { states: ["paused"] },
    { states: ["paused", "finished"] },
    { states: ["active", "paused"] },
    { lastVerdicts: ["none"] },
    { lastVerdicts: ["failed"] },
    { lastVerdicts: ["failed", "cancelled"] },
    { lastVerdicts: ["succeeded", "failed"] },
    { pipeline: `${name}Other` },
    { pipeline: "Repor" },
    { pipeline: "Report" },
    ...["x", "y", "größe", '"quoted"', "quoted", "owner", "ann", "\u0000"].map((tag) => ({ tag })),
    ...[...texts, ...more].map((text) => ({ text })),
    { owners: [`${name}-ann`], states: ["paused"], text: name },
    { owners: [`${name}-bob`], tag: "y", sources: ["file:jobs.toml"] },
    { states: ["paused"], tag: "nobody has it" },
    { states: ["paused"], lastVerdicts: ["none"], sources: ["api"] },
    { tag: "y", pipeline: `${name}Other`, lastVerdicts: ["none"], states: ["active"] },
  ];
}

/** Every job of the fleet, as read one by one. */
async function everything(b: TestEngine): Promise<StoredJob[]> {
  const ids = await b.listAll({ order: "id" });
  expect(new Set(ids).size).toBe(ids.length);
  const jobs: StoredJob[] = [];
  for (let from = 0; from < ids.length; from += 200)
    for (const job of await b.engine.jobs.get(ids.slice(from, from + 200))) if (job) jobs.push(job);
  return jobs;
}

/** What a list should have, by reading everything. */
function expected(
  all: readonly StoredJob[],
  filter: JobFilter,
  order: JobListOrder,
  scope: Scope = "all",
): string[] {
  return all
    .filter((job) => fitsFilter(job, narrowed(filter, scope)))
    .map(({ definition: { id }, nextDueAt }) => ({ id, dueAt: nextDueAt ?? Infinity }))
    .toSorted((x, y) => comparePlaces(order, x, y))
    .map(({ id }) => id);
}

function countedBy(jobs: readonly StoredJob[], by: JobGroup): Map<string, number> {
  const groups = new Map<string, number>();
  for (const { definition, state, lastRun } of jobs) {
    const keys = { state, lastVerdict: lastVerdictOf(lastRun), owner: definition.owner ?? "" };
    groups.set(keys[by], (groups.get(keys[by]) ?? 0) + 1);
  }
  return groups;
}

/** Changes a job's definition or state. */
async function change(
  b: TestEngine,
  job: CaseJob,
  more: { readonly owner?: string; readonly state?: "active" | "paused"; readonly dueAt?: number },
): Promise<void> {
  const { revision, definition, watermark } = await b.stored(job);
  const { owner, state, dueAt } = more;
  const upcoming = [at(dueAt ?? b.now + 1_000)];
  const schedule = { state: state ?? "active", watermark, upcoming, expectedWatermark: watermark };
  const answer = await b.engine.jobs.change({
    jobId: job.id,
    expectedRevision: revision,
    ...(owner === undefined ? {} : { definition: { ...definition, owner } }),
    ...(state === undefined && dueAt === undefined ? {} : { schedule }),
    event: { name: "JOB_MODIFIED", at: b.now, jobId: job.id },
    by: TESTER,
  });
  expect(answer.outcome).toBe("changed");
}

function remove(b: TestEngine, jobId: string) {
  return b.engine.jobs.remove({ jobId, expectedWatermark: undefined, skipped: [], by: TESTER });
}

/** Lists of jobs: filters, orders, pages and what readers may see. */
export function listCases({ bench }: CaseContext): void {
  describe.each(ORDERS)("in the order %s", (order) => {
    test("each filter finds just what fits, whatever the size of pages and steps", async () => {
      const b = bench();
      const name = `n${randomUUID().slice(0, 8)}`;
      for (const shape of shapes(name, b.now)) await b.addJob(shape);
      const done = [await b.addJob({ owner: `${name}-ann` }), await b.addJob(), await b.addJob()];
      const verdicts = ["failed", "cancelled", "succeeded"] as const;
      for (const [i, job] of done.entries()) await b.ranOnce(job, verdicts[i]);
      const all = await everything(b);
      for (const filter of filtersOf(name)) {
        const wanted = expected(all, filter, order);
        const pages = [{}, { limit: 2 }, { limit: 3, mostLooked: 7 }];
        for (const page of pages) {
          const found = await b.listAll({ filter, order, ...page });
          // With the filter, so that a failure names it.
          expect({ filter, found }).toEqual({ filter, found: wanted });
        }
        const counted = await b.engine.jobs.tally({ filter }, "all");
        expect({ filter, ...counted }).toEqual({ filter, total: wanted.length, groups: new Map() });
      }
    });

    test("a reader sees the jobs of its owners alone", async () => {
      const b = bench();
      const name = `s${randomUUID().slice(0, 8)}`;
      for (const shape of shapes(name, b.now)) await b.addJob(shape);
      const all = await everything(b);
      const [ann, bob] = [`${name}-ann`, `${name}-bob`];
      for (const scope of [[], [ann], [ann, bob], ["nobody"]]) {
        const filters: JobFilter[] = [{}, { owners: [bob] }, { states: ["paused"] }, { tag: "y" }];
        for (const filter of [...filters, { text: "tags" }, { text: "london" }]) {
          const wanted = expected(all, filter, order, scope);
          const found = await b.listAll({ filter, order, limit: 2 }, scope);
          const { total } = await b.engine.jobs.tally({ filter }, scope);
          const about = { scope, filter };
          expect({ ...about, found, total }).toEqual({
            ...about,
            found: wanted,
            total: wanted.length,
          });
        }
      }
    });

    test("while jobs come, go and move, each that stays is on one page", async () => {
      const b = bench();
      const owner = `p${randomUUID().slice(0, 8)}`;
      const far = b.now + 1e9;
      const puts = Array.from({ length: 60 }, (_, i) =>
        b.put({ owner, id: `${owner}-${i}`, upcoming: [at(far + (i % 7))] }),
      );
      await b.engine.jobs.put(puts);
      const ids = puts.map(({ definition }) => definition.id);
      const restless = new Set<string>();
      let pages = 0;
      const paged = await b.listAll(
        { filter: { owners: [owner] }, order, limit: 5 },
        "all",
        async () => {
          const [gone = "", moved = ""] = ids
            .filter((id) => !restless.has(id))
            .toSorted((x, y) => ((pages % 2) * 2 - 1) * compareIds(x, y));
          if (restless.size < 30) {
            restless.add(gone).add(moved);
            await remove(b, gone);
            await change(b, { id: moved, generation: 0 }, { dueAt: far + ((pages * 3) % 9) - 1 });
            await b.addJob({
              owner,
              id: `${owner}-new-${pages}`,
              upcoming: [at(far + (pages % 7))],
            });
          }
          pages += 1;
        },
      );
      const stayed = ids.filter((id) => !restless.has(id));
      expect(pages).toBeGreaterThan(8);
      expect(paged.filter((id) => stayed.includes(id)).toSorted()).toEqual(stayed.toSorted());
      if (order === "id") expect(new Set(paged).size).toBe(paged.length);
    });
  });

  test("a page tells how far it looked, and where the next one begins though it found nothing", async () => {
    const b = bench();
    const owner = `l${randomUUID().slice(0, 8)}`;
    for (let i = 0; i < 5; i += 1) await b.addJob({ owner, id: `${owner}-${i}` });
    const query = { filter: { text: "nothing like it" }, order: "id", limit: 10 } as const;
    const after = { id: owner, dueAt: Infinity };
    const first = await b.engine.jobs.list({ ...query, mostLooked: 3, after }, "all");
    expect(first).toMatchObject({ found: [], looked: 3, next: { id: `${owner}-2` } });
    const second = await b.engine.jobs.list({ ...query, mostLooked: 1, after: first.next }, "all");
    expect(second).toMatchObject({ found: [], looked: 1, next: { id: `${owner}-3` } });
    const mine = { ...query, filter: { text: `${owner}-4` }, limit: 1, mostLooked: 9 };
    const third = await b.engine.jobs.list({ ...mine, after: second.next }, "all");
    expect(third.found).toMatchObject([{ id: `${owner}-4` }]);
  });

  test("ids stand in the order of their characters' numbers", async () => {
    const b = bench();
    const owner = `o${randomUUID().slice(0, 8)}`;
    const names = ["B", "a", "_", "é", "z", "ﬀ", "\u{10400}", "0", "a b", "a/b", "中"];
    for (const name of names)
      await b.addJob({ owner, id: `x-${owner}-${name}`, upcoming: [at(5)] });
    const wanted = names
      .toSorted((x, y) => Buffer.compare(Buffer.from(x), Buffer.from(y)))
      .map((name) => `x-${owner}-${name}`);
    for (const order of ORDERS) {
      const query = { filter: { owners: [owner] }, order } as const;
      expect(await b.listAll(query)).toEqual(wanted);
      expect(await b.listAll({ ...query, limit: 1 })).toEqual(wanted);
      expect((await b.listAll({ order })).filter((id) => wanted.includes(id))).toEqual(wanted);
    }
  });

  test("a place need not be that of a job, and one that is made up is answered", async () => {
    const b = bench();
    const owner = `q${randomUUID().slice(0, 8)}`;
    const due = b.now + 1e10;
    for (const [i, id] of ["b", "d"].entries())
      await b.addJob({ owner, id: `${owner}-${id}`, upcoming: [at(due + i)] });
    await b.addJob({ owner, id: `${owner}-c`, state: "paused" });
    const filter = { owners: [owner] };
    const behind = (order: JobListOrder, id: string, dueAt: number) =>
      b.listAll({ filter, order, after: { id: `${owner}-${id}`, dueAt } });
    const named = (...ids: string[]): string[] => ids.map((id) => `${owner}-${id}`);
    expect(await behind("id", "bb", 0)).toEqual(named("c", "d"));
    expect(await behind("id", "a", Infinity)).toEqual(named("b", "c", "d"));
    expect(await behind("next-run", "z", due)).toEqual(named("d", "c"));
    expect(await behind("next-run", "a", due + 1)).toEqual(named("d", "c"));
    expect(await behind("next-run", "a", due + 2)).toEqual(named("c"));
    expect(await behind("next-run", "b", Infinity)).toEqual(named("c"));
    expect(await behind("next-run", "c", Infinity)).toEqual([]);
    expect(await behind("next-run", "a", -1)).toEqual(named("b", "d", "c"));
    // Of all jobs, without a list that has only these.
    const all = await b.listAll({ after: { id: `${owner}-a`, dueAt: due } });
    expect(all.slice(0, 2)).toEqual(named("b", "d"));
  });

  test("a job is in the lists of its owner, its state and its last verdict as long as they are so", async () => {
    const b = bench();
    const [ann, bob] = [`a${randomUUID().slice(0, 8)}`, `b${randomUUID().slice(0, 8)}`];
    const job = await b.addJob({ owner: ann });
    const seen = async (): Promise<string> => {
      const filters: Record<string, JobFilter> = {
        ann: { owners: [ann] },
        bob: { owners: [bob] },
        active: { states: ["active"], text: job.id },
        paused: { states: ["paused"] },
        finished: { states: ["finished"] },
        none: { lastVerdicts: ["none"], text: job.id },
        failed: { lastVerdicts: ["failed"] },
        cancelled: { lastVerdicts: ["cancelled"] },
        succeeded: { lastVerdicts: ["succeeded"], text: job.id },
      };
      const found: string[] = [];
      for (const [name, filter] of Object.entries(filters))
        if ((await b.listAll({ filter, order: "id" })).includes(job.id)) found.push(name);
      for (const by of ["state", "owner", "lastVerdict"] as const) {
        const { total, groups } = await b.engine.jobs.tally({ filter: {}, by }, "all");
        const all = await everything(b);
        expect(total).toBe(all.length);
        expect(groups).toEqual(countedBy(all, by));
        const mine = await b.engine.jobs.tally({ filter: { text: job.id }, by }, "all");
        const own = all.filter(({ definition }) => definition.id === job.id);
        expect(mine.groups).toEqual(countedBy(own, by));
      }
      return found.join(" ");
    };
    expect(await seen()).toBe("ann active none");
    await b.ranOnce(job, "failed");
    expect(await seen()).toBe("ann active failed");
    await b.ranOnce(job, "failed");
    await b.ranOnce(job, "cancelled");
    expect(await seen()).toBe("ann active cancelled");
    await change(b, job, { owner: bob });
    await change(b, job, { state: "paused" });
    expect(await seen()).toBe("bob paused cancelled");
    await change(b, job, { state: "paused" });
    await change(b, job, { state: "active", dueAt: b.now + 1_000 });
    const again = { id: job.id, generation: (await b.stored(job)).generation };
    await b.ranOnce(again);
    expect(await seen()).toBe("bob active succeeded");
    const last = await b.tick(again, { upcoming: [] });
    if (last.outcome === "run") await b.settle(again, last.run.runId);
    expect(await seen()).toBe("bob finished succeeded");
    expect(await remove(b, job.id)).toBe("removed");
    expect(await seen()).toBe("");
    await b.addJob({ id: job.id, owner: ann, state: "paused" });
    expect(await seen()).toBe("ann paused none");
    await remove(b, job.id);
  });

  test("failures that pause a job move it to the paused ones", async () => {
    const b = bench();
    const job = await b.addJob({ policy: { pauseAfterFailures: 1 } });
    await b.ranOnce(job, "failed");
    expect(await b.listAll({ filter: { states: ["paused"] } })).toContain(job.id);
  });

  test("hundreds of jobs of one owner, added in any order and removed, are all in their place", async () => {
    const b = bench();
    const owner = `h${randomUUID().slice(0, 8)}`;
    const ids = [
      ...Array.from({ length: 300 }, (_, i) => `${owner}-${String(i).padStart(4, "0")}`),
      ...Array.from({ length: 300 }, () => `${owner}-${randomUUID()}`),
    ];
    await b.engine.jobs.put(ids.map((id, i) => b.put({ owner, id, upcoming: [at(b.now + i)] })));
    const left = new Set(ids);
    const filter = { owners: [owner] };
    const check = async (): Promise<void> => {
      const wanted = [...left].toSorted(compareIds);
      expect(await b.listAll({ filter, order: "id", limit: 70 })).toEqual(wanted);
      const all = await b.listAll({ order: "id" });
      expect(all.filter((id) => id.startsWith(owner))).toEqual(wanted);
      expect((await b.listAll({ filter })).toSorted(compareIds)).toEqual(wanted);
      expect((await b.engine.jobs.tally({ filter }, "all")).total).toBe(left.size);
    };
    await check();
    const gone = ids.filter((_, i) => i % 3 !== 0);
    for (let from = 0; from < gone.length; from += 20)
      await Promise.all(gone.slice(from, from + 20).map((id) => remove(b, id)));
    for (const id of gone) left.delete(id);
    await check();
    await Promise.all([...left].map((id) => remove(b, id)));
    left.clear();
    await check();
  });
}
