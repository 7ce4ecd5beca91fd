import type { EpochMs } from "../core/clock.ts";
import { collectBetween } from "./between.ts";
import { IntervalTrigger } from "./interval-trigger.ts";
import { intersectIntervals } from "./intersect-intervals.ts";
import { countCombined, type Combined } from "./cron/count-combined.ts";
import type { AndSpec, TriggerSpec } from "./spec.ts";
import { DAY_MS, FIRST_INSTANT, LAST_INSTANT } from "./time/civil.ts";
import type { Trigger } from "./trigger.ts";

/**
 * Candidates that one search may examine. Without a limit, members that never coincide would be compared up to the year
 * 9999; with it, the answer "never" takes a few milliseconds.
 */
const MAX_CANDIDATES = 20_000;

/** The limit if a member is itself an `and`, so that each of its candidates is a search of its own. */
const MAX_NESTED_CANDIDATES = 1000;

/**
 * Members that don't coincide within this time count as never coinciding; 29 February on a Monday takes at most 40
 * years.
 */
const HORIZON_MS = 100 * 366 * DAY_MS;

/** Fires when all members fire at the same instant. */
export class AndTrigger implements Trigger, Combined {
  readonly spec: AndSpec;
  readonly mode = "all";
  readonly members: readonly Trigger[];
  /** Whether it has bounds of its own, besides those of its members. */
  readonly isBounded: boolean;
  private readonly start: EpochMs;
  private readonly end: EpochMs;
  private readonly maxCandidates: number;
  /** Where pure intervals coincide, computed arithmetically; `null` if they never do. */
  private readonly intersection: IntervalTrigger | null | undefined;
  // Cached answers of `earliest` and `latest`, which never change.
  private first: EpochMs | undefined;
  private last: EpochMs | undefined;

  constructor(spec: AndSpec, members: readonly Trigger[]) {
    this.spec = spec;
    this.members = members;
    this.isBounded = spec.startAt !== undefined || spec.endAt !== undefined;
    this.start = spec.startAt ?? FIRST_INSTANT;
    this.end = spec.endAt ?? LAST_INSTANT;
    const intersection = intersectIntervals(spec.triggers);
    this.intersection = intersection ? new IntervalTrigger(intersection) : intersection;
    this.maxCandidates = spec.triggers.some((member) => andDepth(member) > 0)
      ? MAX_NESTED_CANDIDATES
      : MAX_CANDIDATES;
  }

  /** Each member in turn advances the candidate, until all agree on it. */
  next(after: EpochMs): EpochMs | undefined {
    if (this.intersection !== undefined) {
      const found = this.intersection?.next(Math.max(after, this.start - 1));
      return found === undefined || found > this.end ? undefined : found;
    }
    let candidate = Math.max(Math.floor(after), this.start - 1) + 1;
    const limit = Math.min(this.end, Math.max(candidate, this.earliest()) + HORIZON_MS);
    let agreed = 0;
    for (let i = 0; i < this.maxCandidates; i++) {
      const found = this.members[i % this.members.length]?.next(candidate - 1);
      if (found === undefined || found > limit) return undefined;
      agreed = found === candidate ? agreed + 1 : 1;
      candidate = found;
      if (agreed >= this.members.length) return candidate;
    }
    return undefined;
  }

  prev(before: EpochMs): EpochMs | undefined {
    if (this.intersection !== undefined) {
      const found = this.intersection?.prev(Math.min(before, this.end + 1));
      return found === undefined || found < this.start ? undefined : found;
    }
    let candidate = Math.min(Math.ceil(before), this.end + 1) - 1;
    const limit = Math.max(this.start, Math.min(candidate, this.latest()) - HORIZON_MS);
    let agreed = 0;
    for (let i = 0; i < this.maxCandidates; i++) {
      const found = this.members[i % this.members.length]?.prev(candidate + 1);
      if (found === undefined || found < limit) return undefined;
      agreed = found === candidate ? agreed + 1 : 1;
      candidate = found;
      if (agreed >= this.members.length) return candidate;
    }
    return undefined;
  }

  /** No common fire time lies before this, so the horizon need not start earlier. */
  private earliest(): EpochMs {
    this.first ??= Math.max(
      ...this.members.map((member) => member.next(FIRST_INSTANT) ?? LAST_INSTANT),
    );
    return this.first;
  }

  private latest(): EpochMs {
    this.last ??= Math.min(
      ...this.members.map((member) => member.prev(LAST_INSTANT) ?? FIRST_INSTANT),
    );
    return this.last;
  }

  between(from: EpochMs, to: EpochMs, limit: number): EpochMs[] {
    return collectBetween(this, from, to, limit);
  }

  count(from: EpochMs, to: EpochMs): number {
    const low = Math.max(from, this.start - 1);
    const high = Math.min(to, this.end);
    if (this.intersection !== undefined)
      return low < high ? (this.intersection?.count(low, high) ?? 0) : 0;
    const counted = countCombined(this, low, high);
    if (counted !== undefined) return counted;
    let total = 0;
    for (let at = this.next(low); at !== undefined && at <= high; at = this.next(at)) total += 1;
    return total;
  }

  describe(): string {
    return `whenever these coincide: ${this.members.map((member) => member.describe()).join(", and ")}`;
  }
}

/** How deeply `and` triggers are nested in a spec. */
export function andDepth(spec: TriggerSpec): number {
  switch (spec.kind) {
    case "and":
      return 1 + Math.max(...spec.triggers.map(andDepth));
    case "or":
      return Math.max(...spec.triggers.map(andDepth));
    case "calendars":
      return andDepth(spec.trigger);
    case "cron":
    case "interval":
    case "date":
    case "calendar-interval":
    case "rrule":
    case "manual":
      return 0;
  }
}
