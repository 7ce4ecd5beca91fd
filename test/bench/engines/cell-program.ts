// One cell of the bench: one subject on one engine, in a process of its own. Sends "ready", then a Measured for each Load.
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

/** Who is measured, and where; the program's argument. Plain JSON. */
export interface Cell {
  readonly side: Side;
  readonly place: Place;
}

/** What a cell measured with one load. */
export interface Measured {
  /** Many jobs, due in one instant: runs a second until the last began. `null`: the machine was too busy to tell. */
  readonly burstPerSecond: number | null;
  /** The same for runs of one job. */
  readonly onePerSecond: number;
  /** Start minus due time of runs under a steady load, in ms; `null`: none began. */
  readonly lateP50: number | null;
  readonly lateP99: number | null;
  /** How many runs the lateness is of. */
  readonly runs: number;
}

/** No part waits longer, whatever the machine is; what is done by then counts. */
const PART_LIMIT_MS = 10_000;
const HOUR_MS = 3_600_000;
const WARM_UP: Load = { burst: 20, one: 20, steady: 10, steadyMs: 300 };
/** How often jobs are added that are not there in time, each time with more of it. */
const TRIES = 3;

const now = (): number => performance.timeOrigin + performance.now();

const { side, place } = JSON.parse(process.argv[2] ?? "{}") as Cell;
let onRun: (dueAt: number) => void = () => undefined;
const tell = (dueAt: number): void => onRun(dueAt);
const subject: Subject =
  side === "cronduit" ? new CronduitSubject(place, tell) : new BullmqSubject(place, tell);
let bursts = 0;
let addMsEach = 10;

/** Counts runs from now on. */
class Counter {
  #count = 0;
  #lastAt = now();
  readonly #reached: Promise<void>;

  constructor(goal: number) {
    this.#reached = new Promise((resolve) => {
      onRun = () => {
        this.#count += 1;
        this.#lastAt = now();
        if (this.#count === goal) resolve();
      };
    });
  }

  /** Runs a second from `fromAt` on. */
  async speed(fromAt: number): Promise<number> {
    const limitMs = Math.max(0, fromAt - now()) + PART_LIMIT_MS;
    await Promise.race([this.#reached, wait(limitMs, undefined, { ref: false })]);
    return this.#count / ((this.#lastAt - fromAt) / 1_000);
  }
}

/** Many jobs, all due in one instant, which is far enough away to add them before. */
async function burst(count: number): Promise<number | null> {
  for (let tried = 1; tried <= TRIES; tried += 1) {
    const addingFrom = now();
    const firstAt = Math.ceil(addingFrom + addMsEach * count * (1 + tried / 2) + 100);
    const counter = new Counter(count);
    const name = `burst-${(bursts += 1)}`;
    await subject.addIntervals({ name, count, everyMs: HOUR_MS, firstAt, spreadMs: 0 });
    const addedAt = now();
    addMsEach = (addedAt - addingFrom) / count;
    const perSecond = await counter.speed(firstAt);
    // The speed says nothing if jobs were still being added when they were due.
    if (addedAt <= firstAt) return perSecond;
  }
  return null;
}

/** Runs of one job, all there before the first may begin. */
async function one(count: number): Promise<number> {
  const counter = new Counter(count);
  await subject.holdRunsOfOne(count);
  const fromAt = now();
  await subject.release();
  return counter.speed(fromAt);
}

/** How late runs began under a steady load, in ascending order. */
async function lateness({ steady, steadyMs }: Load): Promise<number[]> {
  let from = Math.ceil(now()) + 500;
  const found: { dueAt: number; lateMs: number }[] = [];
  onRun = (dueAt) => void found.push({ dueAt, lateMs: now() - dueAt });
  const jobs = { name: "steady", count: steady, everyMs: 1_000, firstAt: from, spreadMs: 1_000 };
  await subject.addIntervals(jobs);
  from = Math.max(from, now());
  await wait(from - now() + steadyMs);
  onRun = () => undefined;
  await subject.removeIntervals(jobs);
  const counted = found.filter(({ dueAt }) => dueAt >= from);
  return counted.map(({ lateMs }) => lateMs).toSorted((a, b) => a - b);
}

const quantile = (sorted: readonly number[], q: number): number | null =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? null;

async function measure(load: Load): Promise<Measured> {
  const burstPerSecond = await burst(load.burst);
  const onePerSecond = await one(load.one);
  const late = await lateness(load);
  return {
    burstPerSecond,
    onePerSecond,
    lateP50: quantile(late, 0.5),
    lateP99: quantile(late, 0.99),
    runs: late.length,
  };
}

await subject.start();
await measure(WARM_UP);
process.on(
  "message",
  (load: Load) => void measure(load).then((measured) => process.send?.(measured)),
);
process.send?.("ready");
