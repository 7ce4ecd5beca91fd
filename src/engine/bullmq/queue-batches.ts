import type { BegunRun, ConsumeOptions } from "../port/queue-job.ts";

/** A queue job that was taken. */
export interface TakenJob {
  readonly id: string;
  readonly name: string;
  readonly takes: number;
  readonly begun?: BegunRun | undefined;
}

/** Queue jobs that were taken at once. */
export interface TakenJobs {
  readonly jobs: readonly TakenJob[];
  /** Names their locks. */
  readonly token: string;
  /** Until the next becomes due; 0 if none is known. */
  readonly untilNextMs: number;
  /** Whether there may be more to take now. */
  readonly isMore: boolean;
}

/** How to take queue jobs. */
export interface TakeOptions {
  /** Names who takes, among all that do: letters, digits and hyphens. */
  readonly taker: string;
  /** Counts the calls that were answered; a call with the number of an earlier one is that call sent again. */
  readonly turn: number;
  readonly lockMs: number;
  readonly count: number;
  readonly owner: ConsumeOptions["taker"];
}

/** A queue job and the token of its lock. */
export interface LockedJob {
  readonly id: string;
  readonly token: string;
}

/** Takes and ends many queue jobs in one call of the server, each as BullMQ does one. */
export interface QueueBatches {
  take(options: TakeOptions): Promise<TakenJobs>;
  /** Tells another worker of what there is to take. */
  passOn(): Promise<void>;
  /** One whose lock was lost stays as it is. */
  end(jobs: readonly LockedJob[]): Promise<void>;
  /** @returns Whether it was still locked with this token. */
  park(job: LockedJob, delayMs: number): Promise<boolean>;
}
