import type { EpochMs } from "../core/clock.ts";
import type { JobDefinition, JobState } from "../jobs/definition.ts";
import type { LedgerRow } from "../jobs/ledger-row.ts";
import { Schedule } from "../jobs/schedule.ts";

/** At most so many of a kind are listed. */
const MOST_LISTED = 20;

/** How a job was stored from one instant to the next change. */
export interface StoredPeriod {
  readonly definition: JobDefinition;
  readonly state: JobState | "removed";
  /** Every earlier occurrence was decided before. */
  readonly watermark: EpochMs;
  readonly since: EpochMs;
}

/** What is wrong with the decisions on one job's occurrences. */
export interface Unaccounted {
  /** Nominal times without a decision. */
  readonly gaps: readonly EpochMs[];
  /** Nominal times with more than one. */
  readonly doubles: readonly EpochMs[];
  /** Times with a decision at which the job was not due. */
  readonly strays: readonly EpochMs[];
  /** Rows that stand for another number of nominal times than they say. */
  readonly miscounted: readonly LedgerRow[];
}

/**
 * Recomputes with the trigger what was due while a job was active, and compares it with the rows of its ledger.
 * @param periods In their order.
 * @param rows Decided and open ones, of any kind; those that the schedule did not ask for don't count.
 */
export function account(
  periods: readonly StoredPeriod[],
  rows: readonly LedgerRow[],
  now: EpochMs,
): Unaccounted {
  // What was decided before a test began may have been by another schedule.
  const begin = periods[0]?.watermark ?? -Infinity;
  const scheduled = rows
    .filter(({ kind, fireAt }) => kind === "scheduled" && fireAt > begin)
    .toSorted((a, b) => firstOf(a) - firstOf(b) || a.fireAt - b.fireAt);
  const schedules = periods.map(({ definition }) => new Schedule(definition));
  const singles = scheduled.filter(({ fromAt }) => fromAt === undefined);
  const spans = scheduled.filter(({ fromAt }) => fromAt !== undefined);
  return {
    gaps: periods.flatMap((period, i) => gapsIn(period, periods[i + 1]?.since ?? now, scheduled)),
    doubles: doublesIn(scheduled.filter((row) => !isInSpan(row, spans))),
    strays: singles
      .filter(({ fireAt }) => !schedules.some((schedule) => schedule.has(fireAt)))
      .slice(0, MOST_LISTED)
      .map(({ fireAt }) => fireAt),
    miscounted: scheduled.filter((row) => isMiscounted(row, singles, schedules)),
  };
}

function gapsIn(
  { definition, state, watermark }: StoredPeriod,
  until: EpochMs,
  rows: readonly LedgerRow[],
): EpochMs[] {
  if (state !== "active") return [];
  const schedule = new Schedule(definition);
  const gaps: EpochMs[] = [];
  let place = 0;
  let next = schedule.next(watermark);
  while (next && next.dueAt <= until && gaps.length < MOST_LISTED) {
    const { fireAt } = next;
    let row = rows[place];
    while (row && row.fireAt < fireAt) row = rows[(place += 1)];
    if (!row || firstOf(row) > fireAt) gaps.push(fireAt);
    // A span is passed at once: how many it holds is checked by itself.
    next = schedule.next(row && firstOf(row) <= fireAt ? row.fireAt : fireAt);
  }
  return gaps;
}

function doublesIn(rows: readonly LedgerRow[]): EpochMs[] {
  const doubles = rows.filter((row, i) => {
    const before = rows[i - 1];
    return before !== undefined && before.fireAt >= firstOf(row);
  });
  return doubles.slice(0, MOST_LISTED).map(firstOf);
}

/** Whether it was decided by itself within a row that stands for several, which does not count it then. */
function isInSpan({ fromAt, fireAt }: LedgerRow, spans: readonly LedgerRow[]): boolean {
  return (
    fromAt === undefined && spans.some((span) => firstOf(span) < fireAt && fireAt < span.fireAt)
  );
}

function isMiscounted(
  row: LedgerRow,
  singles: readonly LedgerRow[],
  schedules: readonly Schedule[],
): boolean {
  if (row.fromAt === undefined) return false;
  const { fromAt, fireAt, count = 1 } = row;
  const others = singles.filter((single) => isInSpan(single, [row])).length;
  return !schedules.some((schedule) => schedule.span(fromAt - 1, fireAt)?.count === count + others);
}

/** The nominal time of the first occurrence that a row stands for. */
export function firstOf({ fromAt, fireAt }: LedgerRow): EpochMs {
  return fromAt ?? fireAt;
}
