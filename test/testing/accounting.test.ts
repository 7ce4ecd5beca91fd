import { describe, expect, test } from "vitest";
import { epochsOf } from "../../src/jobs/account/epochs.ts";
import type { LedgerRow } from "../../src/jobs/ledger-row.ts";
import { Pipeline } from "../../src/pipeline/pipeline.ts";
import { account } from "../../src/testing/accounting.ts";
import { FleetLedger } from "../../src/testing/fleet-ledger.ts";
import { type CronduitError, isCronduitError } from "../../src/index.ts";
import { createTestScheduler } from "../../src/testing.ts";
import { aDefinition } from "../helpers/a-definition.ts";

class Long extends Pipeline {
  async run({ sleep }: this["Context"]): Promise<void> {
    await sleep("90m");
  }
}

const now = "2027-01-01T00:00Z";

describe("everything is accounted for", () => {
  test("a run that outlasts many later occurrences", async () => {
    await using t = await createTestScheduler({ pipelines: [Long], now });
    await t.addJob(Long, { id: "a", trigger: "cron", minute: "*" });
    await t.advanceBy("4h");
    expect(() => t.assertAllAccountedFor()).not.toThrow();
  });

  test("rows that retention deletes at once", async () => {
    await using t = await createTestScheduler({ pipelines: [Long], now });
    await t.addJob(Long, { id: "few", trigger: "cron", minute: "*/20", retention: { count: 5 } });
    const one = { retention: { count: 1 }, coalesce: false } as const;
    await t.addJob(Long, { id: "one", trigger: "interval", hours: 1, ...one });
    await t.advanceBy("4h");
    await t.outage("4h");
    expect(() => t.assertAllAccountedFor()).not.toThrow();
  });
});

describe("what is wrong is found", () => {
  const START = Date.UTC(2027, 0, 1);
  const definition = aDefinition({ id: "a", createdAt: START });
  const job = { definition, state: "active", watermark: START } as const;
  const known = epochsOf({ job, changes: { revisions: [], isCut: false } });
  const row = (second: number, more: Partial<LedgerRow> = {}): LedgerRow => ({
    id: `a:1:${START + second * 1_000}`,
    state: "succeeded",
    kind: "scheduled",
    fireAt: START + second * 1_000,
    dueAt: START + second * 1_000,
    ...more,
  });
  const found = (...rows: LedgerRow[]) =>
    account({ known, rows, begin: START, now: START + 3_000 });

  test("a loss", () => {
    expect(found(row(1), row(3)).gaps).toEqual([START + 2_000]);
  });

  test("a run with two verdicts", () => {
    const twice = found(row(1), row(1, { state: "failed" }), row(2), row(3));
    expect(twice).toMatchObject({ gaps: [], doubles: [START + 1_000] });
  });

  test("a decision where nothing was due", () => {
    expect(found(row(1), row(1.5), row(2), row(3)).strays).toEqual([START + 1_500]);
  });
});

test("a worker can be killed while it starts", async () => {
  await using t = await createTestScheduler({ pipelines: [Long], now });
  await t.addJob(Long, { id: "a", trigger: "cron", minute: 0 });
  expect(await Promise.all([t.killWorker(), t.killWorker()])).toEqual([[], []]);
  await t.advanceBy("3h");
  expect(t.runs("a").length).toBeGreaterThan(0);
});

describe("the error holds what is unaccounted", () => {
  const FROM = Date.UTC(2027, 0, 1);
  const row = (second: number, more: Partial<LedgerRow> = {}): LedgerRow => ({
    id: `a:1:${FROM + second * 1_000}`,
    state: "succeeded",
    kind: "scheduled",
    fireAt: FROM + second * 1_000,
    dueAt: FROM + second * 1_000,
    ...more,
  });
  /** A ledger in which jobs with a run each second have these rows only. */
  function ledgerOf(rows: readonly LedgerRow[], jobs = 1): FleetLedger {
    let hear: (jobId: string, row: LedgerRow) => void = () => undefined;
    const ledger = new FleetLedger({
      activity: 1,
      jobs: () =>
        Array.from({ length: jobs }, (_, i) => ({
          id: `a${i}`,
          version: "1",
          state: "active" as const,
          watermark: FROM,
          definition: () => aDefinition({ id: `a${i}`, createdAt: FROM }),
        })),
      onDecided: (given) => void (hear = given),
      openRuns: () => [],
      changes: () => ({ revisions: [], isCut: false }),
    });
    for (const each of rows) hear("a0", each);
    ledger.note();
    return ledger;
  }
  function thrownBy(ledger: FleetLedger, seconds: number): CronduitError {
    try {
      ledger.assertAll(FROM + seconds * 1_000);
    } catch (error) {
      if (isCronduitError(error, "UNACCOUNTED")) return error;
      throw error;
    }
    throw new Error("nothing was unaccounted");
  }

  test("each by its job, time and rows", () => {
    const rows = [row(1), row(1, { id: "twice" }), row(2), row(2.5, { id: "stray" })];
    const span = row(5, { id: "span", fromAt: FROM + 4 * 1_000, count: 7 });
    expect(thrownBy(ledgerOf([...rows, span]), 5).data).toEqual({
      count: 4,
      unaccounted: [
        { jobId: "a0", problem: "no-decision", fireTime: "2027-01-01T00:00:03.000Z", runIds: [] },
        {
          jobId: "a0",
          problem: "several-decisions",
          fireTime: "2027-01-01T00:00:01.000Z",
          runIds: [row(1).id, "twice"],
        },
        {
          jobId: "a0",
          problem: "not-due",
          fireTime: "2027-01-01T00:00:02.500Z",
          runIds: ["stray"],
        },
        {
          jobId: "a0",
          problem: "miscounted",
          from: "2027-01-01T00:00:04.000Z",
          fireTime: "2027-01-01T00:00:05.000Z",
          count: 7,
          runIds: ["span"],
        },
      ],
    });
  });

  test("at most a hundred, and how many there are", () => {
    const { data, message } = thrownBy(ledgerOf([], 50), 10);
    expect(data["count"]).toBe(500);
    expect(data["unaccounted"]).toHaveLength(100);
    expect(message.split("\n")).toHaveLength(102);
    expect(message).toMatch(/\n {2}and 400 more$/);
  });
});

describe("changes in the middle", () => {
  class Quick extends Pipeline {
    async run(): Promise<void> {}
  }
  const hourly = { trigger: "interval", hours: 1 } as const;

  test("skips at both ends of what is missed, in a pause and taken back", async () => {
    await using t = await createTestScheduler({ pipelines: [Quick], now });
    await t.addJob(Quick, { id: "a", ...hourly, misfireGraceTime: 60, coalesce: false });
    const skip = (hour: string) => t.skipOccurrence("a", `2027-01-01 ${hour}:00`);
    for (const hour of ["01", "02", "04", "06", "07", "10"]) await skip(hour);
    await t.unskipOccurrence("a", "2027-01-01 06:00");
    await t.outage("8h");
    await t.pauseJob("a");
    await t.advanceBy("5h");
    await t.resumeJob("a", { missed: "all" });
    await t.advanceBy("3h");
    expect(() => t.assertAllAccountedFor()).not.toThrow();
  });

  test("times of a pause that run after all, several as one", async () => {
    await using t = await createTestScheduler({ pipelines: [Quick], now });
    await t.addJob(Quick, { id: "a", ...hourly });
    await t.pauseJob("a");
    await t.advanceBy("12h");
    const missed = ["03", "04", "05", "09"].map((hour) => `2027-01-01 ${hour}:00`);
    await t.resumeJob("a", { missed });
    await t.advanceBy("3h");
    expect(t.runs("a").filter(({ verdict }) => verdict === "succeeded").length).toBeGreaterThan(3);
    expect(() => t.assertAllAccountedFor()).not.toThrow();
  });

  test("several schedules within one instant, and a job that is removed and added again", async () => {
    await using t = await createTestScheduler({ pipelines: [Quick], now });
    await t.addJob(Quick, { id: "a", trigger: "interval", minutes: 7 });
    await t.pause();
    await t.advanceBy("30m");
    await t.rescheduleJob("a", { trigger: "interval", minutes: 11 });
    await t.rescheduleJob("a", { trigger: "interval", minutes: 13 });
    await t.removeJob("a");
    await t.addJob(Quick, { id: "a", trigger: "interval", hours: 5 });
    await t.resume();
    await t.advanceBy("30d");
    await t.removeJob("a");
    await t.advanceBy("30d");
    await t.addJob(Quick, { id: "a", trigger: "interval", hours: 6 });
    await t.advanceBy("1d");
    expect(() => t.assertAllAccountedFor()).not.toThrow();
  });
});
