import type { EpochMs } from "../core/clock.ts";
import { formatDuration } from "../core/durations.ts";
import type { Term } from "./condition.ts";
import type { JobFacts } from "./facts.ts";
import { printJobId, printSpan } from "./print.ts";

/** Explains why a term is true or false, by the fact that it depends on. */
export function why(term: Term, facts: JobFacts | undefined, now: EpochMs): string {
  const job = printJobId(term.jobId);
  if (facts === undefined) return `there is no job ${job}`;
  switch (term.kind) {
    case "ok":
    case "failed":
      return lastRun(job, facts);
    case "runs":
      return streak(job, term.count, facts);
    case "within":
      return lastSuccess(job, term.withinMs, facts, now);
    case "running":
      return `${job} has ${facts.running === 0 ? "no run" : count(facts.running, "run")} in progress`;
    case "never":
      return facts.everRan ? `${job} has run before` : `${job} has never run`;
  }
}

const VERDICT_WORDS = {
  succeeded: "succeeded",
  failed: "failed",
  cancelled: "was cancelled",
} as const;

function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? "" : "s"}`;
}

function lastRun(job: string, { lastVerdict }: JobFacts): string {
  return lastVerdict === null
    ? `no run of ${job} has finished yet`
    : `the last run of ${job} ${VERDICT_WORDS[lastVerdict]}`;
}

function streak(job: string, wanted: number, facts: JobFacts): string {
  const { successStreak: found } = facts;
  if (found === 0) return lastRun(job, facts);
  const runs = found === 1 ? `the last run of ${job}` : `the last ${found} runs of ${job}`;
  return found >= wanted ? `${runs} succeeded` : `only ${runs} succeeded, and ${wanted} must have`;
}

function lastSuccess(job: string, withinMs: number, facts: JobFacts, now: EpochMs): string {
  if (facts.lastSuccessAt === null) return `${job} has never succeeded`;
  // A success can lie after "now": the decision reads the clock once, before the ledger.
  const agoMs = Math.max(0, now - facts.lastSuccessAt);
  const ago = formatDuration(agoMs < 60_000 ? agoMs : Math.floor(agoMs / 1_000) * 1_000);
  const span = printSpan(withinMs);
  if (agoMs <= withinMs) return `${job} last succeeded ${ago} ago, which is within ${span}`;
  // The small units that were dropped may be all that exceeded the limit.
  const just = ago === formatDuration(withinMs) ? "just over " : "";
  return `${job} last succeeded ${just}${ago} ago, which is not within ${span}`;
}
