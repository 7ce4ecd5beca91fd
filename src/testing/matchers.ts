import { counted } from "../core/counted.ts";
import type { Run } from "../history/run.ts";
import type { SkipReason } from "../jobs/verdict.ts";
import { ledgerText } from "./ledger-text.ts";

/** What the matchers look at: a test scheduler. */
export interface HasLedger {
  /** The runs of a job. */
  runs(jobId: string): readonly Run[];
  /** Throws unless every nominal time has exactly one decision. */
  assertAllAccountedFor(): void;
}

/** What a matcher of vitest and jest returns. */
export interface Matched {
  readonly pass: boolean;
  readonly message: () => string;
}

interface Expected {
  readonly ledger: HasLedger;
  readonly jobId: string;
  /** Absent: at least once. */
  readonly times: number | undefined;
  /** E.g. `to have run`. */
  readonly what: string;
  /** How many of what is expected a row stands for. */
  readonly countOf: (run: Run) => number;
}

function match({ ledger, jobId, times, what, countOf }: Expected): Matched {
  const runs = ledger.runs(jobId);
  const count = runs.reduce((sum, run) => sum + countOf(run), 0);
  const pass = times === undefined ? count > 0 : count === times;
  const wanted = times === undefined ? "" : ` ${counted(times, "time")}`;
  return {
    pass,
    message: () =>
      `expected job "${jobId}" ${pass ? "not " : ""}${what}${wanted}, and it did ${counted(count, "time")}.\n${ledgerText(jobId, runs)}`,
  };
}

/**
 * Matchers for vitest and jest: `expect.extend(matchers)`. The modules `cronduit/testing/vitest` and `cronduit/testing/jest`
 * export the same, with types for `expect`.
 */
export const matchers = {
  /** That the job was executed this often, or at least once. */
  toHaveRun(ledger: HasLedger, jobId: string, times?: number): Matched {
    // However many occurrences it stands for, it ran once.
    const countOf = ({ startedAt }: Run): number => (startedAt === undefined ? 0 : 1);
    return match({ ledger, jobId, times, what: "to have run", countOf });
  },
  /** That this many occurrences were skipped, or at least one. */
  toHaveSkipped(ledger: HasLedger, jobId: string, reason?: SkipReason, times?: number): Matched {
    const countOf = (run: Run): number =>
      run.verdict === "skipped" && (reason === undefined || run.reason === reason) ? run.count : 0;
    const what = `to have skipped an occurrence${reason === undefined ? "" : ` (${reason})`}`;
    return match({ ledger, jobId, times, what, countOf });
  },
  /** That this many occurrences were missed, or at least one. */
  toHaveMissed(ledger: HasLedger, jobId: string, times?: number): Matched {
    const countOf = ({ verdict, count }: Run): number => (verdict === "missed" ? count : 0);
    return match({ ledger, jobId, times, what: "to have missed an occurrence", countOf });
  },
  /** That every nominal time has exactly one decision. */
  toAccountForAll(ledger: HasLedger): Matched {
    try {
      ledger.assertAllAccountedFor();
      return { pass: true, message: () => "expected some occurrence to have no decision, or two" };
    } catch (error) {
      return {
        pass: false,
        message: () => (error instanceof Error ? error.message : String(error)),
      };
    }
  },
};

/** The matchers as `expect(…)` has them. @template R What a matcher returns there. */
export interface LedgerMatchers<R = unknown> {
  /** That the job was executed this often, or at least once; whatever the outcome. */
  toHaveRun(jobId: string, times?: number): R;
  /** That this many of the job's occurrences were skipped, or at least one. @param reason @default any */
  toHaveSkipped(jobId: string, reason?: SkipReason, times?: number): R;
  /** That this many of the job's occurrences were missed, or at least one. */
  toHaveMissed(jobId: string, times?: number): R;
  /** As `assertAllAccountedFor`. */
  toAccountForAll(): R;
}
