import type { Engine } from "../engine/port/engine.ts";
import { readOpenRuns } from "../history/open-runs.ts";
import { DEFAULT_QUEUE, queueOf } from "../jobs/queue.ts";
import type { Scope } from "../jobs/scope.ts";
import { readJobs } from "./read-jobs.ts";

/** A queue of the fleet, as far as the caller sees. */
export interface QueueRecord {
  readonly name: string;
  /** How many jobs it has. */
  readonly jobs: number;
  /** Runs that a worker executes now. */
  readonly running: number;
  /** Runs that wait: for a worker, for a condition, for their next attempt, or asleep. */
  readonly waiting: number;
  /** The live workers that serve it. */
  readonly workers: number;
  /** How many runs these execute at once. */
  readonly capacity: number;
}

/** The queues of the fleet. */
export interface QueueList {
  readonly queues: readonly QueueRecord[];
  /** Whether all runs without a verdict were counted: those of the first thousand jobs that have any. */
  readonly isAll: boolean;
}

/** What reading queues needs. */
export interface QueueEngines {
  /** The fleet as the caller sees it. */
  readonly seen: Pick<Engine, "jobs" | "ledger">;
  readonly fleet: Pick<Engine, "members" | "queueNames">;
  readonly scope: Scope;
}

/** Reads the queues; a queue that only others use is left out for whoever does not see these. */
export async function readQueues({ seen, fleet, scope }: QueueEngines): Promise<QueueList> {
  const [names, workers, open] = await Promise.all([
    fleet.queueNames?.() ?? [DEFAULT_QUEUE],
    fleet.members.list(),
    readOpenRuns(seen),
  ]);
  const busy = await readJobs(seen, [...new Set(open.runs.map(({ jobId }) => jobId))]);
  const queueOfJob = new Map(busy.map(({ definition }) => [definition.id, queueOf(definition)]));
  const queues = await Promise.all(
    names.map(async (name) => {
      const { total: jobs } = await seen.jobs.tally(
        { filter: { queue: name }, by: undefined },
        scope,
      );
      const runs = open.runs.filter(({ jobId }) => queueOfJob.get(jobId) === name);
      const running = runs.filter(({ row }) => row.state === "running").length;
      const serving = workers.filter((worker) => worker.queues.includes(name));
      const capacity = serving.reduce((sum, { concurrency }) => sum + concurrency, 0);
      const waiting = runs.length - running;
      return { name, jobs, running, waiting, workers: serving.length, capacity };
    }),
  );
  const isSeen = ({ name, jobs, workers: served }: QueueRecord): boolean =>
    scope === "all" || jobs > 0 || served > 0 || name === DEFAULT_QUEUE;
  return { queues: queues.filter(isSeen), isAll: open.isAll };
}
