import type { z } from "zod";
import { parseSchedule } from "../../triggers/natural/parse-schedule.ts";
import { COMMON_OPTIONS } from "../../triggers/resolve/shape.ts";
import type { SCHEDULE_TYPES } from "./file-words.ts";
import { inCamelCase, inSnakeCase } from "../../core/name-case.ts";
import { told } from "./told.ts";
import { isWritten, spanOfKey, type WrittenJob } from "./written-job.ts";

type ScheduleType = (typeof SCHEDULE_TYPES)[number];
type Fields = Readonly<Record<string, unknown>>;

/** The words of a file that say when, as far as they are valid. */
export interface ScheduleWords {
  readonly schedule?: string | undefined;
  readonly schedule_type?: ScheduleType | undefined;
  readonly interval_seconds?: z.output<z.ZodNumber> | undefined;
}

/** A schedule as `addJob` takes it, and from which key each field was read; `*` stands for all others. */
export interface ReadWords {
  readonly trigger: Record<string, unknown>;
  readonly from: Readonly<Record<string, string>>;
}

/** Which field the text of `schedule` is, by the kind. */
const FIELD_OF: Readonly<Partial<Record<ScheduleType, string>>> = {
  cron: "expression",
  interval: "every",
  date: "runDate",
  rrule: "rule",
};

/**
 * Reads how a job says when: in words, by a type with what it takes, or by a trigger's fields.
 * @param given The trigger's fields, in camelCase.
 * @returns `undefined` if that is told to be wrong.
 */
export function readWords(
  job: WrittenJob,
  words: ScheduleWords,
  given: Fields,
): ReadWords | undefined {
  const { schedule, schedule_type: type } = words;
  const own = Object.keys(given).filter((name) => !COMMON_OPTIONS.has(name));
  if (type !== undefined) return byType(job, type, words, given);
  if (schedule !== undefined) {
    const other = isWritten(job, "interval_seconds") ? "interval_seconds" : own[0];
    if (other !== undefined) return twice(job, inSnakeCase(other), "schedule");
    return inWords(job, schedule, given);
  }
  if (words.interval_seconds !== undefined) return byType(job, "interval", words, given);
  if (own.includes("runDate") && !own.includes("trigger"))
    return { trigger: { trigger: "date", ...given }, from: {} };
  if (own.length > 0) return { trigger: { ...given }, from: {} };
  // What is written and invalid has been told already.
  if (["schedule", "schedule_type", "interval_seconds"].some((key) => isWritten(job, key)))
    return undefined;
  job.problems.add(spanOfKey(job), {
    code: "MISSING_KEY",
    message: "schedule: is missing.",
    hint: 'Write when it runs, such as "0 9 * * 1-5"; or schedule_type "manual", if only on request.',
  });
  return undefined;
}

function inWords(job: WrittenJob, text: string, given: Fields): ReadWords | undefined {
  const built = told(job, { "*": "schedule" }, () => parseSchedule(text));
  return built && { trigger: { ...built, ...given }, from: { "*": "schedule" } };
}

function byType(
  job: WrittenJob,
  type: ScheduleType,
  { schedule, interval_seconds: seconds }: ScheduleWords,
  given: Fields,
): ReadWords | undefined {
  if ("trigger" in given) return twice(job, "trigger", "schedule_type");
  const field = FIELD_OF[type];
  const from: Record<string, string> = { "*": "schedule_type" };
  const trigger: Record<string, unknown> = { trigger: inCamelCase(type), ...given };
  if (schedule !== undefined) {
    if (field === undefined) return needless(job, "schedule", type);
    if (field in given) return twice(job, inSnakeCase(field), "schedule");
    trigger[field] = schedule;
    from["*"] = "schedule";
  }
  if (seconds !== undefined) {
    if (type !== "interval") return needless(job, "interval_seconds", type);
    if ("seconds" in given) return twice(job, "seconds", "interval_seconds");
    trigger["seconds"] = seconds;
    from["seconds"] = "interval_seconds";
  }
  return { trigger, from };
}

function twice(job: WrittenJob, key: string, other: string): undefined {
  job.problems.add(spanOfKey(job, key), {
    code: "INVALID_VALUE",
    message: `${key}: says when, and so does "${other}".`,
    hint: "Give one of them.",
  });
}

function needless(job: WrittenJob, key: string, type: string): undefined {
  job.problems.add(spanOfKey(job, key), {
    code: "INVALID_VALUE",
    message: `${key}: has no meaning with schedule_type "${type}".`,
    hint: "Leave it out, or give another schedule_type.",
  });
}
