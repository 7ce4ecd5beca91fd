import type { EpochMs } from "../../core/clock.ts";
import type { LedgerRow } from "../../jobs/ledger-row.ts";

/** What became of occurrences. */
export interface LedgerPort {
  /** One job's rows between two times, both included. */
  read(query: LedgerQuery): Promise<LedgerRow[]>;
  /** One job's claimed occurrences that have no verdict yet. */
  readOpenRuns(jobId: string): Promise<LedgerRow[]>;
}

/** Which rows to read. */
export interface LedgerQuery {
  readonly jobId: string;
  readonly fromAt: EpochMs;
  readonly toAt: EpochMs;
  readonly offset: number;
  readonly limit: number;
  /** Whether the latest or the oldest row comes first. */
  readonly order: "latest" | "oldest";
}
