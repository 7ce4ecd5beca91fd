import { TriggerError } from "../../core/errors.ts";
import { shownUpTo } from "../../core/shown.ts";
import { WEEKDAYS, WEEKDAY_NAMES } from "../cron/field-names.ts";
import type { ResolveContext } from "./context.ts";
import type { ScheduleSpec } from "../spec.ts";
import { suggest } from "../../core/suggest.ts";
import { parseTimeOfDay } from "../time/time-of-day.ts";
import { type Fields, type ResolveMember } from "./fields.ts";

/** Resolves the short forms `weekly`, `daily` and `monthly` into cron triggers, one per time of day. */
export function resolveTimesOfDay(
  kind: "weekly" | "daily" | "monthly",
  fields: Fields,
  context: ResolveContext,
  member: ResolveMember,
): ScheduleSpec {
  const list = (value: unknown): string[] =>
    (Array.isArray(value) ? value : [value]).filter((item) => typeof item === "string");
  const days = list(fields["weekly"]);
  const clash = ["hour", "minute"].find((field) => fields[field] !== undefined);
  if (clash !== undefined && fields["at"] !== undefined)
    throw new TriggerError(`${clash}: can't be combined with "at", which gives the time of day.`, {
      field: clash,
    });
  const { timezone, startDate, endDate, dst } = fields;
  const common = Object.entries({ timezone, startDate, endDate, dst }).filter(
    ([, value]) => value !== undefined,
  );
  const times = list(fields["at"] ?? ofHour(fields)).map((at) => parseTimeOfDay(at, "at") / 1000);
  const triggers = [...new Set(times)]
    .toSorted((a, b) => a - b)
    .map((time, place) => {
      const cron = {
        trigger: "cron",
        ...(kind === "weekly" ? { dayOfWeek: days.map(weekdayName).join(",") } : {}),
        ...(kind === "monthly"
          ? { day: [fields["monthly"] ?? 1].flat().map(String).join(",") }
          : {}),
        hour: Math.floor(time / 3600),
        minute: Math.floor(time / 60) % 60,
        second: time % 60,
        ...Object.fromEntries(common),
      };
      return member(cron, context, place);
    });
  const [only] = triggers;
  return triggers.length === 1 && only !== undefined ? only : { kind: "or", triggers };
}

/** The time of day in `hour` and `minute`; midnight without them. */
function ofHour({ hour = 0, minute = 0 }: Fields): string {
  return `${String(hour).padStart(2, "0")}:${String(minute).padStart(2, "0")}`;
}

/**
 * The short name of a weekday, however it is written.
 * @throws {@link TriggerError} `INVALID_TRIGGER`, field `weekly`.
 */
export function weekdayName(word: string): string {
  const lower = word.trim().toLowerCase();
  const index = WEEKDAY_NAMES.findIndex(
    (full, i) => full.toLowerCase() === lower || WEEKDAYS[i] === lower,
  );
  const byNumber = /^[0-7]$/.test(lower) ? Number(lower) % 7 : -1;
  const name = WEEKDAYS[index >= 0 ? index : byNumber];
  if (name !== undefined) return name;
  const days = lower.split(/[\s,]+(?:and\s+)?/).map((day) => suggest(day, WEEKDAYS));
  const near = suggest(lower, WEEKDAYS);
  const isList = days.length > 1 && days.every((day) => day !== undefined);
  const hint = isList ? `Write ${JSON.stringify(days).replaceAll(",", ", ")}.` : dayHint(near);
  throw new TriggerError(`weekly: ${shownUpTo(40, word)} is not a day of the week. ${hint}`, {
    field: "weekly",
    column: 1,
    value: word,
  });
}

function dayHint(near: string | undefined): string {
  return near === undefined ? `Allowed: ${WEEKDAYS.join(", ")}.` : `Did you mean "${near}"?`;
}
