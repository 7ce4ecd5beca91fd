import { placeInList } from "../../jobs/decide.ts";
import type { JobEntry, QueueState } from "../../jobs/decide/state.ts";
import { comparePlaces, type JobListOrder, type JobPlace } from "../../jobs/job-list.ts";

interface Placed extends JobPlace {
  readonly entry: JobEntry;
}

/**
 * The jobs in an order. Keeps what it found last and puts only those in their places that came or moved since, so that a
 * look costs one pass over the jobs and not their sorting.
 */
export class JobOrder {
  readonly #order: JobListOrder;
  #placed = new Map<JobEntry, Placed>();
  #sorted: readonly Placed[] = [];

  constructor(order: JobListOrder) {
    this.#order = order;
  }

  of({ jobs }: Pick<QueueState, "jobs">): readonly JobEntry[] {
    const fresh: Placed[] = [];
    let kept = 0;
    for (const entry of jobs.values()) {
      const before = this.#placed.get(entry);
      if (before && this.#isThere(before)) kept += 1;
      else {
        const placed = { ...placeInList(entry), entry };
        this.#placed.set(entry, placed);
        fresh.push(placed);
      }
    }
    if (fresh.length > 0 || kept < this.#sorted.length) this.#renew(fresh, jobs);
    return this.#sorted.map(({ entry }) => entry);
  }

  #isThere({ entry, dueAt }: Placed): boolean {
    return this.#order === "id" || (entry.next?.dueAt ?? Number.POSITIVE_INFINITY) === dueAt;
  }

  #renew(fresh: readonly Placed[], jobs: QueueState["jobs"]): void {
    const still = this.#sorted.filter(
      (each) => this.#placed.get(each.entry) === each && jobs.get(each.id) === each.entry,
    );
    this.#sorted = this.#merge(
      still,
      fresh.toSorted((a, b) => comparePlaces(this.#order, a, b)),
    );
    this.#placed = new Map(this.#sorted.map((each) => [each.entry, each]));
  }

  #merge(still: readonly Placed[], fresh: readonly Placed[]): Placed[] {
    const merged: Placed[] = [];
    let at = 0;
    for (const each of still) {
      for (
        let next = fresh[at];
        next && comparePlaces(this.#order, next, each) < 0;
        next = fresh[at]
      ) {
        merged.push(next);
        at += 1;
      }
      merged.push(each);
    }
    return [...merged, ...fresh.slice(at)];
  }
}
