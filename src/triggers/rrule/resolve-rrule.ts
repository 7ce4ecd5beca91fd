import type { EpochMs } from "../../core/clock.ts";
import { TriggerError } from "../../core/errors.ts";
import type { Resolved } from "../resolve-kinds.ts";

/** Resolves an RRULE text. */
export function resolveRrule(
  rule: string | undefined,
  _timezone: string,
  _bounds: { startAt?: EpochMs; endAt?: EpochMs },
  _now: EpochMs,
): Resolved {
  throw new TriggerError("RRULE is not ready yet.", { field: "rule", value: rule });
}
