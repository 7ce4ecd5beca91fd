import type { Engine } from "../engine/port/engine.ts";
import type { StoredJob } from "../jobs/definition.ts";

/** Jobs read per call of the engine. */
const PAGE = 200;

/** Reads jobs, a bounded number at a time, in the order of their ids; those that are gone are left out. */
export async function readJobs(
  engine: Pick<Engine, "jobs">,
  ids: readonly string[],
): Promise<StoredJob[]> {
  const jobs: StoredJob[] = [];
  for (let at = 0; at < ids.length; at += PAGE) {
    const page = await engine.jobs.get(ids.slice(at, at + PAGE));
    jobs.push(...page.filter((job) => job !== undefined));
  }
  return jobs;
}
