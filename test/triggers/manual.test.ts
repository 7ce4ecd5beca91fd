import { describe, expect, it, test } from "vitest";
import { TriggerError } from "../../src/core/errors.ts";
import * as trigger from "../../src/triggers/trigger-builders.ts";
import { createTrigger } from "../../src/triggers/create.ts";
import type { TriggerOptions } from "../../src/triggers/trigger-options.ts";
import { previewTrigger } from "../../src/triggers/preview.ts";
import { resolveTrigger } from "../../src/triggers/resolve.ts";
import { scheduleKindOf } from "../../src/triggers/schedule-kind.ts";
import { triggerSpecSchema } from "../../src/triggers/spec.ts";

const context = { now: Date.UTC(2026, 0, 1), timezone: "UTC", jobId: "job" };

/** Callers without types may give anything. */
function resolveAny(options: unknown): unknown {
  return resolveTrigger(options as TriggerOptions, context);
}

describe("manual", () => {
  const written: readonly [string, TriggerOptions][] = [
    ["by its name", { trigger: "manual", timezone: "Europe/Berlin" }],
    ["built", { trigger: trigger.manual({ timezone: "Europe/Berlin" }) }],
    ["built, with a zone beside it", { trigger: trigger.manual(), timezone: "Europe/Berlin" }],
  ];
  test.each(written)("%s: never fires, and says so", (_, given) => {
    const spec = resolveTrigger(given, context);
    expect(spec).toEqual({ kind: "manual", timezone: "Europe/Berlin" });
    expect(triggerSpecSchema.parse(JSON.parse(JSON.stringify(spec)))).toEqual(spec);
    expect(scheduleKindOf(spec)).toBe("manual");
    const resolved = createTrigger(spec);
    expect(resolved.describe()).toBe("only on request, by runJob");
    expect(resolved.next(0)).toBeUndefined();
    expect(resolved.prev(8e15)).toBeUndefined();
    expect(resolved.between(0, 8e15, 10)).toEqual([]);
    expect(resolved.count(0, 8e15)).toBe(0);
    expect(previewTrigger(given, { from: "2026-01-01" })).toEqual([]);
    expect(previewTrigger(spec, { from: "2026-01-01" })).toEqual([]);
  });

  it("is frozen JSON", () => {
    expect(trigger.manual()).toEqual({ trigger: "manual" });
    expect(Object.isFrozen(trigger.manual())).toBe(true);
    expect(previewTrigger(trigger.manual(), { from: 0 })).toEqual([]);
  });

  test.each([
    ["startDate", "2026-01-01"],
    ["endDate", "2026-01-01"],
    ["jitter", "30s"],
    ["jitter", 0],
    ["dst", "once"],
    ["calendars", "holidays"],
    ["hour", 9],
    ["expression", "0 9 * * *"],
    ["minutes", 5],
    ["runDate", "2026-01-01"],
  ])("%s has no meaning beside it", (field, value) => {
    const says = new RegExp(`^${field}: has no meaning .*"manual".*Leave it out`);
    expect(() => resolveAny({ trigger: "manual", [field]: value })).toThrow(says);
    expect(() => resolveAny({ trigger: "manual", [field]: value })).toThrow(TriggerError);
    const isCommon = ["startDate", "endDate", "jitter", "dst", "calendars"].includes(field);
    if (isCommon) {
      expect(() => resolveAny({ trigger: trigger.manual(), [field]: value })).toThrow(says);
      expect(() => trigger.manual({ [field]: value })).toThrow(says);
    }
  });

  it("takes no word that is none, and what is absent by undefined", () => {
    expect(() => resolveAny({ trigger: "manual", colour: "red" })).toThrow(
      /colour: is not an option/,
    );
    expect(() => resolveAny({ trigger: "manual", timezone: "Mars" })).toThrow(/Mars/);
    expect(resolveAny({ trigger: "manual", startDate: undefined, hour: undefined })).toEqual({
      kind: "manual",
      timezone: "UTC",
    });
  });

  it("is refused among others, at any depth, as written and as stored", () => {
    const none = trigger.manual() as never;
    const says = /triggers\.1: .*"manual".*or\b.*and\b/;
    expect(() => trigger.or(trigger.cron("0 9 * * *"), none)).toThrow(says);
    expect(() => trigger.and(trigger.cron("0 9 * * *"), none)).toThrow(says);
    expect(() => trigger.or(trigger.cron("0 9 * * *"), { trigger: none })).toThrow(says);
    const member = { trigger: "manual" };
    const list = [trigger.cron("0 9 * * *"), member];
    expect(() => resolveAny({ trigger: "or", triggers: list })).toThrow(says);
    expect(() =>
      resolveAny({
        trigger: "or",
        triggers: [trigger.cron("0 9 * * *"), { trigger: "and", triggers: list }],
      }),
    ).toThrow(says);
    const stored = { kind: "manual", timezone: "UTC" };
    const date = { kind: "date", timezone: "UTC", runAt: 0 };
    for (const kind of ["or", "and"])
      expect(triggerSpecSchema.safeParse({ kind, triggers: [date, stored] }).success).toBe(false);
    const calendars = { kind: "calendars", trigger: stored, calendars: ["a"], shift: "skip" };
    expect(triggerSpecSchema.safeParse(calendars).success).toBe(false);
  });

  it("is never what a missing trigger is taken for", () => {
    for (const options of [{}, { trigger: undefined }, { trigger: null }, { trigger: "" }])
      expect(() => resolveAny(options)).toThrow(TriggerError);
    expect(() => resolveAny({})).toThrow(/only on request.*trigger: "manual"/);
  });
});

/** What the compiler must refuse; never called. */
export const refused = (): TriggerOptions[] => [
  { trigger: "manual" },
  { trigger: trigger.manual(), timezone: "UTC" },
  // @ts-expect-error no time to begin at
  { trigger: "manual", startDate: "2026-01-01" },
  // @ts-expect-error no time to begin at
  { trigger: trigger.manual(), startDate: "2026-01-01" },
  // @ts-expect-error a field of another kind
  { trigger: "manual", hour: 9 },
  // @ts-expect-error no member of others
  { trigger: trigger.or(trigger.cron("@daily"), trigger.manual()) },
];
