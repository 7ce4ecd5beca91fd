import { parseDuration } from "../../core/durations.ts";
import type { JobSnapshot } from "../../scheduler/job.ts";
import type { ActingScheduler } from "../../scheduler/pipeline-scheduler.ts";
import type { Contract } from "../contract.ts";
import type { QueryOf } from "../contract/route.ts";

type Query = QueryOf<Contract["listJobs"]>;

/** Runs that are read at once, and how often for one page. */
const AT_ONCE = 500;
const READS = 4;
const PAGE = 50;
const DURATION = /^\s*\d/;

/** Jobs of which some occurrence became what is asked for, those with the latest decision first. */
export async function jobsThatHad(
  scheduler: ActingScheduler,
  { cursor, limit = PAGE, verdict, reason, since, ...filter }: Query,
): Promise<{ jobs: JobSnapshot[]; cursor: string | undefined; lookedAt: number }> {
  const { owner, tag, pipeline } = filter;
  const query = {
    ...(verdict === undefined ? {} : { verdict }),
    ...(reason === undefined ? {} : { reason }),
    ...(tag === undefined ? {} : { tag }),
    ...(pipeline === undefined ? {} : { pipeline }),
    ...(owner?.length === 1 ? { owner: owner[0] } : {}),
    ...(since === undefined ? {} : { from: await sinceWhen(scheduler, since) }),
    limit: AT_ONCE,
  };
  const found = new Map<string, JobSnapshot>();
  const seen = new Set<string>();
  let next = cursor;
  for (let reads = 0; reads < READS; reads += 1) {
    const page = await scheduler.getRuns({
      ...query,
      ...(next === undefined ? {} : { cursor: next }),
    });
    next = page.cursor;
    const fresh = [...new Set(page.runs.map(({ jobId }) => jobId))].filter((id) => !seen.has(id));
    for (const id of fresh) seen.add(id);
    const jobs = await Promise.all(fresh.map((id) => scheduler.getJob(id)));
    for (const job of jobs) if (job && fits(job, filter)) found.set(job.id, job);
    if (next === undefined || found.size >= limit) break;
  }
  return { jobs: [...found.values()], cursor: next, lookedAt: seen.size };
}

/** `24h` ago, or an instant. */
async function sinceWhen(scheduler: ActingScheduler, since: string): Promise<Date | string> {
  if (!DURATION.test(since) || /^\d{4}-/.test(since)) return since;
  const { to } = await scheduler.getStats({ by: "total" });
  return new Date(to.getTime() - parseDuration(since));
}

/** What the list of runs does not look at. */
function fits(
  job: JobSnapshot,
  { owner, state, source, lastVerdict, queue, text }: Omit<Query, "cursor" | "limit">,
): boolean {
  const isOneOf = <T>(wanted: readonly T[] | undefined, value: T): boolean =>
    wanted === undefined || wanted.includes(value);
  const words = `${job.id}\n${job.pipeline}\n${job.description ?? ""}`.toLowerCase();
  return (
    isOneOf<string>(owner, job.owner ?? "") &&
    isOneOf<string>(state, job.state) &&
    isOneOf<string>(source, job.source) &&
    isOneOf<string>(lastVerdict, job.lastRun?.verdict ?? "none") &&
    (queue === undefined || job.queue === queue) &&
    (text === undefined || words.includes(text.toLowerCase()))
  );
}
