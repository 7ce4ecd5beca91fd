// One side in a process of its own. It is told what to do by messages and answers each, see CalledProgram.
import { setTimeout as wait } from "node:timers/promises";
import { CRONDUIT } from "../measure/bench.ts";
import { answerCalls } from "../measure/called-program.ts";
import { quantile } from "../measure/statistics.ts";
import { BareSide } from "./bare-side.ts";
import { CronduitSide } from "./cronduit-side.ts";
import type { IntervalJobs, Place } from "./side.ts";

/** What a process did between `begin` and `end`. */
export interface Counted {
  readonly runs: number;
  readonly elapsedMs: number;
  /** Processor time of this process. */
  readonly cpuUs: number;
  /** When the last run began. */
  readonly lastAt: number;
  /** Start of a run less its due time. */
  readonly lateP50: number | null;
  readonly lateP99: number | null;
  readonly lateMost: number | null;
}

/** What this program can be told to do. */
export interface Calls {
  start(): Promise<number>;
  add(jobs: IntervalJobs): Promise<number>;
  addMissed(missed: { readonly jobs: IntervalJobs; readonly downtimeMs: number }): Promise<number>;
  begin(from: { readonly dueFrom: number }): Promise<void>;
  reach(goal: { readonly runs: number; readonly limitMs: number }): Promise<boolean>;
  end(): Promise<Counted>;
}

const now = (): number => performance.timeOrigin + performance.now();

let lates: number[] = [];
let lastAt = 0;
let dueFrom = 0;
let goal = { runs: Number.POSITIVE_INFINITY, reached: (): void => undefined };
let began = { at: 0, cpu: process.cpuUsage() };

function onRun(dueAt: number): void {
  if (dueAt < dueFrom) return;
  lastAt = now();
  lates.push(lastAt - dueAt);
  if (lates.length === goal.runs) goal.reached();
}

const place = JSON.parse(process.argv[2] ?? "{}") as Place;
const side =
  place.side === CRONDUIT ? await CronduitSide.make(place, onRun) : new BareSide(place, onRun);

async function msOf(doing: Promise<void>): Promise<number> {
  const from = performance.now();
  await doing;
  return performance.now() - from;
}

const calls: Calls = {
  start: () => msOf(side.start()),
  add: (jobs) => msOf(side.add(jobs)),
  addMissed: ({ jobs, downtimeMs }) => msOf(side.addMissed(jobs, downtimeMs)),
  begin: async (from) => {
    lates = [];
    lastAt = 0;
    dueFrom = from.dueFrom;
    began = { at: now(), cpu: process.cpuUsage() };
  },
  reach: async ({ runs, limitMs }) => {
    const reached = new Promise<void>((resolve) => {
      goal = { runs, reached: resolve };
      if (lates.length >= runs) resolve();
    });
    await Promise.race([reached, wait(limitMs, undefined, { ref: false })]);
    return lates.length >= runs;
  },
  end: async () => {
    const { user, system } = process.cpuUsage(began.cpu);
    const elapsedMs = now() - began.at;
    const sorted = Float64Array.from(lates).toSorted();
    return {
      runs: lates.length,
      elapsedMs,
      cpuUs: user + system,
      lastAt,
      lateP50: quantile(sorted, 0.5),
      lateP99: quantile(sorted, 0.99),
      lateMost: sorted.at(-1) ?? null,
    };
  },
};

answerCalls(calls);
