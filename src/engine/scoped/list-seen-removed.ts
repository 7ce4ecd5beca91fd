import type { Scope } from "../../jobs/scope.ts";
import type { ChangesPort, RemovedJobs } from "../port/changes.ts";

/**
 * Lists the removed jobs of which a reader sees something. Looks on behind others: the place to continue at is that of a job
 * that is seen.
 */
export async function listSeenRemoved(
  changes: Pick<ChangesPort, "listRemoved" | "readRevisions">,
  scope: Scope,
  cursor: string | undefined,
  limit: number,
): Promise<RemovedJobs> {
  if (scope === "all") return changes.listRemoved(cursor, limit);
  for (let from = cursor; ;) {
    const page = await changes.listRemoved(from, limit);
    const seen = await Promise.all(
      page.found.map(
        async ({ id }) => (await changes.readRevisions(scope, id)).revisions.length > 0,
      ),
    );
    const found = page.found.filter((_, i) => seen[i]);
    from = page.next;
    if (from === undefined) return { found };
    const last = found.at(-1);
    if (last) return { found, next: last.cursor };
  }
}
