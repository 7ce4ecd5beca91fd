import { JobLookupError } from "../../core/errors.ts";
import { promiseOf } from "../../history/promise.ts";
import type { Run } from "../../history/run.ts";
import type { RunAnswer } from "../contract/run-shapes.ts";
import { asJson } from "./as-json.ts";
import type { Handlers } from "./handler.ts";

/** A run as the API answers it. */
export function toRunAnswer(run: Run): RunAnswer {
  return { ...asJson(run), promise: promiseOf(run) ?? null };
}

/** What the routes about runs do, but those that follow something. */
export const runHandlers: Handlers<
  "cancelRun" | "getRun" | "getRunLogs" | "listJobRuns" | "listRuns" | "listSteps" | "retryRun"
> = {
  async listRuns({ query, scheduler }) {
    const { runs, cursor, searchedTo, since } = await scheduler.getRuns(query);
    return {
      items: runs.map(toRunAnswer),
      nextCursor: cursor ?? null,
      ...asJson({ searchedTo, since }),
    };
  },

  async listJobRuns({ path: { jobId }, query, scheduler }) {
    const { runs, cursor } = await scheduler.getRuns(jobId, query);
    const isUnknown = runs.length === 0 && cursor === undefined;
    if (isUnknown && !(await scheduler.getJob(jobId))) throw new JobLookupError(jobId);
    return { items: runs.map(toRunAnswer), nextCursor: cursor ?? null };
  },

  getRun: async ({ path, scheduler }) => toRunAnswer(await scheduler.getRun(path.runId)),

  cancelRun: async ({ path, body, scheduler }) => ({
    outcome: await scheduler.cancelRun(path.runId, body),
  }),

  retryRun: ({ path, body, scheduler }) => scheduler.retryRun(path.runId, body),

  async getRunLogs({ path: { runId }, query: { cursor: after, ...query }, scheduler }) {
    // In this order, because a run's log is stored before its verdict.
    const { verdict } = await scheduler.getRun(runId);
    const { lines, cursor, isEnd } = await scheduler.getLogs(runId, { ...query, after });
    return {
      items: asJson(lines),
      nextCursor: isEnd ? null : (cursor ?? null),
      position: cursor ?? null,
      verdict,
    };
  },

  async listSteps({ path: { runId }, scheduler }) {
    await scheduler.getRun(runId);
    return { items: asJson(await scheduler.getSteps(runId)), nextCursor: null };
  },
};
