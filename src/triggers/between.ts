import type { EpochMs } from "../core/clock.ts";
import type { Trigger } from "./trigger.ts";

/** The fire times in (`from`, `to`], oldest first, at most `limit`. Calls `next` for each. */
export function collectBetween(
  trigger: Pick<Trigger, "next">,
  from: EpochMs,
  to: EpochMs,
  limit: number,
): EpochMs[] {
  const found: EpochMs[] = [];
  let at = from;
  while (found.length < limit) {
    const next = trigger.next(at);
    if (next === undefined || next > to) break;
    found.push(next);
    at = next;
  }
  return found;
}
