import type { Condition } from "./condition.ts";
import { conditionText } from "./print.ts";
import { validateCondition } from "./schema.ts";

/**
 * Writes a condition in its canonical form, which `parseCondition` reads as the same: lower case, single spaces, as few
 * parentheses as possible.
 * @example printCondition(parseCondition("NOT(a.running)and b.finished_within(60s)")) // "not a.running and
 * b.finished_within(1m)"
 * @throws {@link ConditionError} `INVALID_CONDITION` for anything but what `parseCondition` or `when` returned.
 */
export function printCondition(condition: Condition): string {
  return conditionText(validateCondition(condition));
}
