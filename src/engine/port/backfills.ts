import type { Actor } from "../../jobs/actor.ts";
import type { BackfillPlan, BackfillState, BackfillChange } from "../../jobs/backfill-requests.ts";
import type { Scoped } from "../../jobs/scope.ts";

export type * from "../../jobs/backfill-requests.ts";

/** Backfills; a job has at most one at a time. */
export interface BackfillsPort {
  /** Adds fire times to the job's backfill, and begins it if there is none. `conflict`: another one is not over. */
  add(plan: BackfillPlan): Promise<"added" | "conflict" | "missing">;
  change(
    jobId: string,
    change: BackfillChange,
    by: Actor,
    scope?: Scoped["scope"],
  ): Promise<"changed" | "missing">;
  read(jobId: string): Promise<BackfillState | undefined>;
}
