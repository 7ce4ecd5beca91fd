import { expect } from "vitest";
import { TriggerError } from "../../src/core/errors.ts";
import type { CalendarSpec } from "../../src/triggers/calendars/calendar-spec.ts";
import { createTrigger } from "../../src/triggers/create.ts";
import type { TriggerOptions } from "../../src/triggers/trigger-options.ts";
import { resolveTrigger } from "../../src/triggers/resolve.ts";
import type { TriggerSpec } from "../../src/triggers/spec.ts";
import type { Trigger } from "../../src/triggers/trigger.ts";

/** Circumstances of a question. */
export interface Asked {
  /** Adds the trigger and asks for what comes after. @default 2026-01-01T00:00:00Z */
  from?: string;
  count?: number;
  timezone?: string;
  jobId?: string;
  calendars?: ReadonlyMap<string, CalendarSpec>;
}

/** The spec of these options, added at `from`. */
export function specOf(options: TriggerOptions, asked: Asked = {}): TriggerSpec {
  const { from = "2026-01-01T00:00:00Z", timezone = "UTC", jobId = "job" } = asked;
  return resolveTrigger(options, { now: Date.parse(from), timezone, jobId });
}

/** The trigger of these options, added at `from`. */
export function triggerOf(options: TriggerOptions, asked: Asked = {}): Trigger {
  return createTrigger(specOf(options, asked), asked.calendars);
}

/** An instant in ISO 8601, without milliseconds that are 0. */
export const iso = (instant: number): string =>
  new Date(instant).toISOString().replace(".000Z", "Z");

/** The next fire times after `from`. */
export function fires(options: TriggerOptions, asked: Asked = {}): string[] {
  const { from = "2026-01-01T00:00:00Z", count = 3 } = asked;
  return triggerOf(options, asked).between(Date.parse(from), 8e15, count).map(iso);
}

/** The error with which these options are refused. */
export function errorOf(options: TriggerOptions, asked: Asked = {}): TriggerError {
  try {
    triggerOf(options, asked);
  } catch (error) {
    expect(error).toBeInstanceOf(TriggerError);
    if (error instanceof TriggerError) return error;
  }
  throw new Error(`${JSON.stringify(options)} was not refused.`);
}

/** The error with which a call refuses its input. */
export function refusalOf(call: () => unknown): TriggerError {
  try {
    call();
  } catch (error) {
    expect(error).toBeInstanceOf(TriggerError);
    return error as TriggerError;
  }
  throw new Error("it was accepted");
}

/** Options that each kind of trigger takes. */
export const VALID_OPTIONS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  cron: { hour: 9 },
  interval: { hours: 1 },
  date: { runDate: "2030-01-01" },
  calendarInterval: { days: 1 },
  rrule: { rule: "FREQ=DAILY" },
  weekly: { weekly: "mon" },
  daily: {},
  or: { triggers: [{ trigger: "cron", hour: 9 }] },
  and: { triggers: [{ trigger: "cron", hour: 9 }] },
};
