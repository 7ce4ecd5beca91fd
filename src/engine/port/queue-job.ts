import type { Occurrence } from "../../jobs/schedule.ts";
import type { AdmittedRun } from "./runs.ts";

export type { QueueJob } from "../../jobs/queue.ts";

/** A run that began in the step that took its queue job, because only its own occurrence had to be decided. */
export interface BegunRun {
  readonly run: AdmittedRun;
  /** The job's definition must be of this revision. */
  readonly revision: number;
  /** To be called before the run is executed, with the occurrence after the job's next one, if there is one. */
  goesOn(next: Occurrence | undefined): void;
}

/** A queue job that a worker took and holds by a lock. */
export interface TakenQueueJob {
  readonly id: string;
  readonly pipeline: string;
  /** How often it has been taken, this time included. */
  readonly takes: number;
  /** The token of its lock: `admit` checks it, and `settle` ends the queue job with its run. Absent: neither is done. */
  readonly lock?: string | undefined;
  /** Aborts when the lock is lost and another worker may take the run. */
  readonly signal: AbortSignal;
  /** The run that began when the queue job was taken. Absent: `admit` decides. */
  readonly begun?: BegunRun | undefined;
}

/**
 * What becomes of a queue job once it was handled. `done`: it is to end. `ended`: it ended together with its run. `hand-back`:
 * others may take it at once. `againInMs`: it becomes due again after that time.
 */
export type QueueJobOutcome = "done" | "ended" | "hand-back" | { readonly againInMs: number };

/** How to take queue jobs. */
export interface ConsumeOptions {
  readonly concurrency: number;
  readonly lockMs: number;
  readonly stalledCheckMs: number;
  /** Takes at most `max` queue jobs per `perMs`, counted over all workers of the queue. Absent: no limit. */
  readonly limit?: RateLimit | undefined;
  /** The worker and its pipelines: their runs may begin in the step that takes the queue job. Absent: none does. */
  readonly taker?: { readonly worker: string; readonly pipelines: readonly string[] };
  handle(queueJob: TakenQueueJob): Promise<QueueJobOutcome>;
  onError(error: unknown): void;
}

/** At most `max` in each window of `perMs`, which begins with the first one after the last window. */
export interface RateLimit {
  readonly max: number;
  readonly perMs: number;
}

/** Takes queue jobs until it is stopped. */
export interface Consumer {
  /** Takes no more; resolves when none is being handled. */
  stop(): Promise<void>;
  /**
   * Gives up at once: hands what is being handled back to others and closes the connections, within `limitMs` whether or
   * not the server answers.
   */
  abandon(limitMs: number): Promise<void>;
}
