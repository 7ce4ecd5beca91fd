import {
  type Attempt,
  type Call,
  type Heard,
  type History,
  mayWaitForJob,
  type Row,
} from "../history/history.ts";
import { Health } from "./health.ts";
import { jobStates, type JobStates, statesIn, withEnds } from "./job-states.ts";
import { type Due, occurrences } from "./occurrences.ts";

/** All attempts of one run, in order, and its ledger row. */
export interface RunView {
  readonly run: string;
  readonly attempts: readonly [Attempt, ...Attempt[]];
  readonly row: Row | undefined;
}

/** Everything known about one job. */
export interface JobView {
  readonly id: string;
  readonly calls: readonly Call[];
  readonly states: JobStates;
  readonly dues: readonly Due[];
  readonly attempts: readonly Attempt[];
  readonly runs: readonly RunView[];
  readonly rows: readonly Row[];
  readonly open: readonly Row[];
  readonly heard: readonly Heard[];
}

/** A history, grouped by job. */
export interface Case {
  readonly history: History;
  readonly health: Health;
  readonly jobs: readonly JobView[];
}

/** Groups a history by job, and derives each job's states from its clients' edits. */
export function openCase(history: History): Case {
  const calls = groupBy(history.calls, ({ edit }) => edit.job);
  const attempts = groupBy(history.attempts, ({ job }) => job);
  const rows = groupBy(history.rows, ({ job }) => job);
  const open = groupBy(history.open, ({ job }) => job);
  const heard = groupBy(history.heard, ({ job }) => job ?? "");
  const ids = new Set([...calls.keys(), ...attempts.keys(), ...rows.keys(), ...open.keys()]);
  const jobs = [...ids].toSorted().map((id) => {
    const ownCalls = withEnds(calls.get(id) ?? []);
    const states = jobStates(ownCalls, history.from);
    const own = (attempts.get(id) ?? []).toSorted((a, b) => a.startAt - b.startAt);
    const ownRows = rows.get(id) ?? [];
    return {
      id,
      calls: ownCalls,
      states,
      dues: occurrences(states, history.to),
      attempts: own,
      runs: runsOf(own, ownRows),
      rows: ownRows,
      open: open.get(id) ?? [],
      heard: heard.get(id) ?? [],
    };
  });
  return { history, health: new Health(history), jobs };
}

/** Whether an open run waits for its job, which is, or may be, paused in the end. */
export function waitsForJob({ states }: JobView, row: Row): boolean {
  const last = states.stretches.at(-1)?.states ?? [];
  return mayWaitForJob(row) && last.some((state) => state?.phase === "paused");
}

function runsOf(attempts: readonly Attempt[], rows: readonly Row[]): RunView[] {
  const byRun = groupBy(attempts, ({ run }) => run);
  return [...byRun].flatMap(([run, own]) => {
    const [first, ...later] = own.toSorted(
      (a, b) => a.attempt - b.attempt || a.startAt - b.startAt,
    );
    const row = rows.find((candidate) => candidate.run === run && hasRun(candidate));
    return first ? [{ run, attempts: [first, ...later], row }] : [];
  });
}

/** Whether the verdict means that it ran. */
export function hasRun({ verdict }: Row): boolean {
  return verdict === "succeeded" || verdict === "failed" || verdict === "cancelled";
}

/** Whether the row decides the occurrence at this time. */
export function covers(row: Row, at: number): boolean {
  if (row.kind !== "scheduled") return false;
  return hasRun(row) ? row.fireAt === at : row.fromAt <= at && at <= row.fireAt;
}

/** Rows that decide the occurrence at this time: within a span, what has a row of its own is not the span's. */
export function decidersOf({ rows, open }: Pick<JobView, "rows" | "open">, at: number): Row[] {
  const found = rows.filter((row) => covers(row, at));
  const isApart = [...found, ...open].some((row) => isApartAt(row, at));
  return found.filter((row) => !isApart || isApartAt(row, at));
}

/** Whether the row decides the occurrence at this time and no other. */
export function isApartAt(row: Row, at: number): boolean {
  return row.kind === "scheduled" && row.fireAt === at && (hasRun(row) || row.fromAt === at);
}

/** Whether a run was asked for by somebody. */
export function isManual(run: string): boolean {
  return /:m\d+:\d+$/.test(run);
}

/** When the server was told that an attempt failed and another follows; `undefined` if it wasn't. */
export function retriedAt(job: JobView, run: string, attempt: number): number | undefined {
  return job.heard.find(
    (event) =>
      event.name === "JOB_RETRYING" &&
      event.reason === "retry" &&
      event.run === run &&
      event.attempt === attempt,
  )?.time;
}

/** Whether an occurrence of this job may have waited for an instance, by the rules that it may have had then. */
export function mayWait(job: JobView, from: number, to: number): boolean {
  return statesIn(job.states, from, to).some(
    (state) => state && (!state.spec.rules.coalesce || state.spec.rules.overlap !== "skip"),
  );
}

/** When an attempt was fenced: a later one had the run. */
export function fencedAt(attempt: Attempt, { run, attempts, row }: RunView, job: JobView): number {
  const later = attempts
    .filter((other) => other.attempt > attempt.attempt)
    .map((other) => Math.min(other.startAt, other.admittedAt));
  // A later attempt that recorded nothing shows by its admission.
  const told = job.heard
    .filter(
      (event) =>
        event.name === "JOB_STARTED" && event.run === run && (event.attempt ?? 0) > attempt.attempt,
    )
    .map(({ time }) => time);
  // A run that crashed too often is ended by whoever would have taken it over, not by an attempt.
  const isOver = row?.errorCode === "RUN_CRASHED" || (row?.attempt ?? 0) > attempt.attempt;
  const settled = isOver && row?.finishedAt !== undefined ? [row.finishedAt] : [];
  return Math.min(Number.POSITIVE_INFINITY, ...later, ...told, ...settled);
}

/** Until when an attempt really continued; infinite if nobody saw its end. */
export function goesOnUntil({ endAt, diedAt }: Attempt): number {
  return Math.min(endAt ?? Number.POSITIVE_INFINITY, diedAt ?? Number.POSITIVE_INFINITY);
}

export function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}
