import type { EpochMs } from "../../core/clock.ts";
import type { LedgerCleaned, LedgerCleanup } from "../../jobs/ledger-cleanup.ts";
import type { LedgerPart, LedgerQuery, LedgersQuery } from "../../jobs/ledger-query.ts";
import type { LedgerRow } from "../../jobs/ledger-row.ts";
import type { OpenRunList, RunList, RunListQuery } from "../../jobs/run-list.ts";
import type { Scope } from "../../jobs/scope.ts";

export type { LedgerCleaned, LedgerCleanup } from "../../jobs/ledger-cleanup.ts";
export type { OpenRunList, RunList, RunListQuery } from "../../jobs/run-list.ts";
export type { LedgerPart, LedgerQuery, LedgersQuery } from "../../jobs/ledger-query.ts";

/** What became of occurrences. */
export interface LedgerPort {
  /** One job's rows between two times, both included. */
  read(query: LedgerQuery): Promise<LedgerRow[]>;
  /** One job's claimed occurrences that have no verdict yet. */
  readOpenRuns(jobId: string): Promise<LedgerRow[]>;
  /** Both of several jobs, in the order of their ids in the query; in as many round trips as for one. */
  readMany(query: LedgersQuery): Promise<LedgerPart[]>;
  /** Decided runs of all jobs, the latest decision first. Stays right while runs are decided and rows deleted. */
  list(query: RunListQuery, scope: Scope): Promise<RunList>;
  /** Runs without a verdict of the jobs after one, in the order of ids, whole jobs at once. */
  listOpen(after: string | undefined, maxJobs: number): Promise<OpenRunList>;
  /**
   * Deletes rows of a job on request, with the logs and steps of their runs, a bounded number a call. Runs without a verdict
   * keep theirs.
   */
  clean(cleanup: LedgerCleanup): Promise<LedgerCleaned>;
  /** Up to which fire time rows of a job were deleted on request; absent: none were. What is missing there was not lost. */
  cleanedTo(jobId: string): Promise<EpochMs | undefined>;
}
