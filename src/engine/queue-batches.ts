/** Queue jobs that were taken at once. */
export interface TakenJobs {
  readonly jobs: readonly { readonly id: string; readonly name: string; readonly takes: number }[];
  /** Until the next becomes due; 0 if none is known. */
  readonly untilNextMs: number;
}

/** A queue job and the token of its lock. */
export interface LockedJob {
  readonly id: string;
  readonly token: string;
}

/** Takes and ends many queue jobs in one call of the server, each as BullMQ does one. */
export interface QueueBatches {
  take(token: string, lockMs: number, count: number): Promise<TakenJobs>;
  /** One whose lock was lost stays as it is. */
  end(jobs: readonly LockedJob[]): Promise<void>;
  /** @returns Whether it was still locked with this token. */
  park(job: LockedJob, delayMs: number): Promise<boolean>;
}
