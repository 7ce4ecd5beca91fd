import type { EpochMs } from "../core/clock.ts";
import type { QueueJob } from "./queue.ts";

/** Which jobs to check. */
export interface AuditRequest {
  /** Jobs whose next occurrence is due within this are always checked, and changes by themselves told. */
  readonly horizonMs: number;
  /** Further jobs to check, by their place in the list. */
  readonly offset: number;
  readonly limit: number;
  /** An occurrence that waits this long after its time is overdue. */
  readonly overdueMs: number;
  /** Jobs that finished longer ago are removed. */
  readonly finishedRetentionMs: number;
}

/** An occurrence that nobody takes, and why. */
export interface OverdueTold {
  readonly jobId: string;
  readonly fireAt: EpochMs;
  readonly reason: string;
}

/** `moved`: the job waits for another occurrence by now, or this one was reported before. */
export type OverdueOutcome = "told" | "moved" | "missing";

/** What the audit found. What the engine could mend by itself it has mended. */
export type AuditFinding =
  /** No queue job will wake this job. */
  | { readonly kind: "unscheduled"; readonly jobId: string; readonly watermark: EpochMs }
  /** Queued occurrences wait, and no queue job will take them. */
  | { readonly kind: "stranded"; readonly jobId: string; readonly queueJob: QueueJob }
  /** A run held an instance without its queue job, which was put back. */
  | {
      readonly kind: "orphan-run";
      readonly jobId: string;
      readonly runId: string;
      readonly queueJob: QueueJob;
    }
  /** Nobody takes an occurrence that is due. Found until it is reported. */
  | {
      readonly kind: "overdue";
      readonly jobId: string;
      readonly fireAt: EpochMs;
      readonly lateMs: number;
    }
  /** Something of the job changes by itself: then, or as soon as possible if that has passed. The earliest come first. */
  | { readonly kind: "timed"; readonly jobId: string; readonly changesAt: EpochMs }
  /** A job that finished long ago was removed. */
  | { readonly kind: "expired"; readonly jobId: string };
