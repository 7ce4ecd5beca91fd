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
import type { CronFieldTexts } from "./parse-expression.ts";
import { parseField } from "./parse-field.ts";

/** The times of day that a cron schedule matches, in seconds since midnight. */
export class TimesOfDay {
  /** The first of the day. */
  readonly first: number;
  /** The last of the day. */
  readonly last: number;
  /** How many there are. */
  readonly count: number;
  private readonly seconds: Sixty;
  private readonly minutes: Sixty;
  private readonly hours: number;

  constructor(texts: Pick<CronFieldTexts, "hour" | "minute" | "second">) {
    const hours = parseField("hour", texts.hour).values;
    this.seconds = sixty(parseField("second", texts.second).values);
    this.minutes = sixty(parseField("minute", texts.minute).values);
    this.hours = hours.reduce((bits, hour) => bits | (1 << hour), 0);
    this.first = this.next(0);
    this.last = this.prev(86_399);
    this.count = bitCount(this.hours) * countBelow(this.minutes, 60) * countBelow(this.seconds, 60);
  }

  /** The first matching second of the day from `from` on, or -1. */
  next(from: number): number {
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

  /** The last matching second of the day up to `to`, or -1. */
  prev(to: number): number {
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

  /** How many come before `before` (0 to 86,400). */
  countBefore(before: number): number {
    const hour = Math.floor(before / 3600);
    const minute = Math.floor((before - hour * 3600) / 60);
    const second = before - hour * 3600 - minute * 60;
    const perMinute = countBelow(this.seconds, 60);
    let count = bitCount(this.hours & ((1 << hour) - 1)) * countBelow(this.minutes, 60) * perMinute;
    if (((this.hours >>> hour) & 1) === 0) return count;
    count += countBelow(this.minutes, minute) * perMinute;
    return has(this.minutes, minute) ? count + countBelow(this.seconds, second) : count;
  }
}
