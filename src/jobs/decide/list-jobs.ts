import type { JobDefinition } from "../definition.ts";
import {
  comparePlaces,
  fitsFilter,
  type JobCountQuery,
  type JobCounts,
  type JobListPage,
  type JobListQuery,
  type JobPlace,
  lastVerdictOf,
  type ListedDefinition,
} from "../job-list.ts";
import { isVisible, type Scope } from "../scope.ts";
import { seenRun } from "../seen-job.ts";
import type { JobEntry } from "./state.ts";

/** Where a job stands in lists. */
export function placeInList({ id, next }: Pick<JobEntry, "id" | "next">): JobPlace {
  return { id, dueAt: next?.dueAt ?? Number.POSITIVE_INFINITY };
}

/** What was read of definitions, as long as they stay the same. */
const known = new WeakMap<JobEntry, { readonly text: string; readonly read: ListedDefinition }>();

function definitionOf(job: JobEntry): ListedDefinition {
  const found = known.get(job);
  if (found?.text === job.definition) return found.read;
  const { id, pipeline, queue, description, owner, source, tags } = JSON.parse(
    job.definition,
  ) as JobDefinition;
  const read: ListedDefinition = {
    id,
    pipeline,
    tags,
    ...(queue === undefined ? {} : { queue }),
    ...(description === undefined ? {} : { description }),
    ...(owner === undefined ? {} : { owner }),
    ...(source === undefined ? {} : { source }),
  };
  known.set(job, { text: job.definition, read });
  return read;
}

/** What a reader sees of jobs. */
function seenBy(scope: Scope, jobs: readonly JobEntry[]): readonly JobEntry[] {
  return scope === "all"
    ? jobs
    : jobs.filter(({ rules }) => isVisible(scope, rules.owner ?? undefined));
}

function isListed(job: JobEntry, { filter }: Pick<JobListQuery, "filter">, scope: Scope): boolean {
  const lastRun = seenRun(scope, job.handedOver, job.lastRun);
  return fitsFilter({ state: job.state, lastRun, definition: definitionOf(job) }, filter);
}

/** Lists jobs. @param all All, in the order of the query; those of others are not looked at. */
export function listJobs(all: readonly JobEntry[], query: JobListQuery, scope: Scope): JobListPage {
  const jobs = seenBy(scope, all);
  const { limit, mostLooked } = query;
  const found: JobPlace[] = [];
  const from = query.after ? firstBehind(jobs, query, query.after) : 0;
  const to = Math.min(jobs.length, from + mostLooked);
  let at = from;
  for (; at < to && found.length < limit; at += 1) {
    const job = jobs[at];
    if (job && isListed(job, query, scope)) found.push(placeInList(job));
  }
  const last = jobs[at - 1];
  const isMore = at < jobs.length && last !== undefined;
  return { found, looked: at - from, ...(isMore ? { next: placeInList(last) } : {}) };
}

/** Where the jobs begin that stand behind a place. */
function firstBehind(
  jobs: readonly JobEntry[],
  { order }: Pick<JobListQuery, "order">,
  place: JobPlace,
): number {
  let [low, high] = [0, jobs.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const job = jobs[middle];
    if (job && comparePlaces(order, placeInList(job), place) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Counts jobs. */
export function tallyJobs(all: Iterable<JobEntry>, query: JobCountQuery, scope: Scope): JobCounts {
  const groups = new Map<string, number>();
  let total = 0;
  for (const job of seenBy(scope, [...all])) {
    if (!isListed(job, query, scope)) continue;
    total += 1;
    const key = groupOf(job, query, scope);
    if (key !== undefined) groups.set(key, (groups.get(key) ?? 0) + 1);
  }
  return { total, groups };
}

function groupOf(job: JobEntry, { by }: JobCountQuery, scope: Scope): string | undefined {
  switch (by) {
    case "state":
      return job.state;
    case "lastVerdict":
      return lastVerdictOf(seenRun(scope, job.handedOver, job.lastRun));
    case "owner":
      return definitionOf(job).owner ?? "";
    case undefined:
      return undefined;
  }
}
