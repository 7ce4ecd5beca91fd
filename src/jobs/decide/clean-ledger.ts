import type { EpochMs } from "../../core/clock.ts";
import type { LedgerCleanup } from "../ledger-cleanup.ts";
import { ledgerOf, placeAfter } from "./retention.ts";
import { findJob, type Step } from "./step.ts";

/** Rows that one step deletes. */
const MAX_CLEANED = 500;

/**
 * Deletes rows of a job on request, and notes up to which fire time, so that nobody takes what is missing there for lost. Runs
 * without a verdict have no row and stay.
 * @returns The ids of the rows, oldest first, and up to which fire time. Fewer than a step may delete: there are no more.
 * `undefined`: there is nothing of the kind.
 */
export function cleanLedger(
  step: Step,
  { jobId, before, scope }: LedgerCleanup,
):
  | { readonly ids: readonly string[]; readonly until: EpochMs; readonly isDone: boolean }
  | undefined {
  const { jobs, ledgers } = step.state;
  const isThere = scope ? findJob(step, { jobId, scope }) : jobs.has(jobId) || ledgers.has(jobId);
  if (!isThere) return undefined;
  // A cleanup says nothing about what is yet to be decided.
  const until = Math.min(before, step.now + 1);
  noteCleaned(step, jobId, until);
  const ledger = ledgerOf(step, jobId);
  const old = placeAfter(ledger.rows, until - 1);
  const gone = ledger.rows.splice(0, Math.min(old, MAX_CLEANED));
  return { ids: gone.map(({ id }) => id), until, isDone: old <= MAX_CLEANED };
}

/** Notes that rows of earlier fire times were deleted on request. */
export function noteCleaned(step: Step, jobId: string, until: EpochMs): void {
  const ledger = ledgerOf(step, jobId);
  ledger.cleanedTo = Math.max(ledger.cleanedTo ?? 0, until);
}
