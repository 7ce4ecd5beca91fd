import type { EpochMs } from "../core/clock.ts";
import type { LedgerRow, RunKind } from "./ledger-row.ts";
import type { SkipReason, Verdict } from "./verdict.ts";

/**
 * The buckets of lateness and duration: upper bounds in ms, each included; what is above the last is in one more. The same for
 * both and on all engines (`roll_ups.lua`, `roll_ups.sql`; a test compares them). What is stored means these bounds for good.
 */
export const BUCKET_BOUNDS_MS = [
  10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 300_000, 1_800_000,
  10_800_000,
] as const;

/** The names of the buckets, in their order. */
export const BUCKETS = "0123456789abcdef";
/** Stands for no bucket in front of another. */
export const NO_BUCKET = "x";

/** What a mark counts apart from runs: attempts beyond the first. */
export const RETRIES = "r";

/** The first letter of a mark: what a row says about occurrences of the schedule. */
export const SCHEDULED_CODES = {
  succeeded: "s",
  failed: "f",
  cancelled: "c",
  missed: "m",
  coalesced: "o",
} as const satisfies Record<Exclude<Verdict, "skipped">, string>;

/** The same of skipped occurrences, by reason. */
export const SKIPPED_CODES = {
  "max-instances": "i",
  condition: "n",
  paused: "p",
  removed: "d",
  rescheduled: "e",
  "overlap-replaced": "l",
  requested: "q",
} as const satisfies Record<SkipReason, string>;

/** The same of runs that somebody asked for, and of those of a backfill. They are no occurrences of the schedule. */
export const OTHER_CODES = {
  manual: {
    succeeded: "S",
    failed: "F",
    cancelled: "C",
    missed: "M",
    coalesced: "O",
    skipped: "K",
  },
  backfill: {
    succeeded: "1",
    failed: "2",
    cancelled: "3",
    missed: "4",
    coalesced: "5",
    skipped: "6",
  },
} as const satisfies Record<Exclude<RunKind, "scheduled">, Record<Verdict, string>>;

/** What one row of the ledger adds to a roll-up. */
export interface Marked {
  /** When it was decided, which says in which hour and day (UTC) it counts. */
  readonly at: EpochMs;
  /** The letter of the outcome and, of a run, its buckets of lateness and duration. */
  readonly mark: string;
  /** How many occurrences it stands for. */
  readonly count: number;
  /** Attempts beyond the first. */
  readonly retries: number;
  /** Start minus due time of a scheduled run. Absent after retries: the row has only the start of the last attempt. */
  readonly latenessMs: number | undefined;
  /** How long the last attempt of a run took that succeeded or failed. */
  readonly durationMs: number | undefined;
}

/** Says what a row with a verdict adds to the roll-ups. */
export function markedOf(row: LedgerRow): Marked {
  const { kind, dueAt, startedAt, finishedAt, attempt = 1, count = 1 } = row;
  const hasEnded = row.state === "succeeded" || row.state === "failed";
  const latenessMs =
    kind === "scheduled" && startedAt !== undefined && attempt === 1
      ? Math.max(0, startedAt - dueAt)
      : undefined;
  const durationMs =
    hasEnded && startedAt !== undefined && finishedAt !== undefined
      ? Math.max(0, finishedAt - startedAt)
      : undefined;
  return {
    at: finishedAt ?? row.decidedAt ?? row.fireAt,
    mark: codeOf(row) + bucketsText(latenessMs, durationMs),
    count,
    retries: attempt - 1,
    latenessMs,
    durationMs,
  };
}

function codeOf({ kind, state, reason = "removed" }: LedgerRow): string {
  const verdict = state as Verdict;
  if (kind !== "scheduled") return OTHER_CODES[kind][verdict];
  return verdict === "skipped" ? SKIPPED_CODES[reason] : SCHEDULED_CODES[verdict];
}

function bucketsText(latenessMs: number | undefined, durationMs: number | undefined): string {
  const late = latenessMs === undefined ? undefined : bucketOf(latenessMs);
  const took = durationMs === undefined ? undefined : bucketOf(durationMs);
  if (took !== undefined) return `${late ?? NO_BUCKET}${took}`;
  return late ?? "";
}

/** The name of the bucket that so many ms are in. */
export function bucketOf(ms: number): string {
  const index = BUCKET_BOUNDS_MS.findIndex((bound) => ms <= bound);
  return BUCKETS.at(index) ?? "";
}
