import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { CronExpressionParser } from "cron-parser";
import { Cron } from "croner";
import { createTrigger } from "../../src/triggers/create.ts";
import { resolveTrigger } from "../../src/triggers/resolve.ts";
import { triggerSpecSchema } from "../../src/triggers/spec.ts";

const ZONES = ["UTC", "Europe/Berlin", "Asia/Kolkata"] as const;
const SCHEDULES = [
  "* * * * *",
  "*/5 * * * *",
  "0 * * * *",
  "30 2 * * *",
  "0 9 * * 1-5",
  "15 14 1 * *",
  "0 0 29 2 *",
  "0 12 * * 5#2",
  "*/10 * * * * *",
  "0,30 8-18 * 1,6,12 1-5",
] as const;

const FROM = Date.UTC(2026, 0, 1, 0, 0, 30);
/** Consecutive fire times, as a scheduler asks for them; about a year of a daily job, so that changes of the clock are among them. */
const QUESTIONS = 400;

/** One schedule in one zone; nanoseconds per `next()`, and how many times as long the others take. */
interface Row {
  schedule: string;
  timezone: string;
  oursNs: number;
  cronParserNs: number;
  cronerNs: number;
  ratioCronParser: number;
  ratioCroner: number;
}

interface Result {
  node: string;
  rows: Row[];
  medianOursNs: number;
  medianRatioCronParser: number;
  medianRatioCroner: number;
  worstRatio: number;
  /** Bytes of heap per parsed trigger, its spec included. */
  bytesPerTrigger: number;
}

/** Nanoseconds per call: the best of several rounds, since everything that disturbs a round only makes it slower. */
function measure(
  questions: readonly number[],
  ask: (at: number) => unknown,
  roundMs: number,
): number {
  let best = Number.POSITIVE_INFINITY;
  let repeats = 1;
  for (let round = 0; round < 5;) {
    const start = process.hrtime.bigint();
    for (let i = 0; i < repeats; i++) for (const at of questions) ask(at);
    const ns = Number(process.hrtime.bigint() - start);
    if (ns < roundMs * 1e6 && round === 0) {
      repeats = Math.max(repeats + 1, Math.ceil((repeats * roundMs * 1.2e6) / Math.max(ns, 1)));
      if (ns < roundMs * 5e5) continue;
    }
    best = Math.min(best, ns / (repeats * questions.length));
    round += 1;
  }
  return best;
}

function bytesPerTrigger(): number {
  setFlagsFromString("--expose-gc");
  const collect: unknown = runInNewContext("gc");
  if (typeof collect !== "function") return Number.NaN;
  const texts = Array.from({ length: 20_000 }, (_, i) => {
    const expression = SCHEDULES[i % SCHEDULES.length];
    const timezone = ZONES[i % ZONES.length] ?? "UTC";
    return JSON.stringify(
      resolveTrigger({ trigger: "cron", expression }, { now: FROM, timezone, jobId: String(i) }),
    );
  });
  collect();
  const before = process.memoryUsage().heapUsed;
  const triggers = texts.map((text) => createTrigger(triggerSpecSchema.parse(JSON.parse(text))));
  for (const trigger of triggers) trigger.next(FROM);
  collect();
  const bytes = process.memoryUsage().heapUsed - before;
  // Both lists are used after the measurement, so that neither is collected before it.
  return Math.round(bytes / Math.max(texts.length, triggers.length));
}

const median = (values: number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

/** Compares `next()` with cron-parser (parsed once, then `reset` and `next`) and croner (`nextRun`) on the same questions. */
export function run({ quick }: { quick: boolean }): Result {
  const roundMs = quick ? 5 : 30;
  const rows: Row[] = [];
  for (const timezone of ZONES) {
    for (const schedule of SCHEDULES) {
      const options = { trigger: "cron", expression: schedule } as const;
      const ours = createTrigger(resolveTrigger(options, { now: FROM, timezone, jobId: "bench" }));
      const parsed = CronExpressionParser.parse(schedule, {
        tz: timezone,
        currentDate: new Date(FROM),
      });
      const croner = new Cron(schedule, { timezone, paused: true });
      const questions = [FROM, ...ours.between(FROM, 8e15, QUESTIONS - 1)];
      const oursNs = measure(questions, (at) => ours.next(at), roundMs);
      const few = questions.slice(0, 50);
      const cronParserNs = measure(
        few,
        (at) => {
          parsed.reset(new Date(at));
          return parsed.next();
        },
        roundMs,
      );
      const cronerNs = measure(few, (at) => croner.nextRun(new Date(at)), roundMs);
      rows.push({
        schedule,
        timezone,
        oursNs,
        cronParserNs,
        cronerNs,
        ratioCronParser: cronParserNs / oursNs,
        ratioCroner: cronerNs / oursNs,
      });
    }
  }
  return {
    node: process.version,
    rows,
    medianOursNs: median(rows.map((row) => row.oursNs)),
    medianRatioCronParser: median(rows.map((row) => row.ratioCronParser)),
    medianRatioCroner: median(rows.map((row) => row.ratioCroner)),
    worstRatio: Math.min(...rows.flatMap((row) => [row.ratioCronParser, row.ratioCroner])),
    bytesPerTrigger: bytesPerTrigger(),
  };
}

/** The result as a table. */
export function print(result: unknown): string {
  const {
    rows,
    medianOursNs,
    medianRatioCronParser,
    medianRatioCroner,
    worstRatio,
    bytesPerTrigger: bytes,
  } = result as Result;
  const line = (cells: string[]): string =>
    cells.map((cell, i) => (i < 2 ? cell.padEnd(24) : cell.padStart(14))).join("");
  return [
    line(["schedule", "zone", "ours ns", "cron-parser", "croner"]),
    ...rows.map((row) =>
      line([
        row.schedule,
        row.timezone,
        row.oursNs.toFixed(0),
        `${row.ratioCronParser.toFixed(0)}x`,
        `${row.ratioCroner.toFixed(0)}x`,
      ]),
    ),
    `median: ${medianOursNs.toFixed(0)} ns; cron-parser takes ${medianRatioCronParser.toFixed(0)}x, croner ${medianRatioCroner.toFixed(0)}x as long; worst row ${worstRatio.toFixed(1)}x`,
    `memory per parsed trigger, with its spec: ${bytes} bytes`,
  ].join("\n");
}
