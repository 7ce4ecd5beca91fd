import type { EpochMs } from "../core/clock.ts";
import { collectBetween } from "./between.ts";
import type { CalendarIntervalSpec } from "./spec.ts";
import {
  DAY_MS,
  FIRST_INSTANT,
  LAST_DAY,
  LAST_INSTANT,
  daysInMonth,
  epochDay,
  packedDate,
  type EpochDay,
} from "./time/civil.ts";
import { formatWallTime, instantOf } from "./time/local-text.ts";
import { zoneOf, type Zone } from "./time/zone.ts";
import type { Trigger } from "./trigger.ts";

/** When dates can only be reached one by one, every 64th is cached. */
const STRIDE = 64;

/**
 * The dates of a calendar interval. Months and years are added first, skipping months that lack the day (31 January + 1
 * month is 31 March), then days and weeks, as in APScheduler 4. So each date depends on the one before, unless the
 * interval has only days or only months.
 */
class DateSequence {
  /** The anchor. */
  readonly first: EpochDay;
  private readonly months: number;
  private readonly days: number;
  private readonly known: EpochDay[];

  constructor(first: EpochDay, months: number, days: number) {
    this.first = first;
    this.months = months;
    this.days = days;
    this.known = [first];
  }

  /** The date after `date`, or one beyond {@link LAST_DAY}. */
  after(date: EpochDay): EpochDay {
    if (this.months === 0) return date + this.days;
    const packed = packedDate(date);
    const day = packed & 31;
    let month = (packed >> 9) * 12 + ((packed >> 5) & 15) - 1;
    do {
      month += this.months;
      if (month > 10_000 * 12) return LAST_DAY + 1;
    } while (daysInMonth(Math.floor(month / 12), (month % 12) + 1) < day);
    return epochDay(Math.floor(month / 12), (month % 12) + 1, day) + this.days;
  }

  /** The last date up to `limit`, or `undefined` if all are later. */
  atMost(limit: EpochDay): EpochDay | undefined {
    if (limit < this.first) return undefined;
    if (this.months === 0)
      return this.first + Math.floor((limit - this.first) / this.days) * this.days;
    const { known } = this;
    let low = 0;
    for (let high = known.length; high - low > 1;) {
      const middle = (low + high) >> 1;
      if ((known[middle] ?? 0) <= limit) low = middle;
      else high = middle;
    }
    let date = known[low] ?? this.first;
    for (let steps = 0; ; steps++) {
      if (steps === STRIDE) {
        steps = 0;
        low += 1;
        if (low === known.length) known.push(date);
      }
      const next = this.after(date);
      if (next > limit || next > LAST_DAY) return date;
      date = next;
    }
  }
}

/**
 * Fires every so many years, months, weeks and days at one local time of day. If the clock skips that time, the day is
 * left out, or with `dst: "once"` the trigger fires at the first instant after the gap. A repeated time fires in the
 * first pass only.
 */
export class CalendarIntervalTrigger implements Trigger {
  readonly spec: CalendarIntervalSpec;
  private readonly zone: Zone;
  private readonly dates: DateSequence;
  private readonly start: EpochMs;
  private readonly end: EpochMs;

  constructor(spec: CalendarIntervalSpec) {
    this.spec = spec;
    this.zone = zoneOf(spec.timezone);
    const [year, month, day] = spec.anchorDate.split("-").map(Number);
    this.dates = new DateSequence(
      epochDay(year ?? 1970, month ?? 1, day ?? 1),
      spec.years * 12 + spec.months,
      spec.days,
    );
    this.start = spec.startAt ?? FIRST_INSTANT;
    this.end = Math.min(spec.endAt ?? LAST_INSTANT, LAST_INSTANT);
  }

  next(after: EpochMs): EpochMs | undefined {
    const from = Math.max(after, this.start - 1);
    if (!(from < this.end)) return undefined;
    // Start a little early: no local clock is more than a day away from UTC.
    const early = Math.floor(from / DAY_MS) - 2;
    let date = this.dates.atMost(early) ?? this.dates.first;
    for (; date <= LAST_DAY; date = this.dates.after(date)) {
      const instant = this.instantOn(date);
      if (instant !== undefined && instant > from) return instant <= this.end ? instant : undefined;
    }
    return undefined;
  }

  prev(before: EpochMs): EpochMs | undefined {
    const until = Math.min(Math.ceil(before) - 1, this.end);
    if (!(until >= this.start)) return undefined;
    let date = this.dates.atMost(Math.min(Math.floor(until / DAY_MS) + 2, LAST_DAY));
    while (date !== undefined) {
      const instant = this.instantOn(date);
      if (instant !== undefined && instant <= until)
        return instant >= this.start ? instant : undefined;
      date = this.dates.atMost(date - 1);
    }
    return undefined;
  }

  between(from: EpochMs, to: EpochMs, limit: number): EpochMs[] {
    return collectBetween(this, from, to, limit);
  }

  count(from: EpochMs, to: EpochMs): number {
    let total = 0;
    for (let at = this.next(from); at !== undefined && at <= to; at = this.next(at)) total += 1;
    return total;
  }

  describe(): string {
    const { years, months, days, timeOfDayMs, anchorDate, timezone } = this.spec;
    const parts = [
      [years, "year"],
      [months, "month"],
      [days, "day"],
    ] as const;
    const span = parts
      .flatMap(([n, unit]) => (n === 0 ? [] : [n === 1 ? unit : `${n} ${unit}s`]))
      .join(" and ");
    return `every ${span} at ${formatWallTime(timeOfDayMs).slice(11)} from ${anchorDate} (${timezone})`;
  }

  private instantOn(date: EpochDay): EpochMs | undefined {
    const { instant, inGap } = instantOf(date * DAY_MS + this.spec.timeOfDayMs, this.zone);
    if (!inGap) return instant;
    // Read with the offset before the gap, the instant lies after it; its segment starts at the jump.
    return this.spec.dst === "once" ? this.zone.at(instant).start : undefined;
  }
}
