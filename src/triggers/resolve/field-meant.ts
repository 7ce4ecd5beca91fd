import type { TriggerKind } from "../option-shapes.ts";

type Given = Readonly<Record<string, unknown>>;

/** Where people look for the days of a trigger that is named after how often it fires. */
const DAYS: ReadonlySet<string> = new Set(["day", "days", "dayOfWeek", "daysOfWeek", "weekdays"]);
const TIME_PARTS: ReadonlySet<string> = new Set(["hour", "minute", "second"]);
const WITH_TIMES: ReadonlySet<TriggerKind> = new Set(["daily", "weekly"]);

/** What to write instead of a field that belongs to another kind of trigger; `undefined` if nothing is obvious. */
export function fieldMeant(kind: TriggerKind, field: string, given: Given): string | undefined {
  if (WITH_TIMES.has(kind) && TIME_PARTS.has(field)) return `Write at: "${timeOfDay(given)}".`;
  if ((kind === "weekly" || kind === "monthly") && DAYS.has(field))
    return `Write the days in "${kind}", such as ${kind === "weekly" ? '["mon", "wed"]' : "[1, 15]"}.`;
  if (field !== "at") return undefined;
  if (kind === "cron") return "Write hour and minute, such as hour: 9, minute: 30.";
  const isInterval = kind === "interval";
  return isInterval
    ? 'An interval is a length alone; for a time of day, write trigger: "daily" or "calendarInterval".'
    : undefined;
}

/** The parts of a time of day as `at` writes them; an example if they aren't plain numbers. */
function timeOfDay({ hour = 0, minute = 0, second = 0 }: Given): string {
  const isTime = isUpTo(23, hour) && isUpTo(59, minute) && isUpTo(59, second);
  if (!isTime) return "09:00";
  const parts = Number(second) === 0 ? [hour, minute] : [hour, minute, second];
  return parts.map((part) => String(Number(part)).padStart(2, "0")).join(":");
}

function isUpTo(most: number, part: unknown): boolean {
  return /^\d{1,2}$/.test(String(part)) && Number(part) <= most;
}
