import type { StoredJob } from "../../jobs/definition.ts";
import type {
  StoredDefinition,
  JobPut,
  JobPutResult,
  JobChange,
  JobChangeResult,
  JobRemoval,
  JobRemovalResult,
} from "../../jobs/job-requests.ts";

export type * from "../../jobs/job-requests.ts";

/** Stored jobs. */
export interface JobsPort {
  /** Stores jobs that are not stored yet. */
  put(puts: readonly JobPut[]): Promise<JobPutResult[]>;
  change(change: JobChange): Promise<JobChangeResult>;
  remove(removal: JobRemoval): Promise<JobRemovalResult>;
  get(ids: readonly string[]): Promise<(StoredJob | undefined)[]>;
  /** What a worker must know of its jobs; on the default queue only. */
  readDefinitions(ids: readonly string[]): Promise<(StoredDefinition | undefined)[]>;
  /** Ids in the order of their next run; jobs without one come last. */
  listIds(offset: number, limit: number): Promise<string[]>;
  count(): Promise<number>;
}
