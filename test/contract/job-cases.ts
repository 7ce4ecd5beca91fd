import { pausePlan } from "../../src/scheduler/pauses.ts";
import { JobStore } from "../../src/scheduler/job-store.ts";
import { engineWith } from "../helpers/engine-with.ts";
import { TESTER } from "../helpers/tester.ts";
import { expect, test } from "vitest";
import { at } from "./test-engine.ts";
import type { CaseContext } from "./suite.ts";

/** Storing, changing and removing jobs. */
/** A pause without reason and end. */
const NO_REASON = { reason: undefined, until: undefined };

export function jobCases({ bench }: CaseContext): void {
  test("a job is created once; an equal declaration is the same, another one is refused", async () => {
    const b = bench();
    const put = b.put();
    const other = b.put({ id: put.definition.id, declared: "two" });
    expect(await b.engine.jobs.put([put])).toMatchObject([{ outcome: "created" }]);
    expect(await b.engine.jobs.put([put, other])).toEqual([
      { outcome: "same" },
      { outcome: "exists" },
    ]);
    const [stored, none] = await b.engine.jobs.get([put.definition.id, "nobody"]);
    const read = await b.engine.jobs.readDefinitions(["nobody", put.definition.id]);
    expect(read[0]).toBeUndefined();
    expect(read[1]).toMatchObject({
      definition: put.definition,
      revision: stored?.revision,
      generation: stored?.generation,
    });
    expect(none).toBeUndefined();
    expect(stored).toMatchObject({
      definition: put.definition,
      state: "active",
      watermark: put.watermark,
      nextFireAt: put.upcoming[0]?.fireAt,
      pausedAt: null,
      pausedReason: null,
      running: 0,
      counts: {},
      lastRun: null,
      lastScheduledRun: null,
    });
  });

  test("a batch answers in its own order, also with one job twice", async () => {
    const b = bench();
    const [z, a] = [b.put({ id: `z-${b.now}-order` }), b.put({ id: `a-${b.now}-order` })];
    const answers = await b.engine.jobs.put([z, a, z]);
    expect(answers.map(({ outcome }) => outcome)).toEqual(["created", "created", "same"]);
    const ids = await b.engine.jobs.get([z.definition.id, a.definition.id]);
    expect(ids.map((job) => job?.definition.id)).toEqual([z.definition.id, a.definition.id]);
  });

  test("jobs are listed by their next run, those without one last", async () => {
    const b = bench();
    const late = await b.addJob({ upcoming: [at(b.now + 9_000)] });
    const soon = await b.addJob({ upcoming: [at(b.now + 10)] });
    const paused = await b.addJob({ state: "paused" });
    const ids = await b.listAll();
    const places = [soon, late, paused].map(({ id }) => ids.indexOf(id));
    expect(places).toEqual(places.toSorted((x, y) => x - y));
    expect(places).not.toContain(-1);
    expect(await b.engine.jobs.count()).toBe(ids.length);
    expect((await b.stored(paused)).pausedAt).toBe(b.now);
  });

  test("a change that was made is told, though somebody removes the job before it is read", async () => {
    const b = bench();
    const { id: jobId } = await b.addJob();
    const { jobs } = b.engine;
    let isChanged = false;
    const racing = engineWith(b.engine, {
      jobs: {
        change: async (change) => {
          const answer = await jobs.change(change);
          isChanged = true;
          return answer;
        },
        get: async (ids) => {
          const removal = { jobId, expectedWatermark: undefined, skipped: [], by: TESTER };
          if (isChanged) await jobs.remove(removal);
          return jobs.get(ids);
        },
      },
    });
    const store = new JobStore(racing, TESTER);
    const left = await store.change(jobId, (job, now) => pausePlan(job, now, NO_REASON));
    expect(left).toMatchObject({ state: "paused", nextFireAt: null });
    expect(await jobs.get([jobId])).toEqual([undefined]);
    const pause = store.change(jobId, (job, now) => pausePlan(job, now, NO_REASON));
    await expect(pause).rejects.toMatchObject({ code: "JOB_NOT_FOUND" });
  });

  test("a change applies only to the revision and the watermark that were read", async () => {
    const b = bench();
    const job = await b.addJob();
    const { revision, watermark, definition } = await b.stored(job);
    const event = { name: "JOB_MODIFIED", at: b.now, jobId: job.id } as const;
    const change = {
      jobId: job.id,
      expectedRevision: revision,
      definition: { ...definition, description: "new" },
      by: TESTER,
      event,
    };
    expect(await b.engine.jobs.change(change)).toMatchObject({ outcome: "changed" });
    expect(await b.engine.jobs.change(change)).toEqual({ outcome: "conflict" });
    expect(await b.engine.jobs.change({ ...change, jobId: "nobody" })).toEqual({
      outcome: "missing",
    });
    const stored = await b.stored(job);
    expect(stored).toMatchObject({ generation: job.generation, watermark });
    expect(stored.definition.description).toBe("new");
    expect(stored.revision).toBeGreaterThan(revision);
    const schedule = {
      state: "active",
      watermark: b.now,
      upcoming: [at(b.now + 5)],
      expectedWatermark: watermark - 1,
    } as const;
    const stale = { jobId: job.id, expectedRevision: stored.revision, schedule, event, by: TESTER };
    expect(await b.engine.jobs.change(stale)).toEqual({ outcome: "conflict" });
  });

  test("pausing skips what is queued, keeps the reason, and makes wake-ups void; resuming clears both", async () => {
    const b = bench();
    const cursor = await b.engine.events.latestCursor();
    const job = await b.addJob({ policy: { coalesce: false, maxInstances: 1 } });
    const from = b.now;
    b.now += 3_000;
    const due = [at(from + 1_000), at(from + 2_000), at(from + 3_000)];
    const admission = await b.admit(job, due);
    expect(admission.outcome).toBe("run");
    const before = await b.stored(job);
    const pause = await b.engine.jobs.change({
      by: TESTER,
      jobId: job.id,
      expectedRevision: before.revision,
      schedule: {
        state: "paused",
        watermark: b.now,
        upcoming: [],
        expectedWatermark: before.watermark,
      },
      pausedReason: "holidays \u0000 & \ud800",
      skipped: [
        {
          fromAt: from + 3_100,
          toAt: from + 3_300,
          count: 3,
          verdict: "skipped",
          reason: "paused",
        },
      ],
      event: { name: "JOB_PAUSED", at: 0, jobId: job.id },
    });
    expect(pause.outcome).toBe("changed");
    const paused = await b.stored(job);
    expect(paused).toMatchObject({ state: "paused", pausedAt: b.now, nextFireAt: null });
    expect(paused.pausedReason).toContain("holidays");
    const voidOne = { queueJobId: `${job.id}:c1:1`, kind: "wakeup" } as const;
    expect((await b.admit(job, [], voidOne)).outcome).toBe("none");
    const rows = (await b.ledger(job)).map(({ state, reason, count }) => [state, reason, count]);
    expect(rows).toEqual([
      ["skipped", "paused", undefined],
      ["skipped", "paused", undefined],
      ["skipped", "paused", 3],
    ]);
    expect(paused.counts).toEqual({ skipped: 5 });

    const resumed = await b.engine.jobs.change({
      by: TESTER,
      jobId: job.id,
      expectedRevision: paused.revision,
      schedule: {
        state: "active",
        watermark: b.now,
        upcoming: [at(b.now + 1_000)],
        expectedWatermark: paused.watermark,
      },
      event: { name: "JOB_RESUMED", at: 0, jobId: job.id },
    });
    expect(resumed.outcome === "changed" && resumed.generation > job.generation).toBe(true);
    expect(await b.stored(job)).toMatchObject({ pausedAt: null, pausedReason: null });
    const names = (await b.events(cursor, job)).map(({ name }) => name);
    expect(names.filter((name) => !name.startsWith("JOB_ST"))).toEqual([
      "JOB_ADDED",
      "JOB_SUBMITTED",
      "JOB_SKIPPED",
      "JOB_SKIPPED",
      "JOB_SKIPPED",
      "JOB_PAUSED",
      "JOB_RESUMED",
    ]);
    expect((await b.events(cursor, job)).every((event) => event.at === b.now)).toBe(false);
  });

  test("a schedule that ends is finished, and says so", async () => {
    const b = bench();
    const cursor = await b.engine.events.latestCursor();
    const job = await b.addJob();
    const { revision, watermark } = await b.stored(job);
    await b.engine.jobs.change({
      by: TESTER,
      jobId: job.id,
      expectedRevision: revision,
      schedule: {
        state: "finished",
        watermark: b.now,
        upcoming: [],
        expectedWatermark: watermark,
      },
      event: { name: "JOB_RESUMED", at: 0, jobId: job.id },
    });
    expect((await b.stored(job)).state).toBe("finished");
    const names = (await b.events(cursor, job)).map(({ name }) => name);
    expect(names).toEqual(["JOB_ADDED", "JOB_RESUMED", "JOB_FINISHED"]);
  });

  test("a removed job leaves its ledger, decides what was asked and queued, and comes back as another generation", async () => {
    const b = bench();
    const put = b.put({ policy: { coalesce: false } });
    const [created] = await b.engine.jobs.put([put]);
    const generation = created?.outcome === "created" ? created.generation : 0;
    const job = { id: put.definition.id, generation };
    const from = b.now;
    b.now += 2_000;
    await b.admit(job, [at(from + 1_000), at(from + 2_000)]);
    await b.engine.requests.run({ by: TESTER, jobId: job.id, sequence: 7 });
    const { watermark } = await b.stored(job);
    const removal = { jobId: job.id, expectedWatermark: watermark - 1, skipped: [], by: TESTER };
    expect(await b.engine.jobs.remove(removal)).toBe("undecided");
    expect(await b.engine.jobs.remove({ ...removal, expectedWatermark: watermark })).toBe(
      "removed",
    );
    expect(await b.engine.jobs.remove({ ...removal, expectedWatermark: undefined })).toBe(
      "missing",
    );
    const rows = await b.ledger(job);
    // Of one fire time: servers have no order for these.
    expect(rows.map(({ state, reason, kind }) => `${state} ${reason} ${kind}`).toSorted()).toEqual([
      "skipped removed manual",
      "skipped removed scheduled",
    ]);
    const [again] = await b.engine.jobs.put([put]);
    expect(again?.outcome === "created" && again.generation > generation).toBe(true);
    expect(await b.ledger(job)).toHaveLength(2);
  });

  test.each(["__proto__", "a:b:c", "50%:3A", "ünï-©ode", "quote\"'$1;--", "x".repeat(128)])(
    "ids and texts come back as they were: %s",
    async (id) => {
      const b = bench();
      const description = `${id} \u0000 \ud800 \\u0000 $$ '); DROP TABLE jobs; --`;
      const job = await b.addJob({ id, description });
      expect((await b.stored(job)).definition.description).toBe(description);
      b.now += 1_000;
      const run = await b.run(job, b.now);
      const resultJson = JSON.stringify({ text: description });
      await b.settle(job, run.runId, 1, { resultJson });
      expect((await b.ledger(job))[0]?.result).toEqual({ text: description });
      expect((await b.stored(job)).lastRun?.result).toEqual({ text: description });
      await b.engine.jobs.remove({
        by: TESTER,
        jobId: id,
        expectedWatermark: undefined,
        skipped: [],
      });
    },
  );
}
