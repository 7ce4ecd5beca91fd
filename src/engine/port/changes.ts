import type { Scope } from "../../jobs/scope.ts";
import type {
  ChangesCursor,
  ChangesPage,
  JobRevisions,
  NotedChange,
} from "../../jobs/noted-change.ts";

export type * from "../../jobs/noted-change.ts";

/** What was changed, by whom. */
export interface ChangesPort {
  /** The fleet's changes, newest first; a page has fewer than asked for if others are not seen. Steps note what they change. */
  read(scope: Scope, cursor: ChangesCursor | undefined, limit: number): Promise<ChangesPage>;
  /** A job's own changes, also of one that was removed, as long as its ledger is kept. */
  readRevisions(scope: Scope, jobId: string): Promise<JobRevisions>;
  /** Notes a change that no step makes alone. */
  note(change: Omit<NotedChange, "at">): Promise<void>;
}
