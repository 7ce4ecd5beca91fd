import { describe, expect, test } from "vitest";
import { check } from "./check/check.ts";
import { Health, RECOVERY_MS } from "./check/health.ts";
import { jobStates, statesIn } from "./check/job-states.ts";
import { fireTimes, occurrences } from "./check/occurrences.ts";
import { tally, untried } from "./check/tally.ts";
import { VIOLATION_KINDS } from "./check/violation.ts";
import { BEGIN, cleanHistory, EVERY_SECOND } from "./clean-history.ts";
import { type Call, FAULT_KINDS, type History } from "./history/history.ts";
import { daysOf, DOCTORED, retryAfterPause, waitingRetry, withRules } from "./doctored.ts";
import type { Change } from "./history/job-spec.ts";

const { work } = EVERY_SECOND;
const second = (n: number): number => BEGIN + n * 1_000;

function found(history: History): Set<string> {
  return new Set(check(history).violations.map(({ kind }) => kind));
}

describe("the checker", () => {
  test("finds nothing in a history in which nothing is wrong", () => {
    const { about, violations } = check(cleanHistory());
    expect(violations).toEqual([]);
    expect(tally(about)).toMatchObject({
      due: 14 + 12 + 12 + (2 + 1 + 3 + 3),
      withoutTrace: 0,
      redelivered: 1,
      retried: 2,
      slept: 1,
      timedOut: 1,
      zombies: 1,
      earlyStarts: 0,
    });
  });

  test("takes figures that are what the rows come to", () => {
    const clean = cleanHistory();
    expect(found({ ...clean, days: daysOf(clean.rows) })).toEqual(new Set());
  });

  test("leaves alone a retry that waits for its job", () => {
    expect(found(waitingRetry())).not.toContain("leaked instance");
    expect(found(waitingRetry())).not.toContain("no verdict");
  });

  test("gives a retry as long as its job is paused, and no longer", () => {
    expect(found(retryAfterPause(38.5))).not.toContain("late");
    expect(found(retryAfterPause(32.5))).toContain("late");
  });

  test("expects no record of a pause in which the schedule may have been another", () => {
    const clean = cleanHistory();
    const change = { kind: "reschedule", schedule: EVERY_SECOND.schedule, work, rev: 9 } as const;
    const edit = { id: 99, job: "plain", change };
    const lost: Call = { edit, pid: 1, from: second(9.7), to: second(12.4), result: "unknown" };
    const rows = clean.rows.filter(({ reason }) => reason !== "paused");
    expect(found({ ...clean, rows, calls: [...clean.calls, lost] })).not.toContain(
      "lost occurrence",
    );
  });

  test("asks for the order of each job alone where jobs are decided on at once", () => {
    const clean = cleanHistory();
    const isOfPlain = ({ job }: { job?: string }): boolean => job === "plain";
    const inTurn = [
      ...clean.heard.filter(isOfPlain),
      ...clean.heard.filter((event) => !isOfPlain(event)),
    ];
    const history = { ...clean, heard: inTurn };
    expect(found(history)).toContain("reordered event");
    expect(found({ ...history, eventOrder: "job" })).toEqual(new Set());
    const heard = clean.heard.toReversed();
    expect(found({ ...history, heard, eventOrder: "job" })).toContain("reordered event");
  });

  test("counts an attempt as a zombie once its run was given up as crashed", () => {
    const isFirst = ({ job, fireAt }: { job: string; fireAt: number }): boolean =>
      job === "plain" && fireAt === second(3);
    const clean = cleanHistory();
    const attempts = clean.attempts.map((one) =>
      isFirst(one) ? { ...one, endAt: second(4.5) } : one,
    );
    expect(found({ ...clean, attempts })).toContain("overlap");
    const rows = clean.rows.map((row) =>
      isFirst(row)
        ? { ...row, verdict: "failed", errorCode: "RUN_CRASHED", finishedAt: second(3.9) }
        : row,
    );
    expect(found({ ...clean, attempts, rows })).not.toContain("overlap");
  });

  test("holds a run of a removed job to the rules that it had", () => {
    const removedInBetween = (history: History): History => ({
      ...history,
      calls: history.calls.map((call) => {
        const isRemoval = call.edit.job === "tried" && call.edit.change.kind === "remove";
        return isRemoval ? { ...call, from: second(32.2), to: second(32.21) } : call;
      }),
      rows: history.rows.map((row) =>
        row.job === "tried" && row.fireAt === second(32)
          ? { ...row, errorCode: "RUN_TIMED_OUT" }
          : row,
      ),
    });
    expect(found(removedInBetween(cleanHistory()))).toContain("contradiction");
    const limited = withRules("tried", { timeoutMs: 80 });
    expect(found(removedInBetween(limited))).not.toContain("contradiction");
  });

  test("takes a slow server for the cause of what it takes from workers", () => {
    const slowness = [{ from: second(3), to: second(7) }];
    const history = { ...cleanHistory(), stalls: [], faults: [] };
    expect(found(history)).toContain("attempt without cause");
    expect(found({ ...history, slowness })).not.toContain("attempt without cause");
  });

  test("is tried with every kind of violation", () => {
    expect(new Set(DOCTORED.map(([kind]) => kind))).toEqual(new Set(VIOLATION_KINDS));
  });

  test.for(DOCTORED)("%s: %s", ([kind, , make]) => {
    expect(found(make())).toContain(kind);
  });
});

describe("what a job may have been", () => {
  const call = (from: number, to: number, change: Change, result: Call["result"] = "ok"): Call => ({
    edit: { id: 0, job: "job", change },
    pid: 1,
    from: second(from),
    to: second(to),
    result,
  });
  const add = call(0, 0.1, { kind: "add", spec: EVERY_SECOND });
  const duties = (calls: readonly Call[], to: number): string =>
    occurrences(jobStates(calls, BEGIN), second(to))
      .map(({ duty }) => duty)
      .join(" ");

  test("an edit leaves open what it overlaps, and nothing else", () => {
    const pause = call(1.5, 2.5, { kind: "pause" });
    const resume = call(3.5, 3.6, { kind: "resume" });
    expect(duties([add, pause, resume], 5)).toBe("must may not must must");
  });

  test("a call without an answer leaves open whether it was done", () => {
    const unknown = call(1.5, 2.5, { kind: "pause" }, "unknown");
    expect(duties([add, unknown], 4)).toBe("must may may may");
    expect(duties([add, unknown, call(3.5, 3.6, { kind: "resume" })], 5)).toBe(
      "must may may must must",
    );
  });

  test("two clients at once leave open who was first", () => {
    const both = [call(1.4, 1.6, { kind: "pause" }), call(1.5, 1.7, { kind: "resume" })];
    expect(duties([add, ...both], 3)).toBe("must may may");
    const inTurn = [call(1.4, 1.5, { kind: "pause" }), call(1.6, 1.7, { kind: "resume" })];
    expect(duties([add, ...inTurn], 3)).toBe("must must must");
  });

  test("a removal that was sent twice may have found no job because of itself", () => {
    const remove = call(1.5, 1.6, { kind: "remove" }, "refused");
    const { unexplained } = jobStates([add, remove], BEGIN);
    expect(unexplained).toEqual([[remove]]);
    const again = { ...remove, isRepeated: true };
    expect(jobStates([add, again], BEGIN).unexplained).toEqual([]);
    expect(duties([add, again], 3)).toBe("must");
  });

  test("a change of rules alone does not touch the schedule", () => {
    const { rules } = EVERY_SECOND;
    expect(duties([add, call(1.5, 2.5, { kind: "modify", rules, work, rev: 2 })], 3)).toBe(
      "must must must",
    );
  });

  test("a date that had passed when its job was added is due", () => {
    const spec = { ...EVERY_SECOND, schedule: { kind: "date", at: second(1) } } as const;
    expect(duties([call(2, 2.1, { kind: "add", spec })], 5)).toBe("must");
    expect(duties([call(2, 2.1, { kind: "add", spec }, "unknown")], 5)).toBe("may");
  });

  test("many calls at once are not put in order, and anything may be", () => {
    const crowd = Array.from({ length: 12 }, () => call(1.4, 1.6, { kind: "pause" }));
    expect(statesIn(jobStates([add, ...crowd], BEGIN), second(1.5), second(1.5))).toHaveLength(2);
  });

  test("cron with seconds is found by walking through time", () => {
    const schedule = { kind: "cron", seconds: [0, 20, 40], timezone: "Asia/Kolkata" } as const;
    expect(fireTimes(schedule, second(1), second(61)).map((at) => (at - BEGIN) / 1_000)).toEqual([
      20, 40, 60,
    ]);
  });
});

describe("healthy time", () => {
  const fault = { kind: "freeze-server", from: second(10), to: second(12) } as const;
  const health = new Health({ faults: [fault], stalls: [], slowness: [] });
  const healed = second(12) + RECOVERY_MS;

  test("is what no fault and no recovery takes up", () => {
    expect(health.healthyMs(second(9), healed + 500)).toBe(1_500);
    expect(health.healthyMs(second(10), second(15))).toBe(0);
  });

  test("is not that in which the server is slow", () => {
    const slow = new Health({
      faults: [],
      stalls: [],
      slowness: [{ from: second(1), to: second(2) }],
    });
    expect(slow.healthyMs(second(1), second(3))).toBe(0);
    expect(slow.healthyMs(second(4), second(5))).toBe(1_000);
  });

  test("is counted forward and back", () => {
    expect(health.after(second(9), 1_500)).toBe(healed + 500);
    expect(health.before(healed + 500, 1_500)).toBe(second(9));
    expect(health.after(second(1), 1_000)).toBe(second(2));
  });
});

test("a run that tried nothing is no proof", () => {
  const { about } = check({ ...cleanHistory(), faults: [] });
  const missing = untried(tally(about)).join();
  for (const kind of FAULT_KINDS) expect(missing).toContain(kind);
  const { about: empty } = check({ ...cleanHistory(), rows: [], attempts: [] });
  expect(untried(tally(empty)).join()).toMatch(
    /redelivered.*zombie.*missed.*retried.*sleep.*timed out.*skipped.*replaced.*coalesced/,
  );
});
