import type { Scope } from "../../jobs/scope.ts";
import type {
  ChangesCursor,
  ChangesPage,
  JobRevisions,
  NotedChange,
} from "../../jobs/noted-change.ts";

export type * from "../../jobs/noted-change.ts";

/** Removed jobs, each with the place behind it. */
export interface RemovedJobs {
  readonly found: readonly { readonly id: string; readonly cursor: string }[];
  /** Where to go on; absent at the end. */
  readonly next?: string;
}

/** What was changed, by whom. */
export interface ChangesPort {
  /** The fleet's changes, newest first; a page has fewer than asked for if others are not seen. Steps note what they change. */
  read(scope: Scope, cursor: ChangesCursor | undefined, limit: number): Promise<ChangesPage>;
  /** A job's own changes, also of one that was removed, as long as its ledger is kept. */
  readRevisions(scope: Scope, jobId: string): Promise<JobRevisions>;
  /** Jobs that were removed and whose ledger is kept, in the order in which these end. */
  listRemoved(cursor: string | undefined, limit: number): Promise<RemovedJobs>;
  /** Notes a change that no step makes alone. */
  note(change: Omit<NotedChange, "at">): Promise<void>;
}
