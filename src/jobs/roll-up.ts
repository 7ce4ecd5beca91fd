import type { EpochMs } from "../core/clock.ts";

const HOUR_MS = 3_600_000;
/** The periods of roll-ups: days of jobs, hours of a queue; both of UTC. */
export const PERIOD_MS = { day: 24 * HOUR_MS, hour: HOUR_MS } as const;

/** Days that are kept for each job, the present one included. */
export const KEPT_DAYS = 35;
/** Hours that are kept for each queue, the present one included: 400 days. */
export const KEPT_HOURS = 400 * 24;

/** What the rows of one period come to. */
export interface RollUp {
  /** When the period began. */
  readonly at: EpochMs;
  /** How many occurrences, by mark; see `marks.ts`. */
  readonly marks: Readonly<Record<string, number>>;
  /** The greatest lateness and duration, in ms; 0 if there was none. */
  readonly latenessMaxMs: number;
  readonly durationMaxMs: number;
}

/** The days of a job that have any rows, in their order. */
export interface JobDays {
  readonly jobId: string;
  readonly days: readonly RollUp[];
}

/** Which days of which jobs: those that began from `fromAt` to `toAt`, both included. */
export interface DaysQuery {
  readonly jobIds: readonly string[];
  readonly fromAt: EpochMs;
  readonly toAt: EpochMs;
}

/** Which hours: those that began from `fromAt` to `toAt`, both included. */
export type HoursQuery = Omit<DaysQuery, "jobIds">;

/** The number of the period that an instant is in. */
export function periodOf(period: keyof typeof PERIOD_MS, at: EpochMs): number {
  return Math.floor(at / PERIOD_MS[period]);
}

/** Sums roll-ups of the same periods; in the order of time. @param startOf The start of the period that one counts in. */
export function addRollUps(
  rollUps: Iterable<RollUp>,
  startOf: (at: EpochMs) => EpochMs = (at) => at,
): RollUp[] {
  const sums = new Map<EpochMs, { -readonly [K in keyof RollUp]: RollUp[K] }>();
  for (const { at, marks, latenessMaxMs, durationMaxMs } of rollUps) {
    const start = startOf(at);
    const sum = sums.get(start);
    if (!sum) {
      sums.set(start, { at: start, marks: { ...marks }, latenessMaxMs, durationMaxMs });
      continue;
    }
    const total: Record<string, number> = { ...sum.marks };
    for (const [mark, count] of Object.entries(marks)) total[mark] = (total[mark] ?? 0) + count;
    sum.marks = total;
    sum.latenessMaxMs = Math.max(sum.latenessMaxMs, latenessMaxMs);
    sum.durationMaxMs = Math.max(sum.durationMaxMs, durationMaxMs);
  }
  return [...sums.values()].toSorted((a, b) => a.at - b.at);
}
