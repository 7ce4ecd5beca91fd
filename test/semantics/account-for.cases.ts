// `account` recomputes what was due by the schedules that were in force, whatever happened to the job.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Engine, LedgerQuery } from "../../src/engine/port/engine.ts";
import { type Account, type AccountOptions, Accounts } from "../../src/history/account.ts";
import { cleanUpRuns } from "../../src/history/run-cleanup.ts";
import type { AddJobOptions } from "../../src/index.ts";
import { isCronduitError } from "../../src/core/errors.ts";
import type { LedgerRow } from "../../src/jobs/ledger-row.ts";
import { Schedule } from "../../src/jobs/schedule.ts";
import { skipOccurrence } from "../../src/scheduler/skip-occurrence.ts";
import { TESTER } from "../helpers/tester.ts";
import { engineWith } from "../helpers/engine-with.ts";
import { clockText, TestFleet } from "../helpers/test-fleet.ts";

/** Before anything happens. */
const DAWN = "2026-02-28";
const KEPT = { retention: { count: 100_000, age: "3650d" } } as const;

async function whole(
  engine: Engine,
  options: Omit<AccountOptions, "cursor"> = { from: DAWN },
): Promise<Account> {
  const accounts = new Accounts(engine, "all");
  let sum = await accounts.part(options, "UTC");
  while (sum.cursor !== undefined) {
    const part = await accounts.part({ ...options, cursor: sum.cursor }, "UTC");
    sum = added(sum, part);
  }
  return sum;
}

function added(a: Account, b: Account): Account {
  const figure = (name: "open" | "paused" | "unaccounted" | "surplus" | "moved") => ({
    [name]: { count: a[name].count + b[name].count, rows: [...a[name].rows, ...b[name].rows] },
  });
  const decided = { ...a.decided };
  for (const [verdict, count] of Object.entries(b.decided))
    decided[verdict as keyof typeof decided] =
      (decided[verdict as keyof typeof decided] ?? 0) + count;
  return Object.assign({}, b, {
    jobs: a.jobs + b.jobs,
    due: a.due + b.due,
    decided,
    ...figure("open"),
    ...figure("paused"),
    ...figure("unaccounted"),
    ...figure("surplus"),
    ...figure("moved"),
    unknown: {
      count: a.unknown.count + b.unknown.count,
      rows: [...a.unknown.rows, ...b.unknown.rows],
      retention: a.unknown.retention + b.unknown.retention,
      cleaned: a.unknown.cleaned + b.unknown.cleaned,
      changes: a.unknown.changes + b.unknown.changes,
    },
  });
}

/** Nothing is lost, nothing is too much, and every fire time is in one place. */
function expectWhole(account: Account): void {
  const { due, decided, open, paused, unaccounted, surplus, unknown, moved } = account;
  expect({ unaccounted, surplus, unknown, moved }).toMatchObject({
    unaccounted: { count: 0, rows: [] },
    surplus: { count: 0, rows: [] },
    unknown: { count: 0 },
    moved: { count: 0 },
  });
  const sum = Object.values(decided).reduce((total, count) => total + count, 0);
  expect(due).toBe(sum + open.count + paused.count);
}

const TRIGGERS: readonly object[] = [
  { trigger: "interval", seconds: 10 },
  { trigger: "interval", seconds: 7, jitter: 5 },
  { trigger: "cron", minute: "*", timezone: "Europe/Berlin" },
  { trigger: "cron", minute: "*/2", second: "5,35", jitter: "50%" },
  { trigger: "date", runDate: "2026-03-01 12:00:20" },
  { trigger: "interval", seconds: 10, nextRunTime: "2026-03-01 11:59:30" },
  { trigger: "manual" },
];

const stepArb = fc.oneof(
  { weight: 5, arbitrary: fc.constant({ do: "work" as const }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant("pass" as const), ms: fc.nat(90_000) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("workFor" as const), ms: fc.nat(40_000) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("pass" as const), ms: fc.nat(9_000_000) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constantFrom("pause", "hold", "letGo", "remove", "run", "skip" as const),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("resume" as const),
      missed: fc.constantFrom("skip", "latest", "all" as const),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("resumeSome" as const),
      picks: fc.array(fc.nat(50), { minLength: 1, maxLength: 6 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom("reschedule", "add", "replace" as const),
      trigger: fc.constantFrom(...TRIGGERS),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("modify" as const),
      rules: fc.record(
        {
          coalesce: fc.boolean(),
          maxInstances: fc.integer({ min: 1, max: 3 }),
          misfireGraceTime: fc.constantFrom(null, 0, 15, 60),
          maxCatchUp: fc.constantFrom(1, 3, 200),
        },
        { requiredKeys: [] },
      ),
    }),
  },
);
type Step = (typeof stepArb extends fc.Arbitrary<infer T> ? T : never) & { readonly ms?: number };

async function perform(fleet: TestFleet, step: Step): Promise<void> {
  const add = (more: object, trigger: object) =>
    fleet.add({ id: "job", ...KEPT, ...trigger, ...more } as unknown as AddJobOptions);
  switch (step.do) {
    case "work":
      return fleet.work();
    case "pass":
      return fleet.moveTo(fleet.now + step.ms);
    case "workFor":
      return fleet.workTo(fleet.now + step.ms);
    case "hold":
      fleet.isHolding = true;
      return undefined;
    case "letGo":
      fleet.isHolding = false;
      for (const runId of fleet.held) await fleet.release(runId);
      return undefined;
    case "pause":
      return void (await fleet.desk.pause("job", undefined));
    case "resume":
      return void (await fleet.desk.resume("job", { missed: step.missed }));
    case "resumeSome":
      return resumeSome(fleet, step.picks);
    case "remove":
      return fleet.desk.remove("job");
    case "skip":
      return skip(fleet);
    case "run":
      return void (await fleet.ask("job"));
    case "reschedule":
      return void (await fleet.desk.modify("job", step.trigger, "rescheduleJob"));
    case "add":
      return void (await add({}, step.trigger));
    case "replace":
      return void (await add({ replaceExisting: true }, step.trigger));
    case "modify":
      return void (await fleet.desk.modify("job", step.rules, "modifyJob"));
  }
}

/** Skips the third occurrence from now. */
async function skip({ engine, desk, now }: TestFleet): Promise<void> {
  const { definition } = await desk.get("job");
  const schedule = new Schedule(definition);
  let next = schedule.next(now);
  for (let n = 1; n < 3 && next; n += 1) next = schedule.next(next.fireAt);
  if (!next) return;
  const named = { where: "skip", jobId: "job", time: new Date(next.fireAt), by: TESTER };
  await skipOccurrence(engine, named, "for a test");
}

/** Resumes the job, and lets some of what fell into its pause run. */
async function resumeSome({ desk, now }: TestFleet, picks: readonly number[]): Promise<void> {
  const { definition, watermark } = await desk.get("job");
  const schedule = new Schedule(definition);
  const times: Date[] = [];
  let next = schedule.next(watermark);
  for (; next && next.dueAt <= now && times.length < 50; next = schedule.next(next.fireAt))
    times.push(new Date(next.fireAt));
  const chosen = picks.flatMap((pick) => times[pick % Math.max(1, times.length)] ?? []);
  await desk.resume("job", { missed: [...new Set(chosen)] });
}

/** What a job that is not there, finished or added already refuses is no matter here. */
async function tried(work: Promise<void>): Promise<void> {
  await work.catch((error: unknown) => {
    const isRefusal =
      isCronduitError(error, "JOB_NOT_FOUND") ||
      isCronduitError(error, "INVALID_STATE") ||
      isCronduitError(error, "CONFLICTING_ID") ||
      isCronduitError(error, "INVALID_OPTION") ||
      isCronduitError(error, "INVALID_TRIGGER");
    if (!isRefusal) throw error;
  });
}

describe("account: what was due is decided, open, or in a pause; nothing else", () => {
  test("whatever happens to a job", async () => {
    let due = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...TRIGGERS),
        fc.array(stepArb, { maxLength: 20 }),
        async (trigger, script) => {
          await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:55", workers: 2 });
          await tried(perform(fleet, { do: "add", trigger }));
          for (const step of script) {
            await tried(perform(fleet, step));
            expectWhole(await whole(fleet.engine));
          }
          fleet.isHolding = false;
          for (const runId of fleet.held) await fleet.release(runId);
          await fleet.workTo(fleet.now + 20_000);
          const account = await whole(fleet.engine);
          expectWhole(account);
          expect(await whole(fleet.engine, { jobId: "job", from: DAWN })).toEqual(account);
          due += account.due;
        },
      ),
      { numRuns: 25 },
    );
    expect(due).toBeGreaterThan(10);
  });

  test("some of what fell into a pause ran after all, the rest is one row", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:55" });
    await fleet.add({ id: "job", ...KEPT, trigger: "interval", seconds: 10, coalesce: false });
    await fleet.desk.pause("job", undefined);
    fleet.moveTo("12:02:00");
    await resumeSome(fleet, [2, 3, 4, 8]);
    await fleet.workTo("12:02:20");
    const account = await whole(fleet.engine);
    expectWhole(account);
    expect(account.decided["succeeded"]).toBeGreaterThan(4);
    expectWhole(
      await whole(fleet.engine, { from: "2026-03-01 12:00:20", to: "2026-03-01 12:00:50" }),
    );
  });

  test("a row that is gone is exactly what is unaccounted, and one too many is surplus", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:55" });
    await fleet.add({ id: "job", trigger: "interval", seconds: 10, startDate: "2026-03-01 12:00" });
    await fleet.workTo("12:00:35");
    const doctored = (change: (rows: LedgerRow[]) => LedgerRow[]) =>
      whole(
        engineWith(fleet.engine, {
          ledger: {
            read: async (query: LedgerQuery) => change(await fleet.engine.ledger.read(query)),
          },
        }),
      );
    const third = new Date("2026-03-01T12:00:20Z");
    const isThird = ({ fireAt }: LedgerRow): boolean => fireAt === third.getTime();
    const without = await doctored((rows) => rows.filter((row) => !isThird(row)));
    expect(without.unaccounted).toMatchObject({
      count: 1,
      rows: [{ jobId: "job", fireTime: third }],
    });
    expect(without).toMatchObject({ due: 4, decided: { succeeded: 3 }, surplus: { count: 0 } });
    const twice = await doctored((rows) =>
      rows.flatMap((row) => (isThird(row) ? [row, row] : [row])),
    );
    expect(twice).toMatchObject({ due: 4, unaccounted: { count: 0 } });
    expect(twice.surplus).toMatchObject({ count: 1, rows: [{ fireTime: third }] });
    const beside = await doctored((rows) =>
      rows.map((row) => (isThird(row) ? { ...row, fireAt: row.fireAt + 1_000 } : row)),
    );
    expect(beside).toMatchObject({ unaccounted: { count: 1 }, surplus: { count: 1 } });
  });

  test("a row that stands for many is counted by what it has inside the range", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:55" });
    await fleet.add({ id: "job", ...KEPT, trigger: "interval", seconds: 1 });
    fleet.moveTo("13:00");
    await fleet.work();
    const account = await whole(fleet.engine, {
      jobId: "job",
      from: "2026-03-01 12:10",
      to: "2026-03-01 12:20",
    });
    expect(account).toMatchObject({ due: 600, decided: { coalesced: 600 } });
    expectWhole(account);
  });

  test("what retention has dropped is unknown, not lost", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:55" });
    await fleet.add({
      id: "job",
      trigger: "interval",
      seconds: 10,
      startDate: "2026-03-01 12:00",
      retention: { count: 3 },
    });
    await fleet.workTo("12:00:55");
    expect(await whole(fleet.engine)).toMatchObject({
      due: 6,
      decided: { succeeded: 3 },
      unaccounted: { count: 0 },
      unknown: { count: 3, retention: 3, cleaned: 0, changes: 0 },
    });
    await fleet.desk.modify("job", { retention: { count: 100 } }, "modifyJob");
    await fleet.workTo("12:01:15");
    expect(await whole(fleet.engine)).toMatchObject({
      decided: { succeeded: 5 },
      unaccounted: { count: 0 },
      unknown: { retention: 3 },
    });
  });

  test("what was cleaned is unknown, and so is no loss", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:55" });
    await fleet.add({ id: "job", trigger: "interval", seconds: 10, startDate: "2026-03-01 12:00" });
    await fleet.workTo("12:00:35");
    await cleanUpRuns(fleet.engine, "job", "UTC", { before: "2026-03-01 12:00:20" });
    expect(await whole(fleet.engine)).toMatchObject({
      due: 4,
      decided: { succeeded: 2 },
      unaccounted: { count: 0 },
      unknown: { count: 2, retention: 0, cleaned: 2, changes: 0 },
    });
  });

  test("what waits is open, a pause keeps what fell into it, and the future is not due", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:55" });
    await fleet.add({ id: "job", trigger: "interval", seconds: 10, startDate: "2026-03-01 12:00" });
    fleet.isHolding = true;
    await fleet.workTo("12:00:05");
    fleet.moveTo("12:00:15");
    const waiting = await whole(fleet.engine, { from: DAWN, to: "2026-03-01 13:00" });
    expect(waiting).toMatchObject({ due: 2, decided: {}, open: { count: 2 } });
    expect(waiting.open.rows.map(({ fireTime }) => clockText(fireTime))).toEqual([
      "12:00:00",
      "12:00:10",
    ]);
    await fleet.release();
    await fleet.desk.pause("job", undefined);
    fleet.moveTo("12:00:45");
    expect(await whole(fleet.engine)).toMatchObject({
      due: 5,
      decided: { succeeded: 1, skipped: 1 },
      paused: { count: 3 },
      open: { count: 0 },
    });
    await fleet.desk.resume("job");
    expect(await whole(fleet.engine)).toMatchObject({
      decided: { succeeded: 1, skipped: 4 },
      paused: { count: 0 },
    });
  });

  test("a fleet is told in parts, jobs that were removed with it", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:55" });
    const jobs = Array.from({ length: 230 }, (_, i) => ({
      pipeline: fleet.Work,
      options: { id: `job-${i}`, trigger: "date", runDate: "2026-03-01 12:00" },
    }));
    await fleet.desk.add(jobs);
    await fleet.workTo("12:00:05");
    for (let i = 0; i < 30; i += 1) await fleet.desk.remove(`job-${i}`);
    const accounts = new Accounts(fleet.engine, "all");
    const first = await accounts.part({ from: DAWN }, "UTC");
    expect(first.cursor).toBeDefined();
    const account = await whole(fleet.engine);
    expect(account).toMatchObject({ jobs: 230, due: 230, decided: { succeeded: 230 } });
    expectWhole(account);
    const nobodys = await new Accounts(fleet.engine, ["red"]).part({ from: DAWN }, "UTC");
    expect(nobodys).toMatchObject({ jobs: 0, due: 0, cursor: undefined });
  });
});
