import { JobLookupError } from "../../core/errors.ts";
import type { Job } from "../../scheduler/job-actions.ts";
import type { ActingScheduler } from "../../scheduler/pipeline-scheduler.ts";

/** @throws {@link JobLookupError} */
export async function requireJob(
  scheduler: Pick<ActingScheduler, "getJob">,
  jobId: string,
): Promise<Job> {
  const job = await scheduler.getJob(jobId);
  if (!job) throw new JobLookupError(jobId);
  return job;
}
