import { z } from "zod";
import {
  type CalendarInput,
  type CalendarSpec,
  calendarSpecSchema,
} from "../triggers/calendars/calendar-spec.ts";
import type { JobRules } from "./add-job-options.ts";
import { connectionSchema } from "../engine/connection-schema.ts";
import type { ConnectionOption } from "../engine/open-engine.ts";
import { durationOption } from "../jobs/duration-option.ts";
import { jobOptionsSchema } from "../jobs/options.ts";
import type { CommonOptions, WorkerTuning } from "../worker/worker-options.ts";
import { commonShape, drainSchema, workerTuningSchema } from "../worker/worker-options.ts";

/** Rules that can have a default for all jobs: all but those that identify a job. */
const jobDefaultsSchema = jobOptionsSchema
  .omit({
    id: true,
    description: true,
    nextRunTime: true,
    condition: true,
    conditionPolicy: true,
    ifRevision: true,
  })
  .partial();

/** Schema of {@link PipelineSchedulerOptions}. */
export const schedulerOptionsSchema = z.strictObject({
  ...commonShape,
  connection: connectionSchema.optional(),
  timezone: z
    .string()
    .min(1)
    .max(64)
    .meta({ alsoCalled: ["tz", "zone", "timeZone"] })
    .default("UTC"),
  worker: z
    .union([z.boolean(), workerTuningSchema])
    .default(true)
    // Only here: zod's default would also replace an `undefined` that the union returns.
    .transform((tuning) =>
      typeof tuning === "boolean" ? (tuning ? workerTuningSchema.parse({}) : undefined) : tuning,
    ),
  calendars: z
    .record(z.string().min(1).max(200), calendarSpecSchema)
    .default({})
    .transform((named) => new Map<string, CalendarSpec>(Object.entries(named))),
  jobDefaults: jobDefaultsSchema.optional(),
  reconcile: durationOption("reconcile").default(2_000),
  overdue: durationOption("overdue").default(10_000),
  finishedRetention: durationOption("finishedRetention").default(30 * 86_400_000),
  drain: drainSchema,
  signals: z.array(z.enum(["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT"])).default([]),
});

/** Options after parsing: durations in ms, defaults filled in. */
export type SchedulerSettings = z.output<typeof schedulerOptionsSchema>;

/** Rules for which a scheduler can hold defaults. */
export type JobDefaults = Omit<
  JobRules,
  "id" | "description" | "nextRunTime" | "condition" | "conditionPolicy" | "ifRevision"
>;

/** Options of {@link PipelineScheduler}. */
export interface PipelineSchedulerOptions extends CommonOptions {
  /**
   * Where the state is kept: `redis://…`, `rediss://…`, `postgres://…`, ioredis' options, `{ cluster: [{ host, port }, …] }`,
   * `embedded://folder` for a database inside this process, or `memory:`. A variable such as `process.env.REDIS_URL`
   * can be passed directly: an unset or empty one is refused.
   * @default in this process's memory, lost when it ends
   */
  connection?: ConnectionOption | undefined;
  /** IANA time zone of jobs that name none. @default "UTC" */
  timezone?: string | undefined;
  /** Whether this process also executes runs, and how; `false` for a process that only schedules. @default true */
  worker?: boolean | WorkerTuning | undefined;
  /**
   * Named sets of dates and windows in which jobs may or may not run (holidays, business hours), for the option
   * `calendars` of any trigger. A job keeps them as they were when it was declared.
   * @default none
   */
  calendars?: Readonly<Record<string, CalendarInput>> | undefined;
  /**
   * Rules for jobs whose `addJob` doesn't set them, e.g. `{ misfireGraceTime: "1h", retry: 3 }`. A rule that is an
   * object is replaced as a whole. Defaults become part of the job: declaring it again under another default is a
   * different declaration.
   * @default none
   */
  jobDefaults?: JobDefaults | undefined;
  /** How often the reconciler checks for impossible states: seconds, or `"2s"`. 0.1 s to 10 min. @default 2 s */
  reconcile?: number | string | undefined;
  /** How late an occurrence that no worker takes may be before JOB_OVERDUE reports it: seconds, or `"10s"`. @default 10 s */
  overdue?: number | string | undefined;
  /** How long a finished job stays visible: seconds, or `"30d"`. @default 30 days */
  finishedRetention?: number | string | undefined;
  /**
   * How long `shutdown()` may take, whatever the server does: seconds, or `"25s"`. Runs may continue until five seconds
   * before that; the rest is for aborting those that don't end by themselves. Less than 5 s counts as 5 s, without
   * waiting for runs. @default 25 s
   */
  drain?: number | string | undefined;
  /** Signals that shut the scheduler down and then end the process, e.g. `["SIGTERM"]`. @default none */
  signals?: ("SIGTERM" | "SIGINT" | "SIGHUP" | "SIGQUIT")[] | undefined;
}
