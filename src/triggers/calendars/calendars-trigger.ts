import type { EpochMs } from "../../core/clock.ts";
import { TriggerError } from "../../core/errors.ts";
import { shownUpTo } from "../../core/shown.ts";
import { collectBetween } from "../between.ts";
import type { CalendarsSpec } from "../spec.ts";
import { suggest } from "../../core/suggest.ts";
import { FIRST_INSTANT, LAST_INSTANT } from "../time/civil.ts";
import type { Trigger } from "../trigger.ts";
import { Calendar } from "./calendar.ts";
import type { CalendarSpec } from "./calendar-spec.ts";

/** Periods between two edges that one search examines; edges are at most a day apart, so this is about 27 years. */
const MAX_PERIODS = 10_000;

/** Up to this many fire times are counted one by one; above that, per allowed period. */
const MAX_STEPS = 10_000;

/**
 * Fires with its member wherever all its calendars allow it. A forbidden fire time is dropped, or with `shift:
 * "next-allowed"` moved to the first allowed instant; several that move to the same instant become one.
 */
export class CalendarsTrigger implements Trigger {
  readonly spec: CalendarsSpec;
  private readonly inner: Trigger;
  private readonly calendars: readonly (readonly [name: string, calendar: Calendar])[];
  private readonly shifts: boolean;
  private readonly end: EpochMs;

  /** @throws {@link TriggerError} `INVALID_TRIGGER`, field `calendars`, if a name is not in `lookup`. */
  constructor(
    spec: CalendarsSpec,
    inner: Trigger,
    lookup: ReadonlyMap<string, CalendarSpec> = new Map(),
  ) {
    this.spec = spec;
    this.inner = inner;
    this.calendars = spec.calendars.map((name) => [name, new Calendar(find(name, lookup))]);
    this.shifts = spec.shift === "next-allowed";
    const innerSpec = inner.spec;
    this.end = ("endAt" in innerSpec ? innerSpec.endAt : undefined) ?? LAST_INSTANT;
  }

  /** The name of a calendar that forbids `instant`, if any. */
  excludedBy(instant: EpochMs): string | undefined {
    return this.calendars.find(([, calendar]) => !calendar.allows(instant))?.[0];
  }

  next(after: EpochMs): EpochMs | undefined {
    if (this.shifts) {
      const before = this.inner.prev(after + 1);
      const moved = before === undefined ? undefined : this.allowedFrom(before);
      if (moved !== undefined && moved > after) return moved <= this.end ? moved : undefined;
      const following = this.inner.next(after);
      const found = following === undefined ? undefined : this.allowedFrom(following);
      return found !== undefined && found <= this.end ? found : undefined;
    }
    let candidate = this.inner.next(after);
    for (let i = 0; candidate !== undefined && i < MAX_PERIODS; i++) {
      const allowed = this.allowedFrom(candidate);
      if (allowed === undefined || allowed === candidate) return allowed;
      candidate = this.inner.next(allowed - 1);
    }
    return undefined;
  }

  prev(before: EpochMs): EpochMs | undefined {
    let until = before;
    for (let i = 0; i < MAX_PERIODS; i++) {
      const candidate = this.inner.prev(until);
      if (candidate === undefined) return undefined;
      const moved =
        this.excludedBy(candidate) === undefined
          ? candidate
          : this.shifts
            ? this.allowedFrom(candidate)
            : undefined;
      if (moved !== undefined && moved < before && moved <= this.end) return moved;
      const allowedEnd = this.allowedUntil(candidate);
      if (allowedEnd === undefined) return undefined;
      until = Math.min(candidate, allowedEnd);
    }
    return undefined;
  }

  between(from: EpochMs, to: EpochMs, limit: number): EpochMs[] {
    return collectBetween(this, from, to, limit);
  }

  count(from: EpochMs, to: EpochMs): number {
    const low = Math.max(Math.floor(from), FIRST_INSTANT - 1);
    const high = Math.min(Math.floor(to), this.end);
    let total = 0;
    if (this.inner.count(low, high) <= MAX_STEPS) {
      for (let at = this.next(low); at !== undefined && at <= high; at = this.next(at)) total += 1;
      return total;
    }
    // Whether a forbidden fire time is waiting to move to the next allowed instant.
    const before = this.shifts ? this.inner.prev(low + 1) : undefined;
    let isWaiting = before !== undefined && (this.allowedFrom(before) ?? low) > low;
    for (let start = low + 1; start <= high;) {
      const end = Math.min(this.nextEdge(start), high + 1);
      const inside = this.inner.count(start - 1, end - 1);
      if (this.excludedBy(start) === undefined) {
        total += inside + (isWaiting && this.inner.next(start - 1) !== start ? 1 : 0);
        isWaiting = false;
      } else isWaiting ||= this.shifts && inside > 0;
      start = end;
    }
    return total;
  }

  describe(): string {
    const names = this.spec.calendars.map((name) => `"${name}"`).join(" and ");
    const otherwise = this.shifts ? ", otherwise at the next allowed instant" : "";
    return `${this.inner.describe()}, if allowed by ${names}${otherwise}`;
  }

  private nextEdge(after: EpochMs): EpochMs {
    return this.calendars.reduce(
      (next, [, calendar]) => Math.min(next, calendar.nextEdge(after)),
      LAST_INSTANT + 1,
    );
  }

  /** The first allowed instant from `from` on. */
  private allowedFrom(from: EpochMs): EpochMs | undefined {
    let at = from;
    for (let i = 0; i < MAX_PERIODS && at <= LAST_INSTANT; i++) {
      if (this.excludedBy(at) === undefined) return at;
      at = this.nextEdge(at);
    }
    return undefined;
  }

  /** The end of the last allowed period before `until`; between two edges, everything is allowed or nothing. */
  private allowedUntil(until: EpochMs): EpochMs | undefined {
    let at = until;
    for (let i = 0; i < MAX_PERIODS && at >= FIRST_INSTANT; i++) {
      if (this.excludedBy(at) === undefined) return at + 1;
      at =
        this.calendars.reduce(
          (last, [, calendar]) => Math.max(last, calendar.prevEdge(at)),
          FIRST_INSTANT,
        ) - 1;
    }
    return undefined;
  }
}

function find(name: string, lookup: ReadonlyMap<string, CalendarSpec>): CalendarSpec {
  const calendar = lookup.get(name);
  if (calendar !== undefined) return calendar;
  const near = suggest(name, [...lookup.keys()]);
  const hint =
    near === undefined ? "Add it before the jobs that use it." : `Did you mean "${near}"?`;
  throw new TriggerError(`calendars: there is no calendar ${shownUpTo(80, name)}. ${hint}`, {
    field: "calendars",
    value: name,
  });
}
