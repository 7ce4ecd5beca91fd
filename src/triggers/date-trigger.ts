import type { EpochMs } from "../core/clock.ts";
import type { DateSpec } from "./spec.ts";
import { formatLocal } from "./time/local-text.ts";
import type { Trigger } from "./trigger.ts";

/** Fires once. */
export class DateTrigger implements Trigger {
  readonly spec: DateSpec;

  constructor(spec: DateSpec) {
    this.spec = spec;
  }

  next(after: EpochMs): EpochMs | undefined {
    return this.spec.runAt > after ? this.spec.runAt : undefined;
  }

  prev(before: EpochMs): EpochMs | undefined {
    return this.spec.runAt < before ? this.spec.runAt : undefined;
  }

  between(from: EpochMs, to: EpochMs, limit: number): EpochMs[] {
    return this.count(from, to) === 1 && limit >= 1 ? [this.spec.runAt] : [];
  }

  count(from: EpochMs, to: EpochMs): number {
    return this.spec.runAt > from && this.spec.runAt <= to ? 1 : 0;
  }

  describe(): string {
    return `once at ${formatLocal(this.spec.runAt, this.spec.timezone)} (${this.spec.timezone})`;
  }
}
