import { ApiError } from "../../../api/client/api-error.ts";
import type { Client } from "../../../api/client/create-client.ts";
import type { RunAnswer } from "../../../api/contract/run-shapes.ts";
import { withJob } from "../job/job-not-found.ts";

const OPEN = ["running", "retrying", "sleeping", "queued"] as const;
/** Ids of runs have the job's id, a colon, and more. */
const LIKE_RUN = /:[^:]+$/;

/** The run that a word names: by its id or, of a job, the one that goes on or went last. */
export async function runOf(client: Client, word: string): Promise<RunAnswer> {
  if (LIKE_RUN.test(word)) {
    try {
      return await client.getRun({ path: { runId: word } });
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== "RUN_NOT_FOUND") throw error;
    }
  }
  const path = { jobId: word };
  return withJob(client, word, async () => {
    const [open, all] = await Promise.all([
      client.listJobRuns({ path, query: { verdict: [...OPEN], limit: 1 } }),
      client.listJobRuns({
        path,
        query: { verdict: ["succeeded", "failed", "cancelled"], limit: 1 },
      }),
    ]);
    const run = open.items[0] ?? all.items[0];
    if (run) return run;
    throw new ApiError({
      type: "urn:cronduit:error:RUN_NOT_FOUND",
      title: "There is no such run.",
      status: 404,
      code: "RUN_NOT_FOUND",
      message: `Job "${word}" has no run yet.`,
      hint: "",
    });
  });
}
