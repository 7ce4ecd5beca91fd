import { z } from "zod";
import { CronduitError } from "../core/errors.ts";
import type { StoredJob } from "../jobs/definition.ts";
import { parseOptions } from "../jobs/options.ts";
import type { PipelineReference, ResultOf, SchemaOf } from "../pipeline/pipeline.ts";
import type { ParamsSchema } from "../pipeline/params-schema.ts";
import type { StoredResult } from "../pipeline/stored-result.ts";
import { parseSchedule } from "../triggers/natural/parse-schedule.ts";
import type {
  AddJobOptions,
  JobToAdd,
  ModifyJobOptions,
  RescheduleOptions,
  ScheduleArguments,
} from "./add-job-options.ts";
import type { SchedulerParts } from "./assembly.ts";
import { checkJobId } from "./declaration.ts";
import type { IfRevision } from "./if-revision.ts";
import { SchedulerFleet } from "./scheduler-fleet.ts";
import { type Job, withActions } from "./job-actions.ts";
import type { JobPreview, JobPreviewQuery, JobToPreview } from "./job-preview.ts";
import { toJob } from "./job.ts";
import type { AnyPipelineReference, JobCommands } from "./job-commands.ts";
import type { Lifecycle, ShutdownOptions } from "./lifecycle.ts";
import { ActsFor, type Desk, IN_A_PROGRAM, type Made, makeScheduler } from "./make-scheduler.ts";
import type { PausedOccurrences, PauseOptions, ResumeOptions } from "./pauses.ts";
import { type LimitedActor, Rights, type TrustedActor } from "./rights.ts";
import type { PipelineSchedulerOptions } from "./scheduler-options.ts";
import { endOptionsSchema } from "../worker/one-end.ts";

/** How `start` begins. */
export interface StartOptions {
  /** Pause the whole fleet, as `pause()` does, before the first run is taken; `resume()` ends that. @default false */
  paused?: boolean | undefined;
}

const startSchema = z.strictObject({ paused: z.boolean().default(false) });

/** A scheduler as one actor uses it; see {@link PipelineScheduler.as}. The scheduler itself is started and shut down. */
export type ActingScheduler = Omit<
  PipelineScheduler,
  "start" | "shutdown" | typeof Symbol.asyncDispose
>;

let readParts: (scheduler: PipelineScheduler) => SchedulerParts | undefined;

/** The parts of a scheduler, for what is built on it; `undefined` for what `as` returned. @internal */
export function partsOf(scheduler: PipelineScheduler): SchedulerParts | undefined {
  return readParts(scheduler);
}

let readDesk: (scheduler: PipelineScheduler, rights: Rights) => Desk;

/**
 * What the calls of somebody who acts through a scheduler go through, for what is built on it.
 * @throws {@link CronduitError} As `as` does.
 * @internal
 */
export function deskOf(scheduler: PipelineScheduler, actor: TrustedActor, note?: string): Desk {
  return readDesk(scheduler, Rights.of(actor, note));
}

/**
 * Schedules pipelines. Any number of schedulers and workers on one server and prefix form one fleet: what one of them
 * adds, all of them see.
 *
 * Every method may be called before `start()`; jobs are stored at once, and run when some worker of the fleet does.
 */
export class PipelineScheduler extends SchedulerFleet implements AsyncDisposable {
  static {
    readParts = (scheduler) => (scheduler.#isActing ? undefined : scheduler.#parts);
    readDesk = (scheduler, rights) => {
      scheduler.#desk.rights.requireWhole("act as somebody else");
      return scheduler.#made.deskOf(rights);
    };
  }

  readonly #parts: SchedulerParts;
  readonly #lifecycle: Lifecycle;
  readonly #jobs: JobCommands;
  readonly #made: Made;
  readonly #desk: Desk;
  readonly #isActing: boolean;

  /** @throws {@link CronduitError} `INVALID_OPTION`, `INVALID_PIPELINE`, `INVALID_TIMEZONE` */
  constructor(options?: PipelineSchedulerOptions);
  /** @internal */
  constructor(options: PipelineSchedulerOptions | ActsFor, making?: typeof IN_A_PROGRAM);
  constructor(options: PipelineSchedulerOptions | ActsFor = {}, making = IN_A_PROGRAM) {
    const isActing = options instanceof ActsFor;
    const made = isActing ? options.made : makeScheduler(options, making);
    const desk = made.deskOf(isActing ? options.rights : new Rights(made.parts.by));
    super({ desk, parts: made.parts, lifecycle: made.lifecycle });
    this.#made = made;
    this.#desk = desk;
    this.#parts = made.parts;
    this.#lifecycle = made.lifecycle;
    this.#jobs = desk.jobs;
    this.#isActing = isActing;
  }

  /**
   * This scheduler as somebody else uses it: changes and their events say who made them (`by`), and a user with a role
   * sees and changes only what it may. What it may not see does not exist, in any method.
   * @param note Why, in the actor's own words; up to 500 characters. Kept with each change.
   * @throws {@link CronduitError} `INVALID_OPTION`; `NOT_ALLOWED` if this scheduler itself acts with limited rights.
   * @example await scheduler.as({ kind: "user", id: "ada", role: "editor", owners: ["billing"] }).pauseJob("billing/x");
   */
  as(actor: TrustedActor | LimitedActor, note?: string): ActingScheduler {
    this.#desk.rights.requireWhole("act as somebody else");
    return new PipelineScheduler(new ActsFor(this.#made, Rights.of(actor, note)));
  }

  /**
   * Connects, begins to hear events and to watch over the fleet, and starts this process's worker.
   * @throws {@link CronduitError} `INVALID_STATE` if it was started or shut down before; `CONNECTION_FAILED`.
   */
  async start(options: StartOptions = {}): Promise<void> {
    this.#refuseActing("start");
    const { paused } = parseOptions(startSchema, options, "start");
    await this.#lifecycle.start(paused);
  }

  /**
   * Ends this scheduler and its worker; the jobs stay. Takes no longer than the option `drain` says, even if the server is
   * gone. Safe to call twice, and before `start()`. Called inside a run of this scheduler, it returns immediately and
   * completes once that run has ended.
   */
  async shutdown(options: ShutdownOptions = {}): Promise<void> {
    this.#refuseActing("shutdown");
    const { wait } = parseOptions(endOptionsSchema, options, "shutdown");
    await this.#lifecycle.stop(wait);
  }

  /** Somebody who acts through a scheduler doesn't begin or end it. */
  #refuseActing(call: string): void {
    if (this.#isActing)
      throw new CronduitError(
        "INVALID_STATE",
        `${call}: call it on the scheduler itself, not on what \`as\` returned.`,
      );
  }

  /** Shuts down and waits for running pipelines, so that `await using` works. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdown();
  }

  /**
   * Schedules a pipeline. Declaring a job again with equal options does nothing, even if
   * `modifyJob` or `pauseJob` changed it since. Without an `id`, one is derived from pipeline, params and trigger, so two
   * equal calls declare one job; only a single run relative to the call (`in: "10 minutes"`) is a new job each time.
   *
   * @param pipeline A class, an instance, or a registered name. Only the name and the params travel: workers build
   * a new instance from their own registry for each run.
   * @throws {@link CronduitError} `CONFLICTING_ID` if a job with this id was declared differently and `replaceExisting` is
   * not set; `INVALID_OPTION`, `INVALID_TRIGGER`, `INVALID_TIMEZONE`, `INVALID_PARAMS`, `PAYLOAD_TOO_LARGE`,
   * `UNKNOWN_PIPELINE`, `CONNECTION_FAILED`. Nothing is stored then.
   */
  async addJob<P extends ParamsSchema = ParamsSchema, R = unknown>(
    pipeline: PipelineReference<P, R>,
    options: AddJobOptions<P>,
  ): Promise<Job<P, StoredResult<R>>> {
    return this.#add(pipeline, options);
  }

  /**
   * Schedules a pipeline at the times that a text describes: `"every 24 hours"`, `"in 30 minutes"`, `"2026-12-25 15:00"`,
   * `"0 9 * * 1-5"`, or anything else that `parseSchedule` reads.
   * @param when Without an offset, in the scheduler's zone, unless `options.timezone` names one.
   * @param params The pipeline's params.
   * @throws As {@link addJob}.
   * @example await scheduler.schedule("every 24 hours", CleanUp, { daysToKeep: 7 });
   */
  async schedule<P extends ParamsSchema = ParamsSchema, R = unknown>(
    when: string,
    pipeline: PipelineReference<P, R>,
    ...[params, options = {}]: ScheduleArguments<P>
  ): Promise<Job<P, StoredResult<R>>> {
    return this.#add(pipeline, {
      ...options,
      ...parseSchedule(when),
      ...(params === undefined ? {} : { params }),
    });
  }

  /**
   * What `addJob` would make of these options, and its next fire times; nothing is stored.
   * @throws As {@link addJob}.
   * @example const { job, next } = await scheduler.previewJob({ trigger: "cron", hour: 9, timezone: "Europe/Berlin" });
   */
  async previewJob(options: JobToPreview, query: JobPreviewQuery = {}): Promise<JobPreview> {
    await this.#lifecycle.ready();
    return this.#jobs.preview(options, query);
  }

  /**
   * Schedules many pipelines in few round trips. All are checked before any is stored.
   * @returns Their ids, in order.
   * @throws As {@link addJob}; on `CONFLICTING_ID` the other jobs are stored.
   */
  async addJobs<const R extends readonly PipelineReference[]>(jobs: {
    readonly [K in keyof R]: JobToAdd<R[K]>;
  }): Promise<string[]> {
    await this.#lifecycle.ready();
    const ids = await this.#jobs.add(jobs);
    this.#lifecycle.added();
    return ids;
  }

  /**
   * The job, or `undefined` if there is none of this id.
   * @template R Its pipeline, as in `getJob<typeof NightlyReport>(…)`: then its `run` and `modify` are typed by it.
   */
  async getJob<R extends PipelineReference = string>(
    jobId: string,
  ): Promise<Job<SchemaOf<R>, ResultOf<R>> | undefined> {
    const id = checkJobId(jobId, "getJob");
    await this.#lifecycle.ready();
    const [job] = await this.#desk.engine.jobs.get([id]);
    return job && this.#job(job);
  }

  async #add<T>(pipeline: AnyPipelineReference, options: unknown): Promise<Job<ParamsSchema, T>> {
    await this.#lifecycle.ready();
    const stored = await this.#jobs.addOne({ pipeline, options });
    this.#lifecycle.added();
    return this.#job(stored);
  }

  /** @template T What its results can be, as far as the caller of the public method said. */
  #job<T>(stored: StoredJob): Job<ParamsSchema, T> {
    return withActions(toJob(stored, this.#parts.registry), this) as Job<ParamsSchema, T>;
  }

  /**
   * Changes some of a job's rules, its params, or its trigger. A new trigger recomputes the next run; a paused job
   * stays paused, and `nextRunTime: null` pauses it.
   * @template R Its pipeline, as in `modifyJob<typeof NightlyReport>(…)`: then the compiler checks `params`.
   * @throws As {@link addJob}, and `JOB_NOT_FOUND`.
   */
  async modifyJob<R extends PipelineReference = string>(
    jobId: string,
    changes: ModifyJobOptions<SchemaOf<R>>,
  ): Promise<Job<SchemaOf<R>, ResultOf<R>>> {
    return this.#modify(jobId, changes, "modifyJob");
  }

  /** Gives a job another trigger and recomputes its next run; a paused job stays paused. @throws As {@link modifyJob} */
  async rescheduleJob(jobId: string, trigger: RescheduleOptions): Promise<Job> {
    return this.#modify(jobId, trigger, "rescheduleJob");
  }

  async #modify<T>(jobId: string, changes: unknown, where: string): Promise<Job<ParamsSchema, T>> {
    const id = checkJobId(jobId, where);
    await this.#lifecycle.ready();
    return this.#job(await this.#jobs.modify(id, changes, where));
  }

  /**
   * Stops a job's occurrences until `resumeJob`, or until a time; runs in progress continue. Pausing again replaces
   * the end, and the reason if one is given.
   * @param how A reason, or a reason and when the pause ends by itself.
   * @throws {@link JobLookupError}; `INVALID_STATE` if the job is finished; `INVALID_OPTION` if `until` has passed.
   */
  async pauseJob(jobId: string, how?: string | PauseOptions): Promise<Job> {
    const id = checkJobId(jobId, "pauseJob");
    await this.#lifecycle.ready();
    return this.#job(await this.#jobs.pause(id, how));
  }

  /**
   * Resumes a paused job from now on. Occurrences that fell into the pause are skipped, but for those that `missed` names:
   * these run once each, whoever calls how often. A job that is not paused stays as it is.
   * @throws {@link JobLookupError}; `INVALID_STATE` if the job is finished; `INVALID_OPTION` if `missed` names others, or too many.
   */
  async resumeJob(jobId: string, options?: ResumeOptions): Promise<Job> {
    const id = checkJobId(jobId, "resumeJob");
    await this.#lifecycle.ready();
    return this.#job(await this.#jobs.resume(id, options));
  }

  /**
   * The occurrences that fell into a job's pause so far, and did not run: what `resumeJob` may run after all.
   * @param options `limit`: how many fire times, 1 to 1,000. @default 100
   * @throws {@link JobLookupError}
   */
  async getPausedOccurrences(
    jobId: string,
    options?: { limit?: number },
  ): Promise<PausedOccurrences> {
    const id = checkJobId(jobId, "getPausedOccurrences");
    await this.#lifecycle.ready();
    return this.#jobs.pausedOccurrences(id, options);
  }

  /**
   * Removes a job. Runs in progress finish and get their verdicts; its ledger is kept as long as its retention says.
   * @throws {@link JobLookupError}; `REVISION_CHANGED` if it has not the revision `options.ifRevision`
   */
  async removeJob(jobId: string, options?: IfRevision): Promise<void> {
    const id = checkJobId(jobId, "removeJob");
    await this.#lifecycle.ready();
    await this.#jobs.remove(id, options);
  }

  /** Removes every job of the fleet. @returns How many there were. */
  async removeAllJobs(): Promise<number> {
    await this.#lifecycle.ready();
    return this.#jobs.removeAll();
  }
}
