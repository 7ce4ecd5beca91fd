import type { LedgerQuery } from "../../jobs/ledger-query.ts";
import type { LedgerRow } from "../../jobs/ledger-row.ts";

export type { LedgerQuery } from "../../jobs/ledger-query.ts";

/** What became of occurrences. */
export interface LedgerPort {
  /** One job's rows between two times, both included. */
  read(query: LedgerQuery): Promise<LedgerRow[]>;
  /** One job's claimed occurrences that have no verdict yet. */
  readOpenRuns(jobId: string): Promise<LedgerRow[]>;
}
