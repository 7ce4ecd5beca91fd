import type { Engine, WorkerRecord as StoredWorker } from "../engine/port/engine.ts";
import { parseQueueJobId } from "../jobs/occurrence-id.ts";

/** A live worker of the fleet, as of its last heartbeat. */
export interface WorkerRecord extends Omit<StoredWorker, "startedAt" | "seenAt"> {
  readonly startedAt: Date;
  /** Server time of the last heartbeat. */
  readonly seenAt: Date;
}

/** A worker as users see it. */
export function toWorkerRecord(stored: StoredWorker): WorkerRecord {
  const { startedAt, seenAt } = stored;
  return { ...stored, startedAt: new Date(startedAt), seenAt: new Date(seenAt) };
}

/** Leaves out the runs of jobs that are not visible, whose ids would tell of them. */
export async function withSeenRuns(
  workers: readonly WorkerRecord[],
  engine: Pick<Engine, "jobs">,
): Promise<WorkerRecord[]> {
  const jobIds = [...new Set(workers.flatMap(({ running }) => running.flatMap(jobIdOf)))];
  const jobs = jobIds.length === 0 ? [] : await engine.jobs.get(jobIds);
  const seen = new Set(jobs.flatMap((job) => (job ? [job.definition.id] : [])));
  return workers.map((worker) => ({
    ...worker,
    running: worker.running.filter((runId) => jobIdOf(runId).some((id) => seen.has(id))),
  }));
}

function jobIdOf(runId: string): string[] {
  const jobId = parseQueueJobId(runId)?.jobId;
  return jobId === undefined ? [] : [jobId];
}
