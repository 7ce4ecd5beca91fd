import type { JobOptionsInput } from "../jobs/options.ts";
import type { PipelineReference, SchemaOf } from "../pipeline/pipeline.ts";
import type { ParamsInput, ParamsSchema } from "../pipeline/schema.ts";
import type { TimedTriggerOptions, UntimedTriggerOptions } from "../triggers/options.ts";

/** Whether a job may leave its params out: the schema takes `undefined`, or an object without any key. */
type MayOmit<Input> = undefined extends Input
  ? true
  : Input extends object
    ? Partial<Input> extends Input
      ? true
      : false
    : false;

/** `params` beside the other options: needed unless the schema takes `undefined` or an empty object. */
export type ParamsOption<P extends ParamsSchema> =
  MayOmit<ParamsInput<P>> extends true ? { params?: ParamsInput<P> } : { params: ParamsInput<P> };

/** Rules of a job; which of them may be left out, and what holds then, the fields say. */
export interface JobRules extends JobOptionsInput {}

/** A trigger with its fields; where it never fires there is no first run. */
export type ScheduleChoice =
  | TimedTriggerOptions
  | (UntimedTriggerOptions & { /** `null` adds the job paused. */ nextRunTime?: null | undefined });

/** What `addJob` takes: rules, params, and a trigger with its fields. */
export type AddJobOptions<P extends ParamsSchema = ParamsSchema> = JobRules &
  ScheduleChoice &
  ParamsOption<P>;

/** One of the jobs of `addJobs`. @template R Its pipeline, by whose schema `options.params` is checked. */
export interface JobToAdd<R extends PipelineReference = PipelineReference> {
  readonly pipeline: R;
  readonly options: AddJobOptions<SchemaOf<R>>;
}

/** What `schedule` takes after the pipeline: its params, which may be left out if the schema says so, and rules. */
export type ScheduleArguments<P extends ParamsSchema> =
  MayOmit<ParamsInput<P>> extends true
    ? [params?: ParamsInput<P>, options?: ScheduleOptions]
    : [params: ParamsInput<P>, options?: ScheduleOptions];

/** Rules of a job that `schedule` adds. */
export type ScheduleOptions = JobRules & { timezone?: string };

/** What `rescheduleJob` takes. */
export type RescheduleOptions = ScheduleChoice & Pick<JobRules, "nextRunTime">;

/** What `modifyJob` takes: any rule but the id and the queue; a trigger as well if the schedule is to change. */
export type ModifyJobOptions<P extends ParamsSchema = ParamsSchema> = Partial<
  Omit<JobRules, "id" | "queue" | "replaceExisting">
> & {
  params?: ParamsInput<P>;
} & (ScheduleChoice | { trigger?: undefined });
