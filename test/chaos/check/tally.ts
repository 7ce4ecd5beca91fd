import { type Call, FAULT_KINDS, type FaultKind } from "../history/history.ts";
import { repeatedEvents } from "./events.ts";
import { type Case, decidersOf, hasRun, isManual, retriedAt } from "./job-view.ts";
import { zombies } from "./overlap.ts";

/** Counts of what happened in a run. */
export interface Tally {
  /** Occurrences that were surely due. */
  readonly due: number;
  /** Occurrences that fell into an edit. */
  readonly uncertain: number;
  /** Surely due, but neither started nor recorded. */
  readonly withoutTrace: number;
  readonly runs: number;
  readonly attempts: number;
  /** Runs taken over from a process that had lost them. */
  readonly redelivered: number;
  /** Attempts that followed a failed one. */
  readonly retried: number;
  /** Runs that slept and continued. */
  readonly slept: number;
  readonly timedOut: number;
  /** Seconds of healthy time; outside it nothing counts as late. */
  readonly healthySeconds: number;
  /** Attempts that continued after losing their run. */
  readonly zombies: number;
  /** Occurrences by what the ledger says of them. */
  readonly verdicts: Readonly<Record<string, number>>;
  readonly earlyStarts: number;
  readonly eventsHeard: number;
  readonly eventsRepeated: number;
  /** Answered calls, by what they did. */
  readonly done: Readonly<Record<string, number>>;
  readonly faults: Readonly<Record<FaultKind, { readonly done: number; readonly proved: number }>>;
}

/** A fast clock makes a run early by this much; it still belongs to that occurrence. */
const EARLY_MS = 3_500;

export function tally(about: Case): Tally {
  const { history, jobs } = about;
  const verdicts: Record<string, number> = {};
  for (const row of history.rows) {
    const name = row.reason === undefined ? row.verdict : `${row.verdict}: ${row.reason}`;
    verdicts[name] = (verdicts[name] ?? 0) + (hasRun(row) ? 1 : row.count);
  }
  const dues = jobs.flatMap((job) => job.dues);
  const faults = Object.fromEntries(
    FAULT_KINDS.map((kind) => {
      const own = history.faults.filter((fault) => fault.kind === kind);
      return [kind, { done: own.length, proved: own.filter(({ proof }) => proof).length }];
    }),
  ) as unknown as Tally["faults"];
  return {
    due: dues.filter(({ duty }) => duty === "must").length,
    uncertain: dues.filter(({ duty }) => duty === "may").length,
    withoutTrace: jobs.reduce((sum, job) => sum + withoutTrace(job), 0),
    runs: jobs.reduce((sum, { runs }) => sum + runs.length, 0),
    attempts: history.attempts.length,
    redelivered: jobs.reduce(
      (sum, job) =>
        sum +
        job.runs.filter(({ run, attempts }) =>
          attempts.some(
            ({ attempt }) => attempt > 1 && retriedAt(job, run, attempt - 1) === undefined,
          ),
        ).length,
      0,
    ),
    retried: jobs.reduce(
      (sum, job) =>
        sum +
        job.attempts.filter(({ run, attempt }) => retriedAt(job, run, attempt - 1) !== undefined)
          .length,
      0,
    ),
    slept: jobs.reduce(
      (sum, { runs }) =>
        sum +
        runs.filter(({ attempts }) => attempts.slice(0, -1).some(({ isAsleep }) => isAsleep))
          .length,
      0,
    ),
    timedOut: history.rows.filter(({ errorCode }) => errorCode === "RUN_TIMED_OUT").length,
    healthySeconds: Math.round(about.health.healthyMs(history.from, history.to) / 1_000),
    zombies: jobs.reduce((sum, job) => sum + zombies(job).length, 0),
    verdicts,
    earlyStarts: history.attempts.filter(({ startAt, dueAt }) => startAt < dueAt).length,
    eventsHeard: history.heard.length,
    eventsRepeated: repeatedEvents(about),
    done: doneOf(jobs.flatMap(({ calls }) => calls)),
    faults,
  };
}

function doneOf(calls: readonly Call[]): Record<string, number> {
  const done: Record<string, number> = {};
  for (const { edit, result } of calls) {
    const { change } = edit;
    const isTimed = change.kind === "pause" && change.until !== undefined;
    const isLate = change.kind === "resume" && change.missed !== undefined;
    const name = `${change.kind}${isTimed ? " until" : ""}${isLate ? " missed" : ""}`;
    if (result === "ok") done[name] = (done[name] ?? 0) + 1;
  }
  return done;
}

/**
 * Surely due occurrences with neither a start nor a row, without trusting ids: each start counts for the earliest
 * occurrence that has neither, however late. The same for ours and for a system without a ledger.
 */
function withoutTrace({ dues, rows, open, runs }: Case["jobs"][number]): number {
  const started = new Set(runs.map(({ run }) => run));
  const isRecorded = (at: number): boolean =>
    decidersOf({ rows, open }, at).some((row) => !(hasRun(row) && started.has(row.run)));
  const waiting = dues.filter(({ at, duty }) => duty === "must" && !isRecorded(at));
  const starts = runs
    .filter(({ run }) => !isManual(run))
    .map(({ attempts: [first] }) => first.startAt)
    .toSorted((a, b) => a - b);
  for (const startAt of starts) {
    const i = waiting.findIndex(({ at }) => at <= startAt + EARLY_MS);
    if (i >= 0) waiting.splice(i, 1);
  }
  return waiting.length;
}

/** What operators do. */
const OPERATIONS = [
  "skip",
  "unskip",
  "pause until",
  "resume missed",
  "override",
  "clear",
  "run",
] as const;

/** What a run failed to exercise. A run that exercised nothing proves nothing. */
export function untried(counted: Tally): string[] {
  const sum = (start: string): number =>
    Object.entries(counted.verdicts)
      .filter(([name]) => name.startsWith(start))
      .reduce((all, [, count]) => all + count, 0);
  const needed: readonly (readonly [string, number])[] = [
    ["no run was redelivered", counted.redelivered],
    ["no worker outlived its lock in a run (no zombie)", counted.zombies],
    ["nothing was missed", sum("missed")],
    ["nothing was retried", counted.retried],
    ["no run went on after a sleep", counted.slept],
    ["no attempt timed out", counted.timedOut],
    ["nothing was skipped for max-instances", sum("skipped: max-instances")],
    ["nothing was replaced in the queue", sum("skipped: overlap-replaced")],
    ["nothing was coalesced", sum("coalesced")],
    ["nothing was paused away", sum("skipped: paused")],
    ["nothing was skipped on request", sum("skipped: requested")],
    ...OPERATIONS.map((name) => [`no "${name}" was done`, counted.done[name] ?? 0] as const),
    ...FAULT_KINDS.map(
      (kind) => [`the fault ${kind} did not really happen`, counted.faults[kind].proved] as const,
    ),
  ];
  return needed.filter(([, count]) => count === 0).map(([text]) => text);
}
