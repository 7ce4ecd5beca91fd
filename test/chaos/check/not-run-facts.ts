import type { Change } from "../history/job-spec.ts";
import type { Row } from "../history/history.ts";
import { statesIn } from "./job-states.ts";
import { type Case, hasRun, isApartAt, isManual, type JobView, mayWait } from "./job-view.ts";
import { holdings, leastInstances } from "./unfinished.ts";
import { clockTime, type Violation } from "./violation.ts";

/** The ledger is right about occurrences that didn't run, and so is its reason. */
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
      !isManual(run) &&
      run !== row.coalescedInto &&
      row.fromAt <= first.fireAt &&
      first.fireAt <= row.fireAt &&
      !isApart(job, row, first.fireAt),
  );
  return ran ? `${ran.run} ran` : undefined;
}

/** Whether a fire time within a span has a row of its own. */
function isApart({ rows, open }: JobView, span: Row, at: number): boolean {
  return (
    span.fromAt < at && at < span.fireAt && [...rows, ...open].some((row) => isApartAt(row, at))
  );
}

function miscounted(job: JobView, row: Row, { history }: Case): string | undefined {
  if (row.fireAt > history.to) return undefined;
  const dues = job.dues.filter(
    ({ at }) => row.fromAt <= at && at <= row.fireAt && !isApart(job, row, at),
  );
  const least = dues.filter(({ duty }) => duty === "must").length;
  return row.count < least || row.count > dues.length
    ? `it stands for ${row.count} occurrences, and there were ${least === dues.length ? least : `${least} to ${dues.length}`}`
    : undefined;
}

function reasonIsWrong(job: JobView, row: Row, about: Case): string | undefined {
  if (row.verdict === "coalesced") return coalescedWrongly(job, row);
  if (row.verdict === "missed") return missedWrongly(job, row, about);
  if (row.reason === "max-instances") return skippedWrongly(job, row, about);
  if (row.reason === "overlap-replaced") return replacedWrongly(job, row, about);
  if (row.reason === "paused") return neverPaused(job, row);
  if (row.reason === "removed") return withoutEdit(job, row, ["remove"]);
  if (row.reason === "rescheduled")
    return withoutEdit(job, row, ["reschedule", "override", "clear", "ends"]);
  if (row.reason === "requested") return neverSkipped(job, row);
  return `"${row.reason ?? ""}" is no reason that this load gives`;
}

function neverSkipped({ calls }: JobView, { fireAt, decidedAt = 0 }: Row): string | undefined {
  const isAsked = calls.some(
    ({ edit: { change }, from, result }) =>
      change.kind === "skip" && change.at === fireAt && result !== "refused" && from <= decidedAt,
  );
  return isAsked ? undefined : "nobody asked for that";
}

function coalescedWrongly(job: JobView, row: Row): string | undefined {
  const decidedAt = row.decidedAt ?? 0;
  const states = statesIn(job.states, decidedAt, decidedAt);
  // The run merged into may have waited for its turn and never had it.
  const isQueueing = states.some((state) => state && state.spec.rules.overlap !== "skip");
  const target = [...job.rows, ...job.open].find(
    (other) =>
      other.run === row.coalescedInto && (isQueueing || hasRun(other) || job.open.includes(other)),
  );
  const run = job.runs.find((candidate) => candidate.run === row.coalescedInto);
  if (!target && !run) return `there is no run ${row.coalescedInto ?? ""}`;
  const fireAt = target?.fireAt ?? run?.attempts[0].fireAt ?? 0;
  if (fireAt <= row.fireAt) return "the run that it was merged into is not later";
  const first = run?.attempts[0];
  if (!isQueueing && first?.attempt === 1 && first.admittedAt !== row.decidedAt)
    return `the run that it was merged into was decided at ${clockTime(first.admittedAt)}`;
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
  const mayHaveWaited = mayWait(job, row.dueAt, decidedAt);
  const longestMs = Math.max(...graces);
  const healthyMs = health.healthyMs(row.dueAt, row.dueAt + longestMs);
  return !mayHaveWaited && healthyMs >= longestMs
    ? `nothing was wrong in its grace of ${longestMs} ms`
    : undefined;
}

/** Skipped, or replaced in the queue, for lack of room. */
function fullWrongly(job: JobView, row: Row, about: Case): string | undefined {
  const decidedAt = row.decidedAt ?? 0;
  const limit = leastInstances(job, decidedAt, decidedAt);
  const busy = holdings(job, about).filter(
    ({ from, to }) => from <= decidedAt && decidedAt <= to,
  ).length;
  return busy < limit ? `${busy} runs were unfinished, and ${limit} may be` : undefined;
}

function skippedWrongly(job: JobView, row: Row, about: Case): string | undefined {
  const decidedAt = row.decidedAt ?? 0;
  const overlaps = overlapsAt(job, decidedAt);
  return overlaps.includes("skip")
    ? fullWrongly(job, row, about)
    : `with overlap ${overlaps.join(" or ")} it waits`;
}

function replacedWrongly(job: JobView, row: Row, about: Case): string | undefined {
  const decidedAt = row.decidedAt ?? 0;
  const overlaps = overlapsAt(job, decidedAt);
  if (!overlaps.includes("queue-one"))
    return `with overlap ${overlaps.join(" or ")} nothing is replaced`;
  const isFollowed = job.dues.some(
    ({ at, duty }) => duty !== "not" && at > row.fireAt && at <= decidedAt,
  );
  return isFollowed ? fullWrongly(job, row, about) : "no later occurrence was due by then";
}

function overlapsAt(job: JobView, at: number): string[] {
  return statesIn(job.states, at, at).flatMap((state) => (state ? [state.spec.rules.overlap] : []));
}

/** Whatever ends a pause writes its record: a resume, a new schedule, a removal. */
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
