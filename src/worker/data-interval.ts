import type { EpochMs } from "../core/clock.ts";
import { NO_TIME } from "../jobs/schedule.ts";
import type { AdmittedRun } from "../engine/port/engine.ts";
import type { KnownJob } from "./definition-cache.ts";

/**
 * The interval that a run stands for: from the nominal fire time before its first occurrence to its own. For a run requested
 * by hand, from the last nominal fire time to the request. Without an earlier fire time it begins when the job was created.
 */
export function intervalOf(
  run: Pick<AdmittedRun, "fireAt" | "fromAt">,
  { schedule, definition }: Pick<KnownJob, "schedule" | "definition">,
): { readonly startAt: EpochMs; readonly endAt: EpochMs } {
  const endAt = run.fireAt;
  const firstAt = Math.min(run.fromAt, endAt);
  const before = schedule.prev(firstAt);
  return { startAt: before > NO_TIME ? before : Math.min(definition.createdAt, firstAt), endAt };
}
