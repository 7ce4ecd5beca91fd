import type { EpochMs } from "../core/clock.ts";
import type { TriggerSpec } from "./spec.ts";

/** A pure, immutable function of time: no I/O, no clock. Equal specs give equal triggers. */
export interface Trigger {
  /** The JSON from which an equal trigger can be made, fully resolved: nothing in it depends on "now". */
  readonly spec: TriggerSpec;
  /** The first fire time strictly after `after`; `undefined` if there is none. */
  next(after: EpochMs): EpochMs | undefined;
  /** The last fire time strictly before `before`; `undefined` if there is none. */
  prev(before: EpochMs): EpochMs | undefined;
  /** The fire times in (`from`, `to`], oldest first, at most `limit`. */
  between(from: EpochMs, to: EpochMs, limit: number): EpochMs[];
  /** How many fire times lie in (`from`, `to`]. Exact, and bounded in time however long the span is. */
  count(from: EpochMs, to: EpochMs): number;
  /** The schedule in plain words, with its zone. */
  describe(): string;
}
