import type { EpochMs } from "../../core/clock.ts";
import type { LedgerRow } from "../ledger-row.ts";
import { rollUp } from "./roll-ups.ts";
import type { Ledger } from "./state.ts";
import { ownerOf, type Step } from "./step.ts";

/** How much of a ledger is kept. */
export interface Kept {
  readonly keepCount: number;
  readonly keepAgeMs: number;
}

/** What is kept of the runs of a job that was removed meanwhile: its own rule is not known any more. */
export const KEPT_OF_REMOVED: Kept = { keepCount: 1_000, keepAgeMs: 7 * 86_400_000 };

/** Rows that one new row may push out: more than arrive, so that it catches up, but bounded. */
const MAX_EXPIRED = 10;
const MAX_EXCESS = 1_000;

/** Appends a row, with the job's owner, to a job's ledger, and drops the oldest rows beyond its count and those older than its age. */
export function keepRow(step: Step, jobId: string, row: LedgerRow, most: Kept): void {
  const ledger = ledgerOf(step, jobId);
  const owner = row.owner ?? ownerOf(step, jobId);
  const kept = owner === undefined ? row : { ...row, owner };
  insertRow(ledger, kept);
  step.rows.push({ jobId, row: kept });
  rollUp(step, jobId, row);
  const { rows } = ledger;
  rows.splice(0, Math.min(MAX_EXCESS, Math.max(0, rows.length - most.keepCount)));
  const tooOld = expiredAmong(rows, step.now - most.keepAgeMs);
  if (tooOld.size > 0) rows.splice(0, rows.length, ...rows.filter((one) => !tooOld.has(one)));
}

/** The ledger of a job, whether there is one or not. */
export function ledgerOf({ state }: Pick<Step, "state">, jobId: string): Ledger {
  const known = state.ledgers.get(jobId);
  if (known) return known;
  const ledger: Ledger = { rows: [], expiresAt: null, cleanedTo: null };
  state.ledgers.set(jobId, ledger);
  return ledger;
}

/** Puts a row in its place: behind those of earlier or equal fire times. */
export function insertRow({ rows }: Ledger, row: LedgerRow): void {
  rows.splice(placeAfter(rows, row.fireAt), 0, row);
}

/** The index behind the rows with fire times up to `fireAt`. */
export function placeAfter(rows: readonly LedgerRow[], fireAt: EpochMs): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((rows[middle]?.fireAt ?? 0) <= fireAt) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Fire times only narrow the search: what was decided late is still kept for its full age. */
function expiredAmong(rows: readonly LedgerRow[], before: EpochMs): Set<LedgerRow> {
  const found = new Set<LedgerRow>();
  for (const row of rows.slice(0, MAX_EXPIRED)) {
    if (row.fireAt >= before) break;
    if ((row.finishedAt ?? row.decidedAt ?? row.fireAt) < before) found.add(row);
  }
  return found;
}
