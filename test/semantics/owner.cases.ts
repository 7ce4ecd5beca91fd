// Whose history is whose: who sees only some owners' jobs sees of a job what was while it was theirs, and nothing else.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ScopedEngine } from "../../src/engine/scoped/scoped-engine.ts";
import { Accounts } from "../../src/history/account.ts";
import { type Change, ChangeHistory } from "../../src/history/change-history.ts";
import { explain } from "../../src/history/explain.ts";
import { RunHistory } from "../../src/history/run-history.ts";
import { readStats } from "../../src/history/stats.ts";
import type { Scope } from "../../src/jobs/scope.ts";
import { PipelineRegistry } from "../../src/pipeline/registry.ts";
import { BulkCommands } from "../../src/scheduler/bulk.ts";
import { queryJobs, tallyJobs } from "../../src/scheduler/job-query.ts";
import { fromOpaqueText } from "../../src/core/opaque-text.ts";
import { silent } from "../helpers/silent.ts";
import { at, clockText, TestFleet } from "../helpers/test-fleet.ts";
import { TESTER } from "../helpers/tester.ts";

const EVERY_MINUTE = { trigger: "interval", minutes: 1, startDate: "2026-03-01 12:00" } as const;
const HANDED_OVER = "12:03:30";

/** What somebody sees of a fleet. */
class Seen {
  readonly #fleet: TestFleet;
  readonly #scope: Scope;
  readonly engine: ScopedEngine | TestFleet["engine"];

  constructor(fleet: TestFleet, scope: Scope) {
    this.#fleet = fleet;
    this.#scope = scope;
    this.engine =
      scope === "all"
        ? fleet.engine
        : new ScopedEngine(fleet.engine, { sees: scope, changes: scope });
  }

  async job(jobId: string) {
    const [job] = await this.engine.jobs.get([jobId]);
    return job;
  }

  async changes(query: object = {}): Promise<Change[]> {
    const history = new ChangeHistory(this.engine, new PipelineRegistry());
    return [...(await history.page(this.#scope, query, "UTC")).changes];
  }

  async runs(jobId: string): Promise<string[]> {
    const { runs } = await new RunHistory(this.engine).page(jobId);
    return runs.map(({ fireTime, verdict }) => `${clockText(fireTime)} ${verdict}`);
  }

  stats(query: object = {}) {
    return readStats(this.engine, query, this.#scope);
  }

  explain(jobId: string, time: string) {
    return explain(this.engine, jobId, at(time), this.#scope);
  }

  account(jobId?: string) {
    const options = { from: "2026-02-28", ...(jobId === undefined ? {} : { jobId }) };
    return new Accounts(this.#fleet.engine, this.#scope).part(options, "UTC");
  }

  jobs(query: object) {
    const parts = { engine: this.engine, registry: new PipelineRegistry(), logger: silent };
    return queryJobs(parts, query, this.#scope);
  }

  tally(query: object) {
    return tallyJobs({ engine: this.engine }, query, this.#scope);
  }
}

/** `12:03 modified of bob by test: owner` */
function text({ at: when, what, owner, by, differences }: Change): string {
  const fields = differences.map(({ field }) => field).join(" ");
  return `${clockText(when)} ${what} of ${owner} by ${by.id}${fields && `: ${fields}`}`;
}

describe("a job that changed its owner", () => {
  let fleet: TestFleet;
  let ann: Seen;
  let bob: Seen;
  let both: Seen;
  let admin: Seen;

  beforeAll(async () => {
    fleet = await TestFleet.open();
    ann = new Seen(fleet, ["ann"]);
    bob = new Seen(fleet, ["bob"]);
    both = new Seen(fleet, ["ann", "bob"]);
    admin = new Seen(fleet, "all");
    await fleet.add({ id: "job", ...EVERY_MINUTE, owner: "ann", description: "ann's" });
    fleet.act = () => {
      throw new Error("ann's secret");
    };
    await fleet.workTo("12:02:30");
    await fleet.desk.pause("job", "ann is ill");
    await fleet.desk.resume("job");
    await fleet.workTo(HANDED_OVER);
    await fleet.desk.modify("job", { owner: "bob", description: "bob's" }, "modifyJob");
  });

  afterAll(() => fleet[Symbol.asyncDispose]());

  test("its new owner sees no run from before in the job, in lists by last verdict and in counts", async () => {
    expect(await admin.job("job")).toMatchObject({
      counts: { failed: 4 },
      lastRun: { verdict: "failed" },
    });
    for (const reader of [bob, both])
      expect(await reader.job("job")).toMatchObject({
        counts: {},
        lastRun: null,
        lastScheduledRun: null,
      });
    expect((await bob.jobs({ lastVerdict: "failed" })).jobs).toEqual([]);
    expect((await bob.jobs({ lastVerdict: "none" })).jobs).toHaveLength(1);
    expect((await admin.jobs({ lastVerdict: "failed" })).jobs).toHaveLength(1);
    expect((await bob.tally({ lastVerdict: "failed" })).total).toBe(0);
    expect((await bob.tally({ by: "lastVerdict" })).groups).toEqual([{ key: "none", count: 1 }]);
    expect((await admin.tally({ by: "lastVerdict" })).groups).toEqual([
      { key: "failed", count: 1 },
    ]);
  });

  test("each sees the changes of its time, and the change of hands without its differences", async () => {
    expect((await admin.changes({ jobId: "job" })).map(text)).toEqual([
      "12:03:30 modified of bob by test: description owner",
      "12:02:30 resumed of ann by test",
      "12:02:30 paused of ann by test",
      "12:00:00 added of ann by unknown",
    ]);
    for (const query of [{}, { jobId: "job" }]) {
      const seen = await bob.changes(query);
      expect(seen.map(text)).toEqual(["12:03:30 modified of bob by test"]);
      expect(JSON.stringify(seen)).not.toContain("ann");
    }
    const [handed, ...former] = await ann.changes({ jobId: "job" });
    expect(handed && text(handed)).toBe("12:03:30 modified of ann by test");
    expect(former.map(text)).toEqual([
      "12:02:30 resumed of ann by test",
      "12:02:30 paused of ann by test",
      "12:00:00 added of ann by unknown",
    ]);
    expect(JSON.stringify(await ann.changes())).not.toContain("bob");
    expect((await both.changes({ jobId: "job" })).map(text)).toEqual(
      (await admin.changes({ jobId: "job" })).map(text),
    );
  });

  test("its revisions, rows, logs and steps are those of one's time", async () => {
    const { revisions } = await bob.engine.changes.readRevisions(["bob"], "job");
    expect(revisions).toHaveLength(1);
    expect(JSON.stringify(revisions)).not.toContain("ann");
    expect(await bob.runs("job")).toEqual([]);
    expect(await ann.runs("job")).toHaveLength(4);
    const [row] = await fleet.runs("job");
    expect(await bob.engine.steps.read("job", row?.id ?? "")).toEqual([]);
    expect(
      await bob.engine.logs.read({
        jobId: "job",
        runId: row?.id ?? "",
        after: "",
        limit: 9,
      }),
    ).toMatchObject({ lines: [] });
  });

  test("the figures of the day in which it changed hands are those of the former owner", async () => {
    expect((await admin.stats({ jobId: "job" })).total.failed).toBe(4);
    for (const query of [{}, { jobId: "job" }, { owner: "bob" }])
      expect((await bob.stats(query)).total.due).toBe(0);
  });

  test("explain and account know nothing of the time before", async () => {
    expect(await bob.explain("job", "12:01:00")).toMatchObject({
      state: "unknown",
      run: undefined,
    });
    expect((await bob.explain("job", "12:01:00")).text).not.toContain("ann");
    expect((await admin.explain("job", "12:01:00")).state).toBe("failed");
    for (const jobId of ["job", undefined])
      expect(await bob.account(jobId)).toMatchObject({
        due: 0,
        unaccounted: { count: 0 },
        surplus: { count: 0 },
        unknown: { count: 0 },
      });
    expect(await admin.account("job")).toMatchObject({ due: 4, decided: { failed: 4 } });
  });

  test("what is on record of the time before is not deleted by the new owner", async () => {
    const refused = { code: "NOT_ALLOWED" };
    await expect(
      bob.engine.ledger.clean({ jobId: "job", before: fleet.now }),
    ).rejects.toMatchObject(refused);
    await expect(bob.engine.logs.delete("job", fleet.now)).rejects.toMatchObject(refused);
    expect(await fleet.runs("job")).toHaveLength(4);
  });

  test("what happens then is the new owner's alone", async () => {
    fleet.act = () => undefined;
    await fleet.workTo("12:05:30");
    expect(await bob.job("job")).toMatchObject({
      counts: { succeeded: 2 },
      lastRun: { verdict: "succeeded" },
      lastScheduledRun: { verdict: "succeeded" },
    });
    expect((await bob.job("job"))?.counts).toEqual({ succeeded: 2 });
    expect(await bob.runs("job")).toEqual(["12:05:00 succeeded", "12:04:00 succeeded"]);
    expect(await ann.runs("job")).toHaveLength(4);
    expect((await bob.jobs({ lastVerdict: "succeeded" })).jobs).toHaveLength(1);
    expect(await bob.account("job")).toMatchObject({
      due: 2,
      decided: { succeeded: 2 },
      unaccounted: { count: 0 },
      surplus: { count: 0 },
      unknown: { count: 0 },
    });
    expect(await admin.account("job")).toMatchObject({ due: 6, unaccounted: { count: 0 } });
    fleet.moveTo("2026-03-02 12:00");
    await fleet.work();
    expect((await bob.stats({ jobId: "job" })).total.due).toBeGreaterThan(0);
    expect((await bob.stats({ jobId: "job" })).total.failed).toBe(0);
  });

  test("given back, it is as if it had been away", async () => {
    fleet.moveTo("2026-03-02 12:30:30");
    await fleet.desk.modify("job", { owner: "ann" }, "modifyJob");
    await fleet.workTo("2026-03-02 12:32:30");
    expect((await ann.changes({ jobId: "job" })).map(text)).toEqual([
      "2026-03-02 12:30:30 modified of ann by test",
      "12:03:30 modified of ann by test",
      "12:02:30 resumed of ann by test",
      "12:02:30 paused of ann by test",
      "12:00:00 added of ann by unknown",
    ]);
    expect(await ann.account("job")).toMatchObject({
      unaccounted: { count: 0 },
      surplus: { count: 0 },
      unknown: { count: 0 },
    });
    expect(await ann.runs("job")).not.toContain("12:05:00 succeeded");
    // Its own rows are the oldest now, and bob's stand behind them.
    const refused = { code: "NOT_ALLOWED" };
    await expect(
      ann.engine.ledger.clean({ jobId: "job", before: fleet.now }),
    ).rejects.toMatchObject(refused);
    await expect(ann.engine.logs.delete("job", fleet.now)).rejects.toMatchObject(refused);
    expect(await admin.runs("job")).toContain("12:05:00 succeeded");
    expect((await admin.account("job")).unaccounted.count).toBe(0);
  });
});

describe("a run that goes on while its job is given away", () => {
  test.each([{ kind: "scheduled" }, { kind: "manual" }])(
    "$kind: it is whose it was when it began, also once it has ended",
    async ({ kind }) => {
      await using fleet = await TestFleet.open();
      const [ann, bob] = [new Seen(fleet, ["ann"]), new Seen(fleet, ["bob"])];
      await fleet.add({ id: "job", ...EVERY_MINUTE, owner: "ann" });
      fleet.isHolding = true;
      if (kind === "manual") {
        await fleet.desk.pause("job");
        await fleet.ask("job");
        await fleet.work();
      } else await fleet.workTo("12:00:10");
      const [runId = ""] = fleet.held;
      fleet.moveTo("12:00:30");
      await fleet.desk.modify("job", { owner: "bob" }, "modifyJob");
      await fleet.events();
      await fleet.release(runId, "ann's secret");
      const row = await fleet.getRun(runId);
      expect(row).toMatchObject({ verdict: "succeeded", owner: "ann", result: "ann's secret" });
      const [ended] = await fleet.events("JOB_EXECUTED");
      expect(ended).toMatchObject({ runId, owner: "ann" });
      expect(await ann.runs("job")).toContain("12:00:00 succeeded");
      expect(await bob.runs("job")).toEqual([]);
      expect(await bob.job("job")).toMatchObject({ lastRun: null });
      const { runs } = await bob.engine.ledger.list(
        { fromAt: 0, toAt: fleet.now + 60_000, limit: 9 },
        ["bob"],
      );
      expect(runs).toEqual([]);
    },
  );
});

describe("an id that is used again by another owner", () => {
  test("its new owner sees nothing of the job that was removed", async () => {
    await using fleet = await TestFleet.open();
    const bob = new Seen(fleet, ["bob"]);
    await fleet.add({ id: "job", ...EVERY_MINUTE, owner: "ann" });
    await fleet.workTo("12:02:30");
    await fleet.desk.pause("job", "ann is ill");
    await fleet.desk.remove("job");
    await expect(bob.changes({ jobId: "job" })).rejects.toMatchObject({ code: "JOB_NOT_FOUND" });
    await fleet.add({ id: "job", ...EVERY_MINUTE, owner: "bob" });
    expect((await bob.changes({ jobId: "job" })).map(text)).toEqual([
      "12:02:30 added of bob by test",
    ]);
    expect(await bob.runs("job")).toEqual([]);
    expect((await bob.stats({ jobId: "job" })).total.due).toBe(0);
    expect(await bob.account("job")).toMatchObject({ due: 0, unknown: { count: 0 } });
    await fleet.workTo("12:03:30");
    expect(await bob.job("job")).toMatchObject({ counts: { succeeded: 1 } });
  });

  test("figures of ids that are nobody's are of no job", async () => {
    await using fleet = await TestFleet.open();
    const admin = new Seen(fleet, "all");
    await fleet.add({ id: "job", ...EVERY_MINUTE, owner: "ann" });
    const count = async (jobId: string | string[], more: object = {}) =>
      (await admin.stats({ jobId, ...more })).jobs?.count;
    expect(await count("nope")).toBe(0);
    expect(await count(["job", "nope", "job"])).toBe(1);
    expect((await new Seen(fleet, ["bob"]).stats({ jobId: "job" })).jobs?.count).toBe(0);
    await fleet.workTo("12:02:30");
    await fleet.desk.remove("job");
    expect(await count("job")).toBe(1);
    // Without "from" the time before "to" is meant.
    expect(await admin.stats({ to: "2025-12-31" })).toMatchObject({
      from: new Date("2025-11-27T00:00Z"),
      to: new Date("2026-01-01T00:00Z"),
    });
    await expect(admin.stats({ from: "2026-02-01", to: "2026-01-01" })).rejects.toThrow(
      /ends \("2026-01-01"\) before it begins \("2026-02-01"\)/,
    );
  });

  test("the same owner goes on with it", async () => {
    await using fleet = await TestFleet.open();
    const ann = new Seen(fleet, ["ann"]);
    await fleet.add({ id: "job", ...EVERY_MINUTE, owner: "ann" });
    await fleet.workTo("12:02:30");
    await fleet.desk.remove("job");
    await fleet.add({ id: "job", ...EVERY_MINUTE, owner: "ann" });
    expect((await ann.stats({ jobId: "job" })).total.due).toBe(3);
    expect(await ann.changes({ jobId: "job" })).toHaveLength(3);
  });
});

describe("a call that changes the jobs of several owners", () => {
  test("each owner sees that its own were changed, and how many of them", async () => {
    await using fleet = await TestFleet.open();
    const owners = ["ann", "bob", "bob", "carl", undefined];
    const jobs = owners.map((owner, i) => ({
      pipeline: fleet.Work,
      options: { id: `j${i}`, ...EVERY_MINUTE, ...(owner === undefined ? {} : { owner }) },
    }));
    await fleet.desk.add(jobs);
    const bulk = new BulkCommands({ engine: fleet.engine, by: TESTER, scope: "all" });
    await bulk.pause({ all: true }, { reason: "holidays" });
    const admin = await new Seen(fleet, "all").changes();
    expect(admin.map(({ what, count, owner }) => `${what} ${count} ${owner}`)).toEqual([
      "paused 5 undefined",
      "added 5 undefined",
    ]);
    expect(admin[0]?.jobIds.toSorted()).toEqual(["j0", "j1", "j2", "j3", "j4"]);
    const bob = await new Seen(fleet, ["bob"]).changes();
    expect(bob.map(({ what, count, owner }) => `${what} ${count} ${owner}`)).toEqual([
      "paused 2 bob",
      "added 2 bob",
    ]);
    for (const { jobIds, bulk: name } of bob) {
      expect(jobIds.toSorted()).toEqual(["j1", "j2"]);
      expect(name).toBeDefined();
    }
    const two = await new Seen(fleet, ["ann", "carl"]).changes();
    expect(two.map(({ count, owner }) => `${count} ${owner}`)).toEqual([
      "2 undefined",
      "2 undefined",
    ]);
    expect(await new Seen(fleet, ["dora"]).changes()).toEqual([]);
    expect(
      (await new Seen(fleet, ["bob"]).changes({ jobId: "j1" })).map(({ what }) => what),
    ).toEqual(["paused", "added"]);
  });

  test("one of more than 100 owners is several entries, and none of them is told wrong numbers", async () => {
    await using fleet = await TestFleet.open();
    const jobs = Array.from({ length: 250 }, (_, i) => ({
      pipeline: fleet.Work,
      options: { id: `j${i}`, ...EVERY_MINUTE, owner: `o${i % 125}` },
    }));
    await fleet.desk.add(jobs);
    const bulk = new BulkCommands({ engine: fleet.engine, by: TESTER, scope: "all" });
    await bulk.pause({ all: true }, {});
    const all = await new Seen(fleet, "all").changes();
    for (const what of ["added", "paused"]) {
      const own = all.filter((change) => change.what === what);
      expect(own.reduce((sum, { count }) => sum + count, 0)).toBe(250);
      expect(own.length).toBeLessThan(10);
    }
    for (const owner of ["o0", "o60", "o124"]) {
      const seen = await new Seen(fleet, [owner]).changes();
      for (const what of ["added", "paused"])
        expect(
          seen.filter((one) => one.what === what).reduce((sum, { count }) => sum + count, 0),
        ).toBe(2);
    }
  });
});

describe("lists of somebody who sees some owners' jobs", () => {
  test.each(["next-run", "id"])("pass over no others, ordered by %s", async (order) => {
    await using fleet = await TestFleet.open();
    const jobs = Array.from({ length: 60 }, (_, i) => ({
      pipeline: fleet.Work,
      options: {
        id: `j${100 + i}`,
        ...EVERY_MINUTE,
        owner: i % 20 === 0 ? "bob" : "ann",
        ...(i % 40 === 0 ? { nextRunTime: null } : {}),
      },
    }));
    await fleet.desk.add(jobs);
    const bob = new Seen(fleet, ["bob"]);
    const isForeign = /j1(?!00|20|40)\d\d/;
    for (const query of [{}, { state: "paused" }, { tag: "none" }, { text: "j1" }]) {
      let cursor: string | undefined;
      const found: string[] = [];
      let looked = 0;
      do {
        const page = await bob.jobs({ order, limit: 1, ...query, ...(cursor && { cursor }) });
        found.push(...page.jobs.map(({ id }) => id));
        looked += page.lookedAt;
        cursor = page.cursor;
        expect(JSON.stringify(cursor === undefined ? null : fromOpaqueText(cursor))).not.toMatch(
          isForeign,
        );
      } while (cursor !== undefined);
      expect(looked).toBeLessThanOrEqual(3 + found.length);
      expect(found).toHaveLength("tag" in query ? 0 : "state" in query ? 2 : 3);
    }
    expect((await bob.stats()).jobs).toEqual({ count: 3, isAll: true });
  });

  test("an account goes on behind one's own jobs", async () => {
    await using fleet = await TestFleet.open();
    for (let i = 0; i < 120; i += 1)
      await fleet.add({ id: `gone${100 + i}`, ...EVERY_MINUTE, owner: i === 60 ? "bob" : "ann" });
    for (let i = 0; i < 120; i += 1) await fleet.desk.remove(`gone${100 + i}`);
    const { changes } = new Seen(fleet, ["bob"]).engine;
    const page = await changes.listRemoved(undefined, 100);
    expect(page.found.map(({ id }) => id)).toEqual(["gone160"]);
    expect(page.next ?? "").not.toMatch(/gone(?!160)/);
    expect((await new Seen(fleet, ["bob"]).account()).jobs).toBe(1);
  });
});
