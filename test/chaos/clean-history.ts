import type { Attempt, Call, Heard, History, Row } from "./history/history.ts";
import type { Change, JobSpec, Rules } from "./history/job-spec.ts";

/** The instant from which the made-up history counts its times. */
export const BEGIN = Date.UTC(2026, 0, 1);

const FIRST_PID = 101;
const SECOND_PID = 102;
const CLIENT_PID = 201;

/** Due every full second, from 1 on. */
export const EVERY_SECOND: JobSpec = {
  schedule: { kind: "interval", everyMs: 1_000, startAt: BEGIN + 1_000 },
  rules: {
    maxInstances: 1,
    coalesce: true,
    graceMs: 1_000,
    overlap: "skip",
    retry: null,
    timeoutMs: null,
  },
  work: { ms: 100, act: "polite" },
  rev: 1,
};

/** Writes a history by hand; times are seconds after {@link BEGIN}. */
class Book {
  readonly calls: Call[] = [];
  readonly attempts: Attempt[] = [];
  readonly rows: Row[] = [];
  readonly heard: Heard[] = [];

  edit(job: string, second: number, change: Change, lastsMs = 10): void {
    const from = BEGIN + second * 1_000;
    const edit = { id: this.calls.length, job, change };
    this.calls.push({ edit, pid: CLIENT_PID, from, to: from + lastsMs, result: "ok" });
  }

  hear(name: string, time: number, about: Partial<Heard>): void {
    this.heard.push({ name, time, at: time + 5, pid: CLIENT_PID, ...about });
  }

  /** An attempt that starts 5 ms after it may. */
  attempt(job: string, second: number, about: Partial<Attempt> = {}): Attempt {
    const fireAt = BEGIN + second * 1_000;
    const run = `${job}:${fireAt}`;
    const admittedAt = about.admittedAt ?? fireAt + 5;
    const own: Attempt = {
      job,
      run,
      attempt: 1,
      pid: FIRST_PID,
      fireAt,
      dueAt: fireAt,
      admittedAt,
      rev: 1,
      startAt: admittedAt + 1,
      endAt: admittedAt + 101,
      endedOk: true,
      ...about,
    };
    this.attempts.push(own);
    if (own.attempt === 1) this.hear("JOB_SUBMITTED", admittedAt, { job, run, fireAt });
    this.hear("JOB_STARTED", admittedAt, { job, run, fireAt, attempt: own.attempt });
    return own;
  }

  /** An attempt that fails and will be retried. */
  retry(job: string, second: number, about: Partial<Attempt> = {}): void {
    const { run, fireAt, attempt, endAt } = this.attempt(job, second, {
      endedOk: false,
      ...about,
    });
    const reason = "retry";
    this.hear("JOB_RETRYING", (endAt ?? 0) + 2, { job, run, fireAt, attempt, reason });
  }

  /** An attempt that keeps its run to the end. */
  run(job: string, second: number, about: Partial<Attempt> = {}, row: Partial<Row> = {}): void {
    const { run, fireAt, attempt, endAt, admittedAt } = this.attempt(job, second, about);
    const finishedAt = endAt ?? 0;
    const { verdict = "succeeded" } = row;
    this.rows.push({
      job,
      run,
      verdict,
      kind: "scheduled",
      fireAt,
      dueAt: fireAt,
      fromAt: fireAt,
      count: 1,
      startedAt: admittedAt,
      finishedAt,
      attempt,
      ...(verdict === "succeeded" ? { resultAttempt: attempt } : {}),
      ...row,
    });
    const name = verdict === "succeeded" ? "JOB_EXECUTED" : "JOB_ERROR";
    this.hear(name, finishedAt + 2, { job, run, fireAt, attempt });
  }

  /** Occurrences that didn't run. */
  decide(
    job: string,
    [first, last]: readonly [number, number],
    decidedAt: number,
    about: Pick<Row, "verdict" | "reason" | "coalescedInto"> & { readonly event: string },
  ): void {
    const fireAt = BEGIN + last * 1_000;
    const { event, ...rest } = about;
    this.rows.push({
      job,
      run: `${job}:${fireAt}`,
      kind: "scheduled",
      fireAt,
      dueAt: fireAt,
      fromAt: BEGIN + first * 1_000,
      count: last - first + 1,
      decidedAt,
      ...rest,
    });
    this.hear(event, decidedAt, { job, run: rest.coalescedInto ?? `${job}:${fireAt}`, fireAt });
  }
}

/** Added in healthy time, due at every second from `first` on. */
function specOf(first: number, rules: Partial<Rules>): JobSpec {
  return {
    ...EVERY_SECOND,
    schedule: { kind: "interval", everyMs: 1_000, startAt: ms(first) },
    rules: { ...EVERY_SECOND.rules, graceMs: null, ...rules },
  };
}

/** What the jobs' rules require besides the schedule. */
function followRules(book: Book): void {
  const retry = { attempts: 2, delayMs: 300 };
  book.edit("tried", 30.2, { kind: "add", spec: specOf(31, { retry }) });
  book.retry("tried", 31);
  book.run("tried", 31, { attempt: 2, admittedAt: ms(31.41) });
  book.retry("tried", 32);
  const again = { attempt: 2, admittedAt: ms(32.41), endedOk: false };
  book.run("tried", 32, again, { verdict: "failed" });
  book.edit("tried", 32.8, { kind: "remove" });
  // It would run longer than its 50 ms.
  book.edit("slow", 30.2, { kind: "add", spec: specOf(31, { timeoutMs: 50 }) });
  book.run(
    "slow",
    31,
    { endAt: ms(31.06), endedOk: false },
    { verdict: "failed", errorCode: "RUN_TIMED_OUT" },
  );
  book.edit("slow", 31.5, { kind: "remove" });
  book.edit("sleeper", 30.2, { kind: "add", spec: specOf(31, { maxInstances: 2 }) });
  book.attempt("sleeper", 31, { isAsleep: true, endedOk: false });
  book.run("sleeper", 31, { admittedAt: ms(33.2), pid: SECOND_PID });
  for (const second of [32, 33]) book.run("sleeper", second);
  book.edit("sleeper", 33.5, { kind: "remove" });
  // The second waits for the first to end, and is replaced by the third.
  book.edit("queueing", 30.2, { kind: "add", spec: specOf(31, { overlap: "queue-one" }) });
  book.run("queueing", 31, { endAt: ms(33.5) });
  const replaced = { verdict: "skipped", reason: "overlap-replaced", event: "JOB_SKIPPED" };
  book.decide("queueing", [32, 32], ms(33) + 5, replaced);
  book.run("queueing", 33, { admittedAt: ms(33.51) });
  book.edit("queueing", 33.8, { kind: "remove" });
}

function ms(second: number): number {
  return BEGIN + second * 1_000;
}

/**
 * An eventful history with nothing wrong: a worker is killed and another stopped, a run is taken over while its zombie
 * continues, occurrences are missed, coalesced, skipped and paused away, runs are retried, time out, sleep and are
 * queued.
 */
export function cleanHistory(): History {
  const book = new Book();
  // Nothing but runs, with a pause from 10 to 13 and another revision from 15 on.
  book.edit("plain", 0.2, { kind: "add", spec: EVERY_SECOND });
  for (const second of [1, 2, 3, 4, 5, 6, 7, 8, 9]) book.run("plain", second);
  book.edit("plain", 9.5, { kind: "pause" });
  book.edit("plain", 12.5, { kind: "resume" });
  const paused = { verdict: "skipped", reason: "paused", event: "JOB_SKIPPED" };
  book.decide("plain", [10, 12], ms(12.5) + 4, paused);
  for (const second of [13, 14]) book.run("plain", second);
  const { rules, work } = EVERY_SECOND;
  book.edit("plain", 14.5, { kind: "modify", rules, work, rev: 2 });
  for (const second of [15, 16, 17]) book.run("plain", second, { rev: 2 });
  book.edit("plain", 17.5, { kind: "pause" });
  // A run of 8 s from 2 on, whose worker is stopped at 3; it is taken over at 7, and the zombie ends at 9.
  book.edit("long", 0.2, { kind: "add", spec: EVERY_SECOND });
  book.run("long", 1);
  book.attempt("long", 2, { pid: SECOND_PID, endAt: ms(9) });
  const full = { verdict: "skipped", reason: "max-instances", event: "JOB_MAX_INSTANCES" };
  for (const second of [3, 4, 5, 6, 7, 8, 9])
    book.decide("long", [second, second], ms(second) + 5, full);
  book.run("long", 2, { attempt: 2, admittedAt: ms(7), endAt: ms(9.7) });
  for (const second of [10, 11, 12]) book.run("long", second);
  book.edit("long", 12.5, { kind: "remove" });
  // Nobody takes it between 3 and 7: the first occurrences are too late, the others merge.
  book.edit("late", 0.2, { kind: "add", spec: EVERY_SECOND });
  for (const second of [1, 2]) book.run("late", second);
  book.decide("late", [3, 3], ms(4.5), { verdict: "missed", event: "JOB_MISSED" });
  const target = `late:${ms(7)}`;
  const merged = { verdict: "coalesced", coalescedInto: target, event: "JOB_COALESCED" };
  book.decide("late", [4, 6], ms(7.2), merged);
  book.run("late", 7, { admittedAt: ms(7.2) });
  for (const second of [8, 9, 10, 11, 12]) book.run("late", second);
  book.edit("late", 12.5, { kind: "pause" });
  followRules(book);
  return {
    from: BEGIN,
    to: ms(60),
    calls: book.calls,
    attempts: book.attempts,
    rows: book.rows,
    open: [],
    heard: book.heard.toSorted((a, b) => a.time - b.time),
    eventOrder: "all",
    faults: [{ kind: "stop-worker", from: ms(3), to: ms(9), pid: SECOND_PID, proof: "shown" }],
    stalls: [{ pid: SECOND_PID, from: ms(3), to: ms(9) }],
    slowness: [],
    deaths: [],
    crashes: [],
  };
}
