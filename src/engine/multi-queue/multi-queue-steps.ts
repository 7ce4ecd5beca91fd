import type { RunHold } from "../port/runs.ts";
import type { StepRecord, StepsPort } from "../port/steps.ts";
import type { Queues } from "./queues.ts";

/** The steps of runs: saved on the default queue, read from all. */
export class MultiQueueSteps implements StepsPort {
  readonly #queues: Queues;

  constructor(queues: Queues) {
    this.#queues = queues;
  }

  save(hold: RunHold, step: StepRecord): Promise<"saved" | "fenced" | "too-many"> {
    return this.#queues.home.steps.save(hold, step);
  }

  read(jobId: string, runId: string): Promise<StepRecord[]> {
    return this.#queues.first(
      ({ steps }) => steps.read(jobId, runId),
      (steps) => steps.length > 0,
    );
  }
}
