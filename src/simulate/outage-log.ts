import type { EpochMs } from "../core/clock.ts";
import type { SimulatedJob } from "./simulated-job.ts";
import type { Outcome } from "./tally.ts";

/** A period in which no worker is there. The end is the first instant after it. */
export interface OutagePeriod {
  readonly fromAt: EpochMs;
  readonly toAt: EpochMs;
}

/** What became of the occurrences of one job that were due in an outage. */
export interface OutageOfJob {
  ran: number;
  missed: number;
  coalesced: number;
  skipped: number;
  longestDelayMs: number;
}

/** An outage, and what followed from it. */
export interface PlayedOutage extends OutagePeriod {
  readonly jobs: Map<SimulatedJob, OutageOfJob>;
  interrupted: number;
  /** When the last occurrence that was due in it was decided. */
  caughtUpAt: EpochMs | null;
  /** Most runs that were executed or waited for a slot as it ended. */
  burst: number;
}

/** What became of the occurrences that were due in an outage. */
export class OutageLog {
  readonly all: readonly PlayedOutage[];
  /** What was due before this is looked up: the end of the last outage that is over. */
  lateBefore: EpochMs = Number.NEGATIVE_INFINITY;

  constructor(periods: readonly OutagePeriod[]) {
    this.all = periods.map((period) => ({
      ...period,
      jobs: new Map(),
      interrupted: 0,
      caughtUpAt: null,
      burst: 0,
    }));
  }

  note(
    job: SimulatedJob,
    outcome: Outcome | "ran",
    { dueAt, count, now }: { dueAt: EpochMs; count: number; now: EpochMs },
  ): void {
    const outage = this.all.find(({ fromAt, toAt }) => dueAt >= fromAt && dueAt < toAt);
    if (!outage || now < outage.toAt) return;
    const kind =
      outcome === "ran" || outcome === "missed" || outcome === "coalesced" ? outcome : "skipped";
    const known = outage.jobs.get(job) ?? {
      ran: 0,
      missed: 0,
      coalesced: 0,
      skipped: 0,
      longestDelayMs: 0,
    };
    outage.jobs.set(job, known);
    known[kind] += count;
    if (kind === "ran") known.longestDelayMs = Math.max(known.longestDelayMs, now - dueAt);
    outage.caughtUpAt = now;
  }
}
