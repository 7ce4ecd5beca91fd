import type { LocalMs } from "../time/zone.ts";
import { LAST_DAY, LAST_YEAR, epochDay, packedDate, type EpochDay } from "../time/civil.ts";
import { bitCount, highestBit, lowestBit } from "./bits.ts";
import { DayTable } from "./day-table.ts";
import { parseField } from "./parse-field.ts";
import type { CronFieldTexts, DayMatch } from "./parse-expression.ts";
import { TimesOfDay } from "./times-of-day.ts";
import { nextYear, prevYear, type YearRange } from "./years.ts";

/** "There is none": later than every local time, so that comparisons need no special case. */
export const NEVER: LocalMs = Number.MAX_SAFE_INTEGER;
/** "There is none" when searching backwards: earlier than every local time. */
export const BEFORE_ALL: LocalMs = Number.MIN_SAFE_INTEGER;

/** Dates and weekdays repeat after this many years; a day not found within them doesn't exist. */
const CYCLE_YEARS = 400;

/**
 * The wall-clock times that a cron schedule matches, independent of any time zone. Fields are bit sets, so a search
 * jumps from match to match and allocates nothing.
 */
export class WallTimes {
  private readonly times: TimesOfDay;
  private readonly months: number;
  private readonly days: DayTable;
  private readonly years: readonly YearRange[] | undefined;
  private readonly everyDay: boolean;

  constructor(texts: CronFieldTexts, dayMatch: DayMatch) {
    this.times = new TimesOfDay(texts);
    this.months = parseField("month", texts.month).values.reduce(
      (bits, month) => bits | (1 << month),
      0,
    );
    const [day, dayOfWeek] = [
      parseField("day", texts.day),
      parseField("dayOfWeek", texts.dayOfWeek),
    ];
    this.days = new DayTable(day, dayOfWeek, parseField("week", texts.week), dayMatch);
    this.years = texts.year === "*" ? undefined : parseField("year", texts.year).ranges;
    this.everyDay =
      this.days.everyDay && this.months === 0b1111111111110 && this.years === undefined;
  }

  /** The first match strictly after `local`, or {@link NEVER}. */
  next(local: LocalMs): LocalMs {
    const second = Math.floor(local / 1000) + 1;
    const from = Math.floor(second / 86_400);
    const day = this.nextDay(from);
    if (day === from) {
      const time = this.times.next(second - from * 86_400);
      if (time >= 0) return (day * 86_400 + time) * 1000;
      const later = this.nextDay(day + 1);
      return later === NEVER ? NEVER : (later * 86_400 + this.times.first) * 1000;
    }
    return day === NEVER ? NEVER : (day * 86_400 + this.times.first) * 1000;
  }

  /** The last match strictly before `local`, or {@link BEFORE_ALL}. */
  prev(local: LocalMs): LocalMs {
    const second = Math.ceil(local / 1000) - 1;
    const from = Math.floor(second / 86_400);
    const day = this.prevDay(from);
    if (day === from) {
      const time = this.times.prev(second - from * 86_400);
      if (time >= 0) return (day * 86_400 + time) * 1000;
      const earlier = this.prevDay(day - 1);
      return earlier === BEFORE_ALL ? BEFORE_ALL : (earlier * 86_400 + this.times.last) * 1000;
    }
    return day === BEFORE_ALL ? BEFORE_ALL : (day * 86_400 + this.times.last) * 1000;
  }

  /** How many matches are in [`from`, `to`), by whole months and days, without stepping through times. */
  count(from: LocalMs, to: LocalMs): number {
    return from >= to ? 0 : this.countBefore(to, from) - this.countBefore(from, from);
  }

  /** Whether any time on `day` matches. */
  matchesDay(day: EpochDay): boolean {
    return day >= 0 && this.nextDay(day) === day;
  }

  /** Whether the second `second` (0 to 86,399) of a matching day matches. */
  matchesTime(second: number): boolean {
    return this.times.next(second) === second;
  }

  /** Matches from the start of the month of `origin` to just before `local`. */
  private countBefore(local: LocalMs, origin: LocalMs): number {
    const originDay = Math.min(Math.max(0, Math.floor(origin / 86_400_000)), LAST_DAY);
    const second = Math.ceil(local / 1000);
    const day = Math.floor(second / 86_400);
    const lastDay = Math.min(day, LAST_DAY + 1);
    const date = packedDate(originDay);
    let [year, month] = [date >> 9, (date >> 5) & 15];
    let days = 0;
    for (let first = epochDay(year, month, 1); first < lastDay; first = epochDay(year, month, 1)) {
      const mask = this.monthMask(year, month);
      const left = lastDay - first;
      days += bitCount(left >= 31 ? mask : mask & ((2 << left) - 1));
      month += 1;
      if (month > 12) [year, month] = [year + 1, 1];
    }
    const today = day <= LAST_DAY && day >= 0 && this.nextDay(day) === day;
    return days * this.times.count + (today ? this.times.countBefore(second - day * 86_400) : 0);
  }

  private monthMask(year: number, month: number): number {
    if (((this.months >>> month) & 1) === 0 || year > LAST_YEAR) return 0;
    if (this.years !== undefined && nextYear(this.years, year) !== year) return 0;
    return this.days.maskOf(year, month);
  }

  private nextDay(from: EpochDay): EpochDay {
    if (from < 0) from = 0;
    if (from > LAST_DAY) return NEVER;
    if (this.everyDay) return from;
    const date = packedDate(from);
    let year = date >> 9;
    let month = (date >> 5) & 15;
    let day = date & 31;
    const limit = Math.min(LAST_YEAR, year + CYCLE_YEARS);
    for (;;) {
      if (this.years !== undefined) {
        const wanted = nextYear(this.years, year);
        if (wanted > LAST_YEAR) return NEVER;
        if (wanted !== year) {
          year = wanted;
          month = 1;
          day = 1;
        }
      } else if (year > limit) return NEVER;
      const months = this.months & (-1 << month);
      if (months !== 0) {
        const found = lowestBit(months);
        if (found !== month) {
          month = found;
          day = 1;
        }
        const first = epochDay(year, month, 1);
        const days = this.days.mask(year, month, first) & (-1 << day);
        if (days !== 0) return first + lowestBit(days) - 1;
        month += 1;
        day = 1;
        if (month <= 12) continue;
      }
      year += 1;
      month = 1;
      day = 1;
    }
  }

  private prevDay(from: EpochDay): EpochDay {
    if (from > LAST_DAY) from = LAST_DAY;
    if (from < 0) return BEFORE_ALL;
    if (this.everyDay) return from;
    const date = packedDate(from);
    let year = date >> 9;
    let month = (date >> 5) & 15;
    let day = date & 31;
    const limit = Math.max(1970, year - CYCLE_YEARS);
    for (;;) {
      if (this.years !== undefined) {
        const wanted = prevYear(this.years, year);
        if (wanted < 1970) return BEFORE_ALL;
        if (wanted !== year) {
          year = wanted;
          month = 12;
          day = 31;
        }
      } else if (year < limit) return BEFORE_ALL;
      const months = this.months & ((2 << month) - 1);
      if (months !== 0) {
        const found = highestBit(months);
        if (found !== month) {
          month = found;
          day = 31;
        }
        const first = epochDay(year, month, 1);
        const days = this.days.mask(year, month, first) & ((2 << day) - 1);
        if (days !== 0) return first + highestBit(days) - 1;
        month -= 1;
        day = 31;
        if (month >= 1) continue;
      }
      year -= 1;
      month = 12;
      day = 31;
    }
  }
}
