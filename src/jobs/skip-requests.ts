import type { EpochMs } from "../core/clock.ts";
import type { Actor } from "./actor.ts";
import type { Occurrence } from "./schedule.ts";
import type { Scoped } from "./scope.ts";

/** Skips a fire time of a job, or takes that back. It applies only if the job still has the revision that was read. */
export interface SkipRequest extends Occurrence, Scoped {
  readonly jobId: string;
  /** Says by which schedule it is a fire time. */
  readonly expectedRevision: number;
  readonly reason?: string | undefined;
  readonly by: Actor;
  /** Takes the skip back. */
  readonly isUndone?: boolean;
}

/**
 * `changed`: the occurrence will not run, or has its verdict now: it waited in the queue; or the skip is taken back. `same`: there
 * is no skip to take back. `running`: it has begun. `decided`: it has its verdict. `full`: the job has `MAX_SKIPS` skips.
 * `conflict`: somebody else changed the job after it was read; read it and try again.
 */
export type SkipOutcome =
  "changed" | "same" | "running" | "decided" | "full" | "conflict" | "missing";

/** What a change of a job's schedule does to its skips. */
export interface SkipChange {
  /** Those up to this fire time are decided. */
  readonly upTo: EpochMs;
  /** Of the others, those that are fire times of the new schedule; the rest are dropped. */
  readonly kept: readonly Occurrence[];
}
