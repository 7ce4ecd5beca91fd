// One cell of the bench: one subject on one engine, in a process of its own. Sends a Measured.
import { setTimeout as wait } from "node:timers/promises";
import { BullmqSubject } from "./bullmq-subject.ts";
import { CronduitSubject } from "./cronduit-subject.ts";
import type { Place, Side, Subject } from "./subject.ts";

/** How much work a cell does. */
export interface Load {
  /** Jobs that are due in one instant. */
  readonly burst: number;
  /** Runs of one single job. */
  readonly one: number;
  /** Jobs that are due once a second each, spread over it. */
  readonly steady: number;
  readonly steadyMs: number;
}

/** What main asks of the program. Plain JSON. */
export interface Cell {
  readonly side: Side;
  readonly place: Place;
  readonly load: Load;
}

/** What a cell measured. */
export interface Measured {
  /** Many jobs, due in one instant: runs a second until the last began. `null`: the machine was too busy to tell. */
  readonly burstPerSecond: number | null;
  /** The same for runs of one job. */
  readonly onePerSecond: number;
  /** Start minus due time of runs under a steady load, in ms. */
  readonly lateP50: number;
  readonly lateP99: number;
  /** How many runs the lateness is of. */
  readonly runs: number;
}

/** No part waits longer, whatever the machine is; what is done by then counts. */
const PART_LIMIT_MS = 12_000;
const HOUR_MS = 3_600_000;
const WARM_UP = 50;
const WARM_UP_ADD_MS = 500;

const now = (): number => performance.timeOrigin + performance.now();

const { side, place, load } = JSON.parse(process.argv[2] ?? "{}") as Cell;
let onRun: (dueAt: number) => void = () => undefined;
const tell = (dueAt: number): void => onRun(dueAt);
const subject: Subject =
  side === "cronduit" ? new CronduitSubject(place, tell) : new BullmqSubject(place, tell);

interface Burst {
  readonly perSecond: number;
  /** How long it took to add a job, in ms. */
  readonly addMsEach: number;
  /** Whether jobs were still being added when they were due: the speed says nothing then. */
  readonly isLate: boolean;
}

/** Counts runs from now on. */
class Counter {
  count = 0;
  lastAt = now();
  readonly reached: Promise<void>;

  constructor(goal: number) {
    this.reached = new Promise((resolve) => {
      onRun = () => {
        this.count += 1;
        this.lastAt = now();
        if (this.count === goal) resolve();
      };
    });
  }

  /** Runs a second from `fromAt` on. */
  async speed(fromAt: number): Promise<number> {
    await Promise.race([this.reached, wait(Math.max(0, fromAt - now()) + PART_LIMIT_MS)]);
    return this.count / ((this.lastAt - fromAt) / 1_000);
  }
}

/** Many jobs, all due in one instant, which is far enough away to add them before. */
async function burst(name: string, count: number, addMs: number): Promise<Burst> {
  const addingFrom = now();
  const firstAt = Math.ceil(addingFrom + addMs);
  const counter = new Counter(count);
  await subject.addIntervals({ name, count, everyMs: HOUR_MS, firstAt, spreadMs: 0 });
  const addedAt = now();
  const perSecond = await counter.speed(firstAt);
  return { perSecond, addMsEach: (addedAt - addingFrom) / count, isLate: addedAt > firstAt };
}

async function one(count: number): Promise<number> {
  const counter = new Counter(count);
  await subject.releaseRunsOfOne(count);
  return counter.speed(now());
}

async function lateness({ steady, steadyMs }: Load): Promise<number[]> {
  let from = Math.ceil(now()) + 1_000;
  const found: { dueAt: number; lateMs: number }[] = [];
  onRun = (dueAt) => void found.push({ dueAt, lateMs: now() - dueAt });
  const jobs = { name: "steady", count: steady, everyMs: 1_000, firstAt: from, spreadMs: 1_000 };
  await subject.addIntervals(jobs);
  from = Math.max(from, now());
  await wait(from - now() + steadyMs);
  onRun = () => undefined;
  const counted = found.filter(({ dueAt }) => dueAt >= from);
  return counted.map(({ lateMs }) => lateMs).toSorted((a, b) => a - b);
}

const quantile = (sorted: readonly number[], q: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN;

await subject.start();
const { addMsEach } = await burst("warm-up", WARM_UP, WARM_UP_ADD_MS);
await one(WARM_UP);
const { perSecond, isLate } = await burst("burst", load.burst, addMsEach * load.burst * 2 + 300);
const onePerSecond = await one(load.one);
const late = await lateness(load);
const measured: Measured = {
  burstPerSecond: isLate ? null : perSecond,
  onePerSecond,
  lateP50: quantile(late, 0.5),
  lateP99: quantile(late, 0.99),
  runs: late.length,
};
process.send?.(measured);
await subject.close();
process.disconnect();
