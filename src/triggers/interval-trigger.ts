import type { EpochMs } from "../core/clock.ts";
import { formatDuration } from "../core/durations.ts";
import type { IntervalSpec } from "./spec.ts";
import { LAST_INSTANT } from "./time/civil.ts";
import { formatLocal } from "./time/local-text.ts";
import type { Trigger } from "./trigger.ts";

/** Fires at its anchor and every `everyMs` of elapsed time after it, regardless of daylight saving. */
export class IntervalTrigger implements Trigger {
  readonly spec: IntervalSpec;
  private readonly everyMs: number;
  private readonly anchor: EpochMs;
  private readonly end: EpochMs;

  constructor(spec: IntervalSpec) {
    this.spec = spec;
    this.everyMs = spec.everyMs;
    this.anchor = spec.anchorAt;
    this.end = Math.min(spec.endAt ?? LAST_INSTANT, LAST_INSTANT);
  }

  next(after: EpochMs): EpochMs | undefined {
    const found =
      after < this.anchor
        ? this.anchor
        : this.anchor + (Math.floor((after - this.anchor) / this.everyMs) + 1) * this.everyMs;
    return found <= this.end ? found : undefined;
  }

  prev(before: EpochMs): EpochMs | undefined {
    const until = before > this.end ? this.end : Math.ceil(before) - 1;
    if (!(until >= this.anchor)) return undefined;
    return this.anchor + Math.floor((until - this.anchor) / this.everyMs) * this.everyMs;
  }

  between(from: EpochMs, to: EpochMs, limit: number): EpochMs[] {
    const found: EpochMs[] = [];
    let at = this.next(from);
    const last = Math.min(to, this.end);
    while (at !== undefined && at <= last && found.length < limit) {
      found.push(at);
      at += this.everyMs;
    }
    return found;
  }

  count(from: EpochMs, to: EpochMs): number {
    const first = this.next(from);
    const last = Math.min(to, this.end);
    return first === undefined || first > last ? 0 : Math.floor((last - first) / this.everyMs) + 1;
  }

  describe(): string {
    const { anchorAt, endAt, timezone } = this.spec;
    const end = endAt === undefined ? "" : ` until ${formatLocal(endAt, timezone)}`;
    return `every ${formatDuration(this.everyMs)} from ${formatLocal(anchorAt, timezone)}${end} (${timezone})`;
  }
}
