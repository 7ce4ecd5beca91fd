import { PERIOD_MS, type JobDays } from "../../src/jobs/roll-up.ts";
import { countRows } from "../helpers/count-rows.ts";
import { groupBy } from "./check/job-view.ts";
import { asRow } from "./check/wrong-figures.ts";
import type { ViolationKind } from "./check/violation.ts";
import { BEGIN, cleanHistory } from "./clean-history.ts";
import type { Attempt, Call, History, Row } from "./history/history.ts";
import type { Change, Rules } from "./history/job-spec.ts";

const second = (n: number): number => BEGIN + n * 1_000;

function rowsChanged(change: (row: Row) => Row | undefined): History {
  const clean = cleanHistory();
  return { ...clean, rows: clean.rows.flatMap((row) => change(row) ?? []) };
}

function attemptsChanged(change: (attempt: Attempt) => Attempt | undefined): History {
  const clean = cleanHistory();
  return { ...clean, attempts: clean.attempts.flatMap((attempt) => change(attempt) ?? []) };
}

const isAt =
  (job: string, n: number) =>
  (one: { readonly job: string; readonly fireAt: number }): boolean =>
    one.job === job && one.fireAt === second(n);

/** The row with something changed. */
function said(row: Row, other: Partial<Row>): Row {
  return { ...row, ...other };
}

function withoutHeard(isLost: (event: History["heard"][number]) => boolean): History {
  const clean = cleanHistory();
  return { ...clean, heard: clean.heard.filter((event) => !isLost(event)) };
}

function withCall(job: string, at: number, change: Change, result: Call["result"] = "ok"): History {
  const clean = cleanHistory();
  const edit = { id: 99, job, change };
  const call: Call = { edit, pid: 1, from: second(at), to: second(at) + 5, result };
  return { ...clean, calls: [...clean.calls, call] };
}

function withExtraRun(job: string, at: number): History {
  const clean = cleanHistory();
  const model = clean.attempts.find(isAt(job, 1));
  if (!model) throw new Error("the clean history has no such job");
  const startAt = second(at) + 6;
  const fireAt = second(at);
  const extra = {
    ...model,
    run: `${job}:${fireAt}`,
    fireAt,
    dueAt: fireAt,
    admittedAt: second(at) + 5,
    startAt,
    endAt: startAt + 10,
  };
  return { ...clean, attempts: [...clean.attempts, extra] };
}

/** What roll-ups say of rows. */
export function daysOf(rows: readonly Row[]): JobDays[] {
  return [...groupBy(rows, ({ job }) => job)].map(([jobId, own]) => ({
    jobId,
    days: countRows(own.map(asRow), PERIOD_MS.day),
  }));
}

/** The history as if a job had always had other rules. */
export function withRules(job: string, rules: Partial<Rules>): History {
  const clean = cleanHistory();
  const calls = clean.calls.map((call) => {
    const { change } = call.edit;
    if (call.edit.job !== job || change.kind !== "add") return call;
    const spec = { ...change.spec, rules: { ...change.spec.rules, ...rules } };
    return { ...call, edit: { ...call.edit, change: { ...change, spec } } };
  });
  return { ...clean, calls };
}

function secondAttempt(change: (attempt: Attempt) => Partial<Attempt>): History {
  return attemptsChanged((one) =>
    isAt("tried", 31)(one) && one.attempt === 2 ? { ...one, ...change(one) } : one,
  );
}

/** A run whose retry waits for its job, paused at the end. */
export function waitingRetry(): History {
  const is = isAt("plain", 17);
  const open = cleanHistory()
    .rows.filter(is)
    .map((row) => said(row, { verdict: "retrying" }));
  return { ...rowsChanged((row) => (is(row) ? undefined : row)), open };
}

/** A retry that starts at second 39, long after its delay; its job was paused from second 31.6 until `resumedAt`. */
export function retryAfterPause(resumedAt: number): History {
  const late = secondAttempt(() => ({ startAt: second(39), endAt: second(39.1) }));
  const call = (id: number, at: number, change: Change): Call => {
    const edit = { id, job: "tried", change };
    return { edit, pid: 1, from: second(at), to: second(at) + 5, result: "ok" };
  };
  const calls = [call(98, 31.6, { kind: "pause" }), call(99, resumedAt, { kind: "resume" })];
  const isRemoved = ({ edit }: Call): boolean =>
    edit.job === "tried" && edit.change.kind === "remove";
  return { ...late, calls: [...late.calls.filter((one) => !isRemoved(one)), ...calls] };
}

/** Histories with one thing wrong, and the kind of violation that is. */
export const DOCTORED: readonly [ViolationKind, string, () => History][] = [
  [
    "lost occurrence",
    "without any row or run",
    () => {
      const is = isAt("plain", 3);
      const history = rowsChanged((row) => (is(row) ? undefined : row));
      return { ...history, attempts: history.attempts.filter((attempt) => !is(attempt)) };
    },
  ],
  [
    "lost occurrence",
    "in a pause that was ended by a resume",
    () => rowsChanged((row) => (row.reason === "paused" ? undefined : row)),
  ],
  [
    "no verdict",
    "claimed and never ended",
    () => {
      const is = isAt("plain", 3);
      const open = cleanHistory()
        .rows.filter(is)
        .map((row) => said(row, { verdict: "queued" }));
      return { ...rowsChanged((row) => (is(row) ? undefined : row)), open };
    },
  ],
  [
    "two verdicts",
    "ran and was skipped",
    () => {
      const clean = cleanHistory();
      const twin = clean.rows
        .filter(isAt("plain", 3))
        .map((row) => said(row, { verdict: "skipped", reason: "max-instances" }));
      return { ...clean, rows: [...clean.rows, ...twin] };
    },
  ],
  [
    "contradiction",
    "said missed but ran",
    () =>
      rowsChanged((row) =>
        isAt("plain", 3)(row) ? { ...row, verdict: "missed", decidedAt: second(5) } : row,
      ),
  ],
  [
    "contradiction",
    "said succeeded but never ended",
    () =>
      attemptsChanged((attempt) => {
        const { endAt: _, endedOk: __, ...open } = attempt;
        return isAt("plain", 17)(attempt) ? { ...open, diedAt: second(18) } : attempt;
      }),
  ],
  [
    "contradiction",
    "said succeeded but failed",
    () => attemptsChanged((one) => (isAt("plain", 3)(one) ? { ...one, endedOk: false } : one)),
  ],
  [
    "contradiction",
    "a zombie's result in the name of the attempt that had the run",
    () => rowsChanged((row) => (isAt("long", 2)(row) ? { ...row, resultAttempt: 1 } : row)),
  ],
  [
    "contradiction",
    "missed within its grace",
    () =>
      rowsChanged((row) => (row.verdict === "missed" ? { ...row, decidedAt: second(3.9) } : row)),
  ],
  [
    "contradiction",
    "missed although its grace was healthy",
    () => ({ ...cleanHistory(), faults: [], stalls: [] }),
  ],
  [
    "contradiction",
    "skipped for max-instances while nothing ran",
    () => {
      const clean = cleanHistory();
      const isOne = ({ job, fireAt }: { job: string; fireAt: number }): boolean =>
        job === "plain" && fireAt >= second(16);
      const rows = clean.rows.map((row) =>
        isOne(row)
          ? { ...row, verdict: "skipped", reason: "max-instances", decidedAt: row.fireAt + 5 }
          : row,
      );
      const attempts = clean.attempts.filter((attempt) => !isOne(attempt));
      return { ...clean, rows, attempts, faults: [], stalls: [] };
    },
  ],
  [
    "contradiction",
    "paused away without a pause",
    () => {
      const clean = cleanHistory();
      return {
        ...clean,
        calls: clean.calls.filter(
          ({ edit }) => edit.job !== "plain" || !/pause|resume/.test(edit.change.kind),
        ),
      };
    },
  ],
  [
    "contradiction",
    "coalesced into a run that is not there",
    () =>
      rowsChanged((row) =>
        row.verdict === "coalesced" ? { ...row, coalescedInto: "late:0" } : row,
      ),
  ],
  [
    "contradiction",
    "coalesced into an earlier run",
    () =>
      rowsChanged((row) =>
        row.verdict === "coalesced" ? { ...row, coalescedInto: `late:${second(2)}` } : row,
      ),
  ],
  [
    "contradiction",
    "coalesced into a run of another decision",
    () =>
      rowsChanged((row) =>
        row.verdict === "coalesced" ? { ...row, decidedAt: second(7.1) } : row,
      ),
  ],
  [
    "contradiction",
    "a span of the wrong count",
    () => rowsChanged((row) => (row.verdict === "coalesced" ? { ...row, count: 2 } : row)),
  ],
  [
    "contradiction",
    "ran, and the ledger does not know it",
    () => rowsChanged((row) => (isAt("plain", 3)(row) ? undefined : row)),
  ],
  [
    "contradiction",
    "started after its grace",
    () =>
      attemptsChanged((one) =>
        isAt("plain", 17)(one)
          ? { ...one, admittedAt: second(18.2), startAt: second(18.2), endAt: second(18.3) }
          : one,
      ),
  ],
  [
    "overlap",
    "two runs of a job that may have one",
    () => attemptsChanged((one) => (isAt("plain", 3)(one) ? { ...one, endAt: second(4.5) } : one)),
  ],
  [
    "early",
    "before its time",
    () =>
      attemptsChanged((one) => (isAt("plain", 3)(one) ? { ...one, startAt: second(3) - 5 } : one)),
  ],
  [
    "late",
    "decided late in healthy time",
    () => {
      const history = attemptsChanged((one) =>
        isAt("plain", 17)(one)
          ? { ...one, admittedAt: second(40), startAt: second(40), endAt: second(41) }
          : one,
      );
      return history;
    },
  ],
  [
    "wrong revision",
    "of the revision before",
    () => attemptsChanged((one) => (isAt("plain", 16)(one) ? { ...one, rev: 1 } : one)),
  ],
  ["wrong revision", "of a paused job", () => withExtraRun("plain", 11)],
  ["wrong revision", "of a removed job", () => withExtraRun("long", 14)],
  [
    "lost event",
    "of a verdict",
    () => withoutHeard((event) => event.name === "JOB_EXECUTED" && event.fireAt === second(3)),
  ],
  [
    "lost event",
    "of a start",
    () => withoutHeard((event) => event.name === "JOB_STARTED" && event.attempt === 2),
  ],
  [
    "reordered event",
    "a newer one was heard before",
    () => {
      const clean = cleanHistory();
      const [first, ...others] = clean.heard;
      return {
        ...clean,
        heard: [...others.slice(0, 9), ...(first ? [first] : []), ...others.slice(9)],
      };
    },
  ],
  [
    "leaked instance",
    "a run without an end",
    () => {
      const open = cleanHistory()
        .rows.filter(isAt("plain", 17))
        .map((row) => said(row, { verdict: "running" }));
      return { ...rowsChanged((row) => (isAt("plain", 17)(row) ? undefined : row)), open };
    },
  ],
  [
    "leaked instance",
    "a retry of a job that is not paused",
    () => {
      const { calls, ...history } = waitingRetry();
      const isLast = ({ edit, from }: Call): boolean => edit.job === "plain" && from > second(17);
      return { ...history, calls: calls.filter((call) => !isLast(call)) };
    },
  ],
  [
    "attempt without cause",
    "nothing happened to the one before",
    () => ({ ...cleanHistory(), stalls: [] }),
  ],
  [
    "wrong figures",
    "a day that does not count one of its rows",
    () => {
      const clean = cleanHistory();
      return { ...clean, days: daysOf(clean.rows.slice(1)) };
    },
  ],
  [
    "wrong figures",
    "an account that calls an occurrence lost",
    () => {
      const wrong = { job: "plain", problem: "unaccounted", fireAt: BEGIN + 3_000 } as const;
      return { ...cleanHistory(), accountedWrong: [wrong] };
    },
  ],
  ["unmatched start", "more starts than due times", () => withExtraRun("late", 0.5)],
  [
    "crashed process",
    "nobody had ended it",
    () => ({ ...cleanHistory(), crashes: [{ pid: 1, at: second(3), text: "TypeError" }] }),
  ],
  [
    "edit",
    "a change refused although the job was there",
    () => withCall("late", 20, { kind: "remove" }, "refused"),
  ],
  [
    "edit",
    "a pause that succeeded after the removal",
    () => withCall("long", 20, { kind: "pause" }),
  ],
  [
    "early",
    "a retry before its delay was over",
    () => secondAttempt(() => ({ admittedAt: second(31.3) })),
  ],
  [
    "late",
    "a retry long after its delay",
    () => secondAttempt(() => ({ startAt: second(39), endAt: second(39.1) })),
  ],
  [
    "attempt without cause",
    "tried again although it had ended well",
    () =>
      attemptsChanged((one) =>
        isAt("tried", 31)(one) && one.attempt === 1 ? { ...one, endedOk: true } : one,
      ),
  ],
  [
    "attempt without cause",
    "tried again, and nobody told of it",
    () => withoutHeard((event) => event.name === "JOB_RETRYING" && event.fireAt === second(31)),
  ],
  [
    "contradiction",
    "crashed although it had ended",
    () =>
      rowsChanged((row) =>
        isAt("tried", 32)(row) ? { ...row, errorCode: "RUN_CRASHED", finishedAt: second(36) } : row,
      ),
  ],
  [
    "contradiction",
    "failed although it may be tried again",
    () => withRules("tried", { retry: { attempts: 3, delayMs: 300 } }),
  ],
  ["contradiction", "tried more often than it may be", () => withRules("tried", { retry: null })],
  ["contradiction", "timed out before its time", () => withRules("slow", { timeoutMs: 200 })],
  [
    "contradiction",
    "succeeded after its timeout",
    () => {
      const is = isAt("slow", 31);
      const { attempts } = attemptsChanged((one) =>
        is(one) ? { ...one, endAt: second(31.9), endedOk: true } : one,
      );
      const history = rowsChanged((row) => {
        const { errorCode: _, ...rest } = row;
        return is(row) ? { ...rest, verdict: "succeeded" } : row;
      });
      return { ...history, attempts };
    },
  ],
  [
    "contradiction",
    "succeeded in its sleep",
    () =>
      attemptsChanged((one) =>
        isAt("sleeper", 31)(one) && one.isAsleep !== true ? undefined : one,
      ),
  ],
  [
    "contradiction",
    "replaced in a queue that the job has not",
    () => withRules("queueing", { overlap: "queue-all" }),
  ],
  [
    "contradiction",
    "replaced in the queue while there was room",
    () => withRules("queueing", { maxInstances: 2 }),
  ],
  [
    "contradiction",
    "skipped where it waits",
    () =>
      rowsChanged((row) =>
        row.reason === "overlap-replaced" ? { ...row, reason: "max-instances" } : row,
      ),
  ],
  [
    "late",
    "forgotten in the queue while there was room",
    () =>
      attemptsChanged((one) =>
        isAt("queueing", 33)(one)
          ? { ...one, admittedAt: second(42), startAt: second(42), endAt: second(43) }
          : one,
      ),
  ],
];
