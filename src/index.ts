import "./core/bundled-require.ts";
export type { Difference } from "./core/difference.ts";
export {
  ConflictingIdError,
  CronduitError,
  ERROR_CODES,
  type ErrorCode,
  type ErrorData,
  isCronduitError,
  JobLookupError,
  ConditionError,
  TriggerError,
} from "./core/errors.ts";
export type { InjectedParameter } from "./pipeline/injected-parameters.ts";
export type { Defined, DepsFit, SchemaFits } from "./pipeline/class-fit.ts";
export {
  definePipeline,
  describePipeline,
  pipeline,
  type PipelineDescriptor,
  type PipelineOptions,
  type PipelineSource,
} from "./pipeline/definition.ts";
export { defineJob, type FunctionJob, type ModuleJob } from "./pipeline/define-job.ts";
export {
  container,
  createContainer,
  createRunContainer,
  delay,
  type DependencyContainer,
  Lifecycle,
  type RunContainer,
} from "./pipeline/injection.ts";
export type { JsonValue } from "./pipeline/json.ts";
export { validateParams, type ValidParams } from "./pipeline/params.ts";
export { type Token, createToken, type DependencyToken } from "./pipeline/token.ts";
export {
  type FailedAttempt,
  type HasStaticParamsOrExtendsPipelineWith,
  Pipeline,
  type PipelineClass,
  type PipelineConstructor,
  type PipelineReference,
  type PipelineWith,
  type RetryOn,
  type SchemaOf,
} from "./pipeline/pipeline.ts";
export type {
  DataInterval,
  PreviousRun,
  RunContext,
  RunLog,
  RunTrigger,
  SleepOptions,
  StepOptions,
  StepRetries,
  StepTry,
} from "./pipeline/run-context.ts";
export type { ParamsInput, ParamsOutput, ParamsSchema } from "./pipeline/schema.ts";
export { type CancelTimer, type Clock, type EpochMs, systemClock } from "./core/clock.ts";
export { lineLogger, LOG_LEVELS, type LogFields, type Logger, type LogLevel } from "./core/log.ts";
export { type PinoLike, pinoLogger } from "./core/pino-logger.ts";
export { PipelineRegistry, type PipelineEntry, type Registrable } from "./pipeline/registry.ts";
export type {
  ConditionPolicy,
  JobState,
  LogPolicy,
  Overlap,
  Policy,
  Retention,
  RetryPolicy,
} from "./jobs/definition.ts";
export * as when from "./conditions/when.ts";
export type { Condition, Group, Negation, Term } from "./conditions/condition.ts";
export type { EvaluatedTerm } from "./conditions/evaluate.ts";
export { type JobFacts, jobFactsSchema } from "./conditions/facts.ts";
export { parseCondition } from "./conditions/parse.ts";
export { printCondition } from "./conditions/print.ts";
export {
  EVENT_ALL,
  EVENT_ALL_JOBS_REMOVED,
  EVENT_BITS,
  EVENT_EVENTS_LOST,
  EVENT_EXECUTOR_ADDED,
  EVENT_EXECUTOR_REMOVED,
  EVENT_JOB_ADDED,
  EVENT_JOB_CANCELLED,
  EVENT_JOB_COALESCED,
  EVENT_JOB_ERROR,
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
  EVENT_JOBSTORE_ADDED,
  EVENT_JOBSTORE_REMOVED,
  EVENT_SCHEDULER_PAUSED,
  EVENT_SCHEDULER_RESUMED,
  EVENT_SCHEDULER_SHUTDOWN,
  EVENT_SCHEDULER_STARTED,
  EVENT_WORKER_STARTED,
  EVENT_WORKER_STOPPED,
  type EventName,
} from "./jobs/event.ts";
export {
  OPEN_STATES,
  type OpenState,
  SKIP_REASONS,
  type SkipReason,
  VERDICTS,
  type Verdict,
} from "./jobs/verdict.ts";
export type { RunKind } from "./jobs/run.ts";
export type { ErrorCause, StoredError } from "./core/stored-error.ts";
export type { EngineHealth } from "./engine/port/engine.ts";
export type { WorkerRecord } from "./scheduler/worker-record.ts";
export { migrate, type MigrateOptions, type MigrationReport } from "./engine/migrate-connection.ts";
export type { ConnectionOption } from "./engine/open-engine.ts";
export type { RedisClusterOptions, RedisConnectionOptions } from "./engine/redis/connection.ts";
export type { EventException, SchedulerEvent } from "./events/event.ts";
export type { EventHandler, ListenerOptions } from "./events/event-bus.ts";
export type { Explanation } from "./history/explain.ts";
export type { Run } from "./history/run.ts";
export type { RunPage, RunQuery } from "./history/run-history.ts";
export type { LogCleanup, RunLogLine, RunLogPage, RunLogQuery } from "./history/run-logs.ts";
export type { RunStep } from "./history/run-steps.ts";
export { PipelineWorker, type StopOptions } from "./worker/pipeline-worker.ts";
export type {
  CommonOptions,
  PipelineWorkerOptions,
  WorkerTuning,
} from "./worker/worker-options.ts";
export type {
  AddJobOptions,
  JobRules,
  JobToAdd,
  ModifyJobOptions,
  ParamsOption,
  RescheduleOptions,
  ScheduleArguments,
  ScheduleChoice,
  ScheduleOptions,
} from "./scheduler/add-job-options.ts";
export type { Backfill, BackfillOptions, BackfillReport } from "./scheduler/backfill.ts";
export { FleetRuns } from "./scheduler/fleet-runs.ts";
export type { CancelRunOptions, RunJobOptions } from "./scheduler/run-commands.ts";
export type { Job, JobActions } from "./scheduler/job-actions.ts";
export type { JobSnapshot, LastRunInShort } from "./scheduler/job.ts";
export type { JobPage, JobQuery } from "./scheduler/job-query.ts";
export { PipelineScheduler, type StartOptions } from "./scheduler/pipeline-scheduler.ts";
export type { ShutdownOptions } from "./scheduler/lifecycle.ts";
export type { ExportOptions } from "./scheduler/transfer/export-state.ts";
export type { ImportOptions, ImportSummary } from "./scheduler/transfer/import-state.ts";
export type { StateSource } from "./scheduler/transfer/state-lines.ts";
export type { JobDefaults, PipelineSchedulerOptions } from "./scheduler/scheduler-options.ts";
export * as trigger from "./triggers/trigger-builders.ts";
export {
  type CalendarInput,
  type CalendarSpec,
  calendarSpecSchema,
  parseCalendar,
} from "./triggers/calendars/calendar-spec.ts";
export { type CalendarLookup, createTrigger } from "./triggers/create.ts";
export { dueTime, type Jitter, jitterSchema, parseJitter } from "./triggers/jitter.ts";
export { parseSchedule } from "./triggers/natural/parse-schedule.ts";
export type {
  BesideManual,
  CalendarIntervalFieldOptions,
  CommonTriggerOptions,
  CronFieldOptions,
  DailyFieldOptions,
  DateFieldOptions,
  IntervalFieldOptions,
  ManualTriggerObject,
  ManualTriggerOptions,
  MemberOptions,
  MonthlyFieldOptions,
  NamedTriggerOptions,
  RruleFieldOptions,
  ScheduleTriggerKind,
  TimedTriggerOptions,
  TriggerFieldOptions,
  TriggerKind,
  TriggerLike,
  TriggerObject,
  TriggerOptions,
  TriggerShorthand,
  UntimedTriggerOptions,
  WeeklyFieldOptions,
} from "./triggers/options.ts";
export { triggerOptionShapes } from "./triggers/options.ts";
export type { CheckCode, CheckFinding, TriggerCheck } from "./triggers/check/finding.ts";
export {
  type CheckedPreview,
  type CheckedPreviewOptions,
  type Previewed,
  type PreviewFlag,
  type PreviewOptions,
  type PreviewRow,
  previewTrigger,
} from "./triggers/preview.ts";
export { type ScheduleKind, scheduleKindOf } from "./triggers/schedule-kind.ts";
export { type ResolveContext, resolveTrigger } from "./triggers/resolve.ts";
export {
  type AndSpec,
  type CalendarIntervalSpec,
  type CalendarsSpec,
  type CronSpec,
  type DateSpec,
  type DstRule,
  type IntervalSpec,
  type ManualSpec,
  type OrSpec,
  type RruleSpec,
  type ScheduleSpec,
  type TriggerSpec,
  triggerSpecSchema,
} from "./triggers/spec.ts";
export type { InstantInput } from "./triggers/time/parse-instant.ts";
export type { Trigger } from "./triggers/trigger.ts";
