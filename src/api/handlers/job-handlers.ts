import { JobLookupError } from "../../core/errors.ts";
import type { Handlers } from "./handler.ts";
import { toJobAnswer } from "./job-answer.ts";

/** What the routes about jobs do. */
export const jobHandlers: Handlers<"getJob" | "listJobs"> = {
  async listJobs({ query, scheduler }) {
    const { jobs, cursor, lookedAt } = await scheduler.getJobs(query);
    return { items: jobs.map(toJobAnswer), nextCursor: cursor ?? null, lookedAt };
  },

  async getJob({ path, scheduler, headers }) {
    const job = await scheduler.getJob(path.jobId);
    if (!job) throw new JobLookupError(path.jobId);
    headers.set("etag", `"${job.revision}"`);
    return toJobAnswer(job);
  },
};
