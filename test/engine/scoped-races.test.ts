// What somebody does to a job that is given to somebody else in the middle of it: before each of the calls that it takes. What
// was done before stays; of the new owner nothing is shown or changed.
import { expect, test } from "vitest";
import { systemClock } from "../../src/core/clock.ts";
import { makeEngine } from "../../src/engine/open-engine.ts";
import type { Engine } from "../../src/engine/port/engine.ts";
import { ScopedEngine } from "../../src/engine/scoped/scoped-engine.ts";
import type { StoredJob } from "../../src/jobs/definition.ts";
import { aDefinition } from "../helpers/a-definition.ts";
import { engineThrough } from "../helpers/engine-with.ts";
import { silent } from "../helpers/silent.ts";
import { takeManual } from "../helpers/take-manual.ts";
import { TESTER } from "../helpers/tester.ts";

const by = TESTER;
const jobId = "ann/job";
const SECRET = "bob's secret";
/** More calls than any of these takes. */
const MOST_CALLS = 8;

interface Scene {
  readonly stored: StoredJob;
  /** A run that waits while the job is Ann's, and begins when it is Bob's. */
  readonly runId: string;
  readonly now: number;
}

type Call = (engine: ScopedEngine, scene: Scene) => Promise<unknown>;

const change = { by, event: { name: "JOB_MODIFIED", at: 0, jobId } } as const;
const range = { fromAt: 0, toAt: 1e15 };

/** Each call about a job. */
const CALLS: Readonly<Record<string, Call>> = {
  "jobs.put": ({ jobs }, { stored: { definition } }) =>
    jobs.put([{ definition, state: "active", watermark: 0, upcoming: [], by, isRead: true }]),
  "jobs.change": ({ jobs }, { stored: { revision, definition } }) =>
    jobs.change({
      ...change,
      jobId,
      expectedRevision: revision,
      definition: { ...definition, description: "ann's" },
    }),
  "jobs.remove": ({ jobs }) =>
    jobs.remove({ jobId, expectedWatermark: undefined, skipped: [], by }),
  "jobs.changeSkip": ({ jobs }, { stored, now }) => {
    const at = { fireAt: now + 60_000, dueAt: now + 60_000 };
    return jobs.changeSkip({ jobId, expectedRevision: stored.revision, ...at, by });
  },
  "jobs.get": ({ jobs }) => jobs.get([jobId]),
  "jobs.readDefinitions": ({ jobs }) => jobs.readDefinitions([jobId]),
  "jobs.list": ({ jobs }) =>
    jobs.list({ filter: {}, order: "id", after: undefined, limit: 9, mostLooked: 99 }, "all"),
  "jobs.tally": ({ jobs }) => jobs.tally({ filter: {}, by: "owner" }, "all"),
  "jobs.count": ({ jobs }) => jobs.count(),
  "ledger.read": ({ ledger }) =>
    ledger.read({ jobId, ...range, offset: 0, limit: 9, order: "latest" }),
  "ledger.readOpenRuns": ({ ledger }) => ledger.readOpenRuns(jobId),
  "ledger.readMany": ({ ledger }) => ledger.readMany({ jobIds: [jobId], ...range, limit: 9 }),
  "ledger.list": ({ ledger }) =>
    ledger.list(
      { filter: {}, order: "latest", after: undefined, limit: 9, mostLooked: 99 } as never,
      "all",
    ),
  "ledger.listOpen": ({ ledger }) => ledger.listOpen(undefined, 9),
  "ledger.clean": ({ ledger }, { now }) => ledger.clean({ jobId, before: now + 1 }),
  "ledger.cleanedTo": ({ ledger }) => ledger.cleanedTo(jobId),
  "stats.readDays": ({ stats }) => stats.readDays({ jobIds: [jobId], ...range }),
  "stats.readHours": ({ stats }) => stats.readHours(range),
  "requests.run": ({ requests }) => requests.run({ by, jobId, sequence: 77 }),
  "requests.cancel": ({ requests }, { runId }) =>
    requests.cancel({ by, jobId, runId, reason: "ann's" }),
  "steps.read": ({ steps }, { runId }) => steps.read(jobId, runId),
  "logs.read": ({ logs }, { runId }) => logs.read({ jobId, runId, after: undefined, limit: 9 }),
  "logs.delete": ({ logs }) => logs.delete(jobId, 1e15),
  "backfills.add": ({ backfills }) => backfills.add({ ...backfill("ann's"), fireTimes: [7_000] }),
  "backfills.change": ({ backfills }) => backfills.change(jobId, "cancel", by),
  "backfills.read": ({ backfills }) => backfills.read(jobId),
  "changes.read": ({ changes }) => changes.read("all", undefined, 99),
  "changes.readRevisions": ({ changes }) => changes.readRevisions("all", jobId),
  "changes.listRemoved": ({ changes }) => changes.listRemoved(undefined, 9),
};

/** What workers do, or what follows from a change that was allowed. */
const OTHERS = new Set(["logs.append", "steps.save", "events.append", "changes.note"]);

const backfill = (backfillId: string) =>
  ({
    by,
    jobId,
    backfillId,
    fireTimes: [1_000, 2_000],
    concurrency: 1,
    order: "oldest",
    isComplete: true,
  }) as const;

/** A fleet with a job of Ann's. */
async function fleetOfAnn(): Promise<{ engine: Engine; scene: Scene }> {
  const engine = makeEngine({
    connection: undefined,
    prefix: "races",
    clock: systemClock,
    logger: silent,
    timeoutMs: 1_000,
    maxEvents: 1_000,
  });
  await engine.open();
  const now = await engine.now();
  const definition = aDefinition({ id: jobId, owner: "ann", createdAt: now });
  const upcoming = [{ fireAt: now + 60_000, dueAt: now + 60_000 }];
  await engine.jobs.put([{ definition, state: "active", watermark: now, upcoming, by }]);
  const asked = await engine.requests.run({ by, jobId, sequence: 1 });
  const [stored] = await engine.jobs.get([jobId]);
  if (!stored || asked === "missing") throw new Error("the job is not there");
  return { engine, scene: { stored, runId: asked.runId, now } };
}

/** Gives the job to Bob, who uses it at once. */
async function give(engine: Engine, { runId }: Scene): Promise<void> {
  const [job] = await engine.jobs.get([jobId]);
  if (!job) return;
  const { definition, revision: expectedRevision } = job;
  const owned = { ...definition, owner: "bob", description: SECRET };
  await engine.jobs.change({ ...change, jobId, expectedRevision, definition: owned });
  await engine.backfills.add(backfill(SECRET));
  const admission = await engine.runs.admit(takeManual(jobId, runId));
  if (admission.outcome !== "run") return;
  const hold = { jobId, queueJobId: runId, runId, start: 1 };
  const message = SECRET;
  const line = { at: 0, level: "info", message, attempt: 1 } as const;
  const retention = { runs: 9, ageMs: 1e9 };
  await engine.logs.append([{ jobId, runId, lines: [line], maxBytes: 999, retention }]);
  const times = { startedAt: 0, finishedAt: 0, tries: 1, attempt: 1 };
  await engine.steps.save(hold, { name: SECRET, kind: "step", ...times });
}

/** All that there is of the job. */
async function everything(engine: Engine, { runId }: Scene): Promise<string> {
  return JSON.stringify([
    await engine.jobs.get([jobId]),
    await engine.ledger.read({ jobId, ...range, offset: 0, limit: 99, order: "latest" }),
    await engine.ledger.readOpenRuns(jobId),
    await engine.ledger.cleanedTo(jobId),
    await engine.backfills.read(jobId),
    await engine.steps.read(jobId, runId),
    await engine.logs.read({ jobId, runId, after: undefined, limit: 99 }),
    await engine.changes.readRevisions("all", jobId),
    await engine.runs.readCancels([{ jobId, queueJobId: runId, runId, start: 1 }]),
  ]);
}

test("every call about a job has a row", () => {
  const none = {} as Engine;
  const named = (part: object): string[] => [
    ...Object.keys(part).filter((name) => typeof Reflect.get(part, name) === "function"),
    ...Object.getOwnPropertyNames(Object.getPrototypeOf(part)),
  ];
  const base = new Set(Object.getOwnPropertyNames(Object.prototype));
  const scoped = new ScopedEngine(none, { sees: ["ann"], changes: ["ann"] });
  const ports = Object.entries(scoped).filter(([name]) => name !== "access");
  const methods = ports.flatMap(([port, part]) =>
    named(part as object)
      .filter((name) => !base.has(name))
      .map((name) => `${port}.${name}`),
  );
  expect(methods.filter((name) => !OTHERS.has(name)).toSorted()).toEqual(
    Object.keys(CALLS).toSorted(),
  );
});

test.each(Object.entries(CALLS))(
  "%s: the job is given away before each call that it takes",
  async (_, call) => {
    let wasCalled = 0;
    for (let place = 1; place <= MOST_CALLS; place += 1) {
      const { engine, scene } = await fleetOfAnn();
      let calls = 0;
      let before = "";
      const watched = engineThrough(engine, async (__, method) => {
        calls += 1;
        if (calls === place) {
          await give(engine, scene);
          before = await everything(engine, scene);
        }
        return method();
      });
      const scoped = new ScopedEngine(watched, { sees: ["ann"], changes: ["ann"] });
      const answer = await call(scoped, scene);
      wasCalled = Math.max(wasCalled, calls);
      // A change that was made before stays, so only what comes after is compared.
      if (calls >= place) {
        expect(JSON.stringify(answer ?? null)).not.toContain(SECRET);
        expect(await everything(engine, scene)).toBe(before);
      }
      await engine.close();
    }
    expect(wasCalled).toBeLessThan(MOST_CALLS);
  },
);
