import "./core/bundled-require.ts";
export { type Clock, systemClock } from "./core/clock.ts";
export {
  ConditionError,
  ConflictingIdError,
  CronduitError,
  ERROR_CODES,
  type ErrorCode,
  isCronduitError,
  JobLookupError,
  TriggerError,
} from "./core/errors.ts";
export type { Difference } from "./core/difference.ts";
export { lineLogger, type Logger } from "./core/log.ts";
export { pinoLogger } from "./core/pino-logger.ts";
export type { StoredError } from "./core/stored-error.ts";

export { defineJob } from "./pipeline/define-job.ts";
export {
  definePipeline,
  describePipeline,
  pipeline,
  type PipelineDescriptor,
  type PipelineOptions,
} from "./pipeline/pipeline-definition.ts";
export {
  container,
  createContainer,
  type DependencyContainer,
  lazyToken,
  Lifecycle,
} from "./pipeline/injection.ts";
export {
  type HasStaticParamsOrExtendsPipelineWith,
  Pipeline,
  type PipelineClass,
  type PipelineConstructor,
  type PipelineReference,
  type PipelineWith,
  type ResultOf,
  type RetryOn,
  type SchemaOf,
} from "./pipeline/pipeline.ts";
export type { StoredResult, UnkeptResult } from "./pipeline/stored-result.ts";
export type { RunContext, RunLog } from "./pipeline/run-context.ts";
export type { ParamsInput, ParamsOutput, ParamsSchema } from "./pipeline/params-schema.ts";
export { createToken, type DependencyToken, type Token } from "./pipeline/token.ts";

export * as trigger from "./triggers/trigger-builders.ts";
export type { TriggerObject, TriggerOptions } from "./triggers/trigger-options.ts";
export type { InstantInput } from "./triggers/time/parse-instant.ts";
export * as when from "./conditions/when.ts";
export type { Condition } from "./conditions/condition.ts";

export type { TimelinePage, TimelineQuery } from "./scheduler/job-timelines.ts";
export type { JobTimeline, TimelineWindow } from "./history/job-timeline.ts";
export type { DecidedMark, PlannedMark } from "./history/timeline-marks.ts";
export type { PlannedState } from "./history/planned.ts";
export type { JobState, Policy } from "./jobs/definition.ts";
export {
  EVENT_ALL,
  EVENT_ALL_JOBS_REMOVED,
  EVENT_BITS,
  EVENT_EVENTS_LOST,
  EVENT_JOB_ADDED,
  EVENT_JOB_CANCELLED,
  EVENT_JOB_COALESCED,
  EVENT_JOB_ERROR,
  EVENT_JOB_FILES,
  EVENT_JOB_EXECUTED,
  EVENT_JOB_FINISHED,
  EVENT_JOB_MAX_INSTANCES,
  EVENT_JOB_MISSED,
  EVENT_JOB_MODIFIED,
  EVENT_JOB_OVERDUE,
  EVENT_JOB_PAUSED,
  EVENT_JOB_REMOVED,
  EVENT_JOB_REPAIRED,
  EVENT_JOB_RESUMED,
  EVENT_JOB_RETRYING,
  EVENT_JOB_SKIPPED,
  EVENT_JOB_STARTED,
  EVENT_JOB_SUBMITTED,
  EVENT_SCHEDULER_PAUSED,
  EVENT_SCHEDULER_RESUMED,
  EVENT_SCHEDULER_SHUTDOWN,
  EVENT_SCHEDULER_STARTED,
  EVENT_WORKER_STARTED,
  EVENT_WORKER_STOPPED,
  type EventName,
} from "./jobs/event.ts";
export { type OpenState, type SkipReason, type Verdict, VERDICTS } from "./jobs/verdict.ts";

export { migrate, type MigrationReport } from "./engine/migrate-connection.ts";
export type { ConnectionOption } from "./engine/open-engine.ts";
export type { EngineHealth } from "./engine/port/engine.ts";
export type { SchedulerEvent } from "./events/scheduler-event.ts";
export type { Actor, ActorKind } from "./jobs/actor.ts";
export type { LimitedActor, Role, TrustedActor } from "./scheduler/rights.ts";
export type { EventHandler, ListenerOptions } from "./events/event-bus.ts";
export type { Explanation } from "./history/explain.ts";
export type { Run } from "./history/run.ts";
export type { RunPage, RunQuery } from "./history/run-history.ts";
export type { Stats, StatsPeriod, StatsQuery } from "./history/stats.ts";
export type { Distribution, Figures } from "./history/figures.ts";
export type { RunLogLine, RunLogPage } from "./history/run-logs.ts";
export type { RunStep } from "./history/run-steps.ts";

export type {
  AddJobOptions,
  JobRules,
  JobToAdd,
  ModifyJobOptions,
  RescheduleOptions,
} from "./scheduler/add-job-options.ts";
export type { Backfill, BackfillOptions, BackfillReport } from "./scheduler/backfill.ts";
export type { Job } from "./scheduler/job-actions.ts";
export type { JobPage, JobQuery } from "./scheduler/job-query.ts";
export { type ActingScheduler, PipelineScheduler } from "./scheduler/pipeline-scheduler.ts";
export type { RunJobOptions } from "./scheduler/run-commands.ts";
export type { JobDefaults, PipelineSchedulerOptions } from "./scheduler/scheduler-options.ts";
export type { ImportSummary } from "./scheduler/transfer/import-state.ts";
export type { WorkerRecord } from "./scheduler/worker-record.ts";
export { PipelineWorker } from "./worker/pipeline-worker.ts";
export type { PipelineWorkerOptions } from "./worker/worker-options.ts";
