import type { Run } from "../history/run.ts";
import type { ParamsSchema } from "../pipeline/params-schema.ts";
import type { ModifyJobOptions, RescheduleOptions } from "./add-job-options.ts";
import type { JobSnapshot } from "./job.ts";
import type { PauseOptions, ResumeOptions } from "./pauses.ts";
import type { RunJobOptions } from "./run-commands.ts";

/**
 * Methods of a job, each a short form of a scheduler's method. None changes the snapshot.
 * @template P The schema of its params; known if the job was added by its pipeline's class.
 * @template T What its runs' `result` can be; known then, too.
 */
export interface JobActions<P extends ParamsSchema = ParamsSchema, T = unknown> {
  /** As `pauseJob`. @returns The job as it is then. */
  pause(how?: string | PauseOptions): Promise<Job<P, T>>;
  /** As `resumeJob`. @returns The job as it is then. */
  resume(options?: ResumeOptions): Promise<Job<P, T>>;
  /** As `modifyJob`. @returns The job as it is then. */
  modify(changes: ModifyJobOptions<P>): Promise<Job<P, T>>;
  /** As `rescheduleJob`. @returns The job as it is then. */
  reschedule(trigger: RescheduleOptions): Promise<Job<P, T>>;
  /** As `removeJob`. */
  remove(): Promise<void>;
  /** As `runJob` with `wait`. @returns The ended run. */
  run(options: RunJobOptions<P> & { wait: true | number | string }): Promise<Run<T>>;
  /** As `runJob`. @returns The id of the run. */
  run(options?: RunJobOptions<P> & { wait?: false | undefined }): Promise<string>;
}

/**
 * A snapshot of a scheduled job at the time it was read. Its methods aren't enumerable, so comparing, printing and
 * serializing it sees only its fields.
 * @template P The schema of its params, which types those of `run` and `modify`.
 * @template T What the `result` of its runs can be.
 */
export interface Job<P extends ParamsSchema = ParamsSchema, T = unknown>
  extends JobSnapshot, JobActions<P, T> {}

/** The scheduler's methods behind {@link JobActions}. */
export interface JobControl {
  pauseJob(jobId: string, how?: string | PauseOptions): Promise<Job>;
  resumeJob(jobId: string, options?: ResumeOptions): Promise<Job>;
  modifyJob(jobId: string, changes: ModifyJobOptions): Promise<Job>;
  rescheduleJob(jobId: string, trigger: RescheduleOptions): Promise<Job>;
  removeJob(jobId: string): Promise<void>;
  runJob(jobId: string, options: RunJobOptions & { wait: true | number | string }): Promise<Run>;
  runJob(jobId: string, options?: RunJobOptions & { wait?: false | undefined }): Promise<string>;
}

/** Adds the methods to a snapshot. */
export function withActions(job: JobSnapshot, control: JobControl): Job {
  const { id } = job;
  const hidden: { readonly [K in keyof JobActions]: { value: (...given: never[]) => unknown } } = {
    pause: { value: (how?: string | PauseOptions) => control.pauseJob(id, how) },
    resume: { value: (options?: ResumeOptions) => control.resumeJob(id, options) },
    modify: { value: (changes: ModifyJobOptions) => control.modifyJob(id, changes) },
    reschedule: { value: (trigger: RescheduleOptions) => control.rescheduleJob(id, trigger) },
    remove: { value: () => control.removeJob(id) },
    run: {
      value: (options?: RunJobOptions & { wait?: false | undefined }) =>
        control.runJob(id, options),
    },
  };
  return Object.defineProperties(job, hidden) as Job;
}
