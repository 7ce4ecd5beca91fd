import type { EpochMs } from "../core/clock.ts";
import type { PlayedPeriod } from "./played-period.ts";

/** What may become of an occurrence: the verdicts, with the reasons of `skipped`. */
export const OUTCOMES = [
  "succeeded",
  "failed",
  "cancelled",
  "missed",
  "coalesced",
  "max-instances",
  "condition",
  "overlap-replaced",
  "paused",
] as const;
export type Outcome = (typeof OUTCOMES)[number];

const NUMBER_OF = Object.fromEntries(OUTCOMES.map((name, i) => [name, i])) as Readonly<
  Record<Outcome, number>
>;

/** The longest time without a start of a run. */
export interface LongestGap {
  readonly fromAt: EpochMs;
  readonly toAt: EpochMs;
}

/** Counts by job, day and month, in arrays whose size does not depend on how much happens. */
export class Tally {
  readonly #period: PlayedPeriod;
  readonly #words: number;
  /** A bit for each job and day with a run. */
  readonly #days: Uint32Array;
  readonly #runsOfJobs: Uint32Array;
  readonly #outcomesOfJobs: Float64Array;
  readonly #outcomesOfMonths: Float64Array;
  readonly #runsOfDays: Float64Array;
  readonly #lastStart: Float64Array;
  readonly #gapFrom: Float64Array;
  readonly #gapTo: Float64Array;
  readonly #busyMs: Float64Array;
  readonly #longestWaitMs: Float64Array;
  readonly #peaks: Uint32Array;
  /** How many starts and verdicts there were. */
  changes = 0;
  day = 0;
  #month = 0;
  #dayEnd: EpochMs;
  #executing = 0;
  #countedAt: EpochMs;
  peak = 0;
  peakAt: EpochMs | null = null;

  constructor(period: PlayedPeriod, jobCount: number) {
    const months = period.months.length;
    this.#period = period;
    this.#words = Math.ceil(period.dayCount / 32);
    this.#days = new Uint32Array(jobCount * this.#words);
    this.#runsOfJobs = new Uint32Array(jobCount * months);
    this.#outcomesOfJobs = new Float64Array(jobCount * OUTCOMES.length);
    this.#outcomesOfMonths = new Float64Array(months * OUTCOMES.length);
    this.#runsOfDays = new Float64Array(period.dayCount);
    this.#lastStart = new Float64Array(jobCount).fill(period.fromAt);
    this.#gapFrom = new Float64Array(jobCount).fill(period.fromAt);
    this.#gapTo = new Float64Array(jobCount).fill(period.fromAt);
    this.#busyMs = new Float64Array(months);
    this.#longestWaitMs = new Float64Array(jobCount);
    this.#peaks = new Uint32Array(months);
    this.#dayEnd = period.dayStarts[1] ?? period.toAt;
    this.#countedAt = period.fromAt;
  }

  /** Time passes: later counts belong to later days. */
  moveTo(now: EpochMs): void {
    while (now >= this.#dayEnd && this.day + 1 < this.#period.dayCount) {
      const next = this.#period.monthOfDay[this.day + 1] ?? 0;
      if (next !== this.#month) this.#countBusy(this.#dayEnd);
      this.day += 1;
      this.#month = next;
      if (this.#executing > (this.#peaks[next] ?? 0)) this.#peaks[next] = this.#executing;
      this.#dayEnd = this.#period.dayStarts[this.day + 1] ?? this.#period.toAt;
    }
  }

  /** A run of a job starts, so long after it was due. */
  started(job: number, now: EpochMs, waitMs: number): void {
    this.changes += 1;
    add(this.#runsOfJobs, job * this.#period.months.length + this.#month, 1);
    add(this.#runsOfDays, this.day, 1);
    const word = job * this.#words + (this.day >>> 5);
    this.#days[word] = (this.#days[word] ?? 0) | (1 << (this.day & 31));
    if (waitMs > (this.#longestWaitMs[job] ?? 0)) this.#longestWaitMs[job] = waitMs;
    this.#noteGap(job, now);
    this.#lastStart[job] = now;
  }

  /** So many runs are executed from now on. */
  executing(count: number, now: EpochMs): void {
    this.#countBusy(now);
    this.#executing = count;
    if (count > (this.#peaks[this.#month] ?? 0)) this.#peaks[this.#month] = count;
    if (count <= this.peak) return;
    this.peak = count;
    this.peakAt = now;
  }

  decided(job: number, outcome: Outcome, count: number): void {
    const number = NUMBER_OF[outcome];
    this.changes += 1;
    add(this.#outcomesOfJobs, job * OUTCOMES.length + number, count);
    add(this.#outcomesOfMonths, this.#month * OUTCOMES.length + number, count);
  }

  /** The period is over. */
  close(): void {
    this.moveTo(this.#period.toAt);
    this.#countBusy(this.#period.toAt);
    for (let job = 0; job < this.#lastStart.length; job += 1) this.#noteGap(job, this.#period.toAt);
  }

  /** A job's runs by month. */
  runsOf(job: number): number[] {
    const months = this.#period.months.length;
    return [...this.#runsOfJobs.subarray(job * months, (job + 1) * months)];
  }

  runsIn(month: number): number {
    const months = this.#period.months.length;
    let sum = 0;
    for (let i = month; i < this.#runsOfJobs.length; i += months) sum += this.#runsOfJobs[i] ?? 0;
    return sum;
  }

  /** How many of a job's occurrences came to this. */
  countOf(job: number, outcome: Outcome): number {
    return this.#outcomesOfJobs[job * OUTCOMES.length + NUMBER_OF[outcome]] ?? 0;
  }

  countIn(month: number, outcome: Outcome): number {
    return this.#outcomesOfMonths[month * OUTCOMES.length + NUMBER_OF[outcome]] ?? 0;
  }

  /** How long runs were executed in a month, all together. */
  busyMsIn(month: number): number {
    return this.#busyMs[month] ?? 0;
  }

  peakIn(month: number): number {
    return this.#peaks[month] ?? 0;
  }

  longestWaitMsOf(job: number): number {
    return this.#longestWaitMs[job] ?? 0;
  }

  longestGapOf(job: number): LongestGap {
    return { fromAt: this.#gapFrom[job] ?? 0, toAt: this.#gapTo[job] ?? 0 };
  }

  /** The days without a run: of a job, or of all. */
  quietDays(job?: number): number[] {
    const quiet: number[] = [];
    for (let day = 0; day < this.#period.dayCount; day += 1) {
      const has =
        job === undefined
          ? (this.#runsOfDays[day] ?? 0) > 0
          : (((this.#days[job * this.#words + (day >>> 5)] ?? 0) >>> (day & 31)) & 1) === 1;
      if (!has) quiet.push(day);
    }
    return quiet;
  }

  #countBusy(now: EpochMs): void {
    add(this.#busyMs, this.#month, this.#executing * (now - this.#countedAt));
    this.#countedAt = now;
  }

  #noteGap(job: number, now: EpochMs): void {
    const last = this.#lastStart[job] ?? now;
    if (now - last <= (this.#gapTo[job] ?? 0) - (this.#gapFrom[job] ?? 0)) return;
    this.#gapFrom[job] = last;
    this.#gapTo[job] = now;
  }
}

function add(counts: Uint32Array | Float64Array, at: number, more: number): void {
  counts[at] = (counts[at] ?? 0) + more;
}
