import { statesIn } from "./job-states.ts";
import { type Case, decidersOf, type JobView, mayWait, retriedAt } from "./job-view.ts";
import { roomyMs } from "./unfinished.ts";
import { clockTime, type Violation } from "./violation.ts";

/** How late a decision may be in healthy time. Wide, because the machine may be busy. */
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

/** No retry starts before its delay is over, by the server's clock. */
export function earlyRetries(job: JobView): Violation[] {
  return job.attempts.flatMap(({ run, attempt, admittedAt, startAt }) => {
    const retry = retryBefore(job, run, attempt);
    if (!retry || admittedAt >= retry.at + Math.min(...retry.delays)) return [];
    const text = `attempt ${attempt} of ${run} was admitted at ${clockTime(admittedAt)}, ${admittedAt - retry.at} ms after the one before had failed`;
    return [{ kind: "early" as const, job: job.id, at: startAt, text }];
  });
}

interface Retry {
  /** When the server recorded it. */
  readonly at: number;
  /** Upper bound of the delay, over the job's possible states. */
  readonly delays: readonly number[];
}

function retryBefore(job: JobView, run: string, attempt: number): Retry | undefined {
  const at = retriedAt(job, run, attempt - 1);
  if (at === undefined) return undefined;
  const failures = new Set(
    job.heard
      .filter((event) => event.run === run && event.name === "JOB_RETRYING")
      .filter((event) => event.reason === "retry" && (event.attempt ?? 0) < attempt)
      .map((event) => event.attempt),
  ).size;
  const admittedAt = job.attempts.find((one) => one.run === run)?.admittedAt ?? at;
  const delays = statesIn(job.states, admittedAt, at).map((state) =>
    state?.spec.rules.retry ? state.spec.rules.retry.delayMs * 2 ** (failures - 1) : 0,
  );
  return { at, delays };
}

/** In healthy time every decision and every retry is prompt: the fleet has recovered. */
export function late(job: JobView, about: Case): Violation[] {
  return [...lateDecisions(job, about), ...lateRetries(job, about)];
}

function lateDecisions(job: JobView, about: Case): Violation[] {
  const { health } = about;
  return job.dues
    .filter(({ duty }) => duty === "must")
    .flatMap(({ at }) => {
      const [row] = decidersOf(job, at);
      const first = job.runs.find(({ run }) => run === row?.run)?.attempts[0];
      const decidedAt = first?.admittedAt ?? row?.decidedAt;
      if (decidedAt === undefined || (first && first.attempt > 1)) return [];
      const added = job.calls.find(({ edit }) => edit.change.kind === "add")?.to ?? at;
      const from = Math.max(at, added);
      const healthyMs = health.healthyMs(from, decidedAt);
      if (healthyMs <= LATE_MS) return [];
      // An occurrence that waits for an instance has as long as there is none.
      const waits = mayWait(job, at, decidedAt);
      if (waits && roomyMs(job, about, { run: row?.run, from, to: decidedAt }) <= LATE_MS)
        return [];
      const text = `due at ${clockTime(at)}, decided at ${clockTime(decidedAt)}; ${Math.round(healthyMs)} ms of that were healthy${waits ? ", with room for it" : ""}`;
      return [{ kind: "late" as const, job: job.id, at, text }];
    });
}

function lateRetries(job: JobView, { health }: Case): Violation[] {
  return job.attempts.flatMap(({ run, attempt, startAt }) => {
    const retry = retryBefore(job, run, attempt);
    const delayedTo = retry && retry.at + Math.max(...retry.delays);
    const dueAt = delayedTo && mayGoOnAt(job, delayedTo, startAt);
    if (dueAt === undefined || health.healthyMs(dueAt, startAt) <= LATE_MS) return [];
    const text = `attempt ${attempt} of ${run} was due at ${clockTime(dueAt)}, and began at ${clockTime(startAt)}`;
    return [{ kind: "late" as const, job: job.id, at: startAt, text }];
  });
}

/** From when on a retry due in [`from`, `to`] surely had an active job: it waits while its job is paused. */
function mayGoOnAt({ states }: JobView, from: number, to: number): number {
  const paused = states.stretches.filter(
    (stretch) =>
      stretch.from <= to &&
      stretch.to >= from &&
      stretch.states.some((state) => state?.phase === "paused"),
  );
  return Math.max(from, ...paused.map((stretch) => Math.min(stretch.to, to)));
}
