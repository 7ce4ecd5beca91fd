import type { EpochMs } from "../core/clock.ts";
import { formatDuration } from "../core/durations.ts";
import type { JobDefinition } from "../jobs/definition.ts";

/** What passed no longer ago than this was "now" when it was written. */
const JUST_NOW_MS = 60_000;

/**
 * What is to be said of a job that is added with a date that has passed: it is due at once, and whoever wrote a wrong year is not
 * surprised by it. `undefined` for all others.
 */
export function pastDateNote(definition: JobDefinition, now: EpochMs): string | undefined {
  const { id, trigger, firstRunAt, policy } = definition;
  const at = firstRunAt ?? (trigger.kind === "date" ? trigger.runAt : undefined);
  if (at === undefined || now - at <= JUST_NOW_MS) return undefined;
  const what = firstRunAt === null ? "its date" : "its nextRunTime";
  const past = `${what} ${new Date(at).toISOString()} lies ${formatDuration(now - at)} in the past`;
  const grace = policy.misfireGraceMs;
  const isMissed = grace !== null && now - at > grace;
  const becomes = isMissed
    ? `by its misfireGraceTime of ${formatDuration(grace)} it is missed`
    : "it runs at once; a misfireGraceTime would have it missed";
  return `job "${id}": ${past}; ${becomes}`;
}
