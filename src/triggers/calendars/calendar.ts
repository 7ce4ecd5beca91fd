import type { EpochMs } from "../../core/clock.ts";
import { WEEKDAYS } from "../cron/field-names.ts";
import {
  DAY_MS,
  FIRST_INSTANT,
  LAST_INSTANT,
  packedDate,
  weekdayOf,
  type EpochDay,
} from "../time/civil.ts";
import { parseTimeOfDay } from "../time/time-of-day.ts";
import { zoneOf, type Zone } from "../time/zone.ts";
import { type CalendarSpec, spanBounds } from "./calendar-spec.ts";

interface Window {
  /** Weekdays on which it begins, bit 0 = Sunday. */
  readonly days: number;
  readonly fromMs: number;
  /** More than a day if it ends on the next one. */
  readonly toMs: number;
}

/** A set of times: whole dates, weekly windows, one-time spans. Its edges are computed one day at a time. */
class TimeSet {
  private readonly dates: ReadonlySet<number>;
  private readonly yearly: ReadonlySet<number>;
  private readonly windows: readonly Window[];
  private readonly spans: readonly (readonly [from: EpochMs, to: EpochMs])[];
  private readonly zone: Zone;

  constructor(rule: NonNullable<CalendarSpec["only"]>, zone: Zone) {
    this.zone = zone;
    const dates = (rule.dates ?? []).map((text) => text.split("-").map(Number));
    this.dates = new Set(
      dates.flatMap(([y = Number.NaN, m = 0, d = 0]) =>
        Number.isNaN(y) ? [] : [(y << 9) | (m << 5) | d],
      ),
    );
    this.yearly = new Set(
      dates.flatMap(([y = Number.NaN, m = 0, d = 0]) => (Number.isNaN(y) ? [(m << 5) | d] : [])),
    );
    this.windows = (rule.windows ?? []).map(({ days, from, to }) => {
      const [fromMs, toMs] = [timeMs(from), timeMs(to)];
      const list: readonly (typeof WEEKDAYS)[number][] = days ?? WEEKDAYS;
      const bits = list.reduce((sum, day) => sum | (1 << WEEKDAYS.indexOf(day)), 0);
      return { days: bits, fromMs, toMs: toMs <= fromMs ? toMs + DAY_MS : toMs };
    });
    this.spans = (rule.spans ?? []).map((span) => spanBounds(span, zone.name));
  }

  has(instant: EpochMs): boolean {
    if (this.spans.some(([from, to]) => instant >= from && instant < to)) return true;
    const local = instant + this.zone.offsetAt(instant);
    const day = Math.floor(local / DAY_MS);
    if (this.hasDate(day)) return true;
    const timeMs = local - day * DAY_MS;
    return this.windows.some(
      (window) =>
        (begins(window, day) && timeMs >= window.fromMs && timeMs < window.toMs) ||
        (begins(window, day - 1) && timeMs + DAY_MS < window.toMs),
    );
  }

  /**
   * Instants near `instant` at which membership may change: every edge within two days while the UTC offset stays the
   * same, and the instants at which the offset changes, since those can begin or end a window, too.
   */
  edgesAround(instant: EpochMs): EpochMs[] {
    const { start, end, offset } = this.zone.at(instant);
    const found: EpochMs[] = [start, end];
    const today = Math.floor((instant + offset) / DAY_MS);
    for (let day = today - 2; day <= today + 2; day++) {
      const midnight = day * DAY_MS - offset;
      found.push(midnight);
      for (const { fromMs, toMs } of this.windows) found.push(midnight + fromMs, midnight + toMs);
    }
    for (const [from, to] of this.spans) found.push(from, to);
    return found;
  }

  private hasDate(day: EpochDay): boolean {
    const date = packedDate(day);
    return this.dates.has(date) || this.yearly.has(date & 511);
  }
}

const begins = (window: Window, day: EpochDay): boolean =>
  ((window.days >>> weekdayOf(day)) & 1) === 1;

const timeMs = (text: string): number =>
  text === "24:00" ? DAY_MS : parseTimeOfDay(text, "windows");

/** Decides whether a calendar allows an instant. */
export class Calendar {
  private readonly exclude: TimeSet | undefined;
  private readonly only: TimeSet | undefined;

  constructor(spec: CalendarSpec) {
    const zone = zoneOf(spec.timezone);
    this.exclude = spec.exclude === undefined ? undefined : new TimeSet(spec.exclude, zone);
    this.only = spec.only === undefined ? undefined : new TimeSet(spec.only, zone);
  }

  /** Whether runs are allowed at `instant`. */
  allows(instant: EpochMs): boolean {
    return this.exclude?.has(instant) !== true && this.only?.has(instant) !== false;
  }

  /** An instant after `after` up to which `allows` keeps its answer. */
  nextEdge(after: EpochMs): EpochMs {
    return this.edges(after).reduce(
      (next, edge) => (edge > after && edge < next ? edge : next),
      LAST_INSTANT + 1,
    );
  }

  /** An instant up to `until` since which `allows` has had the same answer. */
  prevEdge(until: EpochMs): EpochMs {
    return this.edges(until).reduce(
      (last, edge) => (edge <= until && edge > last ? edge : last),
      FIRST_INSTANT - 1,
    );
  }

  private edges(instant: EpochMs): EpochMs[] {
    return [
      ...(this.exclude?.edgesAround(instant) ?? []),
      ...(this.only?.edgesAround(instant) ?? []),
    ];
  }
}
