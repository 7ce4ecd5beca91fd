import { CronduitError } from "../../core/errors.ts";
import { jobsThatHad } from "../overview/jobs-that-had.ts";
import { asJson } from "./as-json.ts";
import type { Handlers } from "./handler.ts";
import { answerWithTag, toJobAnswer } from "./job-answer.ts";
import { requireJob } from "./require-job.ts";

/** What the routes about jobs do. */
export const jobHandlers: Handlers<"countJobs" | "getJob" | "listJobs"> = {
  async listJobs({ query, scheduler }) {
    const { verdict, reason, since, ...filter } = query;
    if (since !== undefined && verdict === undefined && reason === undefined)
      throw new CronduitError(
        "INVALID_OPTION",
        "GET /jobs, query, since: is of `verdict` or `reason`, and neither is given.",
        { data: { path: "since" } },
      );
    const isPlain = verdict === undefined && reason === undefined;
    const { jobs, cursor, lookedAt } = isPlain
      ? await scheduler.getJobs(filter)
      : await jobsThatHad(scheduler, query);
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
