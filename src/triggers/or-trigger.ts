import type { EpochMs } from "../core/clock.ts";
import { collectBetween } from "./between.ts";
import { countCombined, type Combined } from "./cron/count-combined.ts";
import type { OrSpec } from "./spec.ts";
import { FIRST_INSTANT, LAST_INSTANT } from "./time/civil.ts";
import type { Trigger } from "./trigger.ts";

/** Fires when any member fires; simultaneous fire times count as one. */
export class OrTrigger implements Trigger, Combined {
  readonly spec: OrSpec;
  readonly mode = "any";
  readonly members: readonly Trigger[];
  /** Whether it has bounds of its own, besides those of its members. */
  readonly isBounded: boolean;
  private readonly start: EpochMs;
  private readonly end: EpochMs;

  constructor(spec: OrSpec, members: readonly Trigger[]) {
    this.spec = spec;
    this.members = members;
    this.isBounded = spec.startAt !== undefined || spec.endAt !== undefined;
    this.start = spec.startAt ?? FIRST_INSTANT;
    this.end = spec.endAt ?? LAST_INSTANT;
  }

  next(after: EpochMs): EpochMs | undefined {
    const from = Math.max(after, this.start - 1);
    let earliest: EpochMs | undefined;
    for (const member of this.members) {
      const found = member.next(from);
      if (found !== undefined && (earliest === undefined || found < earliest)) earliest = found;
    }
    return earliest !== undefined && earliest <= this.end ? earliest : undefined;
  }

  prev(before: EpochMs): EpochMs | undefined {
    const until = Math.min(before, this.end + 1);
    let latest: EpochMs | undefined;
    for (const member of this.members) {
      const found = member.prev(until);
      if (found !== undefined && (latest === undefined || found > latest)) latest = found;
    }
    return latest !== undefined && latest >= this.start ? latest : undefined;
  }

  between(from: EpochMs, to: EpochMs, limit: number): EpochMs[] {
    return collectBetween(this, from, to, limit);
  }

  count(from: EpochMs, to: EpochMs): number {
    const low = Math.max(from, this.start - 1);
    const high = Math.min(to, this.end);
    const [only, second] = this.members;
    if (only !== undefined && second === undefined) return only.count(low, high);
    const counted = countCombined(this, low, high);
    if (counted !== undefined) return counted;
    let total = 0;
    for (let at = this.next(low); at !== undefined && at <= high; at = this.next(at)) total += 1;
    return total;
  }

  describe(): string {
    return this.members.map((member) => member.describe()).join(", or ");
  }
}
