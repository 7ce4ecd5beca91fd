import { expect, test } from "vitest";
import type { Actor } from "../../src/jobs/actor.ts";
import type { NotedChange, PlacedChange } from "../../src/jobs/noted-change.ts";
import { ScopedEngine } from "../../src/engine/scoped/scoped-engine.ts";
import { TESTER } from "../helpers/tester.ts";
import type { CaseContext } from "./suite.ts";
import type { CaseJob, TestEngine } from "./test-engine.ts";

const ANN: Actor = { kind: "user", id: "ann", note: "on call" };

/** Every change of the fleet, newest first, a few a page. */
async function all({ engine }: TestEngine, limit = 3): Promise<PlacedChange[]> {
  const found: PlacedChange[] = [];
  let page = await engine.changes.read("all", undefined, limit);
  for (;;) {
    found.push(...page.changes);
    if (!page.cursor) return found;
    page = await engine.changes.read("all", page.cursor, limit);
  }
}

/** The changes of one job, or of a call that changed it, newest first. */
async function changesOf(b: TestEngine, ...jobs: readonly CaseJob[]): Promise<NotedChange[]> {
  const ids = jobs.map(({ id }) => id);
  return (await all(b))
    .map(({ change }) => change)
    .filter(({ jobId, jobIds = [] }) => ids.some((id) => id === jobId || jobIds.includes(id)));
}

async function pause(b: TestEngine, job: CaseJob, by: Actor = ANN, more: object = {}) {
  const stored = await b.stored(job);
  return b.engine.jobs.change({
    jobId: job.id,
    expectedRevision: stored.revision,
    schedule: {
      state: "paused",
      watermark: b.now,
      upcoming: [],
      expectedWatermark: stored.watermark,
    },
    pausedReason: "too loud",
    by,
    event: { name: "JOB_PAUSED", at: b.now, jobId: job.id },
    note: { what: "paused", plannedAt: b.now - 5 },
    ...more,
  });
}

/** What was changed, by whom. */
export function changeCases({ bench }: CaseContext): void {
  test("a change is noted with its actor, in the fleet's list and in that of the job", async () => {
    const b = bench();
    const job = await b.addJob();
    const before = await b.stored(job);
    b.now += 1_000;
    await pause(b, job);
    const noted = { at: b.now, by: ANN, what: "paused", reason: "too loud" } as const;
    expect(await changesOf(b, job)).toEqual([
      { ...noted, jobId: job.id },
      { at: b.now - 1_000, by: TESTER, what: "added", jobId: job.id },
    ]);
    expect(await b.engine.changes.readRevisions("all", job.id)).toEqual({
      revisions: [
        {
          ...noted,
          before: {
            revision: before.revision,
            state: "active",
            until: b.now - 5,
            watermark: b.now,
          },
        },
      ],
      isCut: false,
    });
  });

  test("a job that never changed has no changes of its own", async () => {
    const b = bench();
    const job = await b.addJob();
    const nothing = { revisions: [], isCut: false };
    expect(await b.engine.changes.readRevisions("all", job.id)).toEqual(nothing);
    expect(await b.engine.changes.readRevisions("all", "nobody")).toEqual(nothing);
  });

  test("a change that is refused is not noted", async () => {
    const b = bench();
    const job = await b.addJob();
    expect(await pause(b, job, ANN, { expectedRevision: 1 })).toEqual({ outcome: "conflict" });
    expect(await b.engine.jobs.put([b.put({ id: job.id })])).toEqual([{ outcome: "same" }]);
    expect((await changesOf(b, job)).map(({ what }) => what)).toEqual(["added"]);
  });

  test("a new definition keeps the one that it supersedes, as the caller gave it", async () => {
    const b = bench();
    const job = await b.addJob();
    const { definition, revision, watermark } = await b.stored(job);
    const masked = { ...definition, params: { region: "[secret]" } };
    const differences = [{ field: "description", from: "not set", to: '"new"' }];
    await b.engine.jobs.change({
      jobId: job.id,
      expectedRevision: revision,
      definition: { ...definition, description: "new" },
      by: ANN,
      event: { name: "JOB_MODIFIED", at: b.now, jobId: job.id },
      note: { what: "modified", plannedAt: b.now, differences, superseded: masked },
    });
    const [change] = await changesOf(b, job);
    expect(change).toEqual({ at: b.now, by: ANN, what: "modified", jobId: job.id, differences });
    const { revisions } = await b.engine.changes.readRevisions("all", job.id);
    expect(revisions).toEqual([
      {
        at: b.now,
        by: ANN,
        what: "modified",
        differences,
        before: {
          revision,
          state: "active",
          until: b.now,
          watermark,
          definition: { ...masked, declared: expect.anything() as unknown },
        },
      },
    ]);
  });

  test("the changes of a removed job last as long as its ledger, and go on if it is added again", async () => {
    const b = bench();
    const job = await b.addJob();
    const { definition, revision, watermark } = await b.stored(job);
    const note = { what: "removed", plannedAt: b.now, superseded: definition } as const;
    const remove = { jobId: job.id, expectedWatermark: undefined, skipped: [], by: ANN };
    expect(await b.engine.jobs.remove({ ...remove, note })).toBe("removed");
    const removed = {
      at: b.now,
      by: ANN,
      what: "removed",
      before: {
        revision,
        state: "active",
        until: b.now,
        watermark,
        definition: { ...definition, declared: expect.anything() as unknown },
      },
    };
    expect((await b.engine.changes.readRevisions("all", job.id)).revisions).toEqual([removed]);
    await b.addJob({ id: job.id });
    expect((await b.engine.changes.readRevisions("all", job.id)).revisions).toMatchObject([
      { what: "added", by: TESTER, before: { state: "removed", watermark: b.now } },
      removed,
    ]);
  });

  test("the changes of a removed job end with its ledger", async () => {
    const b = bench();
    const job = await b.addJob({ retention: { ageMs: 1 } });
    await b.engine.jobs.remove({
      jobId: job.id,
      expectedWatermark: undefined,
      skipped: [],
      by: ANN,
    });
    // Servers end it by their own clocks, memory by that of the case.
    b.now += 10;
    await expect
      .poll(async () => (await b.engine.changes.readRevisions("all", job.id)).revisions)
      .toEqual([]);
  });

  test("a call that changes many is one change with its count", async () => {
    const b = bench();
    const bulk = { id: `bulk-${b.now}-${Math.random()}` };
    const puts = [1, 2, 3].map(() => Object.assign(b.put(), { bulk }));
    await b.engine.jobs.put(puts);
    await b.engine.jobs.put([{ ...b.put(), bulk }, puts[0] ?? b.put()]);
    const jobs = puts.map(({ definition }) => ({ id: definition.id, generation: 0 }));
    const [change, ...others] = await changesOf(b, ...jobs);
    expect(others).toEqual([]);
    expect(change).toMatchObject({ what: "added", by: TESTER, bulk: bulk.id, count: 4 });
    expect(change?.jobIds).toEqual(expect.arrayContaining(jobs.map(({ id }) => id)));
    expect(change).not.toHaveProperty("jobId");

    const pausing = { id: `${bulk.id}-pause` };
    for (const job of jobs) await pause(b, job, ANN, { bulk: pausing });
    const [paused, added] = await changesOf(b, ...jobs);
    expect(paused).toMatchObject({ what: "paused", by: ANN, bulk: pausing.id, count: 3 });
    expect(added?.what).toBe("added");
    const { revisions } = await b.engine.changes.readRevisions("all", jobs[0]?.id ?? "");
    expect(revisions).toMatchObject([{ what: "paused", bulk: pausing.id }]);
  });

  test("changes of other kinds and by others do not count, though they have the same call's name", async () => {
    const b = bench();
    const job = await b.addJob();
    const bulk = { id: `same-${Math.random()}` };
    await pause(b, job, ANN, { bulk });
    await pause(b, job, { kind: "user", id: "bob" }, { bulk });
    await b.engine.requests.run({ jobId: job.id, sequence: 4, by: ANN, bulk });
    const found = (await changesOf(b, job)).slice(0, 3);
    expect(found.map(({ what, by }) => `${what} ${by.id}`)).toEqual([
      "run ann",
      "paused bob",
      "paused ann",
    ]);
  });

  test("a call that changes one job names it", async () => {
    const b = bench();
    const bulk = { id: `one-${Math.random()}` };
    const put = { ...b.put(), bulk };
    await b.engine.jobs.put([put]);
    expect(await changesOf(b, { id: put.definition.id, generation: 0 })).toEqual([
      { at: b.now, by: TESTER, what: "added", jobId: put.definition.id, bulk: bulk.id },
    ]);
  });

  test("runs by hand and their cancelling are noted, but not among the job's own changes", async () => {
    const b = bench();
    const job = await b.addJob();
    const asked = await b.engine.requests.run({ jobId: job.id, sequence: 17, by: ANN });
    const { runId } = asked === "missing" ? { runId: "" } : asked;
    await b.engine.requests.run({ jobId: job.id, sequence: 17, by: ANN });
    const cancel = { jobId: job.id, runId, reason: "wrong day", by: ANN };
    expect(await b.engine.requests.cancel(cancel)).toBe("cancelled");
    expect(await b.engine.requests.cancel(cancel)).toBe("unknown");
    expect((await changesOf(b, job)).slice(0, 2)).toEqual([
      { at: b.now, by: ANN, what: "cancelled", jobId: job.id, runId, reason: "wrong day" },
      { at: b.now, by: ANN, what: "run", jobId: job.id, runId },
    ]);
    expect((await b.engine.changes.readRevisions("all", job.id)).revisions).toEqual([]);
  });

  test("a run that is being executed is noted when its cancelling is asked for", async () => {
    const b = bench();
    const job = await b.addJob();
    b.now += 1_000;
    const { runId } = await b.run(job, b.now);
    const cancel = { jobId: job.id, runId, reason: "stop", by: ANN };
    expect(await b.engine.requests.cancel(cancel)).toBe("asked");
    expect((await changesOf(b, job))[0]).toMatchObject({ what: "cancelled", by: ANN, runId });
  });

  test("a backfill is noted when it is complete, and with each change of it", async () => {
    const b = bench();
    const job = await b.addJob({ upcoming: [] });
    const plan = {
      jobId: job.id,
      backfillId: "b",
      concurrency: 1,
      order: "oldest",
      by: ANN,
    } as const;
    await b.engine.backfills.add({ ...plan, fireTimes: [1_000, 2_000], isComplete: false });
    await b.engine.backfills.add({ ...plan, fireTimes: [3_000], isComplete: true });
    for (const change of ["pause", "resume", "cancel", "cancel"] as const)
      await b.engine.backfills.change(job.id, change, ANN);
    const noted = [
      { what: "backfill-cancelled" },
      { what: "backfill-resumed" },
      { what: "backfill-paused" },
      { what: "backfill-started", count: 3 },
    ].map((one) => Object.assign(one, { at: b.now, by: ANN }));
    expect((await changesOf(b, job)).slice(0, 4)).toEqual(
      noted.map((one) => ({ ...one, jobId: job.id })),
    );
    expect((await b.engine.changes.readRevisions("all", job.id)).revisions).toEqual(noted);
  });

  test("failures that pause a job are a change of cronduit's own", async () => {
    const b = bench();
    const job = await b.addJob({ policy: { pauseAfterFailures: 1 } });
    await b.ranOnce(job, "failed");
    const by = { kind: "system", id: "pauseAfterFailures" };
    expect((await changesOf(b, job))[0]).toMatchObject({ what: "paused", by, jobId: job.id });
    const { revisions } = await b.engine.changes.readRevisions("all", job.id);
    expect(revisions).toMatchObject([
      { what: "paused", by, before: { state: "active", until: b.now, watermark: b.now } },
    ]);
  });

  test("a skip and its taking back are noted with their occurrence", async () => {
    const b = bench();
    const job = await b.addJob();
    const fireAt = b.now + 9_000;
    for (const isUndone of [undefined, true, true] as const) {
      const { revision } = await b.stored(job);
      const of = { jobId: job.id, expectedRevision: revision, fireAt, dueAt: fireAt, by: ANN };
      await b.engine.jobs.changeSkip({ ...of, ...(isUndone ? { isUndone } : { reason: "fair" }) });
    }
    const noted = { at: b.now, by: ANN, fireAt };
    const { revisions } = await b.engine.changes.readRevisions("all", job.id);
    expect(revisions).toEqual([
      { ...noted, what: "unskipped" },
      { ...noted, what: "skipped", reason: "fair" },
    ]);
  });

  test("pages go on where they stopped, whatever is changed meanwhile", async () => {
    const b = bench();
    for (let i = 0; i < 3; i += 1) {
      b.now += 1_000;
      await b.addJob();
      await b.engine.changes.note({ by: ANN, what: "fleet-paused" });
    }
    const first = await b.engine.changes.read("all", undefined, 2);
    expect(first.changes.map(({ change }) => change.at)).toEqual([b.now, b.now]);
    b.now += 1_000;
    await b.addJob();
    await b.engine.changes.note({ by: ANN, what: "fleet-resumed" });
    const second = await b.engine.changes.read("all", first.cursor, 3);
    expect(second.changes.map(({ change }) => change.at)).toEqual([
      b.now - 2_000,
      b.now - 2_000,
      b.now - 3_000,
    ]);
    const seen = [...first.changes, ...second.changes].map(({ list, place }) => `${list} ${place}`);
    expect(new Set(seen).size).toBe(5);
  });

  test("changes on other queues are among those of the fleet, by time, and found by their job", async () => {
    const b = bench();
    const added: string[] = [];
    for (const queue of ["default", "changed", "default", "changed"]) {
      b.now += 1_000;
      added.unshift((await b.addJob({ queue })).id);
    }
    const ids = (await all(b, 1)).map(({ change }) => change.jobId);
    expect(ids.slice(0, 4)).toEqual(added);
    const [job = ""] = added;
    await pause(b, { id: job, generation: 0 });
    const { revisions } = await b.engine.changes.readRevisions("all", job);
    expect(revisions).toMatchObject([{ what: "paused", by: ANN }]);
    await b.engine.changes.note({ by: ANN, what: "logs-deleted", jobId: job, count: 2 });
    const again = await b.engine.changes.readRevisions("all", job);
    expect(again.revisions.map(({ what }) => what)).toEqual(["logs-deleted", "paused"]);
    await b.engine.jobs.remove({ jobId: job, expectedWatermark: undefined, skipped: [], by: ANN });
    const gone: string[] = [];
    for (let cursor: string | undefined, isMore = true; isMore;) {
      const page = await b.engine.changes.listRemoved(cursor, 2);
      gone.push(...page.found.map(({ id }) => id));
      cursor = page.next;
      isMore = cursor !== undefined;
    }
    expect(gone).toContain(job);
    expect(new Set(gone).size).toBe(gone.length);
  });

  test("figures of a job that was removed from another queue are its owner's", async () => {
    const b = bench();
    const job = await b.addJob({ owner: "ann" });
    await b.ranOnce(job);
    await b.engine.jobs.remove({
      jobId: job.id,
      expectedWatermark: undefined,
      skipped: [],
      by: ANN,
    });
    b.now += 1_000;
    const put = b.put({ id: job.id, owner: "bob", queue: "changed" });
    const definition = { ...put.definition, createdAt: b.now };
    await b.engine.jobs.put([{ ...put, definition }]);
    const days = { jobIds: [job.id], fromAt: 0, toAt: b.now };
    expect(await b.engine.stats.readDays(days)).toHaveLength(1);
    const bob = new ScopedEngine(b.engine, { sees: ["bob"], changes: ["bob"] });
    expect(await bob.stats.readDays(days)).toEqual([]);
    expect((await bob.changes.readRevisions(["bob"], job.id)).revisions).toEqual([]);
    const ann = new ScopedEngine(b.engine, { sees: ["ann"], changes: ["ann"] });
    const seen = await ann.changes.readRevisions(["ann"], job.id);
    expect(seen.revisions).toMatchObject([{ what: "removed", owner: "ann" }]);
  });

  test("what is noted of no job has no job", async () => {
    const b = bench();
    await b.engine.changes.note({ by: ANN, what: "imported", count: 12 });
    const [newest] = await all(b);
    expect(newest?.change).toEqual({ at: b.now, by: ANN, what: "imported", count: 12 });
  });
}
