// Every option with every kind of wrong value: the message names it, shows what was written, and says what is allowed.
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { TriggerError } from "../../src/core/errors.ts";
import { shown } from "../../src/core/shown.ts";
import { triggerOptionShapes } from "../../src/triggers/trigger-options.ts";
import { triggerOf, VALID_OPTIONS } from "./ask.ts";

/** Values that no option takes, or few; those that one takes are left out for it. */
const wrong: readonly unknown[] = [
  null,
  true,
  false,
  Number.NaN,
  Infinity,
  -Infinity,
  -5,
  0.5,
  1e300,
  Number.MAX_SAFE_INTEGER + 1,
  "",
  "   ",
  "soon",
  "nan",
  "*/0",
  "x".repeat(5_000),
  "\0",
  "__proto__",
  "👍",
  [],
  [[]],
  [null],
  [1, 2, 3],
  ["soon"],
  {},
  { minutes: 5 },
  { toString: "x" },
  () => 1,
  Date,
  Symbol("five"),
  5n,
  new Date(Number.NaN),
  runInNewContext("new Date(NaN)"),
  new Map([[1, 2]]),
  new Set(),
  /x/,
  Promise.resolve(5),
  new Error("five"),
  new Uint8Array(3),
];

/** Two ways to say when, of which one is given at a time. */
const instead: Readonly<Record<string, readonly string[]>> = {
  expression: ["hour"],
  every: ["hours"],
  in: ["runDate"],
};

function refusalOf(options: unknown): Error | undefined {
  try {
    triggerOf(options as never);
  } catch (error) {
    return error as Error;
  }
  return undefined;
}

function messagesOf(kind: string, field: string): string[] {
  const messages: string[] = [];
  for (const value of wrong) {
    const rest = Object.entries(VALID_OPTIONS[kind] ?? {}).filter(
      ([name]) => instead[field]?.includes(name) !== true,
    );
    const options = { trigger: kind, ...Object.fromEntries(rest), [field]: value };
    const error = refusalOf(options);
    if (error === undefined) continue;
    expect(error).toBeInstanceOf(TriggerError);
    const { message, data } = error as TriggerError;
    // A schedule that ends before it begins is told as a whole.
    if (data["reason"] === "never-fires") continue;
    messages.push(message);
    const told = { value: shown(value), message };
    expect(told).toEqual({ ...told, message: expect.stringContaining(field) as string });
    expect(told).toEqual({
      ...told,
      message: expect.stringMatching(
        /allowed|Allowed|Add |Write |Give |Use |needs |Did you mean|did you mean|Known |more than/,
      ) as string,
    });
    // What was written, or the part of it that is wrong.
    const parts = Array.isArray(value) ? [shown(value), ...value.map(shown)] : [shown(value)];
    const start = typeof value === "string" ? value.trim().slice(0, 20) : undefined;
    const isShown =
      parts.some((part) => message.includes(part)) ||
      (start !== undefined && message.includes(JSON.stringify(start).slice(1, -1))) ||
      (typeof value === "number" && message.includes(String(value)));
    expect({ ...told, isShown }).toEqual({ ...told, isShown: true });
    expect(message).not.toMatch(/Invalid input|expected|received|\[object|too_|invalid_/);
    if (value !== null && !(Array.isArray(value) && value.includes(null)))
      expect(message).not.toMatch(/\bnull\b/);
    expect(message.length).toBeLessThan(500);
  }
  return messages;
}

describe("a wrong value: where, what, and what is allowed", () => {
  const cases = Object.keys(VALID_OPTIONS).flatMap((kind) =>
    Object.keys(triggerOptionShapes[kind as keyof typeof triggerOptionShapes]).map(
      (field) => [kind, field] as const,
    ),
  );
  const common = Object.keys(triggerOptionShapes.common).map((field) => ["cron", field] as const);

  it.each([...cases, ...common])("%s: %s", (kind, field) => {
    const messages = messagesOf(kind, field);
    expect(messages.length).toBeGreaterThanOrEqual(20);
    if (process.env["SHOW_MESSAGES"]) console.log([...new Set(messages)].join("\n"));
  });

  it.each([
    [{ trigger: "date", runDate: new Date("nope") }, /^runDate: an invalid Date .*2026-12-25/],
    [{ trigger: "interval", minutes: Number.NaN }, /^minutes: NaN .*number of minutes/],
    [{ trigger: "interval", minutes: -5 }, /^minutes: -5 .*the sum must be above 0/],
    [{ trigger: "interval", minutes: 0 }, /^minutes: 0 .*more than 0/],
    [{ trigger: "interval", hours: 0, minutes: 0 }, /^hours: 0, minutes: 0 .*more than 0/],
    [{ trigger: "interval", minutes: "5" }, /^minutes: "5" .*Write 5 without quotes/],
    [{ trigger: "interval", every: 5 }, /^every: 5 .*'90s'/],
    [{ trigger: "cron", hour: "nine" }, /hour: "nine" is not a number; allowed: 0-23/],
    [{ trigger: "weekly", weekly: ["mon", 5] }, /^weekly/],
    [{ trigger: "daily", at: ["09:00", "25:00"] }, /^at: "25:00" .*"09:00"/],
    [
      { trigger: "cron", hour: 9, timezone: "Berlin" },
      /Did you mean the IANA name "Europe\/Berlin"\?/,
    ],
  ])("%j", (options, text) => {
    expect(refusalOf(options)?.message).toMatch(text);
  });
});

describe("a field of another kind of trigger", () => {
  it.each([
    [{ trigger: "daily", hour: 2 }, 'Write at: "02:00".'],
    [{ trigger: "daily", hour: "2", minute: 30 }, 'Write at: "02:30".'],
    [{ trigger: "weekly", weekly: "mon", hour: 23, second: 5 }, 'Write at: "23:00:05".'],
    [{ trigger: "daily", hour: "9-17" }, 'Write at: "09:00".'],
    [{ trigger: "daily", minute: undefined, hour: 7 }, 'Write at: "07:00".'],
    [
      { trigger: "weekly", dayOfWeek: "mon" },
      'Write the days in "weekly", such as ["mon", "wed"].',
    ],
    [{ trigger: "monthly", days: [1] }, 'Write the days in "monthly", such as [1, 15].'],
    [
      { trigger: "cron", hour: 9, at: "09:30" },
      "Write hour and minute, such as hour: 9, minute: 30.",
    ],
    [
      { trigger: "interval", days: 1, at: "02:00" },
      'write trigger: "daily" or "calendarInterval".',
    ],
  ])("%j: %s", (options, hint) => {
    expect(() => triggerOf(options as never)).toThrow(TriggerError);
    expect(() => triggerOf(options as never)).toThrow(hint);
  });
});
