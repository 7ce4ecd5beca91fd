import type { Client } from "../../../api/client/create-client.ts";
import { ApiError } from "../../../api/client/api-error.ts";
import { suggest } from "../../../core/suggest.ts";

/** Letters that a mistyped id begins with, as a rule. */
const BEGINNING = 3;
const MOST = 1_000;

/** The error for a job that is not there, with the one that was probably meant. */
export async function jobNotFound(client: Client, jobId: string): Promise<ApiError> {
  const ids = await idsNear(client, jobId).catch(() => []);
  const near = suggest(jobId, ids);
  const meant = near === undefined ? "" : ` Did you mean "${near}"?`;
  return new ApiError({
    type: "urn:cronduit:error:JOB_NOT_FOUND",
    title: "There is no job with this id.",
    status: 404,
    code: "JOB_NOT_FOUND",
    message: `No job "${jobId}".${meant}`,
    hint: "",
  });
}

async function idsNear(client: Client, jobId: string): Promise<string[]> {
  const queries = [{ text: jobId.slice(0, BEGINNING) }, {}];
  for (const query of queries) {
    const { items } = await client.listJobs({ query: { ...query, order: "id", limit: MOST } });
    const ids = items.map(({ id }) => id);
    if (suggest(jobId, ids) !== undefined) return ids;
  }
  return [];
}

/** Does something with a job, and says which one was probably meant if it is not there. */
export async function withJob<T>(client: Client, jobId: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof ApiError && error.code === "JOB_NOT_FOUND")
      throw await jobNotFound(client, jobId);
    throw error;
  }
}
