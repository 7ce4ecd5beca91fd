import type { BARE, CRONDUIT } from "../measure/bench.ts";

/** Jobs that are due at an interval from a first instant on. Plain JSON, as all here. */
export interface IntervalJobs {
  readonly name: string;
  readonly count: number;
  readonly everyMs: number;
  /** Of the first; the others follow, spread over `spreadMs`. */
  readonly firstAt: number;
  readonly spreadMs: number;
  /** Of cronduit; Job Schedulers know no such thing. */
  readonly coalesce?: boolean;
}

/** Where a side works, and how. */
export interface Place {
  readonly side: typeof CRONDUIT | typeof BARE;
  readonly connection: string;
  readonly concurrency: number;
  /** Whether it adds jobs and watches over them, or executes runs, or both. */
  readonly role: "both" | "schedules" | "works";
}

/** A run began: when it was due, by this machine's clock. */
export type OnRun = (dueAt: number) => void;

/** What is measured: this package, or BullMQ as it is. Runs do nothing. */
export interface Side {
  /** Connects, and begins to execute. */
  start(): Promise<void>;
  /** Declares jobs, whether they are there already or not. */
  add(jobs: IntervalJobs): Promise<void>;
  /**
   * Makes it as if jobs had been declared and then nothing had worked for a time, in which each was due several times.
   * Nothing may be executing here.
   */
  addMissed(jobs: IntervalJobs, downtimeMs: number): Promise<void>;
}

/** When the n-th of some interval jobs is due first. */
export function firstDueOf({ firstAt, spreadMs, count }: IntervalJobs, n: number): number {
  return firstAt + Math.floor((n * spreadMs) / count);
}
