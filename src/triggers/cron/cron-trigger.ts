import type { EpochMs } from "../../core/clock.ts";
import { collectBetween } from "../between.ts";
import type { CronSpec } from "../spec.ts";
import { FIRST_INSTANT, LAST_INSTANT } from "../time/civil.ts";
import { zoneOf, type LocalMs, type Segment, type Zone } from "../time/zone.ts";
import type { Trigger } from "../trigger.ts";
import { FIELD_RANGE } from "./field-names.ts";
import { parseField } from "./parse-field.ts";
import { describeCron } from "./describe-cron.ts";
import { BEFORE_ALL, NEVER, WallTimes } from "./wall-times.ts";

/** No clock change exceeds two days; over a longer distance the search may jump. */
const JUMP_MS = 2 * 86_400_000;
/**
 * How many matches in a row may fall into gaps before a `wall-clock` schedule counts as exhausted. Only one whose times
 * are all skipped gets there ("02:30 on the last Sunday of March" in Berlin).
 */
const MAX_SKIPPED = 200;

/**
 * Fires at the wall-clock times that its fields match. With `dst: "once"` and fixed hours and minutes, a time in a gap
 * fires at the first instant after it, and a time in an overlap in the first pass only: the rule of cron(8). Otherwise
 * it fires whenever the clock shows the time.
 */
export class CronTrigger implements Trigger {
  readonly spec: CronSpec;
  /** The time zone of its wall-clock times. */
  readonly zone: Zone;
  /** The wall-clock times that its fields match. */
  readonly times: WallTimes;
  /** Whether the rule of cron(8) for fixed times applies. */
  readonly once: boolean;
  /** There is no fire time before this. */
  readonly start: EpochMs;
  /** There is no fire time after this. */
  readonly end: EpochMs;

  constructor(spec: CronSpec) {
    this.spec = spec;
    this.zone = zoneOf(spec.timezone);
    this.times = new WallTimes(spec.fields, spec.dayMatch);
    this.once = firesOnce(spec);
    this.start = Math.max(spec.startAt ?? FIRST_INSTANT, FIRST_INSTANT);
    this.end = Math.min(spec.endAt ?? LAST_INSTANT, LAST_INSTANT);
  }

  next(after: EpochMs): EpochMs | undefined {
    const from = after < this.start ? this.start - 1 : after;
    if (!(from < this.end)) return undefined;
    const segment = this.zone.at(from);
    let passed = from + segment.offset;
    if (this.once && passed < segment.seen - 1) passed = segment.seen - 1;
    const match = this.times.next(passed);
    const found =
      match < segment.localEnd ? match - segment.offset : this.searchOn(segment, passed, match);
    return found <= this.end ? found : undefined;
  }

  prev(before: EpochMs): EpochMs | undefined {
    const until = before > this.end ? this.end : Math.ceil(before) - 1;
    if (!(until >= this.start)) return undefined;
    const found = this.searchBack(until);
    return found >= this.start ? found : undefined;
  }

  between(from: EpochMs, to: EpochMs, limit: number): EpochMs[] {
    return collectBetween(this, from, to, limit);
  }

  count(from: EpochMs, to: EpochMs): number {
    let at = Math.max(Math.floor(from) + 1, this.start);
    const end = Math.min(Math.floor(to), this.end) + 1;
    let total = 0;
    while (at < end) {
      const here = this.zone.at(at);
      const until = Math.min(end, here.end);
      const low = Math.max(at + here.offset, this.lowest(here));
      total += this.times.count(low, until + here.offset);
      // A time skipped by the gap fires together with the time that the clock shows at the jump: one instant, counted
      // once.
      if (
        at === here.start &&
        this.gapMatch(here) &&
        this.times.next(here.localStart - 1) !== here.localStart
      )
        total += 1;
      at = until;
    }
    return total;
  }

  describe(): string {
    return describeCron(this.spec);
  }

  /** The first local time of a segment that was not already shown before it. */
  private lowest(segment: Segment): LocalMs {
    return this.once && segment.seen > segment.localStart ? segment.seen : segment.localStart;
  }

  /** Whether a match lies in the gap before a segment, to be made up for at the segment's start. */
  private gapMatch(segment: Segment): boolean {
    return (
      this.once &&
      segment.seen < segment.localStart &&
      this.times.next(segment.seen - 1) < segment.localStart
    );
  }

  /** Continues after the end of a segment. No match lies between `passed` and `match` on the clock. */
  private searchOn(from: Segment, passedThere: LocalMs, matchThere: LocalMs): EpochMs {
    let passed = passedThere;
    let match = matchThere;
    let at = from.end;
    for (let skipped = 0; skipped < MAX_SKIPPED;) {
      const here = this.zone.at(at);
      // A segment that began before `at` was only cut by a page; the offset doesn't change here.
      if (here.start === at) {
        if (this.once && match >= here.seen && match < here.localStart) return at;
        const lowest = this.lowest(here);
        if (match < lowest) skipped += 1;
        if (match < lowest || lowest <= passed) {
          passed = lowest - 1;
          match = this.times.next(passed);
        }
      }
      if (match < here.localEnd) return match - here.offset;
      at = here.end;
      if (here.localEnd - passed > JUMP_MS) {
        if (match === NEVER) return NEVER;
        at = Math.max(at, match - here.offset - JUMP_MS);
      }
    }
    return NEVER;
  }

  /** The last fire time up to `until`. */
  private searchBack(until: EpochMs): EpochMs {
    let at = until;
    for (let tries = 0; tries < 2 * MAX_SKIPPED; tries++) {
      const here = this.zone.at(at);
      const match = this.times.prev(Math.floor(at) + here.offset + 1);
      if (match >= this.lowest(here)) return match - here.offset;
      if (this.gapMatch(here)) return here.start;
      // Before this segment the clock may have shown up to a day more than at its start, but no match lies beyond this
      // one.
      const bound = this.times.prev(here.localStart + JUMP_MS);
      if (bound === BEFORE_ALL) return BEFORE_ALL;
      at = Math.min(here.start - 1, bound - here.offset + JUMP_MS);
    }
    return BEFORE_ALL;
  }
}

/**
 * Whether the rule of cron(8) for fixed times applies. Schedules whose minute or hour begins with `*`, or contains
 * every value, follow the clock instead.
 */
export function firesOnce({ dst, fields }: Pick<CronSpec, "dst" | "fields">): boolean {
  return dst === "once" && !isWildcard("minute", fields.minute) && !isWildcard("hour", fields.hour);
}

function isWildcard(field: "minute" | "hour", text: string): boolean {
  if (text.startsWith("*")) return true;
  const [min, max] = FIELD_RANGE[field];
  // Single values are the common case; skip parsing them again.
  return /[-/,]/.test(text) && parseField(field, text).values.length === max - min + 1;
}
