import {
  BUCKET_BOUNDS_MS,
  bucketOf,
  BUCKETS,
  OTHER_CODES,
  RETRIES,
  SCHEDULED_CODES,
  SKIPPED_CODES,
} from "../jobs/marks.ts";
import type { RollUp } from "../jobs/roll-up.ts";
import type { SkipReason, Verdict } from "../jobs/verdict.ts";
import { LATE_MS } from "./promise.ts";

/** How times are distributed, in ms. */
export interface Distribution {
  /** Half of them are at most this; estimated, see `docs/stats.md`. */
  readonly p50: number;
  /** 95 of 100 are at most this; estimated. */
  readonly p95: number;
  /** The greatest, exactly. */
  readonly max: number;
}

/** What became of occurrences and runs in a time. */
export interface Figures {
  /** Occurrences of schedules that were decided: the sum of the six below. */
  readonly due: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly cancelled: number;
  readonly missed: number;
  readonly coalesced: number;
  readonly skipped: number;
  /** Of those that succeeded: how many began more than 10 s after they were due. Not of runs with more than one attempt. */
  readonly late: number;
  /** Those skipped, by reason. */
  readonly skippedBy: Readonly<Partial<Record<SkipReason, number>>>;
  /** Runs that `runJob` requested, by verdict; not part of `due`. */
  readonly manual: Readonly<Partial<Record<Verdict, number>>>;
  /** Runs of backfills, by verdict; not part of `due`. */
  readonly backfill: Readonly<Partial<Record<Verdict, number>>>;
  /** Attempts beyond the first, of all runs that ended. */
  readonly retries: number;
  /** Start minus due time of scheduled runs that had one attempt; `undefined` if there was none. */
  readonly latenessMs: Distribution | undefined;
  /** Length of the last attempt of runs that succeeded or failed; `undefined` if there was none. */
  readonly durationMs: Distribution | undefined;
}

type Counts<K extends string> = Partial<Record<K, number>>;

const LAST_IN_TIME = BUCKETS.indexOf(bucketOf(LATE_MS));

const scheduledOf = byCode(SCHEDULED_CODES);
const reasonOf = byCode(SKIPPED_CODES);
const manualOf = byCode(OTHER_CODES.manual);
const backfillOf = byCode(OTHER_CODES.backfill);

/** Says what a roll-up counts. */
export function figuresOf({ marks, latenessMaxMs, durationMaxMs }: Omit<RollUp, "at">): Figures {
  const scheduled: Counts<Verdict> = {};
  const skippedBy: Counts<SkipReason> = {};
  const manual: Counts<Verdict> = {};
  const backfill: Counts<Verdict> = {};
  const late = new Map<string, number>();
  const took = new Map<string, number>();
  let retries = 0;
  let lateOnes = 0;
  for (const [mark, count] of Object.entries(marks)) {
    const [code = "", lateBucket = "", tookBucket = ""] = mark;
    late.set(lateBucket, (late.get(lateBucket) ?? 0) + count);
    took.set(tookBucket, (took.get(tookBucket) ?? 0) + count);
    if (mark === RETRIES) retries += count;
    if (
      code === SCHEDULED_CODES.succeeded &&
      BUCKETS.indexOf(lateBucket) > LAST_IN_TIME &&
      lateBucket !== ""
    )
      lateOnes += count;
    add(scheduled, scheduledOf.get(code), count);
    add(skippedBy, reasonOf.get(code), count);
    add(manual, manualOf.get(code), count);
    add(backfill, backfillOf.get(code), count);
  }
  const skipped = sum(Object.values(skippedBy));
  const { succeeded = 0, failed = 0, cancelled = 0, missed = 0, coalesced = 0 } = scheduled;
  return {
    due: succeeded + failed + cancelled + missed + coalesced + skipped,
    succeeded,
    failed,
    cancelled,
    missed,
    coalesced,
    skipped,
    late: lateOnes,
    skippedBy,
    manual,
    backfill,
    retries,
    latenessMs: distributionOf(late, latenessMaxMs),
    durationMs: distributionOf(took, durationMaxMs),
  };
}

function byCode<K extends string>(codes: Readonly<Record<K, string>>): ReadonlyMap<string, K> {
  return new Map((Object.keys(codes) as K[]).map((name) => [codes[name], name]));
}

function add<K extends string>(counts: Counts<K>, name: K | undefined, more: number): void {
  if (name !== undefined) counts[name] = (counts[name] ?? 0) + more;
}

function sum(numbers: readonly (number | undefined)[]): number {
  return numbers.reduce((total: number, n = 0) => total + n, 0);
}

function distributionOf(
  counts: ReadonlyMap<string, number>,
  max: number,
): Distribution | undefined {
  const ordered = BUCKETS.split("").map((bucket) => counts.get(bucket) ?? 0);
  const total = sum(ordered);
  if (total === 0) return undefined;
  const at = (share: number): number => quantile(ordered, Math.ceil(total * share), max);
  return { p50: at(0.5), p95: at(0.95), max };
}

/** The value of a rank, from 1; those of one bucket count as spread evenly over it. */
function quantile(counts: readonly number[], rank: number, max: number): number {
  let below = 0;
  for (const [i, count] of counts.entries()) {
    if (below + count >= rank) {
      const from = Math.min(max, BUCKET_BOUNDS_MS[i - 1] ?? 0);
      const to = Math.min(max, BUCKET_BOUNDS_MS[i] ?? max);
      return Math.round(from + ((to - from) * (rank - below)) / count);
    }
    below += count;
  }
  return max;
}
