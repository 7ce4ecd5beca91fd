import { statesIn } from "./job-states.ts";
import { fencedAt, goesOnUntil, type JobView } from "./job-view.ts";
import type { Violation } from "./violation.ts";

/** An attempt with the times between which it counts. */
interface Lived {
  readonly run: string;
  readonly attempt: number;
  readonly from: number;
  /** Its end, or when it was fenced. */
  readonly to: number;
  /** First admission of its run. */
  readonly admittedAt: number;
}

function lives(job: JobView): Lived[] {
  return job.runs.flatMap((run) =>
    run.attempts.map((attempt) => ({
      run: run.run,
      attempt: attempt.attempt,
      from: attempt.startAt,
      to: Math.min(goesOnUntil(attempt), fencedAt(attempt, run, job)),
      admittedAt: run.attempts[0].admittedAt,
    })),
  );
}

/** Never more than `maxInstances` concurrent attempts in real time; attempts that had lost their run count separately. */
export function overlap(job: JobView): Violation[] {
  const lived = lives(job);
  return lived.flatMap((one) => {
    if (one.to <= one.from) return [];
    const going = lived.filter(({ from, to }) => from <= one.from && one.from < to);
    const states = statesIn(job.states, one.admittedAt, one.from);
    const limits = states.flatMap((state) => (state ? [state.spec.rules.maxInstances] : []));
    const limit = Math.max(1, ...limits);
    if (going.length <= limit) return [];
    const who = going.map(({ run, attempt }) => `${run} attempt ${attempt}`).join(", ");
    const text = `${going.length} at once, and ${limit} may be: ${who}`;
    return [{ kind: "overlap" as const, job: job.id, at: one.from, text }];
  });
}

/** Attempts that continued after losing their run, and for how long. */
export function zombies(job: JobView): { run: string; attempt: number; ms: number }[] {
  return job.runs.flatMap((run) =>
    run.attempts.flatMap((attempt) => {
      const until = goesOnUntil(attempt);
      const ms = until - fencedAt(attempt, run, job);
      return Number.isFinite(until) && ms > 0
        ? [{ run: run.run, attempt: attempt.attempt, ms }]
        : [];
    }),
  );
}
