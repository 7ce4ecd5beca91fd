import type {
  RunHold,
  AdmitRequest,
  Admission,
  SettleRequest,
  Settlement,
  SuspendRequest,
  Suspension,
  NotedCancel,
} from "../../jobs/run-requests.ts";

export type * from "../../jobs/run-requests.ts";

/** A worker's decisions about the runs of one queue: here the default one; `Engine.serve` gives those of another. */
export interface RunsPort {
  /** Decides what is to be done with a queue job. */
  admit(request: AdmitRequest): Promise<Admission>;
  /** Stores how a run ended. */
  settle(request: SettleRequest): Promise<Settlement>;
  /** Notes that the run continues later; the caller then puts its queue job back. */
  suspend(request: SuspendRequest): Promise<Suspension>;
  /** Notes that the process gives the run back unfinished, so that its next attempt does not count as a crash. */
  handBack(run: RunHold): Promise<void>;
  /** Notes that the worker of this start lost its lock but lives: no crash, even if the next start counted it as one. */
  noteAlive(run: RunHold): Promise<void>;
  /** Which of these runs somebody wants to cancel, and why. Called often: one cheap step. */
  readCancels(holds: readonly RunHold[]): Promise<NotedCancel[]>;
}
