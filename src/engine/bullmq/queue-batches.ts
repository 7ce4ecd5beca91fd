import type { ConsumeOptions, RateLimit, TakenQueueJob } from "../port/queue-job.ts";

/** Queue jobs taken in one call. */
export interface TakenJobs {
  readonly jobs: readonly Omit<TakenQueueJob, "lock" | "signal">[];
  /** The token of their locks. */
  readonly lock: string;
  /** Until the next one becomes due, or the rate limit's window ends; 0 if neither is known. */
  readonly untilNextMs: number;
  /** Whether there may be more to take now. */
  readonly isMore: boolean;
  /** Whether the queue's rate limit is used up: nothing can be taken before `untilNextMs`. */
  readonly isLimited: boolean;
}

/** How to take queue jobs. */
export interface TakeOptions {
  /** Names the taker, uniquely among all that take: letters, digits and hyphens. */
  readonly taker: string;
  /** Counts the calls that were answered; a call that repeats a number is the same call sent again. */
  readonly turn: number;
  readonly lockMs: number;
  readonly count: number;
  readonly owner: ConsumeOptions["taker"];
  readonly limit?: RateLimit | undefined;
}

/** Names a queue job and the token of its lock. */
export interface LockedJob {
  readonly id: string;
  readonly lock: string;
}

/** Takes and ends many queue jobs in one call of the server, each as BullMQ does one. */
export interface QueueBatches {
  take(options: TakeOptions): Promise<TakenJobs>;
  /** Signals another worker that there is something to take. */
  passOn(): Promise<void>;
  /** Leaves those whose lock was lost as they are. */
  end(jobs: readonly LockedJob[]): Promise<void>;
  /** @returns Whether it was still locked with this token. */
  park(job: LockedJob, delayMs: number): Promise<boolean>;
}
