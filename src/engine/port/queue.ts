import type { ConsumeOptions, Consumer, QueueJob } from "./queue-job.ts";

/** Queue jobs. */
export interface QueuePort {
  /** Adds queue jobs that were lost. All others are added by the steps that they follow from. */
  add(queueJobs: readonly QueueJob[]): Promise<void>;
  /** Takes queue jobs of one queue: here the default one; `Engine.serve` gives another. */
  consume(options: ConsumeOptions): Consumer;
  /** Stops or resumes the taking of queue jobs in the whole fleet. */
  setPaused(paused: boolean): Promise<void>;
  isPaused(): Promise<boolean>;
}
