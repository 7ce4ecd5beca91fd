import type { EpochMs } from "../../core/clock.ts";
import type { LedgerRow } from "../ledger-row.ts";
import { type Marked, markedOf, RETRIES } from "../marks.ts";
import {
  type DaysQuery,
  type HoursQuery,
  type JobDays,
  KEPT_DAYS,
  KEPT_HOURS,
  PERIOD_MS,
  periodOf,
  type RollUp,
} from "../roll-up.ts";
import type { Periods, QueueState, Tallied } from "./state.ts";
import type { Step } from "./step.ts";

/** Counts a new row in its job's day and in the queue's hour, in the step that adds it. */
export function rollUp({ state }: Pick<Step, "state">, jobId: string, row: LedgerRow): void {
  const marked = markedOf(row);
  const days = state.days.get(jobId) ?? new Map<number, Tallied>();
  state.days.set(jobId, days);
  tally(days, periodOf("day", marked.at), marked, KEPT_DAYS);
  tally(state.hours, periodOf("hour", marked.at), marked, KEPT_HOURS);
}

function tally(periods: Periods, period: number, marked: Marked, kept: number): void {
  const known = periods.get(period);
  const tallied: Tallied = known ?? { marks: new Map(), latenessMaxMs: 0, durationMaxMs: 0 };
  const { mark, count, retries, latenessMs = 0, durationMs = 0 } = marked;
  add(tallied.marks, mark, count);
  if (retries > 0) add(tallied.marks, RETRIES, retries);
  tallied.latenessMaxMs = Math.max(tallied.latenessMaxMs, latenessMs);
  tallied.durationMaxMs = Math.max(tallied.durationMaxMs, durationMs);
  if (known) return;
  periods.set(period, tallied);
  for (const other of periods.keys()) if (other <= period - kept) periods.delete(other);
}

function add(marks: Map<string, number>, mark: string, more: number): void {
  marks.set(mark, (marks.get(mark) ?? 0) + more);
}

/** The days of jobs, and of removed ones while their ledger is kept. */
export function readDays(
  state: QueueState,
  { jobIds, ...range }: DaysQuery,
  now: EpochMs,
): JobDays[] {
  return jobIds.flatMap((jobId) => {
    const expiresAt = state.ledgers.get(jobId)?.expiresAt ?? Infinity;
    const days = rollUpsOf("day", range, state.days.get(jobId));
    return expiresAt > now && days.length > 0 ? [{ jobId, days }] : [];
  });
}

/** The hours of the queue. */
export function readHours(state: QueueState, range: HoursQuery): RollUp[] {
  return rollUpsOf("hour", range, state.hours);
}

function rollUpsOf(
  period: keyof typeof PERIOD_MS,
  { fromAt, toAt }: HoursQuery,
  periods: Periods = new Map(),
): RollUp[] {
  const found = [...periods].map(([number, { marks, latenessMaxMs, durationMaxMs }]) => ({
    at: number * PERIOD_MS[period],
    marks: Object.fromEntries(marks),
    latenessMaxMs,
    durationMaxMs,
  }));
  return found.filter(({ at }) => at >= fromAt && at <= toAt).toSorted((a, b) => a.at - b.at);
}
