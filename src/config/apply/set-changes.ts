import { compare } from "../file-problem.ts";
import type { KeptJobs } from "./accepted-set.ts";
import type { KeptJob } from "./kept-job.ts";

/** What differs between two sets of a source, each in the order of ids. */
export interface SetChanges {
  readonly added: readonly KeptJob[];
  readonly changed: readonly KeptJob[];
  /** As they were. */
  readonly removed: readonly KeptJob[];
}

/** Compares two sets by the digests of their jobs: comments and the like are no difference. */
export function changesOf(before: KeptJobs, after: KeptJobs): SetChanges {
  const inOrder = (jobs: KeptJob[]) => jobs.toSorted((a, b) => compare(a.id, b.id));
  const fresh = [...after.values()];
  return {
    added: inOrder(fresh.filter(({ id }) => !before.has(id))),
    changed: inOrder(
      fresh.filter((job) => {
        const old = before.get(job.id);
        return old !== undefined && old.digest !== job.digest;
      }),
    ),
    removed: inOrder([...before.values()].filter(({ id }) => !after.has(id))),
  };
}

/** Whether two sets are the same. */
export function isNothing({ added, changed, removed }: SetChanges): boolean {
  return added.length + changed.length + removed.length === 0;
}
