import type { Actor } from "./actor.ts";
import type { Bulk } from "./noted-change.ts";
import type { Scoped } from "./scope.ts";

/** How long a job knows the numbers of its requests, and how many of them at most: the latest. */
export const ASKED_MS: number = 86_400_000;
export const MAX_ASKED = 1_000;

/** A run asked for by hand. */
export interface RunRequest extends Scoped {
  readonly jobId: string;
  /**
   * Names the request: asking the job again with the same number, within {@link ASKED_MS}, is asking once. Random, or made
   * from a name of the caller's. 0 to 10^14.
   */
  readonly sequence: number;
  readonly params?: unknown;
  /** Who asks. */
  readonly by: Actor;
  /** Whether it runs though the job's condition is false. */
  readonly ignoreCondition?: boolean;
  /** The call that runs many jobs, if it is a part of one. */
  readonly bulk?: Bulk | undefined;
}

/** A run that was asked for. */
export interface RequestedRun {
  readonly runId: string;
  /** Whether this request made it; if not, an earlier one with its number did. */
  readonly isNew: boolean;
}

/** A run that somebody wants to end. Its owner is its own, which may be the one that its job had when it started. */
export interface CancelRequest extends Scoped {
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
