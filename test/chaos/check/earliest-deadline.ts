import { statesIn } from "./job-states.ts";
import { LATE_MS } from "./in-time.ts";
import { type Case, isManual, type JobView, mayWait } from "./job-view.ts";
import { clockTime, type Violation } from "./violation.ts";

interface Target {
  readonly at: number;
  readonly deadline: number;
}

function targets(job: JobView, { health }: Case): Target[] {
  return job.dues
    .filter(({ duty, at }) => duty !== "not" || mayRunAfterAll(job, at))
    .map(({ at, duty }) => {
      const deadline = health.after(at, LATE_MS);
      // A run that waits for an instance, for the end of a pause, or for its job to be added, has no deadline.
      const isFree =
        duty === "not" ||
        mayRunAfterAll(job, at) ||
        mayWait(job, at, deadline) ||
        statesIn(job.states, at, deadline).includes(undefined);
      return { at, deadline: isFree ? Number.POSITIVE_INFINITY : deadline };
    });
}

/** What fell into a pause runs if whoever resumes the job says so. */
function mayRunAfterAll({ calls }: JobView, at: number): boolean {
  return calls.some(
    ({ edit, to }) => edit.change.kind === "resume" && edit.change.missed !== undefined && to >= at,
  );
}

/**
 * A cross-check that trusts no id and no time that a run was told: each start gets the open due time with the earliest
 * deadline. A start that gets none was spurious.
 */
export function earliestDeadline(job: JobView, about: Case): Violation[] {
  const waiting = targets(job, about);
  const starts = job.runs
    .filter(({ run }) => !isManual(run))
    .map(({ attempts }) => attempts[0])
    .toSorted((a, b) => a.startAt - b.startAt);
  return starts.flatMap(({ startAt, run, attempt }) => {
    const open = waiting.filter(
      // A run taken over may have been admitted long before.
      ({ at, deadline }) => at <= startAt && (deadline >= startAt || attempt > 1),
    );
    const best = open.toSorted((a, b) => a.deadline - b.deadline)[0];
    if (best) {
      waiting.splice(waiting.indexOf(best), 1);
      return [];
    }
    const text = `the start at ${clockTime(startAt)} (${run}) matches no due time`;
    return [{ kind: "unmatched start" as const, job: job.id, at: startAt, text }];
  });
}
