import type { JobFacts } from "../conditions/facts.ts";
import type { EpochMs } from "../core/clock.ts";
import type { StoredError } from "../core/stored-error.ts";
import type { Actor } from "./actor.ts";
import { parseQueueJobId } from "./occurrence-id.ts";
import type { OpenState, SkipReason, Verdict } from "./verdict.ts";

/** Whether a run was requested by the schedule, by a person, or by a backfill of past fire times. */
export type RunKind = "scheduled" | "manual" | "backfill";

/**
 * One row of the ledger as stored: the decision on one occurrence, or on a span of occurrences that share it.
 * Times are epoch milliseconds of the server's clock.
 */
export interface LedgerRow {
  /** The run's id; for a span, the id of its latest occurrence. */
  readonly id: string;
  readonly state: Verdict | OpenState;
  readonly kind: RunKind;
  /** The job's owner when the row was written, if it had one. */
  readonly owner?: string;
  /** Who asked for it: for a manual run, or for a skip. */
  readonly by?: Actor;
  /** Who cancelled it. */
  readonly cancelledBy?: Actor;
  /** Nominal fire time; for a span, the latest. */
  readonly fireAt: EpochMs;
  /** When the occurrence was due: its fire time plus jitter. */
  readonly dueAt: EpochMs;
  /** First fire time of a span; absent for a single occurrence. */
  readonly fromAt?: EpochMs;
  /** How many occurrences the row stands for; absent means 1. */
  readonly count?: number;
  readonly decidedAt?: EpochMs;
  readonly startedAt?: EpochMs;
  readonly finishedAt?: EpochMs;
  readonly attempt?: number;
  readonly worker?: string;
  readonly reason?: SkipReason;
  readonly coalescedInto?: string;
  /** What whoever asked for it wrote. */
  readonly note?: string;
  /** For a run that waits for its condition: the end of the wait. */
  readonly waitUntil?: EpochMs;
  /** For each job in the condition, the facts that decided it; `null` if there was no such job. */
  readonly facts?: Readonly<Record<string, JobFacts | null>>;
  /** Small JSON value that the pipeline returned, possibly truncated. */
  readonly result?: unknown;
  readonly error?: StoredError;
}

/** A summary of the last finished run of a job. */
export interface LastRun {
  readonly id: string;
  readonly verdict: Verdict;
  readonly fireAt: EpochMs;
  readonly startedAt: EpochMs;
  readonly finishedAt: EpochMs;
  readonly result?: unknown;
}

/** The last finished run that the schedule started; its result is in its ledger row. */
export type LastScheduledRun = Omit<LastRun, "result">;

/**
 * Finds the last scheduled run in what engines keep: the last run, and the scheduled one before it only if the last run
 * was manual or a backfill. That way the end of a scheduled run needs no extra write.
 */
export function lastScheduledOf(
  lastRun: LastRun | null,
  before: LastScheduledRun | null,
): LastScheduledRun | null {
  if (!lastRun || !isScheduledRun(lastRun.id)) return before;
  const { result: _, ...run } = lastRun;
  return run;
}

/** Whether this is the id of a scheduled occurrence. */
export function isScheduledRun(runId: string): boolean {
  return parseQueueJobId(runId)?.kind === "occurrence";
}
