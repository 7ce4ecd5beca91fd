import type { EpochMs } from "../core/clock.ts";
import type { PlayedPeriod } from "./played-period.ts";
import type { SimulatedRun } from "./simulated-job.ts";

const MINUTES = 1_440;
/** Minutes of one load of work show it once. */
const APART_MS = 3_600_000;

/** The most runs at once that began in one minute of the day. */
export interface MinuteOfCollisions {
  /** 0 to 1,439. */
  readonly minute: number;
  /** On how many days runs met in that minute. */
  readonly days: number;
  readonly runs: number;
  readonly at: EpochMs;
  readonly jobIds: readonly string[];
}

/**
 * Where runs meet: for each minute of the day, on how many days a run began there while others were executed, and the most
 * that were executed at once. A schedule repeats by the day, so this finds what a list of the worst instants would show again
 * and again.
 */
export class Collisions {
  readonly #period: PlayedPeriod;
  readonly #days = new Uint32Array(MINUTES);
  readonly #lastDay = new Int32Array(MINUTES).fill(-1);
  readonly #most = new Uint32Array(MINUTES);
  readonly #at = new Float64Array(MINUTES);
  readonly #jobs: string[][] = Array.from({ length: MINUTES }, () => []);
  /** How many runs began while another was executed. */
  count = 0;

  constructor(period: PlayedPeriod) {
    this.#period = period;
  }

  /** A run began. @param executing all that are executed now, at least two */
  note(executing: readonly SimulatedRun[], now: EpochMs, day: number): void {
    const minute = this.#period.minuteAt(now);
    this.count += 1;
    if (this.#lastDay[minute] !== day) {
      this.#lastDay[minute] = day;
      this.#days[minute] = (this.#days[minute] ?? 0) + 1;
    }
    if (executing.length <= (this.#most[minute] ?? 0)) return;
    this.#most[minute] = executing.length;
    this.#at[minute] = now;
    this.#jobs[minute] = executing.map(({ job }) => job.id);
  }

  /**
   * The worst ones, at most `limit`; without those within an hour of a worse one, and those whose jobs a worse one has among
   * its own.
   */
  worst(limit: number): MinuteOfCollisions[] {
    const found: MinuteOfCollisions[] = [];
    const seen: Set<string>[] = [];
    const order = Array.from({ length: MINUTES }, (_, minute) => minute)
      .filter((minute) => (this.#most[minute] ?? 0) > 0)
      .toSorted(
        (a, b) =>
          (this.#most[b] ?? 0) - (this.#most[a] ?? 0) ||
          (this.#days[b] ?? 0) - (this.#days[a] ?? 0) ||
          a - b,
      );
    for (const minute of order) {
      if (found.length === limit) break;
      const jobIds = [...new Set(this.#jobs[minute])].toSorted();
      const at = this.#at[minute] ?? 0;
      if (found.some((other) => Math.abs(other.at - at) < APART_MS)) continue;
      if (seen.some((known) => jobIds.every((id) => known.has(id)))) continue;
      seen.push(new Set(jobIds));
      const days = this.#days[minute] ?? 0;
      found.push({ minute, days, runs: this.#most[minute] ?? 0, at, jobIds });
    }
    return found;
  }
}
