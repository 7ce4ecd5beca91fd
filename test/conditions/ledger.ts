import fc from "fast-check";
import type { Condition, Term } from "../../src/conditions/condition.ts";
import type { FactsOf, JobFacts } from "../../src/conditions/facts.ts";

/** A run as a ledger lists it: in the order in which runs began, never two at a time. */
interface LedgerRun {
  readonly endedAt: number;
  readonly verdict: "succeeded" | "failed" | "cancelled" | "running";
}

/** What there is of each job that exists; the last run alone may be in progress. */
export type Ledger = ReadonlyMap<string, readonly LedgerRun[]>;

/** The moment at which everything is evaluated. */
export const NOW = 1_000_000;
/** The jobs that a ledger may have; about a quarter of them are missing from each. */
export const LEDGER_IDS = ["a", "b", "c", "job-4"] as const;

const history = fc
  .array(
    fc.record({
      tookMs: fc.integer({ min: 1, max: 200_000 }),
      verdict: fc.constantFrom("succeeded", "succeeded", "failed", "cancelled"),
    }),
    { maxLength: 5 },
  )
  .chain((runs) => fc.boolean().map((isRunning) => ({ runs, isRunning })))
  .map(({ runs, isRunning }): LedgerRun[] => {
    let endedAt = 0;
    const ended = runs.map(({ tookMs, verdict }): LedgerRun => {
      endedAt += tookMs;
      return { endedAt, verdict };
    });
    if (isRunning) ended.push({ endedAt: Number.NaN, verdict: "running" });
    return ended;
  });

export const ledgers: fc.Arbitrary<Ledger> = fc
  .tuple(...LEDGER_IDS.map(() => fc.option(history, { freq: 3 })))
  .map(
    (histories) =>
      new Map(
        LEDGER_IDS.flatMap((id, i) => {
          const runs = histories[i];
          return runs ? [[id, runs] as const] : [];
        }),
      ),
  );

/** The facts as an engine would keep them: counted run by run. */
export function factsOf(ledger: Ledger): FactsOf {
  const facts = new Map<string, JobFacts>();
  for (const [jobId, runs] of ledger) {
    let lastVerdict: JobFacts["lastVerdict"] = null;
    let lastSuccessAt: number | null = null;
    let successStreak = 0;
    let running = 0;
    for (const { verdict, endedAt } of runs) {
      if (verdict === "running") {
        running += 1;
        continue;
      }
      lastVerdict = verdict;
      successStreak = verdict === "succeeded" ? successStreak + 1 : 0;
      if (verdict === "succeeded") lastSuccessAt = endedAt;
    }
    facts.set(jobId, {
      lastVerdict,
      lastSuccessAt,
      successStreak,
      running,
      everRan: runs.length > 0,
    });
  }
  return (jobId) => facts.get(jobId);
}

/** Three-valued, computed from the runs themselves; `undefined` means unknown, since there is no such job. */
function ask(term: Term, ledger: Ledger): boolean | undefined {
  const runs = ledger.get(term.jobId);
  if (runs === undefined) return undefined;
  const ended = runs.filter(({ verdict }) => verdict !== "running");
  switch (term.kind) {
    case "ok":
      return ended.at(-1)?.verdict === "succeeded";
    case "failed":
      return ended.at(-1)?.verdict === "failed";
    case "runs":
      return (
        ended.length >= term.count &&
        ended.slice(-term.count).every(({ verdict }) => verdict === "succeeded")
      );
    case "within":
      return ended.some(
        ({ verdict, endedAt }) => verdict === "succeeded" && endedAt >= NOW - term.withinMs,
      );
    case "running":
      return ended.length < runs.length;
    case "never":
      return runs.length === 0;
  }
}

/** The obvious way to decide a condition: Kleene's logic, as in SQL, over the runs. */
export function decide(condition: Condition, ledger: Ledger): boolean | undefined {
  switch (condition.kind) {
    case "not": {
      const value = decide(condition.of, ledger);
      return value === undefined ? undefined : !value;
    }
    case "and":
    case "or": {
      const values = new Set(condition.of.map((member) => decide(member, ledger)));
      const strong = condition.kind === "or";
      if (values.has(strong)) return strong;
      return values.has(undefined) ? undefined : !strong;
    }
    case "ok":
    case "failed":
    case "runs":
    case "within":
    case "running":
    case "never":
      return ask(condition, ledger);
  }
}
