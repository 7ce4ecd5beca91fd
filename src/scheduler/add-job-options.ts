import type { JobOptionsInput } from "../jobs/options.ts";
import type { PipelineReference, SchemaOf } from "../pipeline/pipeline.ts";
import type { ParamsInput, ParamsSchema } from "../pipeline/params-schema.ts";
import type { IfRevision } from "./if-revision.ts";
import type { TimedTriggerOptions, UntimedTriggerOptions } from "../triggers/trigger-options.ts";

/** Whether params may be omitted: the schema accepts `undefined` or an empty object. */
type MayOmit<Input> = undefined extends Input
  ? true
  : Input extends object
    ? Partial<Input> extends Input
      ? true
      : false
    : false;

/** The option `params`: required unless the schema accepts `undefined` or an empty object. */
export type ParamsOption<P extends ParamsSchema> =
  MayOmit<ParamsInput<P>> extends true ? { params?: ParamsInput<P> } : { params: ParamsInput<P> };

/** A job's rules. Each field says whether it may be omitted and what its default is. */
export interface JobRules extends JobOptionsInput {}

/** A trigger with its fields; one that never fires by itself has no first run. */
export type ScheduleChoice =
  | TimedTriggerOptions
  | (UntimedTriggerOptions & { /** `null` adds the job paused. */ nextRunTime?: null | undefined });

/** Options of `addJob`: rules, params, and a trigger with its fields. */
export type AddJobOptions<P extends ParamsSchema = ParamsSchema> = JobRules &
  ScheduleChoice &
  ParamsOption<P>;

/** One of the jobs of `addJobs`. @template R Its pipeline; its schema types `options.params`. */
export interface JobToAdd<R extends PipelineReference = PipelineReference> {
  readonly pipeline: R;
  readonly options: AddJobOptions<SchemaOf<R>>;
}

/** Arguments of `schedule` after the pipeline: its params, optional if the schema allows that, and rules. */
export type ScheduleArguments<P extends ParamsSchema> =
  MayOmit<ParamsInput<P>> extends true
    ? [params?: ParamsInput<P>, options?: ScheduleOptions]
    : [params: ParamsInput<P>, options?: ScheduleOptions];

/** Rules of a job that `schedule` adds. */
export type ScheduleOptions = JobRules & { timezone?: string };

/** Options of `rescheduleJob`. */
export type RescheduleOptions = ScheduleChoice & Pick<JobRules, "nextRunTime"> & IfRevision;

/** Options of `modifyJob`: any rule except the id and the queue, and a trigger if the schedule is to change. */
export type ModifyJobOptions<P extends ParamsSchema = ParamsSchema> = Partial<
  Omit<JobRules, "id" | "queue" | "replaceExisting" | "ifRevision">
> & {
  params?: ParamsInput<P>;
} & IfRevision &
  (ScheduleChoice | { trigger?: undefined });
