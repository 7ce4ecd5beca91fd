import type { EpochMs } from "../core/clock.ts";
import type { Scoped } from "./scope.ts";

/**
 * Asks for the rows of one job to be deleted, with the logs and steps of their runs. With a scope, nothing is deleted of a job
 * that was removed.
 */
export interface LedgerCleanup extends Scoped {
  readonly jobId: string;
  /** Rows of earlier fire times; later than the server's clock means up to that. */
  readonly before: EpochMs;
}

/** What one step of a cleanup did. */
export interface LedgerCleaned {
  /** Rows that it deleted. */
  readonly deleted: number;
  /** Whether nothing is left to delete. */
  readonly isDone: boolean;
}
