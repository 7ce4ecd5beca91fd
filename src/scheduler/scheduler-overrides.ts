import type { StoredJob } from "../jobs/definition.ts";
import type { OverridePart } from "../jobs/overrides.ts";
import type { PipelineReference, ResultOf, SchemaOf } from "../pipeline/pipeline.ts";
import { checkJobId } from "./declaration.ts";
import type { IfRevision } from "./if-revision.ts";
import { toJob } from "./job.ts";
import { type Job, withActions } from "./job-actions.ts";
import type { OverrideCommands } from "./override-commands.ts";
import type { OverrideOptions } from "./override-options.ts";
import { SchedulerLists, type SchedulerListsParts } from "./scheduler-lists.ts";

/** What a scheduler's calls about overrides are made with. */
export interface SchedulerOverridesParts extends SchedulerListsParts {
  readonly overrides: OverrideCommands;
}

/** The part of a scheduler that deals with overrides: what an operator wants otherwise than it is declared. */
export abstract class SchedulerOverrides extends SchedulerLists {
  readonly #parts: SchedulerOverridesParts;

  /** @internal */
  protected constructor(parts: SchedulerOverridesParts) {
    super(parts);
    this.#parts = parts;
  }

  /**
   * Overrides a job, whatever declares it: pauses it, gives it another schedule or other params, until an end or until
   * `clearOverride`. What is declared stays below and may change there (`addJob`, `modifyJob`, `pauseJob`); declaring the
   * job again does not undo the override. The job tells what is overridden, by whom (`overrides`), and what is `declared`.
   * @template R Its pipeline, as in `overrideJob<typeof NightlyReport>(…)`: then the compiler checks `params`.
   * @throws `NOT_OVERRIDABLE` for a job with `lockable: false`; `JOB_NOT_FOUND`, `INVALID_OPTION`, `INVALID_TRIGGER`,
   * `INVALID_PARAMS`; `INVALID_STATE` if a finished job is to be paused.
   * @example await scheduler.overrideJob("report", { paused: { reason: "incident 7" }, until: "2h" });
   */
  async overrideJob<R extends PipelineReference = string>(
    jobId: string,
    options: OverrideOptions<SchemaOf<R>>,
  ): Promise<Job<SchemaOf<R>, ResultOf<R>>> {
    const id = checkJobId(jobId, "overrideJob");
    await this.#parts.ready();
    const stored = await this.#parts.overrides.override(id, options);
    return this.#shown(stored) as Job<SchemaOf<R>, ResultOf<R>>;
  }

  /**
   * Takes overrides of a job back; from now on it is as declared. A job without any stays as it is.
   * @param which A part, or several. @default all
   * @throws `JOB_NOT_FOUND`; `REVISION_CHANGED` if it has not the revision `options.ifRevision`
   */
  async clearOverride(
    jobId: string,
    which?: OverridePart | readonly OverridePart[],
    options?: IfRevision,
  ): Promise<Job> {
    const id = checkJobId(jobId, "clearOverride");
    await this.#parts.ready();
    return this.#shown(await this.#parts.overrides.clear(id, which, options));
  }

  #shown(stored: StoredJob): Job {
    return withActions(toJob(stored, this.#parts.registry), this);
  }
}
