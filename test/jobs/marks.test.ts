import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  bucketOf,
  BUCKET_BOUNDS_MS,
  BUCKETS,
  markedOf,
  OTHER_CODES,
  RETRIES,
  SCHEDULED_CODES,
  SKIPPED_CODES,
} from "../../src/jobs/marks.ts";
import type { LedgerRow } from "../../src/jobs/ledger-row.ts";
import { addRollUps, KEPT_DAYS, KEPT_HOURS, type RollUp } from "../../src/jobs/roll-up.ts";

const read = (path: string): string =>
  readFileSync(new URL(`../../src/engine/${path}`, import.meta.url), "utf8");
const lua = read("redis/scripts/marks.lua") + read("redis/scripts/roll_ups.lua");
const sql = read("postgres/sql/functions/marks.sql") + read("postgres/sql/functions/roll_ups.sql");
/** The numbers between two texts. */
const numbersIn = (text: string, from: string, to: string): number[] => {
  const at = text.indexOf(from);
  const inside = text.slice(at + from.length, text.indexOf(to, at + from.length));
  return (inside.match(/\d+/g) ?? []).map(Number);
};

describe("the same on all engines", () => {
  test("the bounds of the buckets", () => {
    expect(BUCKETS).toHaveLength(BUCKET_BOUNDS_MS.length + 1);
    expect(numbersIn(lua, "local BOUNDS = {", "}")).toEqual([...BUCKET_BOUNDS_MS]);
    expect(numbersIn(sql, "ARRAY[", "]")).toEqual([...BUCKET_BOUNDS_MS]);
    expect(lua).toContain(`"${BUCKETS}"`);
    expect(sql).toContain(`'${BUCKETS}'`);
  });

  test("how long roll-ups are kept", () => {
    expect(numbersIn(lua, "local KEPT_DAYS, KEPT_HOURS = ", "\n")).toEqual([KEPT_DAYS, KEPT_HOURS]);
    expect(numbersIn(sql, "kept_days constant bigint := ", ";")).toEqual([KEPT_DAYS]);
    expect(numbersIn(sql, "kept_hours constant bigint := ", ";")).toEqual([KEPT_HOURS]);
  });

  test("the letters of the outcomes", () => {
    const { manual, backfill } = OTHER_CODES;
    for (const codes of [SCHEDULED_CODES, SKIPPED_CODES, manual, backfill])
      for (const [what, code] of Object.entries(codes)) {
        const name = /^\w+$/.test(what) ? what : `["${what}"]`;
        expect(lua).toContain(`${name} = "${code}"`);
        expect(sql).toMatch(new RegExp(`WHEN '${what}' THEN\\s+'${code}'`));
      }
  });

  test("no letter means two things, and none is that of retries", () => {
    const { manual, backfill } = OTHER_CODES;
    const all = [SCHEDULED_CODES, SKIPPED_CODES, manual, backfill].flatMap((codes) =>
      Object.values(codes),
    );
    expect(new Set([...all, RETRIES]).size).toBe(all.length + 1);
  });
});

describe("the mark of a row", () => {
  const row: LedgerRow = {
    id: "a:1:1000",
    state: "succeeded",
    kind: "scheduled",
    fireAt: 1_000,
    dueAt: 1_200,
    startedAt: 1_250,
    finishedAt: 4_000,
    attempt: 1,
  };

  test.each<[string, Partial<LedgerRow>, object]>([
    [
      "lateness from the due time, jitter included, and the duration",
      {},
      { at: 4_000, mark: "s28", count: 1, retries: 0, latenessMs: 50, durationMs: 2_750 },
    ],
    [
      "no lateness after a retry",
      { attempt: 3 },
      { mark: "sx8", retries: 2, latenessMs: undefined },
    ],
    [
      "no duration of a cancelled run",
      { state: "cancelled" },
      { mark: "c2", durationMs: undefined },
    ],
    ["no lateness of a manual run", { kind: "manual", state: "failed" }, { mark: "Fx8" }],
    [
      "a start before the due time is not late",
      { startedAt: 1_100 },
      { mark: "s08", latenessMs: 0 },
    ],
  ])("%s", (_, more, expected) => {
    expect(markedOf({ ...row, ...more })).toMatchObject(expected);
  });

  test("a span counts as many as it stands for, at the time of its decision", () => {
    const span = { id: "a:1:9", kind: "scheduled", fireAt: 9, dueAt: 9, count: 7 } as const;
    expect(
      markedOf({ ...span, state: "skipped", reason: "condition", decidedAt: 77 }),
    ).toMatchObject({ at: 77, mark: "n", count: 7, latenessMs: undefined });
  });

  test("a bucket begins above the bound of the one before", () => {
    const found = fc.check(
      fc.property(fc.nat(2e7), (ms) => {
        const bucket = BUCKETS.indexOf(bucketOf(ms));
        const [above = -1, upTo = Infinity] = [
          BUCKET_BOUNDS_MS[bucket - 1],
          BUCKET_BOUNDS_MS[bucket],
        ];
        return ms > above && ms <= upTo;
      }),
    );
    expect(found.counterexample).toBeNull();
  });
});

test("roll-ups of one period are summed, whatever their order", () => {
  const one: RollUp = { at: 0, marks: { s00: 2, m: 1 }, latenessMaxMs: 5, durationMaxMs: 70 };
  const other: RollUp = { at: 0, marks: { s00: 1, f01: 4 }, latenessMaxMs: 9, durationMaxMs: 30 };
  const later: RollUp = { at: 10, marks: { m: 1 }, latenessMaxMs: 0, durationMaxMs: 0 };
  const sum = { at: 0, marks: { s00: 3, m: 1, f01: 4 }, latenessMaxMs: 9, durationMaxMs: 70 };
  expect(addRollUps([later, one, other])).toEqual([sum, later]);
  expect(addRollUps([other, one])).toEqual([sum]);
  expect(addRollUps([one, later], () => 0)).toEqual([{ ...one, marks: { s00: 2, m: 2 } }]);
});
