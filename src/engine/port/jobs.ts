import type { StoredJob } from "../../jobs/definition.ts";
import type { JobCountQuery, JobCounts, JobListPage, JobListQuery } from "../../jobs/job-list.ts";
import type {
  StoredDefinition,
  JobPut,
  JobPutResult,
  JobChange,
  JobChangeResult,
  JobRemoval,
  JobRemovalResult,
} from "../../jobs/job-requests.ts";
import type { Scope } from "../../jobs/scope.ts";
import type { SkipOutcome, SkipRequest } from "../../jobs/skip-requests.ts";

export type * from "../../jobs/job-list.ts";
export type * from "../../jobs/job-requests.ts";
export type * from "../../jobs/skip-requests.ts";

/** Stored jobs. */
export interface JobsPort {
  /** Stores jobs that are not stored yet. */
  put(puts: readonly JobPut[]): Promise<JobPutResult[]>;
  change(change: JobChange): Promise<JobChangeResult>;
  remove(removal: JobRemoval): Promise<JobRemovalResult>;
  /** Skips one occurrence, or takes that back. */
  changeSkip(request: SkipRequest): Promise<SkipOutcome>;
  get(ids: readonly string[]): Promise<(StoredJob | undefined)[]>;
  /** What a worker must know of its jobs; on the default queue only. */
  readDefinitions(ids: readonly string[]): Promise<(StoredDefinition | undefined)[]>;
  /** Finds jobs, a bounded number of steps a call; a job that neither comes, goes nor moves is found once. */
  list(query: JobListQuery, scope: Scope): Promise<JobListPage>;
  /** Counts jobs by a filter; looks at all of them, unless the engine keeps the count. */
  tally(query: JobCountQuery, scope: Scope): Promise<JobCounts>;
  /** How many there are. */
  count(): Promise<number>;
}
