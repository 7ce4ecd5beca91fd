import type { EpochMs } from "../core/clock.ts";
import { formatDuration } from "../core/durations.ts";
import type { JobDefinition } from "../jobs/definition.ts";

/** A date that passed more recently than this was probably meant as "now". */
const JUST_NOW_MS = 60_000;

/**
 * The warning for a job added with a date that has passed: it is due immediately, which surprises somebody who mistyped
 * the year. `undefined` for all others.
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
    : "it runs immediately; with a misfireGraceTime it would be missed";
  return `job "${id}": ${past}; ${becomes}`;
}
