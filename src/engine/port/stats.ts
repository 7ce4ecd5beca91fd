import type { DaysQuery, HoursQuery, JobDays, RollUp } from "../../jobs/roll-up.ts";

export type * from "../../jobs/roll-up.ts";

/** Counts of what the ledgers recorded, kept longer than their rows. Each row is counted in the step that adds it. */
export interface StatsPort {
  /** The days of jobs, also of removed ones while their ledger is kept. A job without any is left out. */
  readDays(query: DaysQuery): Promise<JobDays[]>;
  /** Hours of the fleet that have any rows, in their order. */
  readHours(query: HoursQuery): Promise<RollUp[]>;
}
