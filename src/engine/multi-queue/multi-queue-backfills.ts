import type { Actor } from "../../jobs/actor.ts";
import type { Scoped } from "../../jobs/scope.ts";
import type * as Port from "../port/backfills.ts";
import type { Queues } from "./queues.ts";

/** Backfills, on whatever queue their jobs are. */
export class MultiQueueBackfills implements Port.BackfillsPort {
  readonly #queues: Queues;

  constructor(queues: Queues) {
    this.#queues = queues;
  }

  add(plan: Port.BackfillPlan): Promise<"added" | "conflict" | "missing"> {
    return this.#queues.ofJob(
      plan.jobId,
      ({ backfills }) => backfills.add(plan),
      (answer) => answer === "missing",
    );
  }

  change(
    jobId: string,
    change: Port.BackfillChange,
    by: Actor,
    scope?: Scoped["scope"],
  ): Promise<"changed" | "missing"> {
    return this.#queues.ofJob(
      jobId,
      ({ backfills }) => backfills.change(jobId, change, by, scope),
      (answer) => answer === "missing",
    );
  }

  read(jobId: string): Promise<Port.BackfillState | undefined> {
    return this.#queues.ofJob(
      jobId,
      ({ backfills }) => backfills.read(jobId),
      (state) => state === undefined,
    );
  }
}
