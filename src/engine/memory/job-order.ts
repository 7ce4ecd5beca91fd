import { byNextRun } from "../../jobs/decide.ts";
import type { JobEntry, QueueState } from "../../jobs/decide/state.ts";

/** Jobs without a next run come last. */
export function dueAtOf({ next }: Pick<JobEntry, "next">): number {
  return next?.dueAt ?? Number.POSITIVE_INFINITY;
}

/**
 * The jobs in the order of their next run. Keeps the order that it found last: little changes between two looks, and
 * what is almost in order is sorted in one pass.
 */
export class JobOrder {
  #last: readonly JobEntry[] = [];

  of({ jobs }: Pick<QueueState, "jobs">): readonly JobEntry[] {
    const known = new Set(this.#last);
    const still = this.#last.filter((entry) => jobs.get(entry.id) === entry);
    const fresh = [...jobs.values()].filter((entry) => !known.has(entry));
    this.#last = [...still, ...fresh].toSorted(byNextRun);
    return this.#last;
  }
}
