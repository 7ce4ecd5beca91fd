import type { EpochMs } from "../core/clock.ts";
import { DAY_MS } from "../triggers/time/civil.ts";
import { formatDate, instantOf } from "../triggers/time/local-text.ts";
import { type Zone, zoneOf } from "../triggers/time/zone.ts";

/** The days and months of the simulated period, on the wall clock of a zone. */
export class PlayedPeriod {
  readonly fromAt: EpochMs;
  readonly toAt: EpochMs;
  readonly zone: Zone;
  /** When each day begins; the first one at the period's start. One more marks the end. */
  readonly dayStarts: readonly EpochMs[];
  /** The number of the month that each day belongs to. */
  readonly monthOfDay: readonly number[];
  /** Such as `2027-03`. */
  readonly months: readonly string[];
  readonly #firstDay: number;

  constructor(fromAt: EpochMs, toAt: EpochMs, timezone: string) {
    this.fromAt = fromAt;
    this.toAt = toAt;
    this.zone = zoneOf(timezone);
    this.#firstDay = Math.floor((fromAt + this.zone.offsetAt(fromAt)) / DAY_MS);
    const starts: EpochMs[] = [fromAt];
    const monthOfDay: number[] = [];
    const months: string[] = [];
    for (let day = this.#firstDay; ; day += 1) {
      const month = formatDate(day).slice(0, 7);
      if (months.at(-1) !== month) months.push(month);
      monthOfDay.push(months.length - 1);
      const next = instantOf((day + 1) * DAY_MS, this.zone).instant;
      if (next >= toAt) break;
      starts.push(next);
    }
    this.dayStarts = [...starts, toAt];
    this.monthOfDay = monthOfDay;
    this.months = months;
  }

  get dayCount(): number {
    return this.monthOfDay.length;
  }

  /** The date of a day, by its number in the period. */
  dateOf(day: number): string {
    return formatDate(this.#firstDay + day);
  }

  /** The minute of the day that the clock shows, 0 to 1,439. */
  minuteAt(at: EpochMs): number {
    const local = at + this.zone.offsetAt(at);
    return Math.floor((local - Math.floor(local / DAY_MS) * DAY_MS) / 60_000);
  }
}
