import { expect, test } from "vitest";
import type { Engine } from "../../src/engine/port/engine.ts";
import type { StoredJob } from "../../src/jobs/definition.ts";
import { TESTER } from "../helpers/tester.ts";
import type { CaseContext } from "./suite.ts";
import { at, type CaseJob, type TestEngine } from "./test-engine.ts";

const ROUNDS = 25;
const by = TESTER;

/** What somebody may do to a job and the run of it that waits. */
interface Target {
  readonly stored: StoredJob;
  readonly runId: string;
  readonly now: number;
}

type Act = (engine: Engine, target: Target, scope: readonly string[] | undefined) => unknown;

/** Every step about one job that a scope goes with, and what it answers if there is no such job. */
const STEPS: Readonly<Record<string, { readonly act: Act; readonly none: unknown }>> = {
  "requests.run": {
    act: ({ requests }, { stored, now }, scope) =>
      requests.run({ by, jobId: stored.definition.id, sequence: now, scope }),
    none: "missing",
  },
  "requests.cancel": {
    act: ({ requests }, { stored, runId }, scope) =>
      requests.cancel({ by, jobId: stored.definition.id, runId, reason: "mine", scope }),
    none: "unknown",
  },
  "logs.delete": {
    act: ({ logs }, { stored, now }, scope) => logs.delete(stored.definition.id, now + 1, scope),
    none: 0,
  },
  "ledger.clean": {
    act: ({ ledger }, { stored, now }, scope) =>
      ledger.clean({ jobId: stored.definition.id, before: now, scope }),
    none: { deleted: 0, isDone: true },
  },
  "backfills.add": {
    act: ({ backfills }, { stored }, scope) =>
      backfills.add({
        by,
        jobId: stored.definition.id,
        backfillId: "other",
        fireTimes: [5_000],
        concurrency: 1,
        order: "oldest",
        isComplete: true,
        scope,
      }),
    none: "missing",
  },
  "backfills.change": {
    act: ({ backfills }, { stored }, scope) =>
      backfills.change(stored.definition.id, "pause", by, scope),
    none: "missing",
  },
  "jobs.change": {
    act: ({ jobs }, { stored, now }, scope) =>
      jobs.change({
        jobId: stored.definition.id,
        expectedRevision: stored.revision,
        definition: { ...stored.definition, description: "changed" },
        by,
        event: { name: "JOB_MODIFIED", at: now, jobId: stored.definition.id },
        scope,
      }),
    none: { outcome: "missing" },
  },
  "jobs.changeSkip": {
    act: ({ jobs }, { stored, now }, scope) =>
      jobs.changeSkip({
        jobId: stored.definition.id,
        expectedRevision: stored.revision,
        ...at(now + 60_000),
        by,
        scope,
      }),
    none: "missing",
  },
  "jobs.remove": {
    act: ({ jobs }, { stored }, scope) =>
      jobs.remove({
        jobId: stored.definition.id,
        expectedWatermark: undefined,
        skipped: [],
        by,
        scope,
      }),
    none: "missing",
  },
};

/** A step is asked of whose jobs it may be, and answers of others as of what does not exist. */
export function scopeCases({ bench, another }: CaseContext): void {
  /** A job of Ann's with everything that the steps are about. */
  async function filled(b: TestEngine): Promise<{ job: CaseJob; target: Target }> {
    const job = await b.addJob({ owner: "ann" });
    const ended = await b.ranOnce(job);
    await b.engine.logs.append([
      {
        jobId: job.id,
        runId: ended,
        lines: [{ at: b.now, level: "info", message: "ann's", attempt: 1 }],
        maxBytes: 1_000,
        retention: { runs: 10, ageMs: 1e9 },
      },
    ]);
    const asked = await b.engine.requests.run({ by, jobId: job.id, sequence: 1 });
    b.now += 1_000;
    const runId = asked === "missing" ? "" : asked.runId;
    return { job, target: { stored: await b.stored(job), runId, now: b.now } };
  }

  /** Everything of a job that the steps could change. */
  async function stateOf({ engine }: TestEngine, { id }: CaseJob): Promise<unknown> {
    const { revisions } = await engine.changes.readRevisions("all", id);
    const query = { jobId: id, fromAt: 0, toAt: 1e15, offset: 0, limit: 100, order: "latest" };
    return [
      await engine.jobs.get([id]),
      await engine.ledger.read(query as never),
      await engine.ledger.readOpenRuns(id),
      await engine.ledger.cleanedTo(id),
      await engine.backfills.read(id),
      revisions,
    ];
  }

  const addBackfill = (b: TestEngine, job: CaseJob) =>
    b.engine.backfills.add({
      by,
      jobId: job.id,
      backfillId: "one",
      fireTimes: [1_000, 2_000, 3_000],
      concurrency: 1,
      order: "oldest",
      isComplete: true,
    });

  test.each(Object.entries(STEPS))(
    "%s out of its scope does nothing, in it what it does without",
    async (name, { act, none }) => {
      const b = bench();
      const { job, target } = await filled(b);
      if (name === "backfills.change") await addBackfill(b, job);
      const before = await stateOf(b, job);
      const log = { jobId: job.id, runId: "", after: undefined, limit: 9 };
      for (const scope of [["bob"], [], ["an", "bob", "Ann"]]) {
        expect(await act(b.engine, target, scope)).toEqual(none);
        expect(await stateOf(b, job)).toEqual(before);
        const [ended] = await b.ledger(job);
        const page = await b.engine.logs.read({ ...log, runId: ended?.id ?? "" });
        expect(page.lines).toHaveLength(1);
      }
      const ghost = { ...target.stored, definition: { ...target.stored.definition, id: "ghost" } };
      const unknown = { ...target, stored: ghost, runId: target.runId.replace(job.id, "ghost") };
      expect(await act(b.engine, unknown, ["ann"])).toEqual(none);
      expect(await act(b.engine, target, ["bob", "ann"])).not.toEqual(none);
    },
  );

  test("a job without an owner is in nobody's scope", async () => {
    const b = bench();
    const job = await b.addJob();
    const run = { by, jobId: job.id, sequence: 1 };
    expect(await b.engine.requests.run({ ...run, scope: ["ann"] })).toBe("missing");
    expect(await b.engine.requests.run(run)).toMatchObject({ isNew: true });
  });

  /** Gives a job to somebody else. */
  async function give(b: TestEngine, stored: StoredJob, owner: string): Promise<void> {
    const { definition, revision: expectedRevision } = stored;
    await b.engine.jobs.change({
      jobId: definition.id,
      expectedRevision,
      definition: { ...definition, owner },
      by,
      event: { name: "JOB_MODIFIED", at: b.now, jobId: definition.id },
    });
  }

  test("a run is cancelled by whose it is: the owner of its job when it started", async () => {
    const b = bench();
    const { job, target } = await filled(b);
    b.now += 1_000;
    const begun = await b.run(job, b.now);
    await give(b, await b.stored(job), "bob");
    const cancel = (runId: string, scope: readonly string[]) =>
      b.engine.requests.cancel({ by, jobId: job.id, runId, reason: "mine", scope });
    expect(await cancel(begun.runId, ["bob"])).toBe("unknown");
    expect(await cancel(target.runId, ["ann"])).toBe("unknown");
    expect(await cancel(begun.runId, ["ann"])).toBe("asked");
    expect(await cancel(target.runId, ["bob"])).toBe("cancelled");
  });

  test(`a run is asked for while the job is given away, ${ROUNDS} rounds: never of the new owner's`, async () => {
    const b = bench();
    const other = await another();
    for (let round = 0; round < ROUNDS; round += 1) {
      const job = await b.addJob({ owner: "ann" });
      const stored = await b.stored(job);
      b.now += 1_000;
      other.now = b.now;
      const run = { by, jobId: job.id, sequence: 1, scope: ["ann"] };
      const [, ...asked] = await Promise.all([
        give(other, stored, "bob"),
        ...[1, 2, 3].map((sequence) => b.engine.requests.run({ ...run, sequence })),
      ]);
      const changes = await b.engine.changes.read("all", undefined, 20);
      const runs = changes.changes
        .map(({ change }) => change)
        .filter(({ jobId, what }) => jobId === job.id && what === "run");
      expect(runs.map(({ owner }) => owner)).toEqual(runs.map(() => "ann"));
      expect(asked.filter((answer) => answer !== "missing")).toHaveLength(runs.length);
      expect(await b.engine.ledger.readOpenRuns(job.id)).toHaveLength(runs.length);
      expect(await b.engine.requests.run({ ...run, sequence: 4 })).toBe("missing");
    }
  });
}
