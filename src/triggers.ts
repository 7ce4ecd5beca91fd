// `cronduit/triggers`: triggers and conditions as data, for tools that read, check, show and preview them.
import "./core/bundled-require.ts";
export type { Condition, Group, Negation, Term } from "./conditions/condition.ts";
export { parseCondition } from "./conditions/parse.ts";
export { printCondition } from "./conditions/print-condition.ts";
export { ConditionError, TriggerError } from "./core/errors.ts";

export {
  type CalendarInput,
  type CalendarSpec,
  calendarSpecSchema,
  parseCalendar,
} from "./triggers/calendars/calendar-spec.ts";
export type { CheckCode, CheckFinding, TriggerCheck } from "./triggers/check/finding.ts";
export { type CalendarLookup, createTrigger } from "./triggers/create.ts";
export { dueTime, type Jitter, jitterSchema, parseJitter } from "./triggers/jitter.ts";
export { parseSchedule } from "./triggers/natural/parse-schedule.ts";
export {
  type BesideManual,
  type CalendarIntervalFieldOptions,
  type CommonTriggerOptions,
  type CronFieldOptions,
  type DailyFieldOptions,
  type DateFieldOptions,
  type IntervalFieldOptions,
  type ManualTriggerObject,
  type ManualTriggerOptions,
  type MemberOptions,
  type MonthlyFieldOptions,
  type NamedTriggerOptions,
  type RruleFieldOptions,
  type ScheduleTriggerKind,
  type TimedTriggerOptions,
  type TriggerFieldOptions,
  type TriggerKind,
  type TriggerLike,
  type TriggerObject,
  triggerOptionShapes,
  type TriggerOptions,
  type TriggerShorthand,
  type UntimedTriggerOptions,
  type WeeklyFieldOptions,
} from "./triggers/trigger-options.ts";
export {
  type CheckedPreview,
  type CheckedPreviewOptions,
  type Previewed,
  type PreviewFlag,
  type PreviewOptions,
  type PreviewRow,
  previewTrigger,
} from "./triggers/preview.ts";
export { type ResolveContext, resolveTrigger } from "./triggers/resolve.ts";
export { type ScheduleKind, scheduleKindOf } from "./triggers/schedule-kind.ts";
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
