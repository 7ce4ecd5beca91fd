// What a page of timelines costs, and what it says when a job has more decisions than are read.
import { expect, test } from "vitest";
import type { LedgerPart, LedgersQuery } from "../../src/engine/port/ledger.ts";
import { ComputingTime } from "../../src/history/computing-time.ts";
import { plannedMarks } from "../../src/history/timeline-marks.ts";
import { timelinesOf } from "../../src/history/job-timeline.ts";
import type { StoredJob } from "../../src/jobs/definition.ts";
import type { LedgerRow } from "../../src/jobs/ledger-row.ts";
import { resolveTrigger } from "../../src/triggers.ts";
import { aDefinition } from "../helpers/a-definition.ts";

const NOW = Date.UTC(2026, 2, 1, 12);
const window = { fromAt: NOW - 86_400_000, toAt: NOW + 86_400_000, now: NOW };

function aJob(id: string): StoredJob {
  return {
    definition: aDefinition({ id }),
    revision: 1,
    generation: 1,
    state: "active",
    watermark: NOW,
    nextFireAt: null,
    nextDueAt: null,
    pausedAt: null,
    pausedReason: null,
    pausedUntil: null,
    running: 0,
    counts: {},
    lastRun: null,
    lastScheduledRun: null,
    skips: [],
    handedOver: null,
  };
}

/** A run every ten seconds until now. */
function rowsOf(id: string, count: number): LedgerRow[] {
  return Array.from({ length: count }, (_, i) => {
    const fireAt = NOW - i * 10_000;
    return { id: `${id}:${fireAt}`, state: "succeeded", kind: "scheduled", fireAt, dueAt: fireAt };
  });
}

/** A ledger with so many rows of each job, which counts what it is asked. */
function ledgerOf(counts: ReadonlyMap<string, number>) {
  const asked: LedgersQuery[] = [];
  const readMany = async (query: LedgersQuery): Promise<LedgerPart[]> => {
    asked.push(query);
    return query.jobIds.map((id) => {
      const rows = rowsOf(id, counts.get(id) ?? 0);
      const isAll = rows.length <= query.limit;
      return { rows: rows.slice(0, query.limit), isAll, open: [] };
    });
  };
  return { asked, engine: { ledger: { readMany } as never } };
}

const made = (
  engine: never,
  jobs: readonly StoredJob[],
  broken: (jobId: string, error: unknown) => void = () => undefined,
) => timelinesOf(engine, jobs, { window, marks: 60, broken });

test("a hundred jobs are two round trips, and so many rows at most", async () => {
  const ids = Array.from({ length: 100 }, (_, i) => `job-${i}`);
  const counts = new Map(ids.map((id) => [id, 8_000]));
  const { asked, engine } = ledgerOf(counts);
  const timelines = await made(engine as never, ids.map(aJob));
  expect(asked.map(({ jobIds, limit }) => [jobIds.length, limit])).toEqual([
    [100, 100],
    [100, 200],
  ]);
  expect(timelines.map(({ jobId }) => jobId)).toEqual(ids);
  for (const { decidedFrom } of timelines)
    expect(decidedFrom).toEqual(new Date(NOW - 199 * 10_000 + 1));
});

test("what a few have more than the others is read, up to a bound that is told", async () => {
  const { asked, engine } = ledgerOf(
    new Map([
      ["busy", 8_000],
      ["calm", 100],
      ["often", 700],
    ]),
  );
  const [busy, calm, often] = await made(engine as never, ["busy", "calm", "often"].map(aJob));
  expect(asked.map(({ jobIds, limit }) => [jobIds, limit])).toEqual([
    [["busy", "calm", "often"], 100],
    [["busy", "often"], 5_000],
  ]);
  const countOf = (job: typeof busy) => job?.decided.reduce((sum, { count }) => sum + count, 0);
  expect([countOf(busy), countOf(calm), countOf(often)]).toEqual([5_000, 100, 700]);
  expect(busy?.decidedFrom).toEqual(new Date(NOW - 4_999 * 10_000 + 1));
  expect([calm?.decidedFrom, often?.decidedFrom]).toEqual([undefined, undefined]);
  for (const job of [busy, calm, often]) expect(job?.decided.length).toBeLessThanOrEqual(60);
});

test("a job whose timeline can't be made is left out, and told", async () => {
  const { engine } = ledgerOf(new Map());
  const job = aJob("broken");
  const trigger = { kind: "nonsense" } as never;
  const told: unknown[] = [];
  const broken = (...what: unknown[]): void => void told.push(what);
  const jobs = [{ ...job, definition: { ...job.definition, trigger } }, aJob("whole")];
  const timelines = await made(engine as never, jobs, broken);
  expect(timelines.map(({ jobId }) => jobId)).toEqual(["whole"]);
  expect(told).toEqual([["broken", expect.any(Error)]]);
});

test("what is decided while it is read is there once", async () => {
  const job = aJob("job");
  const [row] = rowsOf("job", 1);
  if (!row) throw new Error("there is one");
  // The job was read before the next occurrence was taken, and the run ended between the two reads.
  const next = { ...row, id: "job:next", fireAt: NOW + 1_000, dueAt: NOW + 1_000 };
  const part = { rows: [next, row], isAll: true, open: [{ ...next, state: "running" }] };
  const engine = { ledger: { readMany: async () => [part] } };
  const until = { ...window, toAt: NOW + 2_000 };
  const options = { window: until, marks: 60, broken: () => undefined };
  const [{ decided, planned } = { decided: [], planned: [] }] = await timelinesOf(
    engine as never,
    [job],
    options,
  );
  expect(decided.map(({ runId, verdict }) => [runId, verdict])).toEqual([
    [row.id, "succeeded"],
    ["job:next", "succeeded"],
  ]);
  expect(planned.map(({ fireTime }) => fireTime.getTime() - NOW)).toEqual([2_000]);
});

test("what takes too long to count ends where it says", async () => {
  const job = aJob("job");
  let spent = 0;
  // Every look at the clock takes a while.
  const time = new ComputingTime(20, () => (spent += 1));
  const wanted = { fromAt: NOW, toAt: NOW + 86_400_000, now: NOW, most: 100, time };
  const { marks, upTo = 0 } = await plannedMarks(job, wanted);
  expect(marks.length).toBeGreaterThan(0);
  expect(marks.length).toBeLessThan(20);
  // Every second of it, and not one more.
  expect(marks.reduce((sum, { count }) => sum + count, 0)).toBe(Math.floor((upTo - NOW) / 1_000));
  const whole = await plannedMarks(job, { ...wanted, time: new ComputingTime(Infinity) });
  expect(whole.upTo).toBeUndefined();
  expect(whole.marks.reduce((sum, { count }) => sum + count, 0)).toBe(86_400);
});

test("a job that takes long to count takes no other's time", async () => {
  const seconds = Array.from({ length: 40 }, (_, i) => ({
    trigger: "cron" as const,
    expression: `${i} * * * * *`,
  }));
  const context = { now: NOW, timezone: "UTC", jobId: "slow" };
  const trigger = resolveTrigger({ trigger: "or", triggers: seconds }, context);
  const slow = { ...aJob("slow"), definition: aDefinition({ id: "slow", trigger }) };
  const jobs = [slow, slow, aJob("job")];
  const options = {
    window: { fromAt: NOW, toAt: NOW + 31 * 86_400_000, now: NOW },
    marks: 120,
    broken: (_: string, error: unknown) => expect.unreachable(String(error)),
  };
  const { engine } = ledgerOf(new Map());
  const timelines = await timelinesOf(engine, jobs, options);
  expect(timelines.map(({ plannedTo }) => plannedTo !== undefined)).toEqual([true, true, false]);
});

test("of the time that is left each gets its share, and what one leaves the others have", () => {
  let now = 0;
  const time = new ComputingTime(90, () => now);
  const took = (left: number, ms: number): boolean => {
    time.share(left);
    now += ms;
    return time.isSpent;
  };
  expect([took(3, 30), took(2, 10), took(1, 49), took(1, 1)]).toEqual([true, false, false, true]);
});

test("others get their turn while much is computed", async () => {
  const turns: string[] = [];
  const time = new ComputingTime(Infinity, () => turns.length * 1_000);
  setImmediate(() => turns.push("other"));
  await time.rest();
  expect(turns).toEqual([]);
  turns.push("ours");
  await time.rest();
  expect(turns).toEqual(["ours", "other"]);
});
