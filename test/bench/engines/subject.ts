/** A run began: when it was due, by this process's clock, which is the server's. */
export type OnRun = (dueAt: number) => void;

/** Where a subject works, and how. Plain JSON. */
export interface Place {
  readonly engine: EngineName;
  /** A server or a folder. */
  readonly connection: string;
  readonly prefix: string;
  readonly concurrency: number;
}

/** Jobs that are due at an interval from a first instant on. */
export interface IntervalJobs {
  readonly name: string;
  readonly count: number;
  readonly everyMs: number;
  /** Of the first; the others follow, spread over `spreadMs`. */
  readonly firstAt: number;
  readonly spreadMs: number;
}

/** What is measured: this package, or BullMQ as it is. Both execute runs in this process, which do nothing. */
export interface Subject {
  /** Connects, and begins to execute. */
  start(): Promise<void>;
  addIntervals(jobs: IntervalJobs): Promise<void>;
  removeIntervals(jobs: IntervalJobs): Promise<void>;
  /** Puts so many runs of one job into the queue, of which none begins until {@link release}. */
  holdRunsOfOne(count: number): Promise<void>;
  release(): Promise<void>;
  close(): Promise<void>;
}

export const ENGINES = ["redis", "postgres", "embedded"] as const;
/** An engine that is measured. */
export type EngineName = (typeof ENGINES)[number];

export const SIDES = ["cronduit", "bullmq"] as const;
/** Who is measured on an engine. */
export type Side = (typeof SIDES)[number];

/** When the n-th of some interval jobs is due first. */
export function firstDueOf({ firstAt, spreadMs, count }: IntervalJobs, n: number): number {
  return firstAt + Math.floor((n * spreadMs) / count);
}
