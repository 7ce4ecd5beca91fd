import { RRuleTemporal } from "rrule-temporal";
import type { EpochMs } from "../../core/clock.ts";
import { TriggerError } from "../../core/errors.ts";
import { shownUpTo } from "../../core/shown.ts";

/**
 * Periods that the library may examine per query. Enough for every rule that fires within a few thousand of its
 * periods, and keeps one that never fires well below a second.
 */
const MAX_ITERATIONS = 3000;

/** A recurrence rule with times in epoch milliseconds. */
export interface OpenRule {
  /** The first occurrence strictly after `after`. */
  next(after: EpochMs): EpochMs | undefined;
  /** The last occurrence strictly before `before`. */
  prev(before: EpochMs): EpochMs | undefined;
}

/**
 * Opens a rule with the library.
 * @throws {@link TriggerError} if the library rejects the text. The library's message only appears in `data`.
 */
export function openRule(spec: { timezone: string; rule: string }): OpenRule {
  const count = Number(/COUNT=(\d+)/.exec(spec.rule)?.[1] ?? 0);
  let rule: RRuleTemporal;
  try {
    rule = new RRuleTemporal({
      rruleString: spec.rule,
      tzid: spec.timezone,
      maxIterations: Math.max(MAX_ITERATIONS, count + 1),
      cache: false,
    });
  } catch (error) {
    throw new TriggerError(`rule: ${shownUpTo(120, spec.rule)} is not a valid RFC 5545 rule.`, {
      field: "rule",
      column: 1,
      value: spec.rule,
      detail: error instanceof Error ? error.message : String(error),
    });
  }
  const query = (search: () => { epochMilliseconds: number } | null): EpochMs | undefined => {
    try {
      return search()?.epochMilliseconds;
    } catch {
      // The library gave up: nothing within its bound, which counts as never.
      return undefined;
    }
  };
  return {
    next: (after) => query(() => rule.next(new Date(after))),
    prev: (before) => query(() => rule.previous(new Date(before))),
  };
}
