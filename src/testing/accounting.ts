import type { EpochMs } from "../core/clock.ts";
import type { Epochs } from "../jobs/account/epochs.ts";
import { weigh, windowOf } from "../jobs/account/weigh.ts";
import type { LedgerRow } from "../jobs/ledger-row.ts";
import { Schedule } from "../jobs/schedule.ts";
import { TZDATA } from "../triggers/time/tzdata.ts";

/** At most so many of a kind are listed. */
const MOST_LISTED = 20;
/** Fire times that are weighed at once. */
const STEP = 2_000;

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

/** What is compared. */
export interface Accounted {
  /** When the job was due. */
  readonly known: Epochs;
  /** Decided and open rows of any kind; those that the schedule did not ask for don't count. */
  readonly rows: readonly LedgerRow[];
  /** What was due by then was decided before the test began, maybe by another schedule. */
  readonly begin: EpochMs;
  readonly now: EpochMs;
}

/** Recomputes with the trigger what was due, and compares it with the rows of the ledger, as `account` does on every engine. */
export function account({ known, rows, begin, now }: Accounted): Unaccounted {
  const scheduled = rows
    .filter(({ kind, fireAt }) => kind === "scheduled" && fireAt > begin)
    .toSorted((a, b) => a.fireAt - b.fireAt);
  const schedules = known.epochs.flatMap(({ definition }) =>
    definition ? new Schedule(definition) : [],
  );
  const isDue = (at: EpochMs): boolean => schedules.some((schedule) => schedule.has(at));
  const gaps: EpochMs[] = [];
  const doubles: EpochMs[] = [];
  const strays: EpochMs[] = [];
  const miscounted: LedgerRow[] = [];
  // Rows may lie behind the present: a worker's clock was ahead.
  const last = Math.max(now, scheduled.at(-1)?.fireAt ?? now);
  let place = 0;
  for (let from = begin; from < last && gaps.length < MOST_LISTED;) {
    const to = windowOf(known, { from, to: last }, STEP);
    while ((scheduled[place]?.fireAt ?? Infinity) <= from) place += 1;
    const inside = rowsUpTo(scheduled, place, to);
    const { missing, open, surplus } = weigh({
      ...known,
      from,
      to,
      now,
      rows: inside,
      tzdata: TZDATA,
    });
    for (const { fireAt, row } of [...missing, ...open]) if (!row) gaps.push(fireAt);
    for (const { fireAt, row } of surplus)
      if (row && firstOf(row) < row.fireAt)
        if (holds(row, schedules)) doubles.push(...timesIn(row, inside));
        else miscounted.push(row);
      else (isDue(fireAt) ? doubles : strays).push(fireAt);
    from = to;
  }
  return {
    gaps: gaps.slice(0, MOST_LISTED),
    doubles: doubles.slice(0, MOST_LISTED),
    strays: strays.slice(0, MOST_LISTED),
    miscounted: [...new Set(miscounted)],
  };
}

/** The rows from a place on that stand for a fire time up to `to`. */
function rowsUpTo(rows: readonly LedgerRow[], place: number, to: EpochMs): LedgerRow[] {
  let end = place;
  while ((rows[end]?.fireAt ?? Infinity) <= to) end += 1;
  // A row for several is filed under the last of them, which may lie beyond.
  const behind = rows[end];
  return rows.slice(place, behind && firstOf(behind) <= to ? end + 1 : end);
}

/** Whether a row stands for as many fire times as there are from its first to its last. */
function holds(row: LedgerRow, schedules: readonly Schedule[]): boolean {
  const from = firstOf(row) - 1;
  return schedules.some((schedule) => schedule.span(from, row.fireAt)?.count === row.count);
}

/** Fire times within a row for several that others stand for, too. */
function timesIn(span: LedgerRow, rows: readonly LedgerRow[]): EpochMs[] {
  const others = rows.filter(
    (row) => row !== span && firstOf(span) <= row.fireAt && firstOf(row) <= span.fireAt,
  );
  return others.map(({ fireAt }) => Math.min(fireAt, span.fireAt));
}

/** The nominal time of the first occurrence that a row stands for. */
export function firstOf({ fromAt, fireAt }: LedgerRow): EpochMs {
  return fromAt ?? fireAt;
}
