import { z } from "zod";
import type { Logger } from "../core/log.ts";
import type { Engine } from "../engine/port/engine.ts";
import type { StoredJob } from "../jobs/definition.ts";
import { fitsFilter, type JobCounts, type JobGroup } from "../jobs/job-list.ts";
import { parseOptions } from "../jobs/options.ts";
import type { Scope } from "../jobs/scope.ts";
import type { PipelineRegistry } from "../pipeline/registry.ts";
import type { Job } from "./job-actions.ts";
import { cursorSchema, refuseOtherOrder, writeCursor } from "./job-cursor.ts";
import { type JobFilterOptions, jobFilterShape, toFilter } from "./job-filter.ts";
import { type JobSnapshot, toJob } from "./job.ts";
import { readJobs } from "./read-jobs.ts";

/** Jobs looked at per call; if a filter matches none of them, the cursor continues from there. */
const MAX_LOOKED = 20_000;

/** Schema of {@link JobQuery}. */
export const jobQuerySchema = z.strictObject({
  ...jobFilterShape,
  order: z.enum(["next-run", "id"]).default("next-run"),
  cursor: cursorSchema.optional(),
  limit: z.int().min(1).max(1_000).default(100),
});

const countSchema = z.strictObject({
  ...jobFilterShape,
  by: z.enum(["state", "lastVerdict", "owner"]).optional(),
});

/** Which jobs to return. */
export interface JobQuery extends JobFilterOptions {
  /**
   * `"next-run"`: those without a next run come last. `"id"`: a job keeps its place when it runs, so that no page repeats
   * it. @default "next-run"
   */
  order?: "next-run" | "id" | undefined;
  /** Where to continue: the previous page's `cursor`. @default the beginning */
  cursor?: string | undefined;
  /** Jobs per page, 1 to 1,000. @default 100 */
  limit?: number | undefined;
}

/** Jobs in their order. */
export interface JobPage<J = Job> {
  readonly jobs: readonly J[];
  /** Pass it to the next call; `undefined` at the end. A short page may still have a cursor. */
  readonly cursor: string | undefined;
  /** How many jobs were looked at for this page; 20,000 or few more at most. */
  readonly lookedAt: number;
}

/** Which jobs to count. */
export interface JobCountOptions extends JobFilterOptions {
  /** Also count the jobs of each state, last verdict or owner. @default only their total */
  by?: JobGroup | undefined;
}

/** How many jobs there are. */
export interface JobCount {
  readonly total: number;
  /** By each state, last verdict or owner that some job has, the largest first; `key` is `null` for jobs without an owner. */
  readonly groups: readonly { readonly key: string | null; readonly count: number }[];
}

/** What reading jobs needs. */
export interface JobQueryParts {
  readonly engine: Pick<Engine, "jobs">;
  readonly registry: PipelineRegistry;
  readonly logger: Logger;
}

/**
 * Reads one page of jobs. A job that can't be read is left out and reported.
 * @throws {@link CronduitError} `INVALID_OPTION`
 */
export async function queryJobs(
  parts: JobQueryParts,
  input: JobQuery,
  scope: Scope,
): Promise<JobPage<JobSnapshot>> {
  const { jobs, ...page } = await findJobs(parts, parseOptions(jobQuerySchema, input, "getJobs"), {
    scope,
    where: "getJobs",
  });
  return {
    ...page,
    jobs: jobs.flatMap((job) => {
      try {
        return [toJob(job, parts.registry)];
      } catch (error) {
        tellUnreadable(parts, job.definition.id, error);
        return [];
      }
    }),
  };
}

/** Reports a job that is left out. */
export function tellUnreadable(
  { logger }: Pick<JobQueryParts, "logger">,
  jobId: string,
  error: unknown,
): void {
  logger.warn("a stored job can't be read and is left out", { jobId, error });
}

/** One page of jobs as they are stored. @throws {@link CronduitError} `INVALID_OPTION` */
export async function findJobs(
  { engine }: Pick<JobQueryParts, "engine">,
  { order, cursor, limit, ...given }: z.output<typeof jobQuerySchema>,
  { scope, where }: { readonly scope: Scope; readonly where: string },
): Promise<JobPage<StoredJob>> {
  const filter = toFilter(given);
  refuseOtherOrder(cursor, order, where);
  const page = await engine.jobs.list(
    { filter, order, after: cursor, limit, mostLooked: MAX_LOOKED },
    scope,
  );
  const jobs = await readJobs(
    engine,
    page.found.map(({ id }) => id),
  );
  return {
    // They may have changed since.
    jobs: jobs.filter((job) => fitsFilter(job, filter)),
    cursor: page.next && writeCursor({ ...page.next, order }),
    lookedAt: page.looked,
  };
}

/** Counts jobs. @throws {@link CronduitError} `INVALID_OPTION` */
export async function tallyJobs(
  { engine }: Pick<JobQueryParts, "engine">,
  input: JobCountOptions,
  scope: Scope,
): Promise<JobCount> {
  const { by, ...given } = parseOptions(countSchema, input, "countJobs");
  return toCount(await engine.jobs.tally({ filter: toFilter(given), by }, scope));
}

function toCount({ total, groups }: JobCounts): JobCount {
  return {
    total,
    groups: [...groups]
      .map(([key, count]) => ({ key: key === "" ? null : key, count }))
      .toSorted((a, b) => b.count - a.count),
  };
}
