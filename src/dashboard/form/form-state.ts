import type { Job } from "../app/answers.ts";
import type { Body } from "../app/ask.ts";
import { OWN_ZONE } from "../app/shown-times.ts";

/** The kinds of schedule that the form offers, in its order. */
export const KINDS = ["weekly", "daily", "monthly", "interval", "once", "custom"] as const;
/** A kind of schedule that the form offers. */
export type ScheduleKindChoice = (typeof KINDS)[number];

/** What somebody has filled in of when a job runs. */
export interface WhenState {
  readonly isScheduled: boolean;
  readonly kind: ScheduleKindChoice;
  /** 0 is Sunday. */
  readonly days: readonly number[];
  /** 1 to 31, or `last`. */
  readonly monthDay: string;
  readonly hour: number;
  readonly minute: number;
  readonly every: string;
  readonly unit: "seconds" | "minutes" | "hours" | "days";
  readonly date: string;
  readonly time: string;
  readonly cron: string;
  readonly timezone: string;
  /** What the form has no field for, of the kind that the job had: bounds, several times a day. */
  readonly rest: Readonly<Record<string, unknown>>;
  /** What the form can't show at all, in words; nothing of it is sent unless the kind is chosen anew. */
  readonly asItIs: string | undefined;
}

/** What somebody has filled in of the rules. */
export interface RulesState {
  readonly grace: string;
  readonly overlap: string;
  readonly coalesce: boolean;
  readonly attempts: string;
  readonly condition: string;
  readonly tags: string;
  readonly owner: string;
}

/** When a new job runs, until somebody says otherwise. */
export const NEW_WHEN: WhenState = {
  isScheduled: false,
  kind: "weekly",
  days: [1],
  monthDay: "1",
  hour: 9,
  minute: 0,
  every: "30",
  unit: "minutes",
  date: "",
  time: "09:00",
  cron: "0 9 * * 1",
  timezone: OWN_ZONE,
  rest: {},
  asItIs: undefined,
};

/** The rules of a new job. */
export const NEW_RULES: RulesState = {
  grace: "",
  overlap: "skip",
  coalesce: true,
  attempts: "1",
  condition: "",
  tags: "",
  owner: "",
};

type Schedule = Pick<
  Body<"POST /schedules/preview">,
  "is_scheduled" | "schedule_type" | "schedule_config" | "timezone"
>;

/** When a job runs, as the API takes it; `undefined`: nothing of it was changed, since it can't be shown. */
export function scheduleBody(when: WhenState): Schedule | undefined {
  if (!when.isScheduled) return { is_scheduled: false };
  if (when.asItIs !== undefined) return undefined;
  return {
    schedule_type: when.kind,
    schedule_config: { ...when.rest, ...configOf(when) },
    timezone: when.timezone,
  };
}

function configOf(when: WhenState): Record<string, unknown> {
  const { kind, days, monthDay, every, unit, date, time, cron, rest } = when;
  const clock = "at" in rest ? {} : { hour: when.hour, minute: when.minute };
  switch (kind) {
    case "daily":
      return clock;
    case "weekly":
      return { day_of_week: [...days], ...clock };
    case "monthly":
      return { day_of_month: monthDay === "last" ? "last" : Number(monthDay), ...clock };
    case "interval":
      return { [unit]: Number(every) };
    case "once":
      return { run_date: `${date} ${time}` };
    case "custom":
      return { cron_expression: cron };
  }
}

const UNITS = ["days", "hours", "minutes", "seconds"] as const;
const DAY_NAMES = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/** A job's schedule as the form shows it. */
export function whenOf(job: Job): WhenState {
  const { schedule_type: type, schedule_config: config, timezone, isScheduled } = job;
  const kind = KINDS.find((one) => one === type);
  const base = { ...NEW_WHEN, isScheduled, timezone };
  if (!isScheduled || type === "manual") return base;
  const shown = kind && config ? fieldsOf(kind, config) : undefined;
  if (!kind || !shown) return { ...base, kind: kind ?? "custom", asItIs: job.schedule };
  return { ...base, kind, ...shown };
}

type Config = Readonly<Record<string, unknown>>;

/** `undefined`: the form has no fields for all of it. */
function fieldsOf(kind: ScheduleKindChoice, config: Config): Partial<WhenState> | undefined {
  const { hour, minute, ...others } = config;
  const clock = typeof hour === "number" ? { hour, minute: Number(minute ?? 0) } : {};
  switch (kind) {
    case "daily":
      return { ...clock, rest: others };
    case "weekly": {
      const { day_of_week: given, ...rest } = others;
      const days = [given].flat().map(dayNumber);
      return days.every((day) => day !== undefined) ? { ...clock, days, rest } : undefined;
    }
    case "monthly": {
      const { day_of_month: day, ...rest } = others;
      return Array.isArray(day) ? undefined : { ...clock, monthDay: String(day), rest };
    }
    case "interval": {
      const unit = UNITS.find((one) => config[one] !== undefined);
      if (!unit || config["at"] !== undefined) return undefined;
      const { [unit]: every, ...rest } = config;
      return { every: String(every), unit, rest };
    }
    case "once":
      // An instant in UTC: what a clock shows in the job's zone, only the server says.
      return undefined;
    case "custom": {
      const { cron_expression: cron, ...rest } = config;
      return typeof cron === "string" ? { cron, rest } : undefined;
    }
  }
}

function dayNumber(day: unknown): number | undefined {
  if (typeof day === "number") return day % 7;
  const at = DAY_NAMES.indexOf(String(day).toLowerCase().slice(0, 3));
  return at >= 0 ? at : undefined;
}

interface Policy {
  readonly coalesce: boolean;
  readonly misfireGraceMs: number | null;
  readonly overlap: string;
  readonly retry: { readonly attempts: number } | null;
}

/** A job's rules as the form shows them. */
export function rulesOf(job: Job): RulesState {
  const { coalesce, misfireGraceMs, overlap, retry } = job.policy as Policy;
  return {
    grace: misfireGraceMs === null ? "" : `${misfireGraceMs / 1_000}s`,
    overlap,
    coalesce,
    attempts: String(retry?.attempts ?? 1),
    condition: job.condition ?? "",
    tags: job.tags.join(", "),
    owner: job.owner ?? "",
  };
}

type JobBody = Body<"PATCH /jobs/{jobId}">;

/** What of the rules is to be sent: what was changed. */
export function rulesBody(rules: RulesState, before: RulesState): JobBody {
  const is = (name: keyof RulesState): boolean => rules[name] !== before[name];
  return {
    ...(is("grace") && { misfireGraceTime: rules.grace === "" ? null : rules.grace }),
    ...(is("overlap") && { overlap: rules.overlap as NonNullable<JobBody["overlap"]> }),
    ...(is("coalesce") && { coalesce: rules.coalesce }),
    ...(is("attempts") && { retry: rules.attempts === "1" ? null : Number(rules.attempts) }),
    ...(is("condition") && { condition: rules.condition.trim() === "" ? null : rules.condition }),
    ...(is("tags") && { tags: wordsIn(rules.tags) }),
    ...(is("owner") && { owner: rules.owner === "" ? null : rules.owner }),
  };
}

function wordsIn(text: string): string[] {
  return text
    .split(",")
    .map((word) => word.trim())
    .filter((word) => word !== "");
}

/** What of the rules a preview of a downtime takes. */
export function previewRules({
  misfireGraceTime,
  coalesce,
  overlap,
}: ReturnType<typeof rulesBody>) {
  return {
    ...(misfireGraceTime === undefined ? {} : { misfireGraceTime }),
    ...(coalesce === undefined ? {} : { coalesce }),
    ...(overlap === undefined ? {} : { overlap }),
  };
}
