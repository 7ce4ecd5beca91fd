import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { CronExpressionParser } from "cron-parser";
import { Cron } from "croner";
import type * as Rrule from "rrule";
import { describe, expect, it } from "vitest";
import { readExpressions } from "../vectors/read-vectors.ts";
import { iso, triggerOf } from "./ask.ts";
import { wallClock } from "./reference.ts";

/**
 * The same questions to us and to our peers. Each difference falls into a class that
 * `docs/contributing/decisions/0020-trigger-peers.md` explains;
 * one that falls into none fails the test.
 */
type Difference =
  "same" | "clock change" | "star rule" | `refused: ${string}` | `UNEXPLAINED ${string}`;

const COUNT = 8;

// The library is CommonJS whose names Node does not see from a module.
const rruleLibrary = createRequire(import.meta.url)("rrule") as typeof Rrule;

const peers = {
  croner(expression: string, timezone: string, from: number): number[] {
    const cron = new Cron(expression, { timezone, paused: true });
    const found: number[] = [];
    for (let at: Date | null = new Date(from); found.length < COUNT;) {
      at = cron.nextRun(at);
      if (at === null) break;
      found.push(at.getTime());
    }
    return found;
  },
  "cron-parser"(expression: string, tz: string, from: number): number[] {
    const cron = CronExpressionParser.parse(expression, { tz, currentDate: new Date(from) });
    return Array.from({ length: COUNT }, () => cron.next().getTime());
  },
};

/** Whether the clock of a zone is changed within two days of `instant`. */
function nearChange(instant: number, timezone: string): boolean {
  const offset = (at: number): number => wallClock(at, timezone) - Math.floor(at / 1000) * 1000;
  return (
    new Set(
      [-48, -36, -24, -12, 0, 12, 24, 36, 48].map((hours) => offset(instant + hours * 3_600_000)),
    ).size > 1
  );
}

function classify(
  ours: number[],
  ask: () => number[],
  expression: string,
  timezone: string,
): Difference {
  let theirs: number[];
  try {
    theirs = ask();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    if (/duplicate values/.test(message)) return "refused: repeated values, also 0,7";
    if (/stepping with numeric prefix/.test(message)) return "refused: a/n";
    if (/Invalid range|invalid dayOfWeek|got value L|not a number/.test(message))
      return "refused: sat-sun, L5 or # in a list";
    if (/loop limit exceeded/.test(message) && timezone === "Australia/Lord_Howe")
      return "refused: loops at a half-hour change";
    return `UNEXPLAINED ${message}`;
  }
  const at = ours.findIndex((instant, i) => instant !== theirs[i]);
  if (at < 0) return "same";
  const [, , day = "", , weekday = ""] = expression.split(" ");
  const isStep = (field: string): boolean => field.startsWith("*") && field !== "*";
  if ((isStep(day) && weekday !== "*") || (isStep(weekday) && day !== "*")) return "star rule";
  if (nearChange(Math.min(ours[at] ?? 0, theirs[at] ?? 0), timezone)) return "clock change";
  return `UNEXPLAINED ${expression} ${timezone}: ours ${iso(ours[at] ?? 0)}, theirs ${iso(theirs[at] ?? 0)}`;
}

describe("peers, on the expressions of the vectors", () => {
  const vectors = readExpressions(fileURLToPath(new URL("../vectors", import.meta.url)));

  it.each([
    [
      "croner",
      {
        same: 442,
        "clock change": 11,
        "star rule": 7,
        "refused: a/n": 77,
        "refused: sat-sun, L5 or # in a list": 1,
      },
    ],
    [
      "cron-parser",
      {
        same: 442,
        "clock change": 43,
        "star rule": 9,
        "refused: repeated values, also 0,7": 37,
        "refused: sat-sun, L5 or # in a list": 4,
        "refused: loops at a half-hour change": 3,
      },
    ],
  ] as const)("%s differs only where we can say why", { timeout: 120_000 }, (name, expected) => {
    const counts: Record<string, number> = {};
    for (const { spec, timezone, from } of vectors) {
      const expression = String(spec["expr"]);
      const ours = triggerOf({ trigger: "cron", expression }, { timezone, from }).between(
        Date.parse(from),
        8e15,
        COUNT,
      );
      const difference = classify(
        ours,
        () => peers[name](expression, timezone, Date.parse(from)),
        expression,
        timezone,
      );
      counts[difference] = (counts[difference] ?? 0) + 1;
    }
    expect(counts).toEqual(expected);
  });
});

describe("peers, on recurrence rules", () => {
  it.each([
    "FREQ=DAILY;INTERVAL=3",
    "FREQ=WEEKLY;BYDAY=MO,WE,FR;BYHOUR=9,17",
    "FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=TU,SU",
    "FREQ=MONTHLY;BYDAY=-1FR",
    "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
    "FREQ=MONTHLY;BYMONTHDAY=31",
    "FREQ=MONTHLY;BYMONTHDAY=13;BYDAY=FR",
    "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29",
    "FREQ=YEARLY;BYWEEKNO=53;BYDAY=MO",
    "FREQ=YEARLY;BYYEARDAY=-1,100",
    "FREQ=HOURLY;INTERVAL=7",
    "FREQ=MINUTELY;INTERVAL=90;BYDAY=SA",
    "FREQ=DAILY;COUNT=5",
    "FREQ=DAILY;UNTIL=20260110T000000Z",
  ])("the rrule library agrees in UTC: %s", (rule) => {
    const text = `DTSTART:20260101T083000Z\nRRULE:${rule}`;
    const theirs: number[] = [];
    rruleLibrary.rrulestr(text).all((at, i) => {
      theirs.push(at.getTime());
      return i < 19;
    });
    const ours = triggerOf({ trigger: "rrule", rule: text }).between(0, 8e15, theirs.length);
    expect(ours.map(iso)).toEqual(theirs.map(iso));
  });
});
