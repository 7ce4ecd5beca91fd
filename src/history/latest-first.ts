import type { LedgerRow } from "../jobs/ledger-row.ts";

/** Rows in the order of lists of runs: the latest fire time first, then by id. */
export function latestFirst(rows: readonly LedgerRow[]): LedgerRow[] {
  return rows.toSorted((a, b) => b.fireAt - a.fireAt || (a.id < b.id ? -1 : 1));
}
