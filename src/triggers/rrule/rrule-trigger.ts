import type { EpochMs } from "../../core/clock.ts";
import { TriggerError } from "../../core/errors.ts";
import { collectBetween } from "../between.ts";
import type { RruleSpec } from "../spec.ts";
import type { Trigger } from "../trigger.ts";

/** Fires as a recurrence rule of RFC 5545 says. */
export class RruleTrigger implements Trigger {
  readonly spec: RruleSpec;

  constructor(spec: RruleSpec) {
    this.spec = spec;
    throw new TriggerError("RRULE is not ready yet.", { field: "rule", value: spec.rule });
  }

  next(_after: EpochMs): EpochMs | undefined {
    return undefined;
  }

  prev(_before: EpochMs): EpochMs | undefined {
    return undefined;
  }

  between(from: EpochMs, to: EpochMs, limit: number): EpochMs[] {
    return collectBetween(this, from, to, limit);
  }

  count(_from: EpochMs, _to: EpochMs): number {
    return 0;
  }

  describe(): string {
    return this.spec.rule;
  }
}
