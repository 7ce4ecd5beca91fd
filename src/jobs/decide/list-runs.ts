import type { EpochMs } from "../../core/clock.ts";
import type { JobDefinition } from "../definition.ts";
import {
  decidedAtOf,
  isListed,
  type ListedJob,
  type ListedRun,
  type OpenRunList,
  placeOf,
  type RunList,
  type RunListQuery,
} from "../run-list.ts";
import { isVisible, type Scope } from "../scope.ts";
import type { QueueState } from "./state.ts";
import { openRuns } from "./stored-job.ts";

/** Decided runs of all jobs, the latest decision first; of one instant, by their ids. Those of ledgers that ended are not there. */
export function listRuns(
  state: QueueState,
  { query, scope }: { readonly query: RunListQuery; readonly scope: Scope },
  now: EpochMs,
): RunList {
  const before = query.before === undefined ? undefined : placeOf(query.before);
  const found: { readonly at: EpochMs; readonly id: string; readonly run: ListedRun }[] = [];
  for (const [jobId, { rows, expiresAt }] of state.ledgers) {
    if (expiresAt !== null && expiresAt <= now) continue;
    const job = jobOf(state, jobId);
    for (const row of rows) {
      const at = decidedAtOf(row);
      const { id } = row;
      if (before && (at > before.at || (at === before.at && id >= before.id))) continue;
      if (!isVisible(scope, row.owner) || !isListed(query, jobId, row, job)) continue;
      found.push({ at, id, run: { jobId, row, place: `${at}:${id}` } });
    }
  }
  found.sort((a, b) => b.at - a.at || (a.id < b.id ? 1 : -1));
  const runs = found.slice(0, query.limit).map(({ run }) => run);
  return {
    runs,
    next: found.length > query.limit ? runs.at(-1)?.place : undefined,
    since: undefined,
  };
}

function jobOf({ jobs }: QueueState, jobId: string): () => ListedJob | undefined {
  let known: ListedJob | undefined;
  return () => {
    const entry = jobs.get(jobId);
    if (!entry) return undefined;
    known ??= {
      pipeline: entry.rules.pipeline,
      tags: (JSON.parse(entry.definition) as JobDefinition).tags,
    };
    return known;
  };
}

/** Runs without a verdict of the jobs after one, in the order of ids: those of whole jobs, and of so many. */
export function listOpenRuns(
  state: QueueState,
  after: string | undefined,
  maxJobs: number,
): OpenRunList {
  const ids = new Set(state.running.keys());
  for (const { id, queued, requests } of state.jobs.values())
    if (queued.length > 0 || requests.size > 0) ids.add(id);
  const page = [...ids]
    .filter((id) => after === undefined || id > after)
    .toSorted((a, b) => (a < b ? -1 : 1))
    .slice(0, maxJobs);
  return {
    runs: page.flatMap((jobId) => openRuns(state, jobId).map((row) => ({ jobId, row }))),
    next: page.length === maxJobs ? page.at(-1) : undefined,
  };
}
