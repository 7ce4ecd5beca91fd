import type { ClockEffect } from "./clock-changes.ts";

/** How many occurrences came to what. `skipped` is the sum of its reasons. */
export interface OutcomeCounts {
  readonly succeeded: number;
  readonly failed: number;
  readonly cancelled: number;
  readonly missed: number;
  readonly coalesced: number;
  readonly skipped: number;
  /** Why they were skipped. */
  readonly skippedBy: {
    readonly "max-instances": number;
    readonly condition: number;
    readonly "overlap-replaced": number;
    readonly paused: number;
  };
}

/** One month of the fleet. An occurrence counts when its run starts, or when it is decided. */
export interface SimulatedMonth {
  /** Such as `2027-03`. */
  readonly month: string;
  /** Runs that started. */
  readonly runs: number;
  readonly outcomes: OutcomeCounts;
  /** Most runs that were executed at once. */
  readonly peak: number;
  /** How long runs were executed, all together, in milliseconds. */
  readonly busyMs: number;
}

/** Days without a start of a run. */
export interface DaysWithoutRun {
  readonly count: number;
  /** The first 31 of them, such as `2027-03-28`. */
  readonly dates: readonly string[];
}

/** One job in the period. */
export interface SimulatedJobReport {
  readonly jobId: string;
  readonly queue: string;
  /** Runs that started. */
  readonly runs: number;
  /** The same by month, in the order of the report's `months`. */
  readonly runsByMonth: readonly number[];
  readonly outcomes: OutcomeCounts;
  readonly daysWithoutRun: DaysWithoutRun;
  /** The longest time without a start of a run. */
  readonly longestGap: { readonly from: Date; readonly to: Date };
  /** How long an occurrence waited from when it was due until its run started, at most; in milliseconds. */
  readonly longestDelayMs: number;
  /** Runs that are queued at the end. */
  readonly queued: number;
  /** When `pauseAfterFailures` paused it; the beginning, if it was paused all the time; else `null`. */
  readonly pausedAt: Date | null;
}

/** Runs that meet. */
export interface Collision {
  /** The minute in which one of them began while others were executed, such as `02:00`. */
  readonly timeOfDay: string;
  /** On how many days that happened. */
  readonly days: number;
  /** Most runs that were executed at once then. */
  readonly runs: number;
  /** When those were. */
  readonly at: Date;
  /** Which jobs' they were, in the order of the ids. */
  readonly jobIds: readonly string[];
}

/** The use of workers' slots. */
export interface SlotUse {
  /** `null`: all queues share them. */
  readonly queue: string | null;
  /** `null`: no limit. */
  readonly limit: number | null;
  /**
   * The slots with which no run would wait for one: most runs that are executed at once if there is no limit on slots. What
   * only makes a worker look (a run that is to wait for its condition or its group) takes one for no time, and does not count.
   */
  readonly wanted: number;
  /** When first; `null` if nothing ran. */
  readonly wantedAt: Date | null;
  /** Runs, and further attempts, that could have begun but for a slot, and began later. */
  readonly waited: number;
  /** From when one could have begun, in milliseconds. */
  readonly longestWaitMs: number;
  /** How long all slots were taken. */
  readonly fullMs: number;
}

/** The use of a concurrency group. */
export interface GroupUse {
  readonly key: string;
  readonly queue: string;
  readonly limit: number;
  /** Most unfinished runs at once. */
  readonly peak: number;
  /** Runs that started later because the group had no room. */
  readonly waited: number;
  readonly longestWaitMs: number;
  /** How long it was full. */
  readonly fullMs: number;
}

/** Times of a job that a change of the clock affects. */
export interface ClockChangeReport {
  readonly jobId: string;
  readonly timezone: string;
  /** The instant of the change. */
  readonly at: Date;
  /**
   * `moved`: the times are skipped by the clock, and made up for at the first instant after the gap. `dropped`: skipped, and
   * not made up for. `doubled`: the clock shows them twice, and they fire twice. `second-pass-skipped`: they fire in the
   * first pass only.
   */
  readonly effect: ClockEffect;
  /** The first five wall-clock times, such as `2027-03-28 02:30`. */
  readonly times: readonly string[];
  readonly count: number;
}

/** What became of a job's occurrences that were due in an outage. */
export interface OutageJobReport {
  readonly jobId: string;
  /** Runs that were caught up on. */
  readonly ran: number;
  readonly missed: number;
  readonly coalesced: number;
  readonly skipped: number;
  /** The longest delay of those that ran, in milliseconds. */
  readonly longestDelayMs: number;
}

/** An outage and what followed from it. */
export interface OutageReport {
  readonly from: Date;
  readonly to: Date;
  /** Runs that were in progress when it began, and went on with another attempt at its end. */
  readonly interrupted: number;
  readonly ran: number;
  readonly missed: number;
  readonly coalesced: number;
  readonly skipped: number;
  /** When the last occurrence that was due in it was decided or started; `null` if there was none. */
  readonly caughtUpAt: Date | null;
  /** Runs that were executed, or could have been but for a slot, as it ended. */
  readonly burst: number;
  /** The jobs that were due in it. */
  readonly jobs: readonly OutageJobReport[];
}

/** What a fleet does in a period; plain data. */
export interface Simulation {
  readonly from: Date;
  readonly to: Date;
  /** The zone of its days, months and times of day. */
  readonly timezone: string;
  /** Runs that started. */
  readonly runs: number;
  readonly outcomes: OutcomeCounts;
  /** Runs that have no verdict at the end. */
  readonly unfinished: number;
  readonly months: readonly SimulatedMonth[];
  readonly jobs: readonly SimulatedJobReport[];
  /** Most runs that were executed at once, and when first. */
  readonly peak: { readonly runs: number; readonly at: Date | null };
  /** How many runs began while another was executed, and where most met. */
  readonly collisions: { readonly count: number; readonly worst: readonly Collision[] };
  readonly slots: readonly SlotUse[];
  readonly groups: readonly GroupUse[];
  readonly clockChanges: readonly ClockChangeReport[];
  /** Days on which no run of any job started. */
  readonly daysWithoutRun: DaysWithoutRun;
  readonly outages: readonly OutageReport[];
  /** Jobs with a condition on jobs that are not there: terms on these are neither true nor false. */
  readonly unknownJobs: readonly { readonly jobId: string; readonly missing: readonly string[] }[];
  /** Jobs without a known duration: their runs were taken to last a minute. */
  readonly assumed: readonly string[];
}
