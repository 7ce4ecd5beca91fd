import { asJson } from "./as-json.ts";
import type { Handlers } from "./handler.ts";
import { answerWithTag, toJobAnswer } from "./job-answer.ts";
import { requireJob } from "./require-job.ts";

/** What the routes about jobs do. */
export const jobHandlers: Handlers<"countJobs" | "getJob" | "listJobs"> = {
  async listJobs({ query, scheduler }) {
    const { jobs, cursor, lookedAt } = await scheduler.getJobs(query);
    return { items: jobs.map(toJobAnswer), nextCursor: cursor ?? null, lookedAt };
  },

  async countJobs({ query, scheduler }) {
    const { total, groups } = await scheduler.countJobs(query);
    return { total, groups: groups ? asJson([...groups]) : null };
  },

  async getJob({ path, scheduler, headers }) {
    return answerWithTag(headers, await requireJob(scheduler, path.jobId));
  },
};
