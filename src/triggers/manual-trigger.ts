import type { EpochMs } from "../core/clock.ts";
import type { ManualSpec } from "./spec.ts";
import type { Trigger } from "./trigger.ts";

/** Never fires: its job runs only on request. */
export class ManualTrigger implements Trigger {
  readonly spec: ManualSpec;

  constructor(spec: ManualSpec) {
    this.spec = spec;
  }

  next(): EpochMs | undefined {
    return undefined;
  }

  prev(): EpochMs | undefined {
    return undefined;
  }

  between(): EpochMs[] {
    return [];
  }

  count(): number {
    return 0;
  }

  describe(): string {
    return "only on request, by runJob";
  }
}
