import { statesIn } from "./job-states.ts";
import { type Case, hasRun, type JobView, retriedAt, type RunView } from "./job-view.ts";

/** How long after its end a run may hold its instance, in healthy time, while its settlement is in transit. */
const SETTLE_MS = 1_500;

/** When a run held an instance. */
export interface Holding {
  readonly run: string;
  readonly from: number;
  readonly to: number;
}

/** When each run of a job really was unfinished, including the time for settling. */
export function holdings(job: JobView, { health }: Case): Holding[] {
  const seen = job.runs.map((run) => {
    const told = job.heard.filter(
      (event) => event.run === run.run && event.name === "JOB_SUBMITTED",
    );
    const from = Math.min(run.attempts[0].admittedAt, ...told.map(({ time }) => time));
    return { run: run.run, from, to: health.after(endOf(run, job), SETTLE_MS) };
  });
  // Runs that recorded nothing held an instance too, for as long as the ledger says.
  const silent = job.rows
    .filter((row) => hasRun(row) && !job.runs.some(({ run }) => run === row.run))
    .map((row) => ({
      run: row.run,
      from: row.fireAt,
      to: health.after(row.finishedAt ?? row.fireAt, SETTLE_MS),
    }));
  return [...seen, ...silent];
}

function endOf({ attempts, row, run }: RunView, job: JobView): number {
  const last = attempts.at(-1) ?? attempts[0];
  const isToGoOn = last.isAsleep === true || retriedAt(job, run, last.attempt) !== undefined;
  const ownEnd = isToGoOn ? undefined : last.endAt;
  // An attempt that recorded nothing may have followed.
  const isSettledLater = ownEnd === undefined || (row?.attempt ?? 0) > last.attempt;
  const settledAt = isSettledLater ? row?.finishedAt : undefined;
  if (ownEnd === undefined) return settledAt ?? Number.POSITIVE_INFINITY;
  return Math.max(ownEnd, settledAt ?? 0);
}

/** The minimum of `maxInstances` that the job may have had in a period. */
export function leastInstances(job: JobView, from: number, to: number): number {
  return Math.min(
    ...statesIn(job.states, from, to).flatMap((state) =>
      state ? [state.spec.rules.maxInstances] : [],
    ),
  );
}

/** For how many milliseconds of healthy time in [`from`, `to`] there was surely room for another run. */
export function roomyMs(
  job: JobView,
  about: Case,
  { run, from, to }: { run: string | undefined; from: number; to: number },
): number {
  const held = holdings(job, about).filter(
    (one) => one.run !== run && one.from < to && one.to > from,
  );
  const cuts = [from, to, ...held.flatMap((one) => [one.from, one.to])]
    .filter((at) => at >= from && at <= to)
    .toSorted((a, b) => a - b);
  const limit = leastInstances(job, from, to);
  let ms = 0;
  for (const [i, at] of cuts.entries()) {
    const end = cuts[i + 1];
    if (end === undefined || end <= at) continue;
    const busy = held.filter((one) => one.from <= at && one.to >= end).length;
    if (busy < limit) ms += about.health.healthyMs(at, end);
  }
  return ms;
}
