import type { Change } from "../history/job-spec.ts";
import type { Row } from "../history/history.ts";
import { statesIn } from "./job-states.ts";
import { type Case, hasRun, type JobView, type RunView } from "./job-view.ts";
import { clockTime, type Violation } from "./violation.ts";

/** How long after its end a run may hold its instance, in healthy time: the settlement is on its way. */
const SETTLE_MS = 1_500;

/** What the ledger says of occurrences that did not run is true, and the reason that it gives held. */
export function notRunFacts(job: JobView, about: Case): Violation[] {
  return job.rows
    .filter((row) => !hasRun(row) && row.kind === "scheduled")
    .flatMap((row) => {
      const wrong =
        ranNevertheless(job, row) ?? miscounted(job, row, about) ?? reasonIsWrong(job, row, about);
      if (wrong === undefined) return [];
      const what = row.reason === undefined ? row.verdict : `${row.verdict} (${row.reason})`;
      const text = `${row.run} ${what} at ${clockTime(row.decidedAt ?? 0)}: ${wrong}`;
      return [
        { kind: "contradiction" as const, job: job.id, at: row.decidedAt ?? row.fireAt, text },
      ];
    });
}

function ranNevertheless(job: JobView, row: Row): string | undefined {
  const ran = job.runs.find(
    ({ run, attempts: [first] }) =>
      run !== row.coalescedInto && row.fromAt <= first.fireAt && first.fireAt <= row.fireAt,
  );
  return ran ? `${ran.run} ran` : undefined;
}

function miscounted(job: JobView, row: Row, { history }: Case): string | undefined {
  if (row.fireAt > history.to) return undefined;
  const dues = job.dues.filter(({ at }) => row.fromAt <= at && at <= row.fireAt);
  const least = dues.filter(({ duty }) => duty === "must").length;
  return row.count < least || row.count > dues.length
    ? `it stands for ${row.count} occurrences, and there were ${least === dues.length ? least : `${least} to ${dues.length}`}`
    : undefined;
}

function reasonIsWrong(job: JobView, row: Row, about: Case): string | undefined {
  if (row.verdict === "coalesced") return coalescedWrongly(job, row);
  if (row.verdict === "missed") return missedWrongly(job, row, about);
  if (row.reason === "max-instances") return skippedWrongly(job, row, about);
  if (row.reason === "paused") return neverPaused(job, row);
  if (row.reason === "removed") return withoutEdit(job, row, ["remove"]);
  if (row.reason === "rescheduled") return withoutEdit(job, row, ["reschedule"]);
  return `"${row.reason ?? ""}" is no reason that this load gives`;
}

function coalescedWrongly(job: JobView, row: Row): string | undefined {
  const target = [...job.rows.filter(hasRun), ...job.open].find(
    ({ run }) => run === row.coalescedInto,
  );
  const run = job.runs.find((candidate) => candidate.run === row.coalescedInto);
  if (!target && !run) return `there is no run ${row.coalescedInto ?? ""}`;
  const fireAt = target?.fireAt ?? run?.attempts[0].fireAt ?? 0;
  if (fireAt <= row.fireAt) return "the run that it was merged into is not later";
  const first = run?.attempts[0];
  if (first?.attempt === 1 && first.admittedAt !== row.decidedAt)
    return `the run that it was merged into was decided at ${clockTime(first.admittedAt)}`;
  const states = statesIn(job.states, row.decidedAt ?? 0, row.decidedAt ?? 0);
  return states.some((state) => state?.spec.rules.coalesce) ? undefined : "coalesce is off";
}

function missedWrongly(job: JobView, row: Row, { health }: Case): string | undefined {
  const decidedAt = row.decidedAt ?? 0;
  const states = statesIn(job.states, decidedAt, decidedAt).filter((state) => state !== undefined);
  const isDate = states.some(({ spec }) => spec.schedule.kind === "date");
  if (isDate && withoutEdit(job, row, ["pause", "resume"]) === undefined) return undefined;
  const graces = states.map(({ spec }) => spec.rules.graceMs ?? Number.POSITIVE_INFINITY);
  const graceMs = Math.min(...graces);
  const lateMs = decidedAt - row.dueAt;
  if (lateMs <= graceMs) return `it was ${lateMs} ms late, and its grace is ${graceMs} ms`;
  // Without coalesce it may have waited for an instance.
  const mayHaveWaited = states.some(({ spec }) => !spec.rules.coalesce);
  const longestMs = Math.max(...graces);
  const healthyMs = health.healthyMs(row.dueAt, row.dueAt + longestMs);
  return !mayHaveWaited && healthyMs >= longestMs
    ? `nothing was wrong in its grace of ${longestMs} ms`
    : undefined;
}

/** From when to when a run truly was unfinished, with what settling may take. */
function unfinished({ attempts, row, run }: RunView, job: JobView, { health }: Case) {
  const last = attempts.at(-1) ?? attempts[0];
  const told = job.heard.filter((event) => event.run === run && event.name === "JOB_SUBMITTED");
  const from = Math.min(attempts[0].admittedAt, ...told.map(({ time }) => time));
  const ends = [
    ...(last.endAt === undefined ? [] : [last.endAt]),
    // An attempt that wrote nothing may have come after it.
    ...(row?.finishedAt !== undefined && (row.attempt ?? 0) > last.attempt ? [row.finishedAt] : []),
    ...(last.endAt === undefined && row?.finishedAt !== undefined ? [row.finishedAt] : []),
  ];
  const end = ends.length > 0 ? Math.max(...ends) : Number.POSITIVE_INFINITY;
  return { from, to: health.after(end, SETTLE_MS) };
}

function skippedWrongly(job: JobView, row: Row, about: Case): string | undefined {
  const decidedAt = row.decidedAt ?? 0;
  const limits = statesIn(job.states, decidedAt, decidedAt).flatMap((state) =>
    state ? [state.spec.rules.maxInstances] : [],
  );
  const limit = Math.min(...limits);
  const busy = job.runs.filter((run) => {
    const { from, to } = unfinished(run, job, about);
    return from <= decidedAt && decidedAt <= to;
  });
  // Runs that never wrote anything held an instance too, for as long as the ledger says.
  const silent = job.rows.filter(
    (other) =>
      hasRun(other) &&
      !job.runs.some(({ run }) => run === other.run) &&
      other.fireAt <= decidedAt &&
      about.health.after(other.finishedAt ?? 0, SETTLE_MS) >= decidedAt,
  );
  const count = busy.length + silent.length;
  return count < limit ? `${count} runs were unfinished, and ${limit} may be` : undefined;
}

/** The record of a pause may be written by whatever ends it: a resume, a new schedule, a removal. */
function neverPaused(job: JobView, row: Row): string | undefined {
  const states = statesIn(job.states, row.fromAt, row.decidedAt ?? row.fireAt);
  return states.some((state) => state?.phase === "paused") ? undefined : "the job was not paused";
}

function withoutEdit(job: JobView, row: Row, kinds: readonly Change["kind"][]): string | undefined {
  const decidedAt = row.decidedAt ?? 0;
  const isCaused = job.calls.some(
    ({ edit, from, to }) =>
      kinds.includes(edit.change.kind) && from <= decidedAt && to >= row.fromAt,
  );
  return isCaused ? undefined : `nobody did that between ${clockTime(row.fromAt)} and then`;
}
