import { z } from "zod";
import { counted } from "../core/counted.ts";
import { CronduitError } from "../core/errors.ts";
import { shown } from "../core/shown.ts";
import type { Run } from "../history/run.ts";
import { parseOptions } from "../jobs/options.ts";
import { SKIP_REASONS, type SkipReason } from "../jobs/verdict.ts";
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
  /** The name of the matcher. */
  readonly where: string;
  readonly ledger: HasLedger;
  readonly jobId: string;
  /** Absent: at least once. */
  readonly times: number | undefined;
  /** E.g. `to have run`. */
  readonly what: string;
  /** How many of what is expected a row stands for. */
  readonly countOf: (run: Run) => number;
}

const timesSchema = z.int().min(0).optional();
const reasonSchema = z.enum(SKIP_REASONS).optional();

/** @throws {@link CronduitError} `INVALID_OPTION` if it is no test scheduler */
function checkLedger(ledger: unknown, where: string): void {
  const has = (name: string): boolean =>
    typeof ledger === "object" &&
    ledger !== null &&
    typeof Reflect.get(ledger, name) === "function";
  if (has("runs") && has("assertAllAccountedFor")) return;
  throw new CronduitError(
    "INVALID_OPTION",
    `${where}: a test scheduler is expected, as createTestScheduler makes it, and this is ${shown(ledger)}.`,
  );
}

function match({ where, ledger, jobId, times, what, countOf }: Expected): Matched {
  checkLedger(ledger, where);
  parseOptions(timesSchema, times, `${where}, times`);
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
    return match({ where: "toHaveRun", ledger, jobId, times, what: "to have run", countOf });
  },
  /** That this many occurrences were skipped, or at least one. */
  toHaveSkipped(ledger: HasLedger, jobId: string, reason?: SkipReason, times?: number): Matched {
    parseOptions(reasonSchema, reason, "toHaveSkipped, reason");
    const countOf = (run: Run): number =>
      run.verdict === "skipped" && (reason === undefined || run.reason === reason) ? run.count : 0;
    const what = `to have skipped an occurrence${reason === undefined ? "" : ` (${reason})`}`;
    return match({ where: "toHaveSkipped", ledger, jobId, times, what, countOf });
  },
  /** That this many occurrences were missed, or at least one. */
  toHaveMissed(ledger: HasLedger, jobId: string, times?: number): Matched {
    const countOf = ({ verdict, count }: Run): number => (verdict === "missed" ? count : 0);
    return match({
      where: "toHaveMissed",
      ledger,
      jobId,
      times,
      what: "to have missed an occurrence",
      countOf,
    });
  },
  /** That every nominal time has exactly one decision. */
  toAccountForAll(ledger: HasLedger): Matched {
    checkLedger(ledger, "toAccountForAll");
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
