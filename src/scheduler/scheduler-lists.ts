import type { Logger } from "../core/log.ts";
import { latestRunsOf, type LatestRunsQuery } from "../history/latest-runs.ts";
import type { Run } from "../history/run.ts";
import type { Scope } from "../jobs/scope.ts";
import type { PipelineRegistry } from "../pipeline/registry.ts";
import type { ModifyJobOptions, RescheduleOptions } from "./add-job-options.ts";
import type { BulkCommands, BulkResult } from "./bulk.ts";
import type { BulkFilter, BulkOptions } from "./bulk-input.ts";
import { type Job, type JobControl, withActions } from "./job-actions.ts";
import {
  type JobCount,
  type JobCountOptions,
  type JobPage,
  type JobQuery,
  queryJobs,
  tallyJobs,
} from "./job-query.ts";
import { pageOfTimelines, type TimelinePage, type TimelineQuery } from "./job-timelines.ts";
import type { PauseOptions, ResumeOptions } from "./pauses.ts";
import { SchedulerRuns, type SchedulerRunsParts } from "./scheduler-runs.ts";

/** What a scheduler's calls about many jobs are made with. */
export interface SchedulerListsParts extends SchedulerRunsParts {
  readonly registry: PipelineRegistry;
  readonly logger: Logger;
  /** Whose jobs the caller sees. */
  readonly scope: Scope;
  readonly bulk: BulkCommands;
}

/** The part of a scheduler that deals with many jobs at once. */
export abstract class SchedulerLists extends SchedulerRuns implements JobControl {
  readonly #parts: SchedulerListsParts;

  /** @internal */
  protected constructor(parts: SchedulerListsParts) {
    super(parts);
    this.#parts = parts;
  }

  abstract pauseJob(jobId: string, how?: string | PauseOptions): Promise<Job>;
  abstract resumeJob(jobId: string, options?: ResumeOptions): Promise<Job>;
  abstract modifyJob(jobId: string, changes: ModifyJobOptions): Promise<Job>;
  abstract rescheduleJob(jobId: string, trigger: RescheduleOptions): Promise<Job>;
  abstract removeJob(jobId: string): Promise<void>;

  /**
   * Jobs in the order of their next run, those without one last, or of their ids; a page at a time. A job that neither comes,
   * goes nor moves meanwhile is on exactly one page.
   * @throws {@link CronduitError} `INVALID_OPTION`
   */
  async getJobs(query: JobQuery = {}): Promise<JobPage> {
    await this.#parts.ready();
    const page = await queryJobs(this.#parts, query, this.#parts.scope);
    return { ...page, jobs: page.jobs.map((job) => withActions(job, this)) };
  }

  /**
   * What was and what comes of jobs, in a time around now; a page of jobs at a time, as `getJobs` lists them. Of jobs that run
   * often, marks that lie close together and have all but their times in common are merged, with their count.
   * @throws {@link CronduitError} `INVALID_OPTION`
   * @example const { now, jobs } = await scheduler.getTimeline({ owner: "billing", from: "2026-03-24" });
   */
  async getTimeline(query: TimelineQuery = {}): Promise<TimelinePage> {
    await this.#parts.ready();
    return pageOfTimelines(this.#parts, query, this.#parts);
  }

  /**
   * The latest runs and decisions of up to 100 jobs, in one round trip; those of a job without any, or unknown, are none.
   * @internal
   */
  async getLatestRuns(query: LatestRunsQuery): Promise<Run[][]> {
    await this.#parts.ready();
    return latestRunsOf(this.#parts.engine, query);
  }

  /**
   * Pauses all jobs that fit, as `pauseJob` does.
   * @param filter As that of `getJobs`, or `ids`; for every job `{ all: true }`, which must be said.
   * @throws {@link CronduitError} `INVALID_OPTION`
   */
  async pauseJobs(
    filter: BulkFilter,
    options: BulkOptions & PauseOptions = {},
  ): Promise<BulkResult> {
    await this.#parts.ready();
    return this.#parts.bulk.pause(filter, options);
  }

  /** Resumes all jobs that fit, as `resumeJob` does, which says what `missed` means. @throws As {@link pauseJobs} */
  async resumeJobs(
    filter: BulkFilter,
    options: BulkOptions & { readonly missed?: "skip" | "latest" | "all" | undefined } = {},
  ): Promise<BulkResult> {
    await this.#parts.ready();
    return this.#parts.bulk.resume(filter, options);
  }

  /** Runs all jobs that fit once, as `runJob` does. @throws As {@link pauseJobs} */
  async runJobs(
    filter: BulkFilter,
    options: BulkOptions & { readonly ignoreCondition?: boolean | undefined } = {},
  ): Promise<BulkResult> {
    await this.#parts.ready();
    return this.#parts.bulk.run(filter, options);
  }

  /** Removes all jobs that fit, as `removeJob` does. @throws As {@link pauseJobs} */
  async removeJobs(filter: BulkFilter, options: BulkOptions = {}): Promise<BulkResult> {
    await this.#parts.ready();
    return this.#parts.bulk.remove(filter, options);
  }

  /** How many jobs there are, or how many fit. @throws {@link CronduitError} `INVALID_OPTION` */
  async countJobs(options: JobCountOptions = {}): Promise<JobCount> {
    await this.#parts.ready();
    return tallyJobs(this.#parts, options, this.#parts.scope);
  }
}
