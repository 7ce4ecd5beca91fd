// The functions of `cronduit/triggers` refuse what is not theirs with INVALID_TRIGGER, and say what to give.
import { describe, expect, test } from "vitest";
import * as tools from "../../src/triggers.ts";
import * as trigger from "../../src/triggers/trigger-builders.ts";
import { refusalOf } from "./ask.ts";

type Untyped = (...given: readonly unknown[]) => unknown;
const untyped = tools as unknown as Readonly<Record<string, Untyped>>;
const daily = trigger.daily("09:00");
const context = { now: 0, timezone: "UTC", jobId: "a" };
const spec = tools.resolveTrigger(daily, context);

function message(name: string, ...given: readonly unknown[]): string {
  const error = refusalOf(() => untyped[name]?.(...given));
  expect(error.code).toBe("INVALID_TRIGGER");
  return error.message;
}

const WRONG = [undefined, null, "", "x", 5, Number.NaN, true, [], {}, new Date(0), 1n, Symbol("a")];

describe("createTrigger", () => {
  test.each([...WRONG, daily, { kind: "nope" }, { kind: "cron" }])("no spec: %o", (given) => {
    expect(message("createTrigger", given)).toMatch(
      /^createTrigger: .* is not a resolved trigger\. Resolve it first: resolveTrigger\(/,
    );
  });

  test.each([null, "x", 5, [], {}, { h: 1 }])("no lookup: %o", (given) => {
    expect(message("createTrigger", spec, given)).toMatch(/^calendars: .* is not a Map .*new Map/);
  });

  test("a calendar in the Map that is none", () => {
    expect(message("createTrigger", spec, new Map([["h", {}]]))).toMatch(/^Calendar, /);
  });

  test("what resolveTrigger returns", () => {
    expect(tools.createTrigger(spec, new Map()).next(0)).toBe(9 * 3_600_000);
  });
});

describe("resolveTrigger", () => {
  test.each(WRONG)("no context: %o", (given) => {
    expect(message("resolveTrigger", daily, given)).toMatch(/^context.*jobId: "job_1" \}\.$/);
  });

  test.each([
    ["context.now", { ...context, now: new Date(0) }],
    ["context.timezone", { ...context, timezone: undefined }],
    ["context.jobId", { now: 0, timezone: "UTC" }],
    ["context.dst", { ...context, dst: "twice" }],
    ['context: unknown option "jobID". Did you mean "jobId"?', { ...context, jobID: "a" }],
  ])("%s", (start, given) => {
    expect(message("resolveTrigger", daily, given).startsWith(start)).toBe(true);
  });
});

describe("previewTrigger", () => {
  test("calendars that are no Map", () => {
    const calendars = { h: { exclude: { dates: ["2026-12-25"] } } };
    expect(message("previewTrigger", daily, { from: 0, calendars })).toMatch(/^calendars: .*Map/);
  });

  test("an option that doesn't exist", () => {
    expect(message("previewTrigger", daily, { from: 0, cuont: 3 })).toContain('"count"');
  });
});

test.each([null, true, [], {}, 1n, Symbol("a")])("parseJitter: %o", (given) => {
  expect(message("parseJitter", given)).toMatch(/^jitter: .* can't be read/);
});
