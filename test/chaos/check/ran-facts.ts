import type { Attempt, Row } from "../history/history.ts";
import { statesIn } from "./job-states.ts";
import { type Case, hasRun, type JobView, retriedAt } from "./job-view.ts";
import { clockTime, type Violation } from "./violation.ts";

/** The ledger agrees with the runs' own records. */
export function ranFacts(job: JobView, about: Case): Violation[] {
  const { health } = about;
  const violations: Violation[] = [];
  const say = (at: number, text: string): void => {
    violations.push({ kind: "contradiction", job: job.id, at, text });
  };
  const dueTimes = new Set(job.dues.map(({ at }) => at));
  for (const row of job.rows.filter(hasRun)) {
    if (row.kind !== "scheduled") continue;
    if (!dueTimes.has(row.fireAt))
      say(row.fireAt, `${row.run} ran at a time that is none of the job's`);
    const wrong = wrongEnd(job, row, about);
    if (wrong !== undefined)
      say(row.startedAt ?? row.fireAt, `${row.run} ${row.verdict}: ${wrong}`);
  }
  for (const { run, attempts, row } of job.runs) {
    const [first] = attempts;
    const isOpen = job.open.some((open) => open.run === run);
    if (!row && !isOpen) {
      const said = job.rows.find((other) => other.run === run)?.verdict;
      say(first.startAt, `${run} ran, and the ledger says ${said ?? "nothing"} of it`);
    }
    const policies = statesIn(job.states, first.admittedAt, first.startAt);
    const graces = policies.map((state) => state?.spec.rules.graceMs ?? Number.POSITIVE_INFINITY);
    const graceMs = Math.max(...graces);
    // By its own clock, in healthy time; and by the server's, to the millisecond.
    const isLate =
      first.admittedAt - first.dueAt > graceMs ||
      health.healthyMs(first.dueAt, first.startAt) > graceMs + SLACK_MS;
    if (first.attempt === 1 && isLate) {
      const text = `${run} was admitted at ${clockTime(first.admittedAt)}, after its grace of ${graceMs} ms`;
      say(first.startAt, text);
    }
  }
  return violations;
}

const SLACK_MS = 2_000;

/** Timers are truncated to whole milliseconds. */
const TIMER_MS = 5;
/** How far past its timeout a run may end and still have beaten it. */
const OVERTIME_MS = 300;

/** Lower and upper bound of an attempt's timeout. */
function timeouts(job: JobView, { run, startAt }: Attempt): [least: number, most: number] {
  // A run of a removed job keeps its rules.
  const own = job.attempts.filter((one) => one.run === run);
  const from = Math.min(...own.map(({ admittedAt }) => admittedAt));
  const known = statesIn(job.states, from, startAt).map(
    (state) => state?.spec.rules.timeoutMs ?? Number.POSITIVE_INFINITY,
  );
  return [Math.min(...known), Math.max(...known)];
}

/** A failed run was attempted exactly as often as its job allowed. */
function wrongNumberOfTries(
  job: JobView,
  { run, attempt = 1, startedAt = 0, finishedAt = 0 }: Row,
) {
  const tries =
    1 +
    Array.from({ length: attempt }, (_, i) => i).filter(
      (before) => retriedAt(job, run, before) !== undefined,
    ).length;
  const own = job.attempts.filter((one) => one.run === run);
  const from = Math.min(startedAt, ...own.map(({ admittedAt }) => admittedAt));
  const allowed = statesIn(job.states, from, finishedAt).map(
    (state) => state?.spec.rules.retry?.attempts ?? 1,
  );
  return tries < Math.min(...allowed) || tries > Math.max(...allowed)
    ? `it failed ${tries} times, and its job allows ${[...new Set(allowed)].join(" or ")}`
    : undefined;
}

function wrongEnd(job: JobView, row: Row, { health }: Case): string | undefined {
  const attempts = job.attempts.filter(({ run }) => run === row.run);
  const own = attempts.findLast(({ attempt }) => attempt === row.attempt);
  if (row.verdict === "cancelled") {
    const removed = job.calls.some(
      ({ edit, from }) => edit.change.kind === "remove" && from <= (row.finishedAt ?? 0),
    );
    return removed ? undefined : "nobody removed the job or cancelled the run";
  }
  if (row.errorCode === "RUN_CRASHED") {
    const endAt = own?.endAt ?? Number.POSITIVE_INFINITY;
    return health.healthyMs(endAt, row.finishedAt ?? 0) > SLACK_MS
      ? `attempt ${row.attempt} had ended by itself`
      : undefined;
  }
  if (!own) return `attempt ${row.attempt} never started`;
  if (own.endAt === undefined) return `attempt ${row.attempt} never ended`;
  if (own.isAsleep) return `attempt ${row.attempt} had gone to sleep`;
  const wrongTries = row.verdict === "failed" ? wrongNumberOfTries(job, row) : undefined;
  if (wrongTries !== undefined) return wrongTries;
  const [least, most] = timeouts(job, own);
  // Its timeout starts a little before the attempt records its start.
  const tookMs = own.endAt - own.admittedAt;
  if (row.errorCode === "RUN_TIMED_OUT")
    return tookMs < least - TIMER_MS
      ? `it took ${tookMs} ms, and its timeout is ${least} ms`
      : undefined;
  if (row.verdict === "succeeded" && health.healthyMs(own.startAt, own.endAt) > most + OVERTIME_MS)
    return `it took ${tookMs} ms, and its timeout is ${most} ms`;
  if (own.endedOk !== (row.verdict === "succeeded"))
    return `attempt ${row.attempt} ended ${own.endedOk === true ? "well" : "with an error"}`;
  if (row.resultAttempt !== undefined && row.resultAttempt !== row.attempt)
    return `the result is that of attempt ${row.resultAttempt}, which had lost the run to attempt ${row.attempt}`;
  return undefined;
}
