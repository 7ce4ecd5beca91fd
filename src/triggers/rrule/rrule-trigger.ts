import type { EpochMs } from "../../core/clock.ts";
import { collectBetween } from "../between.ts";
import type { RruleSpec } from "../spec.ts";
import { FIRST_INSTANT, LAST_INSTANT } from "../time/civil.ts";
import { formatLocal } from "../time/local-text.ts";
import type { Trigger } from "../trigger.ts";
import { openRule, type OpenRule } from "./open-rule.ts";

/**
 * Fires as a recurrence rule of RFC 5545 says, within its bounds. As the RFC says, skipped times are left out, and a
 * repeated time means the first pass.
 */
export class RruleTrigger implements Trigger {
  readonly spec: RruleSpec;
  private readonly rule: OpenRule;
  private readonly start: EpochMs;
  private readonly end: EpochMs;

  constructor(spec: RruleSpec) {
    this.spec = spec;
    this.rule = openRule(spec);
    this.start = Math.max(spec.startAt ?? FIRST_INSTANT, FIRST_INSTANT);
    this.end = Math.min(spec.endAt ?? LAST_INSTANT, LAST_INSTANT);
  }

  next(after: EpochMs): EpochMs | undefined {
    const from = Math.max(Math.floor(after), this.start - 1);
    if (!(from < this.end)) return undefined;
    const found = this.rule.next(from);
    return found !== undefined && found <= this.end ? found : undefined;
  }

  prev(before: EpochMs): EpochMs | undefined {
    const until = Math.min(Math.ceil(before), this.end + 1);
    if (!(until > this.start)) return undefined;
    const found = this.rule.prev(until);
    return found !== undefined && found >= this.start ? found : undefined;
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
    const { rule, timezone, endAt } = this.spec;
    const end = endAt === undefined ? "" : ` until ${formatLocal(endAt, timezone)}`;
    return `${rule.split("\n").join(" ")}${end} (${timezone})`;
  }
}
