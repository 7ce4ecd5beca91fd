import type { EpochMs } from "../core/clock.ts";
import type { LedgerRow } from "./ledger-row.ts";

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

/** Which rows of several jobs to read. */
export interface LedgersQuery {
  readonly jobIds: readonly string[];
  readonly fromAt: EpochMs;
  readonly toAt: EpochMs;
  /** Rows of each job, the latest ones. */
  readonly limit: number;
}

/** What is on record of one of several jobs. */
export interface LedgerPart {
  /** The latest first. */
  readonly rows: readonly LedgerRow[];
  /** Whether these are all rows of the range. */
  readonly isAll: boolean;
  /** Claimed occurrences without a verdict, of any time. One that gets its verdict meanwhile may be in both. */
  readonly open: readonly LedgerRow[];
}
