import type { EpochMs } from "../../core/clock.ts";
import { TriggerError } from "../../core/errors.ts";
import { collectBetween } from "../between.ts";
import type { CalendarsSpec } from "../spec.ts";
import type { Trigger } from "../trigger.ts";
import type { CalendarSpec } from "./calendar-spec.ts";

/** Fires as its member does, where all calendars allow it. */
export class CalendarsTrigger implements Trigger {
  readonly spec: CalendarsSpec;
  private readonly inner: Trigger;

  constructor(spec: CalendarsSpec, inner: Trigger, calendars?: ReadonlyMap<string, CalendarSpec>) {
    this.spec = spec;
    this.inner = inner;
    for (const name of spec.calendars) {
      if (!calendars?.has(name))
        throw new TriggerError(`There is no calendar "${name}".`, {
          field: "calendars",
          value: name,
        });
    }
  }

  next(after: EpochMs): EpochMs | undefined {
    return this.inner.next(after);
  }

  prev(before: EpochMs): EpochMs | undefined {
    return this.inner.prev(before);
  }

  between(from: EpochMs, to: EpochMs, limit: number): EpochMs[] {
    return collectBetween(this, from, to, limit);
  }

  count(from: EpochMs, to: EpochMs): number {
    return this.inner.count(from, to);
  }

  describe(): string {
    return this.inner.describe();
  }
}
