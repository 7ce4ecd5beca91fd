import type { ExportPage, ImportAnswer, ImportStep } from "../../jobs/transfer-requests.ts";

export type * from "../../jobs/transfer-requests.ts";

/** Export and import of a fleet's state. Ledgers are read by `engine.ledger`. */
export interface TransferPort {
  /** Ids of queue jobs that a living worker has taken and not yet ended or put back; `limit` of them at most. */
  listTaken(limit: number): Promise<string[]>;
  /**
   * Jobs, and removed jobs that left something behind, about `limit` at a time. One that does not change meanwhile is in
   * some page, and may be in two.
   */
  exportJobs(cursor: string | undefined, limit: number): Promise<ExportPage>;
  /** The ids of a job's runs that have steps; those of runs that are no longer kept may be among them. */
  listStepRuns(jobId: string, offset: number, limit: number): Promise<string[]>;
  /** Stores records that came from another engine. Each step is atomic. */
  importRecords(step: ImportStep): Promise<ImportAnswer>;
}
