import type * as Port from "../port/requests.ts";
import type { Queues } from "./queues.ts";

/** What people ask of runs, on whatever queue they are. */
export class MultiQueueRequests implements Port.RequestsPort {
  readonly #queues: Queues;

  constructor(queues: Queues) {
    this.#queues = queues;
  }

  run(request: Port.RunRequest): Promise<Port.RequestedRun | "missing"> {
    return this.#queues.ofJob(
      request.jobId,
      ({ requests }) => requests.run(request),
      (answer) => answer === "missing",
    );
  }

  /** On every queue: a job that was removed may have left a run on any. */
  cancel(request: Port.CancelRequest): Promise<Port.CancelOutcome> {
    return this.#queues.first(
      ({ requests }) => requests.cancel(request),
      (outcome) => outcome !== "unknown",
    );
  }
}
