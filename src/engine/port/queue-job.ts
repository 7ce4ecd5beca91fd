import type { EpochMs } from "../../core/clock.ts";
import type { Occurrence } from "../../jobs/schedule.ts";
import type { AdmittedRun } from "./decisions.ts";

/** A queue job to be added; adding one that exists does nothing. */
export interface QueueJob {
  /** Made by `wakeUpId`. */
  readonly id: string;
  readonly pipeline: string;
  readonly dueAt: EpochMs;
  /** Where it is added. Absent: the default queue. */
  readonly queue?: string;
}

/** A run that began in the step that took its queue job, since nothing but its own occurrence was to be decided. */
export interface BegunRun {
  readonly run: AdmittedRun;
  /** The job's definition must be of this revision. */
  readonly revision: number;
  /**
   * To be called when the run is about to be executed, with the occurrence of its job after the next one, if there is one.
   */
  goesOn(next: Occurrence | undefined): void;
}

/** A queue job that a worker took. */
export interface TakenQueueJob {
  readonly id: string;
  readonly pipeline: string;
  /** How often it has been taken, this time included. */
  readonly takes: number;
  /** Aborts when the lock is lost: somebody else may take the run. */
  readonly signal: AbortSignal;
  /** Names its lock, if `admit` can look at it, and `settle` end it together with its run. */
  readonly lock?: string | undefined;
  /** Absent: `admit` is to decide. */
  readonly begun?: BegunRun | undefined;
}

/** What becomes of a queue job after it was handled; `ended`: it ended with its run. */
export type QueueJobOutcome = "done" | "ended" | { readonly againInMs: number } | "hand-back";

/** How to take queue jobs. */
export interface ConsumeOptions {
  readonly concurrency: number;
  readonly lockMs: number;
  readonly stalledCheckMs: number;
  /** At most so many queue jobs are taken in so many ms, by all workers of the queue together. Absent: no bound. */
  readonly limit?: { readonly max: number; readonly perMs: number } | undefined;
  /** Who takes, and the pipelines that it has: what is theirs may begin in the step that takes it. Absent: nothing does. */
  readonly taker?: { readonly worker: string; readonly pipelines: readonly string[] };
  handle(queueJob: TakenQueueJob): Promise<QueueJobOutcome>;
  onError(error: unknown): void;
}

/** Takes queue jobs until it is stopped. */
export interface Consumer {
  /** Takes no more; resolves when none is being handled. */
  stop(): Promise<void>;
  /**
   * Gives up at once: what is being handled is put back for others, and connections are closed. Takes no longer than
   * `limitMs`, whether or not the server answers.
   */
  abandon(limitMs: number): Promise<void>;
}
