import type { EpochMs } from "../../core/clock.ts";
import type { JobRules } from "./state.ts";

/**
 * Whether it is too late to start an occurrence: more than its grace after it was due. Compared when the run would start,
 * by the server's clock.
 */
export function isLate(rules: Pick<JobRules, "graceMs">, dueAt: EpochMs, now: EpochMs): boolean {
  return rules.graceMs !== null && now - dueAt > rules.graceMs;
}
