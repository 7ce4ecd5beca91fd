import type { EpochMs } from "../../core/clock.ts";
import type { LedgerCleanup } from "../ledger-cleanup.ts";
import { ledgerOf, placeAfter } from "./retention.ts";
import type { Step } from "./step.ts";

/** Rows that one step deletes. */
const MAX_CLEANED = 500;

/**
 * Deletes rows of a job on request, and notes up to which fire time, so that nobody takes what is missing there for lost. Runs
 * without a verdict have no row and stay.
 * @returns The ids of the rows, oldest first. Fewer than a step may delete: there are no more.
 */
export function cleanLedger(
  step: Step,
  { jobId, before }: LedgerCleanup,
): { readonly ids: readonly string[]; readonly isDone: boolean } {
  const { jobs, ledgers } = step.state;
  if (!jobs.has(jobId) && !ledgers.has(jobId)) return { ids: [], isDone: true };
  const until = cleanedUntil(step, before);
  noteCleaned(step, jobId, until);
  const ledger = ledgerOf(step, jobId);
  const old = placeAfter(ledger.rows, until - 1);
  const gone = ledger.rows.splice(0, Math.min(old, MAX_CLEANED));
  return { ids: gone.map(({ id }) => id), isDone: old <= MAX_CLEANED };
}

/** A cleanup says nothing about what is yet to be decided. */
export function cleanedUntil({ now }: Pick<Step, "now">, before: EpochMs): EpochMs {
  return Math.min(before, now + 1);
}

/** Notes that rows of earlier fire times were deleted on request. */
export function noteCleaned(step: Step, jobId: string, until: EpochMs): void {
  const ledger = ledgerOf(step, jobId);
  ledger.cleanedTo = Math.max(ledger.cleanedTo ?? 0, until);
}
