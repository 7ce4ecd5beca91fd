import type { LocalMs } from "../time/zone.ts";
import { LAST_DAY, LAST_YEAR, epochDay, packedDate, type EpochDay } from "../time/civil.ts";
import {
  atLeast,
  atMost,
  bitCount,
  countBelow,
  has,
  highestBit,
  lowestBit,
  sixty,
  type Sixty,
} from "./bits.ts";
import { DayTable } from "./day-table.ts";
import { parseField } from "./parse-field.ts";
import type { CronFieldTexts, DayMatch } from "./parse-expression.ts";

/** "There is none": later than every local time, so that comparisons need no special case. */
export const NEVER: LocalMs = Number.MAX_SAFE_INTEGER;
/** "There is none" when looking back: earlier than every local time. */
export const BEFORE_ALL: LocalMs = Number.MIN_SAFE_INTEGER;

/** Dates and weekdays repeat after this; a day not found in so many years does not exist. */
const CYCLE_YEARS = 400;

type YearRange = readonly [from: number, to: number, step: number];

/**
 * The wall-clock times that a cron schedule names, without any zone. Fields are bit sets, so a search
 * jumps from match to match and allocates nothing.
 */
export class WallTimes {
  private readonly seconds: Sixty;
  private readonly minutes: Sixty;
  private readonly hours: number;
  private readonly months: number;
  private readonly days: DayTable;
  private readonly years: readonly YearRange[] | undefined;
  private readonly everyDay: boolean;
  private readonly firstTime: number;
  private readonly lastTime: number;
  private readonly timesPerDay: number;

  constructor(texts: CronFieldTexts, dayMatch: DayMatch) {
    const hours = parseField("hour", texts.hour).values;
    this.seconds = sixty(parseField("second", texts.second).values);
    this.minutes = sixty(parseField("minute", texts.minute).values);
    this.hours = hours.reduce((bits, hour) => bits | (1 << hour), 0);
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
    const first = (set: Sixty): number => atLeast(set, 0);
    this.firstTime = lowestBit(this.hours) * 3600 + first(this.minutes) * 60 + first(this.seconds);
    this.lastTime =
      highestBit(this.hours) * 3600 + atMost(this.minutes, 59) * 60 + atMost(this.seconds, 59);
    this.timesPerDay =
      bitCount(this.hours) * countBelow(this.minutes, 60) * countBelow(this.seconds, 60);
  }

  /** The first match strictly after `local`, or {@link NEVER}. */
  next(local: LocalMs): LocalMs {
    const second = Math.floor(local / 1000) + 1;
    const from = Math.floor(second / 86_400);
    const day = this.nextDay(from);
    if (day === from) {
      const time = this.nextTime(second - from * 86_400);
      if (time >= 0) return (day * 86_400 + time) * 1000;
      const later = this.nextDay(day + 1);
      return later === NEVER ? NEVER : (later * 86_400 + this.firstTime) * 1000;
    }
    return day === NEVER ? NEVER : (day * 86_400 + this.firstTime) * 1000;
  }

  /** The last match strictly before `local`, or {@link BEFORE_ALL}. */
  prev(local: LocalMs): LocalMs {
    const second = Math.ceil(local / 1000) - 1;
    const from = Math.floor(second / 86_400);
    const day = this.prevDay(from);
    if (day === from) {
      const time = this.prevTime(second - from * 86_400);
      if (time >= 0) return (day * 86_400 + time) * 1000;
      const earlier = this.prevDay(day - 1);
      return earlier === BEFORE_ALL ? BEFORE_ALL : (earlier * 86_400 + this.lastTime) * 1000;
    }
    return day === BEFORE_ALL ? BEFORE_ALL : (day * 86_400 + this.lastTime) * 1000;
  }

  /** How many matches are in [`from`, `to`), by whole months and days; never by stepping through times. */
  count(from: LocalMs, to: LocalMs): number {
    return from >= to ? 0 : this.countBefore(to, from) - this.countBefore(from, from);
  }

  /** Whether `day` matches, whatever the time. */
  namesDay(day: EpochDay): boolean {
    return day >= 0 && this.nextDay(day) === day;
  }

  /** Whether the second `second` of a day (0 to 86,399) matches, whatever the day. */
  namesTime(second: number): boolean {
    return this.nextTime(second) === second;
  }

  /** Matches from the start of the month of `origin` until before `local`. */
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
    return days * this.timesPerDay + (today ? this.countTimes(second - day * 86_400) : 0);
  }

  private countTimes(before: number): number {
    const hour = Math.floor(before / 3600);
    const minute = Math.floor((before - hour * 3600) / 60);
    const second = before - hour * 3600 - minute * 60;
    const perMinute = countBelow(this.seconds, 60);
    let count = bitCount(this.hours & ((1 << hour) - 1)) * countBelow(this.minutes, 60) * perMinute;
    if (((this.hours >>> hour) & 1) === 0) return count;
    count += countBelow(this.minutes, minute) * perMinute;
    return has(this.minutes, minute) ? count + countBelow(this.seconds, second) : count;
  }

  private monthMask(year: number, month: number): number {
    if (((this.months >>> month) & 1) === 0 || year > LAST_YEAR) return 0;
    if (this.years !== undefined && nextYear(this.years, year) !== year) return 0;
    return this.days.maskOf(year, month);
  }

  /** The first matching second of the day of at least `from`, or -1. */
  private nextTime(from: number): number {
    const hour = (from / 3600) | 0;
    if (((this.hours >>> hour) & 1) === 1) {
      const minute = ((from - hour * 3600) / 60) | 0;
      if (has(this.minutes, minute)) {
        const second = atLeast(this.seconds, from - hour * 3600 - minute * 60);
        if (second >= 0) return hour * 3600 + minute * 60 + second;
      }
      const later = atLeast(this.minutes, minute + 1);
      if (later >= 0) return hour * 3600 + later * 60 + atLeast(this.seconds, 0);
    }
    const hours = this.hours & (-1 << (hour + 1));
    if (hours === 0) return -1;
    return lowestBit(hours) * 3600 + atLeast(this.minutes, 0) * 60 + atLeast(this.seconds, 0);
  }

  /** The last matching second of the day of at most `to`, or -1. */
  private prevTime(to: number): number {
    const hour = (to / 3600) | 0;
    if (((this.hours >>> hour) & 1) === 1) {
      const minute = ((to - hour * 3600) / 60) | 0;
      if (has(this.minutes, minute)) {
        const second = atMost(this.seconds, to - hour * 3600 - minute * 60);
        if (second >= 0) return hour * 3600 + minute * 60 + second;
      }
      const earlier = atMost(this.minutes, minute - 1);
      if (earlier >= 0) return hour * 3600 + earlier * 60 + atMost(this.seconds, 59);
    }
    const hours = this.hours & ((1 << hour) - 1);
    if (hours === 0) return -1;
    return highestBit(hours) * 3600 + atMost(this.minutes, 59) * 60 + atMost(this.seconds, 59);
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

/** The first year of at least `from` in the ranges, or one past the last. */
function nextYear(ranges: readonly YearRange[], from: number): number {
  let best = LAST_YEAR + 1;
  for (const [start, end, step] of ranges) {
    const year = from <= start ? start : start + Math.ceil((from - start) / step) * step;
    if (year <= end && year < best) best = year;
  }
  return best;
}

/** The last year of at most `to` in the ranges, or 0. */
function prevYear(ranges: readonly YearRange[], to: number): number {
  let best = 0;
  for (const [start, end, step] of ranges) {
    const limit = Math.min(end, to);
    if (limit >= start) best = Math.max(best, start + Math.floor((limit - start) / step) * step);
  }
  return best;
}
