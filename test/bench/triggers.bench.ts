import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { CronExpressionParser } from "cron-parser";
import { Cron } from "croner";
import { type Bench, type BenchOptions, CRONDUIT, type Sample } from "./measure/bench.ts";
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
    const expression = SCHEDULES[i % SCHEDULES.length] ?? "* * * * *";
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

const CRON_PARSER = "cron-parser";
const CRONER = "croner";

async function play({ quick, rounds, say }: BenchOptions): Promise<Sample[]> {
  const roundMs = quick ? 5 : 30;
  const samples: Sample[] = [];
  for (let round = 1; round <= (quick ? 1 : (rounds ?? 1)) * ZONES.length; round += 1) {
    const timezone = ZONES[round % ZONES.length] ?? "UTC";
    for (const schedule of SCHEDULES) {
      const add = (side: string, nsPerNext: number): unknown =>
        samples.push({ part: schedule, side, round, figures: { nsPerNext } });
      const options = { trigger: "cron", expression: schedule } as const;
      const ours = createTrigger(resolveTrigger(options, { now: FROM, timezone, jobId: "bench" }));
      const parsed = CronExpressionParser.parse(schedule, {
        tz: timezone,
        currentDate: new Date(FROM),
      });
      const croner = new Cron(schedule, { timezone, paused: true });
      const questions = [FROM, ...ours.between(FROM, 8e15, QUESTIONS - 1)];
      add(
        CRONDUIT,
        measure(questions, (at) => ours.next(at), roundMs),
      );
      const few = questions.slice(0, 50);
      const askCronParser = (at: number): unknown => {
        parsed.reset(new Date(at));
        return parsed.next();
      };
      add(CRON_PARSER, measure(few, askCronParser, roundMs));
      add(
        CRONER,
        measure(few, (at) => croner.nextRun(new Date(at)), roundMs),
      );
    }
    say(`triggers in ${timezone}`);
  }
  const figures = { bytes: bytesPerTrigger() };
  samples.push({ part: "a trigger of them", side: CRONDUIT, round: 1, figures });
  return samples;
}

export const bench: Bench = {
  title: "Triggers",
  about: `
The next fire time of a cron expression after an instant, for 400 consecutive ones, in three time zones; each is a round. cron-parser
parses once and is then asked by \`reset\` and \`next\`, croner by \`nextRun\`. The best of five tries counts.`,
  figures: {
    nsPerNext: { label: "ns a call", better: "less" },
    bytes: { label: "heap, bytes", better: "less" },
  },
  sides: [CRONDUIT, CRON_PARSER, CRONER],
  play,
};
