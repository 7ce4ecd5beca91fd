import { TriggerError } from "../../core/errors.ts";
import { shown } from "../../core/shown.ts";
import { buildTrigger } from "../build-trigger.ts";
import { looksLikeCron } from "../cron/parse-expression.ts";
import { translationOf } from "../cron/foreign-cron.ts";
import type { TriggerObject } from "../trigger-options.ts";
import { looksLikeInstant } from "../time/parse-instant.ts";
import { at, cron, rrule } from "../trigger-builders.ts";
import { readEvery, readPhrase } from "./phrase.ts";

/** Longest text of a schedule, which a recurrence rule may need. */
const MAX_TEXT = 4096;

const FORMS =
  '"every 24 hours", "in 30 minutes", "2026-12-25 09:00", "0 9 * * 1-5", "@daily", "daily at 09:00", "every monday at 9am", "PT15M" or "RRULE:FREQ=WEEKLY"';

/**
 * Reads a schedule as people write it: `every 24 hours`, `every 2 months`, `in 30 minutes`, `2025-05-28 15:00`,
 * `05/28/2025 15:30`, a cron expression or macro, `daily at 09:00`, `every monday at 9am and 5pm`, an ISO 8601 duration
 * (an interval), or an RFC 5545 rule.
 * @throws {@link TriggerError} `INVALID_TRIGGER` with the column, for anything else.
 */
export function parseSchedule(schedule: string): TriggerObject {
  if (typeof schedule !== "string" || schedule.trim() === "") {
    throw new TriggerError(
      `schedule: ${shown(schedule)} is not a schedule in words. Write it like ${FORMS}.`,
      { field: "schedule", column: 1, value: schedule },
    );
  }
  const text = schedule.trim();
  if (text.length > MAX_TEXT)
    throw new TriggerError(
      `A schedule can have at most ${MAX_TEXT} characters; this one has ${text.length}.`,
      { field: "schedule" },
    );
  // `@every 5m` is how Go's cron libraries write an interval.
  const phrase = readPhrase(text.replace(/^@every\s/i, "every "));
  if (phrase !== undefined) return buildTrigger(phrase);
  const foreign = looksLikeCron(text) ? undefined : translationOf(text);
  if (foreign !== undefined) {
    throw new TriggerError(`schedule: ${shown(text)} can't be read. ${foreign.hint}`, {
      field: "schedule",
      column: foreign.column,
      value: schedule,
    });
  }
  if (/^(?:RRULE[:;]|DTSTART[:;]|FREQ=)/i.test(text)) return rrule(text);
  if (looksLikeInstant(text)) return at(text);
  if (looksLikeCron(text)) return cron(text);
  const interval = /^p/i.test(text) ? readEvery(text) : undefined;
  if (interval !== undefined) return buildTrigger(interval);
  throw new TriggerError(
    `schedule: ${shown(text)} can't be read (column 1). Write it like ${FORMS}.`,
    { field: "schedule", column: 1, value: schedule },
  );
}
