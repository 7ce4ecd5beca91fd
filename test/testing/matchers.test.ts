// Matchers and assertions say what happened instead, and the account finds gaps and doubles.
import { AssertionError } from "node:assert";
import { describe, expect, test } from "vitest";
import { toRun } from "../../src/history/run.ts";
import type { LedgerRow } from "../../src/jobs/ledger-row.ts";
import { assertMissed, assertRan, assertSkipped } from "../../src/testing.ts";
import { matchers } from "../../src/testing/vitest.ts";
import { aDefinition } from "../helpers/a-definition.ts";
import { epochsOf } from "../../src/jobs/account/epochs.ts";
import { account } from "../../src/testing/accounting.ts";
import { VirtualClock, VirtualTime } from "../../src/testing/virtual-time.ts";

expect.extend(matchers);

const HOUR = 3_600_000;

type StoredState = NonNullable<Parameters<typeof epochsOf>[0]["job"]>;

function row(hour: number, state: LedgerRow["state"], more: Partial<LedgerRow> = {}): LedgerRow {
  const at = hour * HOUR;
  const decided = state === "succeeded" ? { startedAt: at, finishedAt: at } : { decidedAt: at };
  return {
    id: `a:1:${at}`,
    state,
    kind: "scheduled",
    fireAt: at,
    dueAt: at,
    ...decided,
    ...more,
  };
}

const ledger = (rows: readonly LedgerRow[]) => ({
  runs: (jobId: string) => (jobId === "a" ? rows.map(toRun) : []),
  assertAllAccountedFor: () => undefined,
});

describe("matchers", () => {
  const t = ledger([
    row(1, "succeeded"),
    row(3, "skipped", { reason: "max-instances", fromAt: 2 * HOUR, count: 2 }),
    row(4, "missed"),
  ]);

  test("count what a row stands for", () => {
    expect(t).toHaveRun("a");
    expect(t).toHaveRun("a", 1);
    expect(t).toHaveSkipped("a", "max-instances", 2);
    expect(t).toHaveSkipped("a");
    expect(t).toHaveMissed("a", 1);
    expect(t).not.toHaveRun("a", 2);
    expect(t).not.toHaveSkipped("a", "condition");
    expect(t).not.toHaveMissed("b");
    expect(t).toAccountForAll();
  });

  test("show the ledger when they fail", () => {
    expect(() => expect(t).toHaveRun("a", 2)).toThrow(
      [
        'expected job "a" to have run 2 times, and it did 1 time.',
        'The ledger of "a":',
        "  1970-01-01T01:00:00Z  succeeded",
        "  1970-01-01T03:00:00Z  skipped: max-instances, 2 occurrences from 1970-01-01T02:00:00Z",
        "  1970-01-01T04:00:00Z  missed",
      ].join("\n"),
    );
    expect(() => expect(t).not.toHaveMissed("a")).toThrow(
      'expected job "a" not to have missed an occurrence',
    );
    expect(() => expect(t).toHaveRun("b")).toThrow('The ledger of "b" is empty.');
  });

  test("are functions for node:test, too", () => {
    assertRan(t, "a", 1);
    assertSkipped(t, "a", "max-instances");
    assertMissed(t, "a");
    expect(() => assertMissed(t, "a", 3)).toThrow(AssertionError);
    expect(() => assertRan(t, "a", 0)).toThrow("to have run 0 times, and it did 1 time");
    expect(() => assertSkipped(t, "a", "paused")).toThrow("(paused)");
  });
});

describe("the account", () => {
  const trigger = { kind: "interval", timezone: "UTC", everyMs: HOUR, anchorAt: 0 } as const;
  const job = {
    definition: aDefinition({ id: "a", trigger, createdAt: HOUR / 2 }),
    state: "active",
    watermark: HOUR / 2,
  } as const;
  const unaccounted = (rows: readonly LedgerRow[], now: number, stored: StoredState = job) => {
    const known = epochsOf({ job: stored, changes: { revisions: [], isCut: false } });
    return account({ known, rows, begin: HOUR / 2, now });
  };

  test("finds times without a decision, with two, and spans that hold another number", () => {
    const good = [
      row(1, "succeeded"),
      row(3, "missed", { fromAt: 2 * HOUR, count: 2 }),
      row(4, "succeeded"),
    ];
    const clean = { gaps: [], doubles: [], strays: [], miscounted: [] };
    expect(unaccounted(good, 4.5 * HOUR)).toEqual(clean);
    expect(unaccounted(good.slice(1), 4.5 * HOUR).gaps).toEqual([HOUR]);
    expect(unaccounted(good, 5 * HOUR).gaps).toEqual([5 * HOUR]);
    expect(unaccounted([...good, row(3, "succeeded")], 4 * HOUR).doubles).toEqual([3 * HOUR]);
    const short = row(3, "missed", { fromAt: 2 * HOUR, count: 3 });
    expect(unaccounted([row(1, "succeeded"), short], 3 * HOUR).miscounted).toEqual([short]);
    // What somebody asked for beside the schedule does not count.
    const manual = row(3, "succeeded", { kind: "manual" });
    expect(unaccounted([...good, manual], 4 * HOUR)).toEqual(clean);
    // Nothing is due while it is paused.
    const paused = { ...job, state: "paused", watermark: 3.5 * HOUR } as const;
    expect(unaccounted(good.slice(0, 2), 9 * HOUR, paused)).toEqual(clean);
  });
});

describe("the virtual time", () => {
  test("fires in the order of instants, then of setting, and never what was cancelled", () => {
    const time = new VirtualTime(1_000);
    const fired: string[] = [];
    const note = (name: string) => () => void fired.push(name);
    time.after(20, note("c"));
    time.after(10, note("a"));
    const cancel = time.after(10, note("never"));
    time.after(10, note("b"), "upkeep");
    cancel();
    cancel();
    for (let next = time.next(); next; next = time.next()) {
      time.moveTo(next.at);
      time.fire(next);
    }
    expect(fired).toEqual(["a", "b", "c"]);
    expect([time.now, time.elapsed]).toEqual([1_020, 20]);
    time.moveTo(5);
    expect(time.now).toBe(1_020);
  });

  test("each part has a wall clock of its own, until its process is killed", () => {
    const time = new VirtualTime(1_000);
    const clock = new VirtualClock(time, 500);
    clock.after(10, () => expect.unreachable("it was killed"));
    expect([clock.now(), clock.elapsed()]).toEqual([1_500, 0]);
    clock.end();
    clock.after(10, () => expect.unreachable("it was killed"));
    expect(time.next()).toBeUndefined();
  });
});
