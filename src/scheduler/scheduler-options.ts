import { z } from "zod";
import {
  type CalendarInput,
  type CalendarSpec,
  calendarSpecSchema,
} from "../triggers/calendars/calendar-spec.ts";
import type { JobRules } from "./add-job-options.ts";
import type { ConnectionOption } from "../engine/open-engine.ts";
import { durationOption } from "../jobs/duration-option.ts";
import { jobOptionsSchema } from "../jobs/options.ts";
import type { CommonOptions, WorkerTuning } from "../worker/worker-options.ts";
import {
  commonShape,
  connectionSchema,
  drainSchema,
  workerTuningSchema,
} from "../worker/worker-options.ts";

/** Rules that may hold for all jobs: those that do not make a job what it is. */
const jobDefaultsSchema = jobOptionsSchema
  .omit({ id: true, description: true, nextRunTime: true, condition: true, conditionPolicy: true })
  .partial();

/** Schema of {@link PipelineSchedulerOptions}. */
export const schedulerOptionsSchema = z.strictObject({
  ...commonShape,
  connection: connectionSchema.optional(),
  timezone: z.string().min(1).max(64).default("UTC"),
  worker: z
    .union([z.boolean(), workerTuningSchema])
    .default(true)
    // Only here: zod's default would stand in for an `undefined` that comes out of the union, too.
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

/** Rules of a job that a scheduler may have defaults of. */
export type JobDefaults = Omit<
  JobRules,
  "id" | "description" | "nextRunTime" | "condition" | "conditionPolicy"
>;

/** Options of {@link PipelineScheduler}. */
export interface PipelineSchedulerOptions extends CommonOptions {
  /**
   * Where the state is kept: `redis://…`, `rediss://…`, `postgres://…`, ioredis' options, `{ cluster: [{ host, port }, …] }`,
   * `embedded://folder` for a database inside this process, or `memory:`. A variable such as `process.env.REDIS_URL` may be
   * given as it is: if it is not set, or empty, that is refused.
   * @default inside this process, in memory: gone when it ends
   */
  connection?: ConnectionOption | undefined;
  /** IANA zone of jobs that name none. @default "UTC" */
  timezone?: string | undefined;
  /** Whether runs are executed in this process too, and how. `false` in a process that only schedules. @default true */
  worker?: boolean | WorkerTuning | undefined;
  /**
   * Named sets of dates and windows in which jobs may or may not run (holidays, business hours), to be referred to by
   * the option `calendars` of any trigger. A job keeps them as they were when it was declared.
   * @default none
   */
  calendars?: Readonly<Record<string, CalendarInput>> | undefined;
  /**
   * Rules of jobs that `addJob` is given no such rule for, e.g. `{ misfireGraceTime: "1h", retry: 3 }`. A rule that is an object
   * is taken whole. They become part of the job, so that declaring it again with another default is another declaration.
   * @default none
   */
  jobDefaults?: JobDefaults | undefined;
  /** How often impossible states are looked for: seconds, or `"2s"`. 0.1 s to 10 min. @default 2 s */
  reconcile?: number | string | undefined;
  /** From when on an occurrence that nobody takes is reported by JOB_OVERDUE: seconds, or `"10s"`. @default 10 s */
  overdue?: number | string | undefined;
  /** How long a job stays visible after its last occurrence: seconds, or `"30d"`. @default 30 days */
  finishedRetention?: number | string | undefined;
  /**
   * How long `shutdown()` takes at most, whatever the server does: seconds, or `"25s"`. Runs may go on until five seconds
   * before; those are for what does not end by itself. Less than 5 s counts as 5 s: no run is
   * waited for. @default 25 s
   */
  drain?: number | string | undefined;
  /** Signals that shut the scheduler down and then end the process. @default none */
  signals?: ("SIGTERM" | "SIGINT" | "SIGHUP" | "SIGQUIT")[] | undefined;
}
