import type { RunRequest, CancelRequest, CancelOutcome } from "../../jobs/manual-requests.ts";

export type * from "../../jobs/manual-requests.ts";

/** What people ask of runs, on whatever queue the job is. */
export interface RequestsPort {
  /** Records a manual run, gives it its id, and adds its queue job. */
  run(request: RunRequest): Promise<{ readonly runId: string } | "missing">;
  cancel(request: CancelRequest): Promise<CancelOutcome>;
}
