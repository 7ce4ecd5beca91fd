import type { EpochMs } from "../core/clock.ts";
import { collectBetween } from "./between.ts";
import { IntervalTrigger } from "./interval-trigger.ts";
import { meetingIntervals } from "./meeting-intervals.ts";
import { countTogether, type Combined } from "./cron/count-together.ts";
import type { AndSpec, TriggerSpec } from "./spec.ts";
import { DAY_MS, FIRST_INSTANT, LAST_INSTANT } from "./time/civil.ts";
import type { Trigger } from "./trigger.ts";

/**
 * How many candidates one question may look at. Members that never meet would else be compared up to the year 9999; with
 * this the answer "never" takes some milliseconds.
 */
const MAX_CANDIDATES = 20_000;

/** The same where each candidate of a member is a search of this kind itself. */
const MAX_NESTED_CANDIDATES = 1000;

/** Members that do not meet within so long count as never meeting; 29 February on a Monday takes at most 40 years. */
const HORIZON_MS = 100 * 366 * DAY_MS;

/** Fires when all members fire at the same instant. */
export class AndTrigger implements Trigger, Combined {
  readonly spec: AndSpec;
  readonly mode = "all";
  /** The triggers that are combined. */
  readonly members: readonly Trigger[];
  /** Whether it has bounds besides those of its members. */
  readonly isBounded: boolean;
  private readonly start: EpochMs;
  private readonly end: EpochMs;
  private readonly maxCandidates: number;
  /** Where intervals alone meet, found by arithmetic; `null` if they never do. */
  private readonly meeting: IntervalTrigger | null | undefined;
  // Remembered answers of `earliest` and `latest`, which are always the same.
  private first: EpochMs | undefined;
  private last: EpochMs | undefined;

  constructor(spec: AndSpec, members: readonly Trigger[]) {
    this.spec = spec;
    this.members = members;
    this.isBounded = spec.startAt !== undefined || spec.endAt !== undefined;
    this.start = spec.startAt ?? FIRST_INSTANT;
    this.end = spec.endAt ?? LAST_INSTANT;
    const meeting = meetingIntervals(spec.triggers);
    this.meeting = meeting ? new IntervalTrigger(meeting) : meeting;
    this.maxCandidates = spec.triggers.some((member) => andDepth(member) > 0)
      ? MAX_NESTED_CANDIDATES
      : MAX_CANDIDATES;
  }

  /** Each member in turn moves the candidate on, until all agree on it. */
  next(after: EpochMs): EpochMs | undefined {
    if (this.meeting !== undefined) {
      const found = this.meeting?.next(Math.max(after, this.start - 1));
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
    if (this.meeting !== undefined) {
      const found = this.meeting?.prev(Math.min(before, this.end + 1));
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

  /** No common fire time lies before this, so a horizon need not begin earlier. */
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
    if (this.meeting !== undefined) return low < high ? (this.meeting?.count(low, high) ?? 0) : 0;
    const counted = countTogether(this, low, high);
    if (counted !== undefined) return counted;
    let total = 0;
    for (let at = this.next(low); at !== undefined && at <= high; at = this.next(at)) total += 1;
    return total;
  }

  describe(): string {
    return `whenever these meet: ${this.members.map((member) => member.describe()).join(", and ")}`;
  }
}

/** How many `and` lie one in another in a spec. */
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
