import { statesIn } from "./job-states.ts";
import { type Case, covers, type JobView } from "./job-view.ts";
import { clockTime, type Violation } from "./violation.ts";

/** How late a decision may come in time that was healthy. Wide: the machine may be busy. */
export const LATE_MS = 4_000;

/** No run starts before its time. */
export function early(job: JobView): Violation[] {
  return job.attempts
    .filter(({ startAt, dueAt, fireAt }) => startAt < Math.max(dueAt, fireAt))
    .map(({ run, startAt, dueAt }) => ({
      kind: "early" as const,
      job: job.id,
      at: startAt,
      text: `${run} started ${dueAt - startAt} ms before its time, at ${clockTime(startAt)}`,
    }));
}

/** In healthy time everything is decided soon: the fleet has healed. */
export function late(job: JobView, { health }: Case): Violation[] {
  return job.dues
    .filter(({ duty }) => duty === "must")
    .flatMap(({ at }) => {
      const row = job.rows.find((candidate) => covers(candidate, at));
      const first = job.runs.find(({ run }) => run === row?.run)?.attempts[0];
      const decidedAt = first?.admittedAt ?? row?.decidedAt;
      if (decidedAt === undefined || (first && first.attempt > 1)) return [];
      const added = job.calls.find(({ edit }) => edit.change.kind === "add")?.to ?? at;
      const healthyMs = health.healthyMs(Math.max(at, added), decidedAt);
      // Without coalesce an occurrence may wait for an earlier run to end.
      const mayWait = statesIn(job.states, at, decidedAt).some(
        (state) => state && !state.spec.rules.coalesce,
      );
      if (healthyMs <= LATE_MS || mayWait) return [];
      const text = `due at ${clockTime(at)}, decided at ${clockTime(decidedAt)}; ${Math.round(healthyMs)} ms of that were healthy`;
      return [{ kind: "late" as const, job: job.id, at, text }];
    });
}
