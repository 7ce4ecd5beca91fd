import { AssertionError } from "node:assert";
import type { SkipReason } from "../jobs/verdict.ts";
import { type HasLedger, type Matched, matchers } from "./matchers.ts";

/**
 * Asserts that a job was executed, whatever the outcome.
 * @param times How often. @default at least once
 * @throws `AssertionError` of node:assert, which shows the job's ledger
 */
export function assertRan(scheduler: HasLedger, jobId: string, times?: number): void {
  check(matchers.toHaveRun(scheduler, jobId, times), assertRan);
}

/**
 * Asserts that occurrences of a job were skipped.
 * @param reason Only those skipped for this reason. @default any
 * @param times How many. @default at least one
 * @throws `AssertionError` of node:assert, which shows the job's ledger
 */
export function assertSkipped(
  scheduler: HasLedger,
  jobId: string,
  reason?: SkipReason,
  times?: number,
): void {
  check(matchers.toHaveSkipped(scheduler, jobId, reason, times), assertSkipped);
}

/**
 * Asserts that occurrences of a job were missed.
 * @param times How many. @default at least one
 * @throws `AssertionError` of node:assert, which shows the job's ledger
 */
export function assertMissed(scheduler: HasLedger, jobId: string, times?: number): void {
  check(matchers.toHaveMissed(scheduler, jobId, times), assertMissed);
}

type Assertion = typeof assertRan | typeof assertSkipped | typeof assertMissed;

function check({ pass, message }: Matched, caller: Assertion): void {
  if (pass) return;
  // The stack begins at the test.
  throw new AssertionError({ message: message(), stackStartFn: caller });
}
