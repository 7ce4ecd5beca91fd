import { isoOrNull } from "../../core/iso.ts";
import { formatDuration } from "../../core/durations.ts";
import { LATE_MS } from "../../history/promise.ts";
import type { JobSnapshot } from "../../scheduler/job.ts";
import { overdueCause } from "../../scheduler/overdue-cause.ts";
import type { ActingScheduler } from "../../scheduler/pipeline-scheduler.ts";
import type { QueueRecord } from "../../scheduler/queue-record.ts";
import type { WorkerRecord } from "../../scheduler/worker-record.ts";
import type { OverviewAnswer } from "../contract/overview-routes.ts";

const MOST = 20;
/** Failures whose error is read. */
const MOST_READ = 10;

type Attention = OverviewAnswer["attention"][number];

/** What is known already. */
export interface Seen {
  readonly scheduler: ActingScheduler;
  readonly workers: readonly WorkerRecord[];
  readonly queues: readonly QueueRecord[];
  readonly isPaused: boolean;
  readonly now: Date;
}

/** What needs somebody, the worst first: nothing takes it, it fails, nobody serves its queue, it is paused. */
export async function readAttention(
  seen: Seen,
  upcoming: readonly JobSnapshot[],
): Promise<Attention[]> {
  const { scheduler, queues } = seen;
  const [failing, paused] = await Promise.all([
    scheduler.getJobs({ lastVerdict: "failed", state: "active", limit: MOST }),
    scheduler.getJobs({ state: "paused", limit: MOST }),
  ]);
  return [
    ...overdue(seen, upcoming),
    ...(await Promise.all(failing.jobs.map((job, i) => failed(scheduler, job, i < MOST_READ)))),
    ...queues.filter(({ jobs, workers }) => jobs > 0 && workers === 0).map(unserved),
    ...paused.jobs.map(pausedOf),
  ];
}

/** The jobs that are due, and that nobody takes. Of a fleet that is paused nothing is overdue. */
export function overdue(
  { workers, isPaused, now }: Pick<Seen, "workers" | "isPaused" | "now">,
  upcoming: readonly JobSnapshot[],
): Attention[] {
  if (isPaused) return [];
  const stored = workers.map(({ startedAt, seenAt, ...rest }) => ({
    ...rest,
    startedAt: startedAt.getTime(),
    seenAt: seenAt.getTime(),
  }));
  return upcoming.flatMap(({ id, pipeline, queue, nextDueTime }) => {
    const lateMs = nextDueTime === null ? 0 : now.getTime() - nextDueTime.getTime();
    if (nextDueTime === null || lateMs <= LATE_MS) return [];
    const cause = overdueCause({ definition: { pipeline, queue } }, stored, {
      now: now.getTime(),
      youngMs: LATE_MS,
    });
    return [
      {
        kind: "overdue" as const,
        jobId: id,
        queue,
        since: nextDueTime.toISOString(),
        until: null,
        runId: null,
        reason: `due for ${formatDuration(lateMs)}: ${cause}`,
      },
    ];
  });
}

async function failed(
  scheduler: ActingScheduler,
  { id, queue, lastRun }: JobSnapshot,
  isRead: boolean,
): Promise<Attention> {
  // Retention may have deleted it meanwhile.
  const run =
    lastRun && isRead ? await scheduler.getRun(lastRun.id).catch(() => undefined) : undefined;
  return {
    kind: "failing",
    jobId: id,
    queue,
    since: isoOrNull(lastRun?.finishedAt),
    until: null,
    runId: lastRun?.id ?? null,
    reason: run?.error?.reason ?? run?.error?.message ?? null,
  };
}

function unserved({ name, jobs }: QueueRecord): Attention {
  const reason = `no worker serves queue "${name}", which has ${jobs} ${jobs === 1 ? "job" : "jobs"}`;
  return {
    kind: "no-worker",
    jobId: null,
    queue: name,
    since: null,
    until: null,
    runId: null,
    reason,
  };
}

function pausedOf({ id, queue, pausedAt, pausedReason, pausedUntil }: JobSnapshot): Attention {
  return {
    kind: "paused",
    jobId: id,
    queue,
    since: isoOrNull(pausedAt),
    until: isoOrNull(pausedUntil),
    runId: null,
    reason: pausedReason,
  };
}
