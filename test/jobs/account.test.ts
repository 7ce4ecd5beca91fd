import { describe, expect, test } from "vitest";
import { type Epoch, epochsOf } from "../../src/jobs/account/epochs.ts";
import { weigh, type Weights, windowOf } from "../../src/jobs/account/weigh.ts";
import type { JobDefinition } from "../../src/jobs/definition.ts";
import type { LedgerRow } from "../../src/jobs/ledger-row.ts";
import { resolveTiming } from "../../src/scheduler/declaration.ts";
import { TZDATA } from "../../src/triggers/time/tzdata.ts";
import { aDefinition } from "../helpers/a-definition.ts";

const HOUR = 3_600_000;
const START = Date.UTC(2026, 5, 1);

function daily(tzdata: string): JobDefinition {
  const options = { trigger: "cron", hour: 9, minute: 0, timezone: "Europe/Berlin" };
  const context = { now: START, timezone: "UTC", calendars: new Map() };
  const timing = resolveTiming("job", options, undefined, context);
  return { ...aDefinition({ id: "job", createdAt: START }), ...timing, tzdata };
}

const row = (fireAt: number): LedgerRow => ({
  id: `job:1:${fireAt}`,
  state: "succeeded",
  kind: "scheduled",
  fireAt,
  dueAt: fireAt,
});

/** 9 o'clock in Berlin of the first days of June, which is 7 in UTC. */
const NINE = [7, 31, 55].map((hours) => START + hours * HOUR);
const [FIRST = 0, SECOND = 0, THIRD = 0] = NINE;

function weighed(definition: JobDefinition, rows: readonly LedgerRow[]): Weights {
  const epoch: Epoch = {
    definition,
    after: START,
    decidedTo: THIRD,
    until: Infinity,
    goesOn: "active",
  };
  const window = { from: START, to: THIRD, now: THIRD + HOUR };
  return weigh({ epochs: [epoch], knownFrom: -Infinity, ...window, rows, tzdata: TZDATA });
}

const times = (found: readonly { readonly fireAt: number }[]): number[] =>
  found.map(({ fireAt }) => fireAt);

describe("another version of the time zone data", () => {
  // As if Berlin had had winter time on the second day.
  const rows = [row(FIRST), row(SECOND + HOUR), row(THIRD)];

  test("explains a time that was another by it", () => {
    const { missing, surplus, moved, decided } = weighed(daily("1999a"), rows);
    expect([missing, surplus]).toEqual([[], []]);
    expect(new Set(times(moved))).toEqual(new Set([SECOND, SECOND + HOUR]));
    expect(decided).toEqual({ succeeded: 2 });
  });

  test("explains no loss", () => {
    const { missing, moved } = weighed(daily("1999a"), [row(FIRST), row(THIRD)]);
    expect([times(missing), moved]).toEqual([[SECOND], []]);
  });

  test("is not the same version", () => {
    const { missing, surplus, moved } = weighed(daily(TZDATA), rows);
    expect([times(missing), times(surplus), moved]).toEqual([[SECOND], [SECOND + HOUR], []]);
  });
});

describe("epochs", () => {
  const definition = daily(TZDATA);
  const by = { kind: "code", id: "test" } as const;
  const job = { definition, state: "active", watermark: THIRD } as const;

  test("a job that never changed has one, from its creation on", () => {
    const { epochs, knownFrom } = epochsOf({ job, changes: { revisions: [], isCut: false } });
    expect(epochs).toEqual([
      { definition, after: START - 1, decidedTo: THIRD, until: Infinity, goesOn: "active" },
    ]);
    expect(knownFrom).toBe(-Infinity);
  });

  test("what was before changes that were dropped is unknown", () => {
    const before = { revision: 4, state: "active", until: SECOND, watermark: SECOND } as const;
    const revisions = [{ at: SECOND, by, what: "paused", before } as const];
    const known = epochsOf({ job, changes: { revisions, isCut: true } });
    expect(known.epochs.map(({ after }) => after)).toEqual([SECOND]);
    expect(known.knownFrom).toBe(SECOND);
    const weights = weigh({
      ...known,
      from: START,
      to: THIRD,
      now: THIRD,
      rows: NINE.map(row),
      tzdata: TZDATA,
    });
    expect(times(weights.unknown)).toEqual([FIRST, SECOND]);
    expect(weights).toMatchObject({ decided: { succeeded: 1 }, missing: [], surplus: [] });
  });

  test("between its removal and its return a job is never due", () => {
    const gone = { revision: 4, state: "active", until: FIRST, watermark: FIRST } as const;
    const back = { revision: 0, state: "removed", until: SECOND, watermark: SECOND } as const;
    const revisions = [
      { at: SECOND, by, what: "added", before: back } as const,
      { at: FIRST, by, what: "removed", before: { ...gone, definition } } as const,
    ];
    const { epochs } = epochsOf({ job, changes: { revisions, isCut: false } });
    expect(epochs.map(({ after, decidedTo }) => [after, decidedTo])).toEqual([
      [START - 1, FIRST],
      [SECOND, THIRD],
    ]);
  });
});

test("a window ends with as many fire times as may be weighed at once", () => {
  const known = epochsOf({
    job: { definition: daily(TZDATA), state: "active", watermark: THIRD },
    changes: { revisions: [], isCut: false },
  });
  expect(windowOf(known, { from: START, to: THIRD + HOUR }, 2)).toBe(SECOND);
  expect(windowOf(known, { from: START, to: THIRD + HOUR }, 3)).toBe(THIRD);
  expect(windowOf(known, { from: START, to: THIRD + HOUR }, 4)).toBe(THIRD + HOUR);
});
