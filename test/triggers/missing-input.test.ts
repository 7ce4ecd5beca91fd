// Missing input is refused, never taken for a default: a typo in a configuration must not become a busy schedule.
import { describe, expect, it } from "vitest";
import * as trigger from "../../src/triggers/trigger-builders.ts";
import { parseCalendar } from "../../src/triggers/calendars/calendar-spec.ts";
import { parseSchedule } from "../../src/triggers/natural/parse-schedule.ts";
import { triggerOptionShapes } from "../../src/triggers/trigger-options.ts";
import { errorOf, refusalOf, specOf, VALID_OPTIONS } from "./ask.ts";

/** Values that are there and yet none. */
const nothings: readonly unknown[] = [
  undefined,
  null,
  "",
  "  ",
  Number.NaN,
  new Date(Number.NaN),
  {},
  [],
  true,
  () => 1,
  Symbol("a"),
  1n,
  new Map(),
  /x/,
];

type Builder = (given: never) => unknown;

describe("builders", () => {
  const builders: readonly (readonly [string, Builder, ...unknown[]])[] = [
    ["cron", trigger.cron, 5, new Date(0)],
    ["every", trigger.every, 5000, 0, -1, Infinity, new Date(0)],
    ["at", trigger.at],
    ["in", trigger.in, 5, new Date(0)],
    ["weekly", trigger.weekly, 5, new Date(0)],
    ["daily", trigger.daily, 5, new Date(0)],
    ["calendarInterval", trigger.calendarInterval, 5, "2 months", new Date(0)],
    ["rrule", trigger.rrule, 5, new Date(0)],
    ["or", trigger.or, 5, "0 9 * * *", new Date(0)],
    ["and", trigger.and, 5, "0 9 * * *", new Date(0)],
    ["parseSchedule", parseSchedule, 5, new Date(0)],
  ];

  for (const [name, build, ...more] of builders) {
    it(`${name} refuses what is no schedule where it is called, and says what it takes`, () => {
      for (const nothing of [...nothings, ...more]) {
        const error = refusalOf(() => build(nothing as never));
        expect(error.code).toBe("INVALID_TRIGGER");
        expect(error.message).toMatch(/.{30}/);
      }
    });
  }

  it("take no member that is missing", () => {
    for (const combine of [trigger.or, trigger.and]) {
      expect(refusalOf(() => combine()).message).toContain("at least one trigger");
      const error = refusalOf(() => combine(trigger.cron("@daily"), undefined as never));
      expect(error.data["field"]).toBe("triggers.1");
      expect(error.message).toMatch(/triggers\.1: undefined/);
    }
  });

  it.each<[string, readonly unknown[], readonly unknown[]]>([
    ["cron", ["0 9 * * *", {}], ["extra"]],
    ["every", ["5m", {}], ["extra"]],
    ["at", ["2026-12-25", {}], [undefined]],
    ["in", ["5m", {}], [1]],
    ["weekly", ["mon", "09:00", {}], ["UTC"]],
    ["daily", ["09:00", {}], ["10:00"]],
    ["monthly", [1, "09:00", {}], ["UTC"]],
    ["calendarInterval", [{ months: 1 }, {}], [{}]],
    ["rrule", ["FREQ=DAILY", {}], ["UTC"]],
    ["manual", [{}], ["UTC"]],
  ])("%s takes no more than it has", (name, given, more) => {
    const call = Reflect.get(trigger, name) as (...args: readonly unknown[]) => unknown;
    call(...given);
    const { code, message } = refusalOf(() => call(...given, ...more));
    expect(code).toBe("INVALID_TRIGGER");
    expect(message).toMatch(
      new RegExp(`^trigger\\.${name}: .* is an argument too many\\. Write trigger\\.${name}\\(`),
    );
  });

  it("take common options as an object only", () => {
    for (const common of [null, "UTC", 5, []])
      expect(refusalOf(() => trigger.every("5m", common as never)).data["field"]).toBe("common");
    expect(specOf({ trigger: trigger.every("5m", undefined) })).toMatchObject({ everyMs: 300_000 });
  });

  it("say what they were given and how to write it", () => {
    expect(refusalOf(() => trigger.every(5000 as never)).message).toMatch(
      /^trigger\.every: 5000 .*trigger\.every\("5000s"\).*every\(\{ seconds: 5000 \}\)/,
    );
    expect(refusalOf(() => trigger.cron(undefined as never)).message).toMatch(
      /^trigger\.cron: undefined .*cron\("0 9 \* \* 1-5"\).*cron\(\{ hour: 9 \}\)/,
    );
    expect(refusalOf(() => trigger.at(undefined as never)).message).toMatch(
      /^at: undefined .*2026-12-25/,
    );
    expect(refusalOf(() => trigger.at(new Date("nope"))).message).toContain("an invalid Date");
    expect(refusalOf(() => trigger.daily(undefined as never)).message).toMatch(/^at: undefined/);
  });
});

describe("fields without a value", () => {
  const cases = Object.entries(triggerOptionShapes)
    .filter(([kind]) => Object.hasOwn(VALID_OPTIONS, kind))
    .flatMap(([kind, shape]) => Object.keys(shape).map((field) => [kind, field] as const));

  it.each(cases)("%s, %s: undefined", (kind, field) => {
    for (const beside of [{}, VALID_OPTIONS[kind]]) {
      const options = { trigger: kind, ...beside, [field]: undefined };
      const error = errorOf(options as never);
      expect(error.data["field"]).toBe(field);
      expect(error.message).toMatch(new RegExp(`^${field}: undefined`));
      expect(error.message).toContain("Leave it out");
      // In a trigger object, too.
      expect(errorOf({ trigger: options as never }).data["field"]).toBe(field);
    }
  });

  it.each([
    [{ trigger: "interval" }, "needs a length"],
    [{ trigger: "interval", startDate: "2026-01-01" }, "needs a length"],
    [{ trigger: "interval", minutes: 0, hours: 0 }, "of length 0"],
    [{ trigger: "cron" }, "needs an expression or a field"],
    [{ trigger: "cron", timezone: "Asia/Tokyo" }, "needs an expression or a field"],
    [{ trigger: "date" }, '"runDate" or "in"'],
    [{ trigger: "weekly" }, "weekly"],
    [{ trigger: "weekly", weekly: [] }, "weekly"],
    [{ trigger: "calendarInterval" }, "at least 1"],
    [{ trigger: "calendarInterval", months: 0, at: "09:00" }, "at least 1"],
    [{ trigger: "rrule" }, "rule"],
    [{ trigger: "or" }, "at least one trigger"],
    [{ trigger: "and", triggers: [] }, "triggers"],
    [{ trigger: "or", triggers: [undefined] }, "triggers.0"],
    [{ trigger: "or", triggers: [trigger.cron("@daily"), null] }, "triggers.1"],
    [{ trigger: { weekly: undefined } }, "weekly"],
    [{ trigger: "cron", hour: 9, calendars: [] }, "calendars"],
    [{ trigger: "cron", hour: 9, calendars: { names: undefined } }, "calendars"],
    [{}, "trigger"],
    [{ trigger: undefined }, "trigger"],
  ])("%j: refused", (options, text) => {
    expect(errorOf(options as never).message).toContain(text);
  });

  it("which every kind has may be absent by undefined", () => {
    const absent = Object.fromEntries(
      Object.keys(triggerOptionShapes.common).map((name) => [name, undefined]),
    );
    expect(specOf({ trigger: "interval", hours: 1, ...absent })).toEqual(
      specOf({ trigger: "interval", hours: 1 }),
    );
  });

  it("an explicit second is one", () => {
    expect(specOf({ trigger: "interval", seconds: 1 })).toMatchObject({ everyMs: 1000 });
    expect(specOf({ trigger: "cron", second: "*" })).toMatchObject({ fields: { minute: "*" } });
  });
});

describe("calendars that say nothing", () => {
  it.each([
    undefined,
    null,
    {},
    { timezone: "UTC" },
    { exclude: undefined },
    { exclude: {} },
    { only: {} },
    { only: { windows: undefined } },
  ])("%j: refused", (input) => {
    expect(refusalOf(() => parseCalendar(input as never)).message).toMatch(/^Calendar/);
  });

  it("may have lists that are empty", () => {
    expect(parseCalendar({ exclude: { dates: [] } })).toMatchObject({ exclude: { dates: [] } });
  });
});
