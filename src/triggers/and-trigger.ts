import type { EpochMs } from "../core/clock.ts";
import { collectBetween } from "./between.ts";
import type { AndSpec } from "./spec.ts";
import { FIRST_INSTANT, LAST_INSTANT } from "./time/civil.ts";
import type { Trigger } from "./trigger.ts";

/**
 * How many candidates one question may look at. Members that never meet would else be compared up to the year 9999; with
 * this the answer "never" takes some milliseconds.
 */
const MAX_CANDIDATES = 20_000;

/** Fires when all members fire at the same instant. */
export class AndTrigger implements Trigger {
  readonly spec: AndSpec;
  private readonly members: readonly Trigger[];
  private readonly start: EpochMs;
  private readonly end: EpochMs;

  constructor(spec: AndSpec, members: readonly Trigger[]) {
    this.spec = spec;
    this.members = members;
    this.start = spec.startAt ?? FIRST_INSTANT;
    this.end = spec.endAt ?? LAST_INSTANT;
  }

  /** Each member in turn moves the candidate on, until all agree on it. */
  next(after: EpochMs): EpochMs | undefined {
    let candidate = Math.max(after, this.start - 1) + 1;
    let agreed = 0;
    for (let i = 0; i < MAX_CANDIDATES; i++) {
      const found = this.members[i % this.members.length]?.next(candidate - 1);
      if (found === undefined || found > this.end) return undefined;
      agreed = found === candidate ? agreed + 1 : 1;
      candidate = found;
      if (agreed >= this.members.length) return candidate;
    }
    return undefined;
  }

  prev(before: EpochMs): EpochMs | undefined {
    let candidate = Math.min(before, this.end + 1) - 1;
    let agreed = 0;
    for (let i = 0; i < MAX_CANDIDATES; i++) {
      const found = this.members[i % this.members.length]?.prev(candidate + 1);
      if (found === undefined || found < this.start) return undefined;
      agreed = found === candidate ? agreed + 1 : 1;
      candidate = found;
      if (agreed >= this.members.length) return candidate;
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
    return `whenever these meet: ${this.members.map((member) => member.describe()).join(", and ")}`;
  }
}
