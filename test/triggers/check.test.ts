import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, expectTypeOf, it } from "vitest";
import * as trigger from "../../src/triggers/trigger-builders.ts";
import { parseCalendar } from "../../src/triggers/calendars/calendar-spec.ts";
import { checkTrigger } from "../../src/triggers/check/check-trigger.ts";
import type { TriggerCheck } from "../../src/triggers/check/finding.ts";
import { loadPeer, type Peer } from "../../src/triggers/check/peer.ts";
import type { TriggerOptions } from "../../src/triggers/trigger-options.ts";
import {
  type CheckedPreview,
  type PreviewRow,
  previewTrigger,
} from "../../src/triggers/preview.ts";
import { readExpressions } from "../vectors/read-vectors.ts";
import { specOf } from "./ask.ts";

const BERLIN = "Europe/Berlin";
const HOUR = 3_600_000;

let peer: Peer;
beforeAll(async () => {
  peer = await loadPeer();
});

async function check(
  options: TriggerOptions,
  from = "2026-01-01T00:00:00Z",
  timezone = "UTC",
): Promise<TriggerCheck> {
  return (await previewTrigger(options, { from, timezone, check: true })).check;
}

const codesOf = ({ outcome, differences, notes }: TriggerCheck): unknown => ({
  outcome,
  codes: [...new Set([...differences, ...notes].map(({ code }) => code))],
});

describe("the expressions of the vectors, compared with cron-parser", () => {
  it("differ only by known rules", { timeout: 180_000 }, () => {
    const codes = new Set<string>();
    const counts: Record<string, number> = {};
    const unexplained: unknown[] = [];
    const folder = fileURLToPath(new URL("../vectors", import.meta.url));
    for (const { spec, timezone, from } of readExpressions(folder)) {
      const expression = String(spec["expr"]);
      const resolved = specOf({ trigger: "cron", expression }, { timezone, from });
      const checked = checkTrigger(resolved, Date.parse(from), peer);
      counts[checked.outcome] = (counts[checked.outcome] ?? 0) + 1;
      for (const { code } of checked.differences) codes.add(code);
      if (checked.outcome === "unexplained")
        unexplained.push({ expression, timezone, from, checked });
    }
    expect(unexplained).toEqual([]);
    expect(counts).toEqual({ same: 437, explained: 99, "not-comparable": 2 });
    expect([...codes].toSorted()).toEqual([
      "day-and-weekday",
      "day-form",
      "dst-gap",
      "dst-overlap",
      "repeated-value",
      "wrap-around",
    ]);
  });
});

describe("why cron-parser says otherwise", () => {
  const explained = (code: string): unknown => ({ outcome: "explained", codes: [code] });

  it.each([
    ["0 0 */2 * 1", "day-and-weekday"],
    ["0 0 1-31 * 0-6", "same"],
    ["0 0 * * 0,7", "repeated-value"],
    ["0 1,1 * * *", "repeated-value"],
    ["0 22-2 * * *", "wrap-around"],
    ["0 0 * * fri-mon", "wrap-around"],
    ["0 0 * nov-feb *", "wrap-around"],
    ["0 0 * * L5", "day-form"],
    ["0 0 L * *", "same"],
    ["0 0 * * 5#2", "same"],
    ["0 0 * * friL", "same"],
    ["@midnight", "same"],
    ["@weekends", "same"],
    ["0 0 * * 7", "same"],
    ["0 0 * * 1/2", "same"],
  ])("%s: %s", async (expression, code) => {
    const checked = codesOf(await check({ trigger: "cron", expression }));
    expect(checked).toEqual(code === "same" ? { outcome: "same", codes: [] } : explained(code));
  });

  it.each([
    [{ day: "15W" }, ["day-form"]],
    [{ day: "L-3" }, ["day-form"]],
    [{ day: "2nd fri" }, ["day-form"]],
    [{ dayOfWeek: "5#2,1" }, ["day-form"]],
    [{ week: "*/2", day: "*" }, ["no-such-field"]],
    [{ year: 2027 }, ["no-such-field"]],
    [{ year: 2027, day: "LW" }, ["no-such-field", "day-form"]],
  ])("%o can't be compared", async (fields, codes) => {
    const checked = await check({ trigger: "cron", ...fields });
    expect(codesOf(checked)).toEqual({ outcome: "not-comparable", codes });
    expect(checked.compared).toBe(0);
  });

  it("fields must all match, where for cron-parser one of day and weekday is enough", async () => {
    const checked = await check({ trigger: "cron", day: 13, dayOfWeek: "fri" });
    expect(codesOf(checked)).toEqual(explained("day-and-weekday"));
    expect(checked.differences[0]?.words).toContain('both day "13" and weekday "fri" must match');
  });

  it.each([
    ["30 2 * * *", "2026-03-28T12:00:00Z", "dst-gap"],
    ["*/30 1-2 * * *", "2026-10-24T12:00:00Z", "dst-overlap"],
  ])("%s at a change of the clock: %s", async (expression, from, code) => {
    const options = { trigger: "cron", expression } as const;
    const checked = await check(options, from, BERLIN);
    expect(codesOf(checked)).toEqual(explained(code));
    expect(checked.differences[0]?.words).toMatch(/^The clock goes from 2026-/);
    expect(codesOf(await check(options, from, "UTC"))).toEqual({ outcome: "same", codes: [] });
  });

  it("tells the time at which only one of the two fires", async () => {
    const at = await check(
      { trigger: "cron", expression: "30 2 * * *" },
      "2026-03-28T12:00:00Z",
      BERLIN,
    );
    expect(at.differences.map(({ ours, theirs }) => ours ?? theirs)).toEqual([
      "2026-03-29T03:00:00+02:00",
      "2026-03-29T03:30:00+02:00",
    ]);
    expect(at.compared).toBe(20);
  });

  it("says so where cron-parser gives up", async () => {
    const checked = await check(
      { trigger: "cron", expression: "0 * * * *" },
      "2026-04-04T10:00:00Z",
      "Australia/Lord_Howe",
    );
    expect(checked.outcome).toBe("explained");
    expect(checked.differences.at(-1)?.words).toContain("loop limit exceeded");
  });

  it("notes what it left aside", async () => {
    const holidays = parseCalendar({ exclude: { dates: ["*-01-02"] } });
    const { rows, check: checked } = await previewTrigger(
      { trigger: trigger.cron("H 9 * * *", { jitter: 30 }), calendars: "holidays" },
      {
        from: "2026-01-01T00:00:00Z",
        jobId: "report",
        calendars: new Map([["holidays", holidays]]),
        check: true,
      },
    );
    expect(rows[1]?.flags).toEqual(["excluded by calendar holidays"]);
    expect(codesOf(checked)).toEqual({ outcome: "same", codes: ["calendars", "jitter", "hash"] });
  });

  it("has nothing to compare in other kinds, and in what is over", async () => {
    expect(codesOf(await check({ trigger: trigger.every("5 minutes") }))).toEqual({
      outcome: "not-comparable",
      codes: ["not-cron"],
    });
    const over = specOf({ trigger: "cron", hour: 9, endDate: "2026-02-01" });
    expect(codesOf(checkTrigger(over, Date.parse("2026-03-01T00:00:00Z"), peer))).toEqual({
      outcome: "not-comparable",
      codes: ["over"],
    });
  });

  it("keeps to the bounds of the trigger", async () => {
    const bounds = { startDate: "2026-02-01", endDate: "2026-02-05" };
    const checked = await check({ trigger: "cron", hour: 9, ...bounds });
    expect(checked).toEqual({ outcome: "same", compared: 5, differences: [], notes: [] });
  });
});

describe("what no rule explains stays unexplained", () => {
  /** cron-parser with another clock. */
  const lying =
    (change: (at: number) => number): Peer =>
    (...asked) => {
      const next = peer(...asked);
      return () => change(next());
    };
  const from = "2026-03-28T12:00:00Z";

  it.each(["30 2 * * *", "0 0 */2 * 1", "*/5 * * * *"])("%s, a minute late", (expression) => {
    const spec = specOf({ trigger: "cron", expression }, { timezone: BERLIN, from });
    const { outcome, differences } = checkTrigger(
      spec,
      Date.parse(from),
      lying((at) => at + 60_000),
    );
    expect(outcome).toBe("unexplained");
    expect(differences.map(({ code }) => code)).toContain("unexplained");
  });

  it("on a day without a change of the clock", () => {
    const spec = specOf({ trigger: "cron", expression: "0 9 * * *" }, { timezone: BERLIN, from });
    const broken: Peer = (expression, timezone, at) => {
      const next = peer(expression, timezone, at);
      // In UTC it tells the truth, so only the day can show that the clock is not to blame.
      const isLate = (found: number): boolean =>
        timezone !== "UTC" && found > Date.parse("2026-04-05T00:00:00Z");
      return () => {
        const found = next();
        return isLate(found) ? found + HOUR : found;
      };
    };
    expect(checkTrigger(spec, Date.parse(from), broken).outcome).toBe("unexplained");
  });

  it("a field that is refused without a known reason", () => {
    const picky: Peer = (expression, ...rest) => {
      if (expression.includes("17")) throw new Error("no");
      return peer(expression, ...rest);
    };
    const { outcome, differences } = checkTrigger(
      specOf({ trigger: "cron", hour: 17 }),
      Date.parse(from),
      picky,
    );
    expect(outcome).toBe("unexplained");
    expect(differences).toMatchObject([{ code: "unexplained", field: "hour", value: "17" }]);
  });
});

describe("previewTrigger without check", () => {
  it("is synchronous, by type too", () => {
    const options = { from: "2026-01-01T00:00:00Z", count: 1 };
    const rows = previewTrigger({ trigger: "cron", hour: 9 }, options);
    expectTypeOf(rows).toEqualTypeOf<PreviewRow[]>();
    expect(rows).toHaveLength(1);
    const checked = previewTrigger({ trigger: "cron", hour: 9 }, { ...options, check: true });
    expectTypeOf(checked).toEqualTypeOf<Promise<CheckedPreview>>();
    return expect(checked).resolves.toMatchObject({ rows, check: { outcome: "same" } });
  });

  it("rejects a wrong trigger if it promises, and refuses a wrong check", async () => {
    const from = "2026-01-01T00:00:00Z";
    await expect(
      previewTrigger({ trigger: "cron", hour: 99 }, { from, check: true }),
    ).rejects.toMatchObject({ code: "INVALID_TRIGGER", data: { field: "hour" } });
    expect(() =>
      previewTrigger({ trigger: "cron", hour: 9 }, { from, check: "yes" as never }),
    ).toThrow('check: "yes" must be true or false.');
  });
});
