import type { JobFacts } from "../conditions/facts.ts";
import type { EpochMs } from "../core/clock.ts";
import type { StoredError } from "../core/stored-error.ts";
import { parseQueueJobId } from "./occurrence-id.ts";
import type { OpenState, SkipReason, Verdict } from "./verdict.ts";

/** Whether a run was asked for by the schedule, by a person, or by a backfill of the past. */
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
  /** Nominal fire time; of a span, the latest. */
  readonly fireAt: EpochMs;
  /** Fire time with jitter: when it was to start. */
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
  /** Of a run that waits for its condition: until when. */
  readonly waitUntil?: EpochMs;
  /** What a condition asked about each job when it was decided by it; `null` if there was no such job. */
  readonly facts?: Readonly<Record<string, JobFacts | null>>;
  /** Small JSON value that the pipeline returned, possibly cut. */
  readonly result?: unknown;
  readonly error?: StoredError;
}

/** The last finished run of a job, in short. */
export interface LastRun {
  readonly id: string;
  readonly verdict: Verdict;
  readonly fireAt: EpochMs;
  readonly startedAt: EpochMs;
  readonly finishedAt: EpochMs;
  readonly result?: unknown;
}

/** The last finished run that the schedule began; its result is in its row of the ledger. */
export type LastScheduledRun = Omit<LastRun, "result">;

/**
 * The last run that the schedule began, of what engines keep: the last run, and the scheduled one before it only if the
 * last was asked for by hand or by a backfill. So nothing more is written when a scheduled run ends.
 */
export function lastScheduledOf(
  lastRun: LastRun | null,
  before: LastScheduledRun | null,
): LastScheduledRun | null {
  if (!lastRun || !isScheduledRun(lastRun.id)) return before;
  const { result: _, ...run } = lastRun;
  return run;
}

/** Whether it is the id of an occurrence. */
export function isScheduledRun(runId: string): boolean {
  return parseQueueJobId(runId)?.kind === "occurrence";
}
