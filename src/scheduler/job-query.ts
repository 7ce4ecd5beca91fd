import { z } from "zod";
import type { Engine } from "../engine/port/engine.ts";
import type { JobState, StoredJob } from "../jobs/definition.ts";
import { parseOptions } from "../jobs/options.ts";
import { queueNameSchema, queueOf } from "../jobs/queue.ts";
import type { Logger } from "../core/log.ts";
import type { PipelineRegistry } from "../pipeline/registry.ts";
import type { Job } from "./job-actions.ts";
import { type JobSnapshot, toJob } from "./job.ts";

const PAGE = 200;
/** Jobs examined per call; if a filter matches none of them, the cursor continues from there. */
const MAX_SCANNED = 20_000;

const stateSchema = z.enum(["active", "paused", "finished"]);

const querySchema = z.strictObject({
  pipeline: z.string().max(200).optional(),
  queue: queueNameSchema.optional(),
  state: z.union([stateSchema, z.array(stateSchema).min(1)]).optional(),
  tag: z.string().max(64).optional(),
  text: z.string().min(1).max(200).optional(),
  cursor: z
    .string()
    .regex(/^\d{1,12}$/, "isn't a cursor from getJobs")
    .optional(),
  limit: z.int().min(1).max(1_000).default(100),
});

/** Which jobs to return. */
export interface JobQuery {
  /** Only jobs of this pipeline, by name. @default all */
  pipeline?: string | undefined;
  /** Only jobs on this queue. @default all */
  queue?: string | undefined;
  /** Only jobs in this state, or in one of these. @default all */
  state?: JobState | JobState[] | undefined;
  /** Only jobs with this tag. @default all */
  tag?: string | undefined;
  /** Only jobs whose id, pipeline or description contains this; case does not matter. @default all */
  text?: string | undefined;
  /** Where to continue: the previous page's `cursor`. @default the beginning */
  cursor?: string | undefined;
  /** Jobs per page, 1 to 1,000. @default 100 */
  limit?: number | undefined;
}

/** Jobs in the order of their next run, those without one last. */
export interface JobPage<J = Job> {
  readonly jobs: readonly J[];
  /** Pass it to the next call; `undefined` at the end. A short page may still have a cursor. */
  readonly cursor: string | undefined;
}

/** What reading jobs needs. */
export interface JobQueryParts {
  readonly engine: Pick<Engine, "jobs">;
  readonly registry: PipelineRegistry;
  readonly logger: Logger;
}

/** Reads one page of jobs. A job that can't be read is left out and reported. @throws {@link CronduitError} `INVALID_OPTION` */
export async function queryJobs(
  { engine, registry, logger }: JobQueryParts,
  input: JobQuery,
): Promise<JobPage<JobSnapshot>> {
  const query = parseOptions(querySchema, input, "getJobs");
  const found: JobSnapshot[] = [];
  const take = (job: StoredJob): void => {
    try {
      if (fits(job, query)) found.push(toJob(job, registry));
    } catch (error) {
      logger.warn("a stored job can't be read and is left out", {
        jobId: job.definition.id,
        error,
      });
    }
  };
  let at = Number(query.cursor ?? 0);
  const end = at + MAX_SCANNED;
  while (at < end) {
    const ids = await engine.jobs.listIds(at, PAGE);
    const jobs = await engine.jobs.get(ids);
    for (const job of jobs) {
      at += 1;
      if (job) take(job);
      if (found.length >= query.limit) return { jobs: found, cursor: String(at) };
    }
    if (ids.length < PAGE) return { jobs: found, cursor: undefined };
  }
  return { jobs: found, cursor: String(at) };
}

function fits({ definition, state }: StoredJob, query: z.output<typeof querySchema>): boolean {
  const { id, pipeline, description, tags } = definition;
  if (query.pipeline !== undefined && pipeline !== query.pipeline) return false;
  if (query.queue !== undefined && queueOf(definition) !== query.queue) return false;
  if (query.state !== undefined && ![query.state].flat().includes(state)) return false;
  if (query.tag !== undefined && !tags.includes(query.tag)) return false;
  const text = query.text?.toLowerCase();
  return (
    text === undefined ||
    [id, pipeline, description ?? ""].some((part) => part.toLowerCase().includes(text))
  );
}
