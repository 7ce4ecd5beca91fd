import type {
  RunRequest,
  RequestedRun,
  CancelRequest,
  CancelOutcome,
} from "../../jobs/manual-requests.ts";

export type * from "../../jobs/manual-requests.ts";

/** What people ask of runs, on whatever queue the job is. */
export interface RequestsPort {
  /** Records a manual run, gives it its id, and adds its queue job; or finds the one that was made by this number. */
  run(request: RunRequest): Promise<RequestedRun | "missing">;
  cancel(request: CancelRequest): Promise<CancelOutcome>;
}
