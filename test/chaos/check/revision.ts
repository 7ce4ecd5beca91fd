import type { Attempt } from "../history/history.ts";
import { statesIn } from "./job-states.ts";
import { type Case, isManual, type JobView } from "./job-view.ts";
import { fireTimes } from "./occurrences.ts";
import { clockTime, type Violation } from "./violation.ts";

/** How long after its admission a run may start, in healthy time. */
const START_MS = 2_000;

/** Nothing is admitted for a job that is paused, removed or changed by then. */
export function revision(job: JobView, { health }: Case): Violation[] {
  return job.runs.flatMap(({ run, attempts: [first] }) => {
    // A later attempt continues with the earlier admission. What somebody asks for has no schedule, and runs in a pause too.
    if (first.attempt > 1 || isManual(run)) return [];
    // By the time it was told, and by its own clock as far as nothing delayed its start.
    const by = [
      first.admittedAt,
      Math.max(first.admittedAt, health.before(first.startAt, START_MS)),
    ];
    const wrong = by.map((at) => wrongSince(job, first, at)).find((text) => text !== undefined);
    if (wrong === undefined) return [];
    const text = `${first.run} was admitted at ${clockTime(first.admittedAt)}: ${wrong}`;
    return [{ kind: "wrong revision" as const, job: job.id, at: first.startAt, text }];
  });
}

function wrongSince(job: JobView, first: Attempt, at: number): string | undefined {
  const now = statesIn(job.states, at, at);
  if (!now.some((state) => state?.phase === "active"))
    return now.some(Boolean) ? "the job was paused" : "the job was removed";
  // An occurrence may have been claimed under the previous schedule and waited for an instance.
  const since = statesIn(job.states, Math.min(first.fireAt, at), at);
  const named = since.some(
    (state) => state && fireTimes(state.spec.schedule, first.fireAt, first.fireAt).length > 0,
  );
  if (!named) return `${clockTime(first.fireAt)} is no time of its schedule by then`;
  const revs = statesIn(job.states, at, first.startAt).flatMap((state) =>
    state ? [state.spec.rev] : [],
  );
  return revs.includes(first.rev)
    ? undefined
    : `it ran revision ${first.rev} of the job; ${revs.join(" or ")} was stored`;
}
