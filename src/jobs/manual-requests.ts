import type { Actor } from "./actor.ts";
import type { Bulk } from "./noted-change.ts";

/** A run asked for by hand. */
export interface RunRequest {
  readonly jobId: string;
  /** Random; asking twice with the same number is asking once. 0 to 10^14. */
  readonly sequence: number;
  readonly params?: unknown;
  /** Who asks. */
  readonly by: Actor;
  /** Whether it runs though the job's condition is false. */
  readonly ignoreCondition?: boolean;
  /** The call that runs many jobs, if it is a part of one. */
  readonly bulk?: Bulk | undefined;
}

/** A run that somebody wants to end. */
export interface CancelRequest {
  readonly jobId: string;
  readonly runId: string;
  /** Kept as the message of the run's error. */
  readonly reason: string;
  /** Who wants it. */
  readonly by: Actor;
  readonly bulk?: Bulk | undefined;
}

/**
 * `cancelled`: it was not being executed, and has its verdict now. `asked`: its worker will be told by `readCancels`.
 * `unknown`: no run of this id is without a verdict.
 */
export type CancelOutcome = "cancelled" | "asked" | "unknown";
