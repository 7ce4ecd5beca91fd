import { jobsIn } from "../../conditions/condition.ts";
import type { Engine, JobPlace } from "../../engine/port/engine.ts";
import type { StoredJob } from "../../jobs/definition.ts";

/** Jobs read at once, and looked at in all. */
const PAGE = 200;
const MOST = 20_000;
/** Jobs named for each. */
const MOST_NAMED = 20;

/**
 * The jobs whose conditions name others, by these: what waits for a job that is to go.
 * @param leaving Jobs that go too wait for nothing.
 */
export async function dependentsOf(
  { jobs }: Pick<Engine, "jobs">,
  ids: ReadonlySet<string>,
  leaving: ReadonlySet<string>,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const found = new Map<string, string[]>();
  let after: JobPlace | undefined;
  let looked = 0;
  do {
    const query = { filter: {}, order: "id", after, limit: PAGE, mostLooked: PAGE } as const;
    const page = await jobs.list(query, "all");
    looked += page.found.length;
    const stored = page.found.length === 0 ? [] : await jobs.get(page.found.map(({ id }) => id));
    for (const job of stored) if (job && !leaving.has(job.definition.id)) note(job, ids, found);
    after = page.next;
  } while (after && looked < MOST);
  return found;
}

function note(
  { definition: { id, policy } }: StoredJob,
  ids: ReadonlySet<string>,
  found: Map<string, string[]>,
): void {
  if (!policy.when) return;
  for (const named of new Set(jobsIn(policy.when.condition))) {
    if (!ids.has(named)) continue;
    const list = found.get(named) ?? [];
    if (list.length < MOST_NAMED) list.push(id);
    found.set(named, list);
  }
}
